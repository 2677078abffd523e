// Colours and measures of the drawing: the custom properties of base.css and timeline.css.

const DARK = matchMedia("(prefers-color-scheme: dark)");
const COLOURS = ["ink", "soft", "line", "edge", "surface", "lane"];
// The heights of a block's band with the name, of the block, of the room above it, and from block to
// block; and where the line between two lanes is.
const MEASURES = ["band", "block", "above", "pitch", "agreed"];
const INK_ON_COLOUR = "#0c0d10";
const STRIPES = "rgb(20 22 26 / 0.26)";
const TILE = 10;

/** Read where the scheme or the width may have changed. */
export function readTheme(node) {
  const style = getComputedStyle(node);
  const read = (name) => [name, style.getPropertyValue(`--${name}`).trim()];
  return {
    ...Object.fromEntries(COLOURS.map(read)),
    ...Object.fromEntries(MEASURES.map(read).map(([name, text]) => [name, parseFloat(text)])),
    onColour: INK_ON_COLOUR,
    family: style.fontFamily,
  };
}

export function onSchemeChange(heard) {
  DARK.addEventListener("change", heard);
}

/** Stripes for a brush; they stay on what they are drawn on, which begins at x. */
export function stripes(brush, x) {
  const ratio = devicePixelRatio;
  const pattern = brush.createPattern(tile(ratio), "repeat");
  pattern.setTransform(new DOMMatrix([1 / ratio, 0, 0, 1 / ratio, x % TILE, 0]));
  return pattern;
}

let made = { ratio: 0, canvas: null };

function tile(ratio) {
  if (made.ratio === ratio) return made.canvas;
  const side = Math.round(TILE * ratio);
  const canvas = new OffscreenCanvas(side, side);
  const brush = canvas.getContext("2d");
  brush.strokeStyle = STRIPES;
  brush.lineWidth = 1.8 * ratio;
  for (const shift of [-side, 0, side]) {
    brush.moveTo(shift - 2, side + 2);
    brush.lineTo(shift + side + 2, -2);
  }
  brush.stroke();
  made = { ratio, canvas };
  return canvas;
}
