// The names of two models beside their lanes.

import { element } from "../dom.js";

/** The choice among the models tells them to screen readers. */
export function laneNames() {
  const list = element("div", { class: "timeline-lanes", "aria-hidden": "true" });
  const same = element("span", { class: "timeline-same" }, "same");

  return {
    list,
    show(names, chosen) {
      list.replaceChildren(...names.map((name, lane) => {
        const item = element("p", {}, element("span", { title: name }, name));
        item.classList.toggle("chosen", lane === chosen);
        return item;
      }), same);
    },
  };
}
