// The five best labels of a model as bars, with the confidence that it must have drawn in.

import { element, part, whole } from "../dom.js";
import { guessLine } from "../guess.js";
import { exact } from "./words.js";

const MOST = 5;

/** show() takes one of opinions(). */
export function bars(root) {
  const rows = Array.from({ length: MOST }, () => guessLine(exact));
  const line = element("i");
  const number = element("span");
  const limit = element("div", { class: "limit", "aria-hidden": "true" }, number, line);
  part(root, "bars").append(limit, element("ol", {}, ...rows.map((one) => one.node)));

  return {
    show({ name, top5, limit: least, words, winner }) {
      part(root, "name").textContent = name;
      whole(part(root, "words"), words);
      root.classList.toggle("silent", top5.length === 0);
      rows.forEach((one, at) => {
        one.show(top5[at]);
        one.node.classList.toggle("winner", top5[at]?.[0] === winner);
      });
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
