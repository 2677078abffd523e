// Moves the view in a few frames, so that the eye can follow; at once where motion is not wanted.

const MILLISECONDS = 180;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

/** apply(view) hears each view on the way. */
export function glider(apply) {
  let frame = 0;
  let target = null;

  function stop() {
    cancelAnimationFrame(frame);
    target = null;
  }

  function start(from, to) {
    stop();
    if (STILL.matches) return void apply(to);
    target = to;
    const begun = performance.now();
    const step = (now) => {
      const part = Math.min(Math.max((now - begun) / MILLISECONDS, 0), 1);
      if (part < 1) frame = requestAnimationFrame(step);
      else target = null;
      apply(between(from, to, 1 - (1 - part) ** 3));
    };
    frame = requestAnimationFrame(step);
  }

  /** Where it is going, or null. */
  return { start, stop, target: () => target };
}

const between = (a, b, part) =>
  ({ from: a.from + (b.from - a.from) * part, to: a.to + (b.to - a.to) * part });
