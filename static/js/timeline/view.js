// The stretch of the video that is shown, {from, to} in seconds; limits is the whole video as one.

const SHORTEST = 0.5;

export const length = (view) => view.to - view.from;

export const isWhole = (view, limits) => length(view) >= length(limits) - 1e-6;

export const holds = (view, time) => time >= view.from && time <= view.to;

/** The nearest view that lies inside the video. */
export function within(view, limits) {
  const seconds = allowed(length(view), limits);
  const from = Math.min(Math.max(view.from, limits.from), limits.to - seconds);
  return { from, to: from + seconds };
}

/** The second `at` stays where it is, as far as can be. */
export function zoomed(view, limits, factor, at) {
  const seconds = allowed(length(view) / factor, limits);
  const from = at - (at - view.from) * (seconds / length(view));
  return within({ from, to: from + seconds }, limits);
}

export const panned = (view, limits, seconds) =>
  within({ from: view.from + seconds, to: view.to + seconds }, limits);

/** As long a view, moved so that a time is at a place of it, 0 to 1. */
export const centred = (view, limits, time, place = 0.5) =>
  panned(view, limits, time - place * length(view) - view.from);

/** Moves one edge, "from" or "to". */
export function resized(view, limits, edge, time) {
  const shortest = Math.min(SHORTEST, length(limits));
  return edge === "from"
    ? { from: Math.min(Math.max(time, limits.from), view.to - shortest), to: view.to }
    : { from: view.from, to: Math.max(Math.min(time, limits.to), view.from + shortest) };
}

/** Pixels from the left of a view that is so many pixels wide, and back. */
export const place = (view, width, time) => ((time - view.from) / length(view)) * width;

export const timeAt = (view, width, x) => view.from + (x / width) * length(view);

const allowed = (seconds, limits) => Math.min(Math.max(seconds, SHORTEST), length(limits));
