// Text that is drawn on a canvas.

const FEWEST = 3;

/** The text, cut with an ellipsis to fit so many pixels; "" where too little of it would be left. */
export function fitted(brush, text, pixels) {
  const whole = brush.measureText(text).width;
  if (whole <= pixels) return text;
  let letters = Math.floor((pixels / whole) * text.length);
  while (letters >= FEWEST) {
    const cut = `${text.slice(0, letters).trimEnd()}…`;
    if (brush.measureText(cut).width <= pixels) return cut;
    letters -= 1;
  }
  return "";
}
