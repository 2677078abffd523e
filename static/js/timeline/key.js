// How to read the drawing, as far as it shows it.

import { element } from "../dom.js";
import { isHatched, modelName } from "../labels.js";

/** Of the plans that are drawn; of two, also the band between them. */
export function showKey(list, plans) {
  const heights = element("i", { class: "timeline-heights" },
    ...Array.from({ length: 4 }, () => element("b")));
  const items = [element("li", {}, heights, "height: how sure the model is")];
  const zeroShot = [...new Set(plans.flatMap(hatchedBy))].map(modelName);
  if (zeroShot.length) {
    const stripes = element("i", { class: "swatch zero-shot" });
    items.push(element("li", {}, stripes, `named by ${zeroShot.join(" and ")}, zero-shot`));
  }
  if (plans.length > 1) {
    items.push(element("li", {}, element("i", { class: "timeline-bar-key" }), "both say the same"));
  }
  list.replaceChildren(...items);
}

const hatchedBy = ({ cells }) =>
  cells.filter(({ segment }) => isHatched(segment)).map(({ segment }) => segment.source);
