// Questions about a finished job that change its result; each gives the new one.

import { ask } from "./api.js";
import { jobAddress } from "./job.js";

/** Scores the job's clips again with these zero-shot labels; null for the service's own. */
export const askAgain = (id, labels) =>
  put(jobAddress(id, "labels"), labels ? { labels: labels.join(",") } : {});

/** Gives the clips from first to last a person's label, or with an empty one the models' again. */
export const correct = (id, { first, last, label }) =>
  put(jobAddress(id, "corrections"), { first, last, label });

const put = (address, fields) =>
  ask(address, { method: "PUT", body: new URLSearchParams(fields) }, "try again");
