// Where two models say the same: a line between their lanes, which is a thick bar there.

import { visible } from "./search.js";
import { place } from "./view.js";

const THICK = 8;
const LEAST = 2;

/** `agreed` are the stretches {from, to, label} with one label in both lanes. */
export function drawAgreed(brush, { view, width, theme, colourOf }, agreed) {
  brush.fillStyle = theme.edge;
  brush.fillRect(0, theme.agreed - 0.5, width, 1);
  const { first, last } = visible(agreed, view);
  brush.strokeStyle = theme.ink;
  brush.lineWidth = 1;
  for (let i = first; i <= last; i++) {
    const left = Math.max(place(view, width, agreed[i].from), -THICK);
    const right = Math.min(place(view, width, agreed[i].to) - 1, width + THICK);
    brush.beginPath();
    brush.roundRect(left, theme.agreed - THICK / 2, Math.max(right - left, LEAST), THICK, THICK / 2);
    brush.fillStyle = colourOf(agreed[i].label);
    brush.fill();
    brush.stroke();
  }
}
