// The line above the player: how far the job is, and, once it is done, what it was.

import { parts } from "./dom.js";
import { clock, counted } from "./labels.js";
import { doing, estimator, measured } from "./phases.js";

export function statusStrip(root) {
  const [now, more, bar] = parts(root, "now", "more", "bar");
  let left = estimator();

  return {
    begin() {
      left = estimator();
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
      now.textContent = `${clock(result.video.duration, 0)} of video, ${found(result)}`;
      const worked = timings.worked ?? result.timings.total;
      more.textContent = origin === "live"
        ? "recognised as it happened" : `recognised in ${worked.toFixed(1)} s`;
    },
  };
}

const found = ({ timeline, segment_predictions: clips }) =>
  `${counted(timeline.length, "action")} from ${counted(clips.length, "clip")}`;
