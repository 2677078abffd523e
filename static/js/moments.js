// What is on at a second of the video. Both lists are sorted by time.

/** The action of the timeline at a time; the first before them all, the last after. Null for none. */
export function actionAt(timeline, time) {
  const index = count(timeline, (action) => action.start <= time) - 1;
  return timeline[Math.max(index, 0)] ?? null;
}

/**
 * The scored clip that stands for a time: clips overlap, so it is the one whose middle is nearest,
 * which is also how the service makes the timeline of them.
 */
export function clipAt(clips, time) {
  const middle = (clip) => (clip.start + clip.end) / 2;
  const after = count(clips, (clip) => middle(clip) <= time);
  const [a, b] = [clips[after - 1], clips[after]];
  if (!a || !b) return a ?? b ?? null;
  return time - middle(a) < middle(b) - time ? a : b;
}

// How many of a list's first items hold; all that do come before all that do not.
function count(list, holds) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const at = (low + high) >> 1;
    if (holds(list[at])) low = at + 1;
    else high = at;
  }
  return low;
}
