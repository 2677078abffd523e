// What is on at a second of the video. All lists are sorted by time.

/** The action at a time; the first before them all, the last after; null for none. */
export function actionAt(timeline, time) {
  const index = count(timeline, (action) => action.start <= time) - 1;
  return timeline[Math.max(index, 0)] ?? null;
}

/**
 * The index of the clip that stands for a time, or -1: clips overlap, so it is the one whose middle
 * is nearest, as for the service when it merges them.
 */
export function clipAt(clips, time) {
  const middle = (clip) => (clip.start + clip.end) / 2;
  const after = count(clips, (clip) => middle(clip) <= time);
  const [a, b] = [clips[after - 1], clips[after]];
  if (!b) return after - 1;
  return a && time - middle(a) < middle(b) - time ? after - 1 : after;
}

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
