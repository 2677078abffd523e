// The recording of a camera, as one file that grows.

import { Problem } from "../api.js";

const TYPES = ["video/webm;codecs=vp8", "video/webm", "video/mp4"];
const PIECE_MS = 1000;

export const canRecord = () => typeof MediaRecorder === "function" && typeFor() !== undefined;

/**
 * Records a stream: `zero` is when it began, of performance.now(); `rest` what was recorded and not
 * taken yet, as a Blob; stop() waits for the last of it.
 */
export async function recorded(stream) {
  const recorder = new MediaRecorder(stream, { mimeType: typeFor() });
  let rest = new Blob();
  recorder.addEventListener("dataavailable", ({ data }) => (rest = new Blob([rest, data])));
  const heard = (name) =>
    new Promise((resolve) => recorder.addEventListener(name, resolve, { once: true }));
  const [started, stopped] = [heard("start"), heard("stop")];
  recorder.start(PIECE_MS);
  // Where it fails it stops.
  await Promise.race([started, stopped.then(() => Promise.reject(failed()))]);

  return {
    zero: performance.now(),
    get rest() {
      return rest;
    },
    take(bytes) {
      const piece = rest.slice(0, bytes);
      rest = rest.slice(bytes);
      return piece;
    },
    async stop() {
      // It stops by itself where the camera goes.
      if (recorder.state !== "inactive") recorder.stop();
      await stopped;
    },
  };
}

function failed() {
  return new Problem("The recording could not begin",
    "Go live without it, or use another browser.", 500, "recording_failed");
}

const typeFor = () => TYPES.find((type) => MediaRecorder.isTypeSupported(type));
