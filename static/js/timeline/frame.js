// The elements of the timeline.

import { choice } from "../choice.js";
import { element } from "../dom.js";

const MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const HELP = "Arrows move, brackets go to the segment before and after, Enter selects, plus and " +
  "minus zoom, Shift with arrows moves what is shown. The table has the same segments. Where two " +
  "models were compared, M goes from one to the other.";
let made = 0;

export function frame(root) {
  const ruler = element("div", { class: "timeline-ruler" }, element("canvas"));
  const rows = element("div", { class: "timeline-rows" }, element("canvas"));
  const scroller = element("div", { class: "timeline-scroller" },
    element("div", { class: "timeline-corner" }), ruler, rows);
  const map = element("div", { class: "timeline-map", "aria-hidden": "true" });
  const hint = element("p", { class: "timeline-hint" },
    element("span", { class: "fine" }, MAC ? "Pinch or ⌘ + scroll to zoom" : "Ctrl + scroll to zoom"),
    element("span", { class: "coarse" }, "Pinch to zoom"));
  const rowsOf = choice("Rows", "timeline-choice", rowsOffered(false));
  const models = choice("Model", "timeline-models");
  const zoom = zoomButtons();
  const key = element("ul", { class: "timeline-key", "aria-label": "How to read the timeline" });
  const status = element("p", { class: "unseen", role: "status" });
  const help = element("p", { class: "unseen", id: `timeline-help-${(made += 1)}` }, HELP);
  root.classList.add("timeline");
  root.replaceChildren(
    element("div", { class: "timeline-tools" }, rowsOf.group, models.group, map, hint, zoom.group),
    scroller, key, help, status);
  return { root, ruler, rows, scroller, map, rowsOf, models, zoom, key, help, status };
}

/** What the rows can be, of one model or two. */
export const rowsOffered = (compared) =>
  [["merged", compared ? "By model" : "One row"], ["labels", "By label"]];

function zoomButtons() {
  const button = (name, text) => element("button",
    { type: "button", class: "timeline-button", "aria-label": name, title: name }, text);
  const [wider, closer] = [button("Zoom out", "−"), button("Zoom in", "+")];
  const fit = button("Show the whole video", "Fit");
  const group = element("div", { class: "timeline-zoom" }, wider, closer, fit);
  return { group, wider, closer, fit };
}
