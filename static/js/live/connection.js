// The one connection of a live stream: pictures and a recording there, answers back.

import { Problem, pause } from "../api.js";

const FRAMES = 1;
const RECORDING = 2;
const PIECE_BYTES = 64 * 1024;
const AHEAD_BYTES = 64 * 1024;
const LAST_AHEAD_BYTES = 1024 * 1024;
const AGAIN_MS = 50;
const SILENCE_MS = 30_000;
// The service may have to put a long recording away.
const LAST_SILENCE_MS = 300_000;

/** A live stream, once the service has begun it as `hello` asks. Throws a Problem where it refuses. */
export async function connect(hello, heard, signal) {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/live`);
  const { started, ended, line } = listened(socket, hello, heard, signal);
  const { job, fps, side } = await started;

  function sendRecording(recording, ahead = AHEAD_BYTES) {
    while (recording.rest.size > 0 && socket.bufferedAmount < ahead) {
      socket.send(new Blob([Uint8Array.of(RECORDING), recording.take(PIECE_BYTES)]));
    }
  }

  return {
    job,
    fps,
    side,
    /** With a Problem where the stream was cut off. */
    ended,
    sendFrames: (frames) => socket.send(batch(frames)),
    /** As much as does not hold up the pictures. */
    sendRecording,
    /** All that is left; onProgress hears the fraction. */
    async sendRest(recording, onProgress) {
      const left = () => recording.rest.size + socket.bufferedAmount;
      const total = left();
      let before = total;
      while (recording.rest.size > 0) {
        sendRecording(recording, LAST_AHEAD_BYTES);
        if (left() < before) line.moved();
        before = left();
        onProgress(1 - before / total);
        await pause(AGAIN_MS, signal);
      }
    },
    /** Tells that no more comes; answers may. */
    stop() {
      line.bePatient();
      socket.send(JSON.stringify({ type: "stop" }));
    },
    close: () => socket.close(),
  };
}

function listened(socket, hello, { onTaken, onAnswer }, signal) {
  const [started, ended] = [promised(), promised()];
  const line = watched(() => fail(lost(job)));
  let job = null;

  function fail(error) {
    line.close();
    started.reject(error);
    ended.reject(error);
    socket.close();
  }

  const hears = {
    started(message) {
      ({ job } = message);
      started.resolve(message);
    },
    taken: ({ frames }) => onTaken(frames),
    answer: onAnswer,
    refused: ({ problem }) => fail(told(problem, null)),
    problem: ({ problem }) => fail(told(problem, job)),
    ended: () => ended.resolve(),
  };
  socket.addEventListener("open", () => socket.send(JSON.stringify(hello)));
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(data);
    line.moved();
    hears[message.type]?.(message);
  });
  socket.addEventListener("close", () => fail(job ? lost(job) : unreached()));
  signal.addEventListener("abort", () => fail(signal.reason));
  if (signal.aborted) fail(signal.reason);
  return { started: started.promise, ended: ended.promise, line };
}

// A connection that breaks off somewhere on the way may never tell.
function watched(onSilence) {
  let timer = 0;
  let patience = SILENCE_MS;

  function moved() {
    clearTimeout(timer);
    timer = setTimeout(onSilence, patience);
  }

  return {
    moved,
    bePatient() {
      patience = LAST_SILENCE_MS;
      moved();
    },
    close: () => clearTimeout(timer),
  };
}

function promised() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  // Whoever waits for it hears; it may be nobody yet.
  made.promise.catch(() => {});
  return made;
}

// The kind, and of each frame its moment, its length and its bytes.
function batch(frames) {
  const size = frames.reduce((sum, { bytes }) => sum + 12 + bytes.byteLength, 1);
  const message = new Uint8Array(size);
  const view = new DataView(message.buffer);
  message[0] = FRAMES;
  let at = 1;
  for (const { moment, bytes } of frames) {
    view.setFloat64(at, moment);
    view.setUint32(at + 8, bytes.byteLength);
    message.set(new Uint8Array(bytes), at + 12);
    at += 12 + bytes.byteLength;
  }
  return message;
}

// With the job of which something is left.
const told = (problem, job) =>
  Object.assign(Problem.from(problem, problem.status, problem.retry_after), { job });

function unreached() {
  return new Problem("No connection to the service",
    "Check your connection and try again. A proxy in front of the service must let WebSockets " +
    "pass.");
}

function lost(job) {
  const problem = new Problem("The connection was lost",
    "The live stream has ended with it. What was recognised until then is kept.");
  return Object.assign(problem, { job });
}
