// Search in stretches that are sorted by time.

import { count } from "../moments.js";

/** The index of the stretch {from, to} that a time is in, or -1. */
export function indexAt(stretches, time) {
  const index = count(stretches, (stretch) => stretch.from <= time) - 1;
  return index >= 0 && time <= stretches[index].to ? index : -1;
}

/** The first and the last index of the stretches that reach into a view; none: last < first. */
export function visible(stretches, view) {
  return {
    first: count(stretches, (stretch) => stretch.to <= view.from),
    last: count(stretches, (stretch) => stretch.from < view.to) - 1,
  };
}
