// Binary search in lists that are sorted by time.

/** How many of a list's first items hold; all that do come before all that do not. */
export function count(list, holds) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(list[middle])) low = middle + 1;
    else high = middle;
  }
  return low;
}

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
