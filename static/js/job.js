// A job as it happens: its events while it runs, its record when it has ended.

import { Problem, ask, pause } from "./api.js";

const AGAIN_MS = 1000;
const GATHER_MS = 100;

/** The address of a job, or of something of it. */
export const jobAddress = (id, ...parts) => ["/jobs", encodeURIComponent(id), ...parts].join("/");

/**
 * Follows a job until it is done or has failed, and gives it back. `onJob` hears its changes, and
 * null while the service cannot be reached; `onSegments` those scored since; `onRestart` that the ones
 * so far are void. Throws a Problem where the job is not known.
 */
export async function follow(id, heard, signal) {
  for (;;) {
    const job = await reached(id, heard, signal);
    if (job.state === "done" || job.state === "failed") return job;
    heard.onJob(job);
    heard.onRestart();
    await listened(id, heard, signal);
  }
}

async function reached(id, { onJob }, signal) {
  for (;;) {
    try {
      return await ask(jobAddress(id), { signal });
    } catch (error) {
      if (!(error instanceof Problem && error.passing)) throw error;
      onJob(null);
    }
    await pause(AGAIN_MS, signal);
  }
}

// Until the events end, or cannot be had; then whoever asks for the job learns why.
async function listened(id, { onJob, onSegments, onRestart }, signal) {
  const events = new EventSource(jobAddress(id, "events"));
  const segments = gathered(onSegments);
  const ended = new Promise((resolve) => {
    events.addEventListener("progress", ({ data }) => onJob(JSON.parse(data)));
    events.addEventListener("segment", ({ data }) => segments.add(JSON.parse(data)));
    events.addEventListener("restart", () => {
      segments.drop();
      onRestart();
    });
    for (const name of ["done", "failed", "removed"]) events.addEventListener(name, () => resolve(0));
    events.addEventListener("error", () => {
      onJob(null);
      // The browser comes back by itself after a lost connection, not after a refusal.
      if (events.readyState === EventSource.CLOSED) resolve(AGAIN_MS);
    });
    signal.addEventListener("abort", () => resolve(0), { once: true });
  });
  try {
    await pause(await ended, signal);
  } finally {
    events.close();
    if (signal.aborted) segments.drop();
    else segments.flush();
  }
}

// Many come at once, and each telling draws the timeline anew.
function gathered(tell) {
  let kept = [];
  let timer = 0;

  function flush() {
    clearTimeout(timer);
    timer = 0;
    if (kept.length) tell(kept);
    kept = [];
  }

  return {
    flush,
    add(segment) {
      kept.push(segment);
      timer ||= setTimeout(flush, GATHER_MS);
    },
    drop() {
      kept = [];
    },
  };
}
