// How to read the drawing, as far as it shows it.

import { element } from "../dom.js";

export function showKey(list, { pieces }) {
  const heights = element("i", { class: "timeline-heights" },
    ...Array.from({ length: 4 }, () => element("b")));
  const items = [element("li", {}, heights, "height: how sure the model is")];
  if (pieces.some((piece) => piece.hatched)) {
    const stripes = element("i", { class: "swatch zero-shot" });
    items.push(element("li", {}, stripes, "named by zero-shot"));
  }
  list.replaceChildren(...items);
}
