// The ruler: times on round numbers, as many as there is room for.

import { clock } from "../labels.js";
import { length, place } from "./view.js";

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
const NUMBER_PIXELS = 84;
const MARK_PIXELS = 9;
const HEIGHT = 30;

/** Seconds from one number to the next, and from one mark to the next. */
export function steps(view, width) {
  const pixels = (step) => (step / length(view)) * width;
  const number = STEPS.find((step) => pixels(step) >= NUMBER_PIXELS) ?? STEPS.at(-1);
  const divides = (step) => Math.abs(number / step - Math.round(number / step)) < 1e-6;
  const mark = STEPS.find((step) => pixels(step) >= MARK_PIXELS && divides(step));
  return { number, mark: mark ?? number };
}

export function drawRuler(surface, { view, width, theme }) {
  const brush = surface.clear(width, HEIGHT);
  const { number, mark } = steps(view, width);
  const digits = number < 1 ? 1 : 0;
  brush.font = `12px ${theme.family}`;
  brush.textBaseline = "middle";
  for (let i = Math.ceil(view.from / mark - 1e-6); i * mark <= view.to; i++) {
    const x = Math.round(place(view, width, i * mark));
    const numbered = Math.abs((i * mark) / number - Math.round((i * mark) / number)) < 1e-6;
    brush.fillStyle = numbered ? theme.edge : theme.line;
    const tall = numbered ? 16 : 6;
    brush.fillRect(Math.min(x, width - 1), HEIGHT - tall, 1, tall);
    if (numbered) writeNumber(brush, clock(i * mark, digits), x + 5, width, theme);
  }
}

// To the right of its mark; the last one to the left, where it would be cut off.
function writeNumber(brush, text, x, width, theme) {
  const long = brush.measureText(text).width;
  const left = x + long > width ? x - long - 11 : x;
  brush.fillStyle = theme.soft;
  brush.fillText(text, left, HEIGHT - 11);
}
