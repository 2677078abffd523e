// Questions about a finished job that change its result; each gives the new one.

import { Problem } from "./api.js";
import { jobAddress } from "./job.js";

/** Scores the job's clips anew with these zero-shot labels; null for those of UCF101. */
export function askAgain(id, labels) {
  return put(jobAddress(id, "labels"), labels ? { labels: labels.join(",") } : {});
}

/** Gives the clips from first to last a person's label, or with an empty one the models' again. */
export function correct(id, { first, last, label }) {
  return put(jobAddress(id, "corrections"), { first, last, label });
}

async function put(address, fields) {
  let response;
  try {
    response = await fetch(address, { method: "PUT", body: new URLSearchParams(fields) });
  } catch {
    throw new Problem("The connection was lost", "Check your connection and try again.");
  }
  const body = await response.json().catch(() => null);
  if (!response.ok || !body) throw Problem.from(body, response.ok ? 502 : response.status);
  return body;
}
