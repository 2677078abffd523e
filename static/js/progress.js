// The phases of a job, done, at work and to come, with the fraction of the one at work.

import { element } from "./dom.js";
import { doing, estimator, measured, phaseName } from "./phases.js";

const STALLED = "The connection was lost. The upload goes on as soon as it is back.";

export function progressPanel(root) {
  const list = root.querySelector("#phases");
  const bar = root.querySelector("#progress");
  const now = root.querySelector("#phase-now");
  const number = root.querySelector("#percent");
  let phases = [];
  let left = estimator();

  function draw(current, fraction, text) {
    const at = phases.indexOf(current);
    list.replaceChildren(...phases.map((phase, i) => {
      const state = i < at ? "done" : i === at ? "current" : "later";
      const item = element("li", { class: state }, phaseName(phase));
      if (state === "current") item.setAttribute("aria-current", "step");
      return item;
    }));
    if (fraction === null) bar.removeAttribute("value");
    else bar.value = fraction;
    number.textContent = measured(fraction, left(current, fraction));
    say(text);
  }

  // A live region is read out whenever it is written, so only news are written.
  function say(text) {
    if (now.textContent !== text) now.textContent = text;
  }

  return {
    begin(origin) {
      left = estimator();
      phases = ["probe", "recognise", "annotate"];
      if (origin) phases.unshift(origin === "upload" ? "upload" : "fetch");
      draw(null, null, "Starting");
    },
    sent(fraction, { waiting = false } = {}) {
      if (phases[0] !== "upload") return;
      draw("upload", fraction, waiting ? STALLED : phaseName("upload"));
      if (waiting) number.textContent = "";
    },
    change(job) {
      const { text, fraction } = doing(job);
      if (job === null) return say(text);
      if (job.state === "queued" || !job.phase) {
        return draw(phases[0] === "upload" ? "probe" : phases[0], null, text);
      }
      if (!phases.includes(job.phase)) phases.splice(phases.indexOf("recognise"), 0, job.phase);
      return draw(job.phase, fraction, text);
    },
  };
}
