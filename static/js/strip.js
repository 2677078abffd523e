// The line above the player: how far the job is, and, once it is done, what it was.

import { part } from "./dom.js";
import { clock } from "./labels.js";
import { doing, estimator, measured } from "./phases.js";

/** change(job) tells how far it is, finish(job) what came of it. */
export function statusStrip(root) {
  const [now, more, bar] = ["now", "more", "bar"].map((name) => part(root, name));
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
    finish({ result, timings }) {
      root.classList.remove("busy");
      now.textContent = `${clock(result.video.duration, 0)} of video, ${counted(result)}`;
      const worked = timings.worked ?? result.timings.total;
      more.textContent = `recognised in ${worked.toFixed(1)} s`;
    },
  };
}

function counted({ timeline, segment_predictions: clips }) {
  const actions = timeline.length === 1 ? "1 action" : `${timeline.length} actions`;
  return `${actions} from ${clips.length === 1 ? "1 clip" : `${clips.length} clips`}`;
}
