// The line above the player: how far the job is, and, once it is done, what it was.

import { part, parts } from "./dom.js";
import { UNKNOWN, clock, counted } from "./labels.js";
import { whoNamed } from "./named.js";
import { doing, estimator, measured } from "./phases.js";

export function statusStrip(root) {
  const [now, more, bar] = parts(root, "now", "more", "bar");
  const who = part(root, "who");
  let left = estimator();

  return {
    begin() {
      left = estimator();
      who.textContent = "";
    },
    change(job) {
      const { text, fraction } = doing(job);
      root.classList.add("busy");
      if (now.textContent !== text) now.textContent = text;
      more.textContent = measured(fraction, left(job?.phase, fraction));
      if (fraction === null) bar.removeAttribute("value");
      else bar.value = fraction;
    },
    finish({ origin, result, timings }) {
      root.classList.remove("busy");
      const worked = timings.worked ?? result.timings.total;
      more.textContent = origin === "live"
        ? "recognised as it happened" : `recognised in ${worked.toFixed(1)} s`;
    },
    /** What the result is, which corrections and other labels change. */
    tell(result) {
      now.textContent = `${clock(result.video.duration, 0)} of video, ${found(result)}`;
      who.textContent = whoNamed(result);
    },
  };
}

function found({ timeline, segment_predictions: clips }) {
  const actions = timeline.filter(({ label }) => label !== UNKNOWN);
  return `${counted(actions.length, "action")} from ${counted(clips.length, "clip")}`;
}
