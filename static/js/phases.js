// The phases of a job, in words.

import { percent } from "./labels.js";

const NAMES = {
  upload: "Send the video",
  fetch: "Fetch the video",
  probe: "Look into the file",
  convert: "Make a copy that browsers play",
  live: "Live",
  recognise: "Recognise actions",
  compare: "Recognise them with the other model",
  annotate: "Write the actions into a copy",
};
const WAITING = "Waiting for a free worker";
const LOST = "No connection to the service; trying again";
const LEAST_SECONDS = 1;
const LEAST_PART = 0.02;

export const phaseName = (phase) => NAMES[phase] ?? phase;

/** What a job is at; the fraction is null where it is not known. */
export function doing(job) {
  if (job === null) return { text: LOST, fraction: null };
  if (job.state === "queued" || !job.phase) return { text: WAITING, fraction: null };
  // Nobody knows when a live stream ends.
  if (job.phase === "live") return { text: phaseName("live"), fraction: null };
  const { progress } = job.phases.find(({ phase }) => phase === job.phase);
  return { text: phaseName(job.phase), fraction: progress };
}

/** A fraction and what is left of the phase, such as "42%, about 12 s left". */
export function measured(fraction, seconds) {
  if (fraction === null) return "";
  return seconds === null ? percent(fraction) : `${percent(fraction)}, about ${rough(seconds)} left`;
}

/** Tells, of a phase and its fraction, the seconds that are left of it, or null. */
export function estimator() {
  let first = { phase: null, fraction: 0, at: 0 };
  return (phase, fraction, at = performance.now()) => {
    if (fraction === null) return null;
    if (phase !== first.phase || fraction < first.fraction) first = { phase, fraction, at };
    const done = fraction - first.fraction;
    const seconds = (at - first.at) / 1000;
    if (seconds < LEAST_SECONDS || done < LEAST_PART) return null;
    return (seconds / done) * (1 - fraction);
  };
}

// Numbers that hold still for a while.
function rough(seconds) {
  if (seconds < 10) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 90) return `${Math.round(seconds / 5) * 5} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
