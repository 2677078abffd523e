// How to read the drawing, as far as it shows it.

import { element } from "../dom.js";

/** Of the plans that are drawn; of two, also the band between them. */
export function showKey(list, plans) {
  const heights = element("i", { class: "timeline-heights" },
    ...Array.from({ length: 4 }, () => element("b")));
  const items = [element("li", {}, heights, "height: how sure the model is")];
  if (plans.some(({ pieces }) => pieces.some((piece) => piece.hatched))) {
    const stripes = element("i", { class: "swatch zero-shot" });
    items.push(element("li", {}, stripes, "named by zero-shot"));
  }
  if (plans.length > 1) {
    items.push(element("li", {}, element("i", { class: "timeline-bar-key" }), "both say the same"));
  }
  list.replaceChildren(...items);
}
