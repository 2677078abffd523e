// The labels with their colours: beside their rows, or as a legend below the one row.

import { element, swatch } from "../dom.js";
import { UNKNOWN, clock, spaced } from "../labels.js";

const MOST_IN_LEGEND = 14;

/** The rows of some plans as one list, Unknown last. */
export function united(plans) {
  const rows = new Map(plans.flatMap((plan) => plan.rows.map((row) => [row.label, row])));
  return [...rows.values()].sort((a, b) => (a.label === UNKNOWN) - (b.label === UNKNOWN));
}

export function labelNames() {
  const list = element("ul", { class: "timeline-names", "aria-label": "Labels" });
  let items = new Map();
  let marked = null;

  function entry({ label, seconds }, colourOf, legend) {
    const spot = swatch(label === UNKNOWN ? "" : colourOf(label));
    // As pale as it is drawn.
    spot.classList.toggle("timeline-unknown", label === UNKNOWN);
    const explained = label === UNKNOWN ? "Unknown: no action that a model is sure of" : spaced(label);
    const name = element("span", { title: explained }, legend ? explained : spaced(label));
    const total = element("span", { class: "timeline-total" }, clock(seconds, 0),
      element("span", { class: "unseen" }, " in all"));
    return element("li", {}, spot, name, total);
  }

  function mark(label) {
    if (label === marked && items.get(label)?.hasAttribute("aria-current")) return;
    items.get(marked)?.removeAttribute("aria-current");
    items.get(label)?.setAttribute("aria-current", "true");
    marked = label;
  }

  return {
    list,
    mark,
    show(rows, colourOf, legend) {
      const shown = legend ? rows.slice(0, MOST_IN_LEGEND) : rows;
      items = new Map(shown.map((row) => [row.label, entry(row, colourOf, legend)]));
      list.replaceChildren(...items.values());
      const more = rows.length - shown.length;
      if (more) list.append(element("li", {}, `and ${more} more`));
      list.classList.toggle("timeline-legend", legend);
      mark(marked);
    },
  };
}
