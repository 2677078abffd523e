// One of a model's guesses as a line: the label, a bar, the number.

import { element, whole } from "./dom.js";
import { spaced } from "./labels.js";

/** show([label, confidence]) draws a guess, or none; `written` gives the number's text. */
export function guessLine(written) {
  const name = element("span", { class: "name" });
  const fill = element("i");
  const number = element("b");
  const node = element("li", {}, name, element("span", { class: "bar" }, fill), number);

  return {
    node,
    show(guess) {
      const [label, confidence] = guess ?? ["", 0];
      node.classList.toggle("none", !guess);
      whole(name, spaced(label));
      fill.style.width = `${confidence * 100}%`;
      number.textContent = written(confidence);
    },
  };
}
