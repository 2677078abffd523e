// The five best labels of a model as bars, with the confidence that it must have drawn in.

import { element, part, whole } from "../dom.js";
import { spaced } from "../labels.js";
import { exact } from "./words.js";

const MOST = 5;

/** show(opinion) draws one of opinions(), or none of its bars; it is as high for all of them. */
export function bars(root) {
  const rows = Array.from({ length: MOST }, row);
  const line = element("i");
  const number = element("span");
  const limit = element("div", { class: "limit", "aria-hidden": "true" }, number, line);
  part(root, "bars").append(limit, element("ol", {}, ...rows.map((one) => one.node)));

  return {
    show({ name, top5, limit: least, words, winner }) {
      part(root, "name").textContent = name;
      whole(part(root, "words"), words);
      root.classList.toggle("silent", top5.length === 0);
      rows.forEach((one, at) => one.show(top5[at], winner));
      // Not known while the job runs.
      limit.hidden = least === undefined;
      if (limit.hidden) return;
      number.textContent = `needs ${exact(least)}`;
      line.style.left = number.style.left = exact(least, 2);
      // Beside the line, and never outside the bars.
      number.style.transform = `translateX(-${exact(least, 2)})`;
    },
  };
}

function row() {
  const name = element("span", { class: "name" });
  const fill = element("i");
  const number = element("b");
  const node = element("li", {}, name, element("span", { class: "bar" }, fill), number);

  return {
    node,
    show(guess, winner) {
      node.classList.toggle("none", !guess);
      const [label, confidence] = guess ?? ["", 0];
      whole(name, spaced(label));
      fill.style.width = exact(confidence, 2);
      number.textContent = exact(confidence);
      node.classList.toggle("winner", label === winner);
    },
  };
}
