// Where two models say the same, in words and as a list.

import { lanesOf } from "./compared.js";
import { element, part, swatch, write } from "./dom.js";
import { clock, percent, spaced } from "./labels.js";

export function agreementFold(root, { onSeek }) {
  let draw = () => {};

  function entry({ start, end, label }, colourOf) {
    const button = element("button", { type: "button", class: "link" },
      `${clock(start)} – ${clock(end)}`);
    button.addEventListener("click", () => onSeek(start));
    return element("li", {}, button, swatch(colourOf(label)), spaced(label));
  }

  // There may be thousands, which cost nothing while nobody looks.
  root.addEventListener("toggle", () => root.open && draw());

  return {
    show(result, colourOf) {
      root.hidden = !result?.comparison;
      if (root.hidden) return;
      const { name, other, agreed } = lanesOf(result);
      const share = percent(result.comparison.agreement.share);
      write(root, { share: `${name} and ${other.name} say the same for ${share} of the video` });
      part(root, "none").hidden = agreed.length > 0;
      draw = () => {
        part(root, "stretches").replaceChildren(...agreed.map((one) => entry(one, colourOf)));
        draw = () => {};
      };
      if (root.open) draw();
    },
  };
}
