// The camera: asked for, listed, let go; and what is wrong where there is none.

import { Problem } from "../api.js";

const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const INSECURE = ["This page may not use the camera",
  "Browsers give a camera only to pages whose address begins with https, or to those of this " +
  "very machine. Open the page by such an address, or choose a file instead.", 403,
  "camera_insecure"];
const REFUSED = ["The camera was refused",
  "Allow it beside the page's address, or in the settings of the browser and the system, and " +
  "try again.", 403, "camera_refused"];
const ABSENT = ["There is no camera", "Plug one in and try again, or choose a file instead.",
  404, "camera_absent"];
const BUSY = ["The camera is in use",
  "Close the other program or page that uses it, and try again.", 409, "camera_in_use"];
const FAILED = ["The camera does not work",
  "Unplug it and plug it in again, or restart the browser, and try again.", 500, "camera_failed"];
const PROBLEMS = {
  NotAllowedError: REFUSED,
  SecurityError: REFUSED,
  NotFoundError: ABSENT,
  OverconstrainedError: ABSENT,
  NotReadableError: BUSY,
  AbortError: BUSY,
};

/**
 * A camera that plays in a video element until the signal is aborted or close() is called. open(id)
 * asks for one, or for the browser's choice, or throws a Problem; `lost` settles when the open one is
 * taken away.
 */
export function cameraIn(video, signal) {
  let stream = null;
  let lose;
  const lost = new Promise((resolve) => (lose = resolve));

  function close() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = video.srcObject = null;
  }

  async function open(id = null) {
    // Some systems lend out one at a time.
    close();
    const opened = await asked(id);
    close();
    stream = opened;
    if (signal.aborted) {
      close();
      throw signal.reason;
    }
    const [track] = stream.getVideoTracks();
    // A track that is stopped from here tells nothing.
    track.addEventListener("ended", () => opened === stream && lose());
    // People expect a mirror of a camera that looks at them.
    video.classList.toggle("mirrored", track.getSettings().facingMode !== "environment");
    video.srcObject = stream;
    // Another one that is chosen meanwhile plays instead.
    await video.play().catch(() => {});
  }

  signal.addEventListener("abort", close);

  return {
    open,
    close,
    lost,
    get stream() {
      return stream;
    },
    get id() {
      return stream?.getVideoTracks()[0].getSettings().deviceId ?? null;
    },
  };
}

/** All cameras, as [id, name]; the names are known once one may be used. */
export async function cameras() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices
    .filter(({ kind }) => kind === "videoinput")
    .map(({ deviceId, label }, at) => [deviceId, label || `Camera ${at + 1}`]);
}

async function asked(id) {
  // Browsers keep cameras from pages that came without TLS, but for this machine's own.
  if (!navigator.mediaDevices?.getUserMedia) throw new Problem(...INSECURE);
  const device = id ? { deviceId: { exact: id } } : {};
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { ...PICTURE, ...device } });
  } catch (error) {
    throw new Problem(...(PROBLEMS[error.name] ?? FAILED));
  }
}

/** What is wrong where there is none, or none any more. */
export const absent = () => new Problem(...ABSENT);
