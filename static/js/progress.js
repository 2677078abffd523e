// The phases of a job, done, at work and to come, with the fraction of the one at work.

import { element } from "./dom.js";
import { percent } from "./labels.js";

const NAMES = {
  upload: "Send the video",
  fetch: "Fetch the video",
  probe: "Look into the file",
  recognise: "Recognise actions",
  annotate: "Write the actions into a copy",
};
const WAITING = "Waiting for a free worker";
const LOST = "No connection to the service; trying again";

/** The panel; begin(origin) starts it over, sent(fraction) and change(job) move it on. */
export function progressPanel(root) {
  const list = root.querySelector("#phases");
  const bar = root.querySelector("#progress");
  const now = root.querySelector("#phase-now");
  const number = root.querySelector("#percent");
  let phases = [];

  function draw(current, fraction, text) {
    const at = phases.indexOf(current);
    list.replaceChildren(...phases.map((phase, i) => {
      const state = i < at ? "done" : i === at ? "current" : "later";
      const item = element("li", { class: state }, NAMES[phase]);
      if (state === "current") item.setAttribute("aria-current", "step");
      return item;
    }));
    if (fraction === null) bar.removeAttribute("value");
    else bar.value = fraction;
    number.textContent = fraction === null ? "" : percent(fraction);
    // A live region is read out whenever it is written, so only news are written.
    if (now.textContent !== text) now.textContent = text;
  }

  return {
    begin(origin) {
      phases = ["probe", "recognise", "annotate"];
      if (origin) phases.unshift(origin === "upload" ? "upload" : "fetch");
      draw(null, null, "Starting");
    },
    sent(fraction) {
      if (phases[0] === "upload") draw("upload", fraction, NAMES.upload);
    },
    change(job) {
      if (job === null) {
        now.textContent = LOST;
      } else if (job.state === "queued" || !job.phase) {
        draw(phases[0] === "upload" ? "probe" : phases[0], null, WAITING);
      } else {
        if (!phases.includes(job.phase)) phases.unshift(job.phase);
        draw(job.phase, job.progress, NAMES[job.phase]);
      }
    },
  };
}
