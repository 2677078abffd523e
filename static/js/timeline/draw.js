// Draws the rows: blocks for actions, with the confidence of their clips as height.

import { UNKNOWN, percent, spaced } from "../labels.js";
import { drawAgreed } from "./agreed.js";
import { visible } from "./search.js";
import { stripes } from "./theme.js";
import { length, place } from "./view.js";
import { fitted } from "./writing.js";

const CLIP_PIXELS = 26;
const PALE = 0.38;
const DIM = 0.14;
const RADIUS = 5;
const TEXT_INSET = 8;
const NUMBER_PIXELS = 42;

/** Whether clips are so wide that they are told apart and picked one by one. */
export function clipsApart({ cells }, view, width) {
  if (cells.length === 0) return false;
  const average = (cells.at(-1).to - cells[0].from) / cells.length;
  return (average / length(view)) * width >= CLIP_PIXELS;
}

/**
 * Each of the `lanes` is in the row `row` or, with `perLabel`, in rows of its labels; its `hovered` and
 * `selected` are indices of cells, or -1. `top` is the y at which the drawn part of the rows begins.
 */
export function drawRows(surface, scene) {
  const { lanes, agreed, width, height } = scene;
  const brush = surface.clear(width, height);
  brush.translate(0, -scene.top);
  brush.textBaseline = "middle";
  for (const lane of lanes) drawLane(brush, { ...scene, ...lane });
  if (lanes.length > 1) drawAgreed(brush, scene, agreed);
  brush.setTransform(1, 0, 0, 1, 0, 0);
}

function drawLane(brush, scene) {
  const { layout, view, theme } = scene;
  drawGround(brush, scene);
  const cells = visible(layout.cells, view);
  const pieces = visible(layout.pieces, view);
  const drawnTo = new Float64Array(Math.max(layout.rows.length, scene.row + 1)).fill(-1);
  for (let i = pieces.first; i <= pieces.last; i++) {
    const piece = layout.pieces[i];
    const box = boxOf(scene, piece, layout.actions[piece.action]);
    // Where many share a pixel, one is enough.
    if (box.right - drawnTo[box.row] < 0.7) continue;
    drawnTo[box.row] = box.right;
    drawPiece(brush, scene, piece, box, cells);
  }
  if (theme.band > 0) drawNames(brush, scene, pieces);
  for (const name of ["hovered", "selected"]) drawOutline(brush, scene, name);
}

const rowTop = (theme, row) => row * theme.pitch + theme.above;

function drawGround(brush, { layout, perLabel, row, width, theme }) {
  brush.fillStyle = theme.lane;
  const rows = perLabel ? layout.rows.keys() : [row];
  for (const each of rows) {
    brush.beginPath();
    brush.roundRect(0, rowTop(theme, each), width, theme.block, RADIUS + 1);
    brush.fill();
  }
}

// In whole pixels of the screen, and no further out of view than its corners need.
function boxOf({ view, width, perLabel, row: laneRow, theme }, { from, to }, action) {
  const row = perLabel ? action.row : laneRow;
  const left = sharp(Math.max(place(view, width, from), -2 * RADIUS));
  const right = sharp(Math.min(place(view, width, to), width + 2 * RADIUS));
  return { row, left, right, wide: right - left, top: rowTop(theme, row), high: theme.block };
}

const sharp = (x) => Math.round(x * devicePixelRatio) / devicePixelRatio;

function drawPiece(brush, scene, piece, box, cells) {
  const { layout, theme, colourOf } = scene;
  const action = layout.actions[piece.action];
  const colour = colourOf(action.label);
  const wide = box.wide > 3;
  brush.save();
  shape(brush, box, wide, piece.first === action.first, piece.last === action.last);
  if (wide) brush.clip();
  const strength = piece.kept ? 1 : DIM;
  brush.fillStyle = colour;
  if (action.label === UNKNOWN) {
    drawUnknown(brush, theme, strength, box.wide);
  } else {
    brush.globalAlpha = 0.3 * strength;
    brush.fill();
    brush.globalAlpha = strength;
    brush.fillRect(box.left, box.top, box.wide, theme.band);
    const heights = drawHeights(brush, scene, piece, box, cells);
    if (piece.hatched && wide) hatch(brush, scene, piece, box, heights);
  }
  brush.globalAlpha = 1;
  if (piece.kept && scene.apart) drawClips(brush, scene, { piece, action, box, cells });
  brush.restore();
}

function drawUnknown(brush, theme, strength, wide) {
  brush.globalAlpha = PALE * strength;
  brush.fill();
  if (wide < 3 * RADIUS) return;
  brush.globalAlpha = strength;
  brush.strokeStyle = theme.edge;
  brush.stroke();
}

// One pixel is left free after each action.
function shape(brush, { left, right, top, high }, wide, opens, closes) {
  const end = closes && wide ? right - 1 : right;
  const round = Math.min(RADIUS, (end - left) / 3);
  const [before, after] = [opens ? round : 0, closes ? round : 0];
  brush.beginPath();
  if (wide) brush.roundRect(left, top, end - left, high, [before, after, after, before]);
  else brush.rect(left, top, Math.max(end - left, 1), high);
}

// Clips that share a pixel are drawn as one, of their mean confidence.
function drawHeights(brush, { layout, view, width, theme }, piece, box, cells) {
  const path = new Path2D();
  const bottom = box.top + box.high;
  const room = box.high - theme.band;
  const last = Math.min(piece.last, cells.last);
  let left = box.left;
  let [seconds, sum] = [0, 0];
  for (let i = Math.max(piece.first, cells.first); i <= last; i++) {
    const { from, to, segment } = layout.cells[i];
    seconds += to - from;
    sum += (to - from) * segment.confidence;
    const right = place(view, width, to);
    if (right - left < 1 && i < last) continue;
    const high = room * (seconds > 0 ? sum / seconds : segment.confidence);
    path.rect(left, bottom - high, Math.max(right - left, 1), high);
    [left, seconds, sum] = [right, 0, 0];
  }
  brush.fill(path);
  return path;
}

function hatch(brush, { view, width, theme }, piece, box, heights) {
  brush.fillStyle = stripes(brush, place(view, width, piece.from));
  brush.fill(heights);
  brush.fillRect(box.left, box.top, box.wide, theme.band);
}

// Once for each stretch of an action that is kept.
function drawNames(brush, scene, { first, last }) {
  const { pieces, actions } = scene.layout;
  for (let i = first; i <= last; i++) {
    const piece = pieces[i];
    if (!piece.kept) continue;
    const run = { from: piece.from, to: piece.to, hatched: piece.hatched };
    while (pieces[i + 1]?.action === piece.action && pieces[i + 1].kept) {
      i += 1;
      run.to = pieces[i].to;
      run.hatched ||= pieces[i].hatched;
    }
    const action = actions[piece.action];
    const box = boxOf(scene, run, action);
    if (box.wide > 3 * TEXT_INSET) drawName(brush, scene, run, action, box);
  }
}

// A name stays in sight for as long as a part of its block is.
function drawName(brush, { theme, width, apart, colourOf }, { hatched }, action, box) {
  const left = Math.max(box.left, 0) + TEXT_INSET;
  const room = Math.min(box.right, width) - left - TEXT_INSET;
  const unknown = action.label === UNKNOWN;
  brush.font = `600 13px ${theme.family}`;
  const text = fitted(brush, spaced(action.label), room);
  if (!text) return;
  const long = brush.measureText(text).width;
  const number = unknown || apart || room - long < NUMBER_PIXELS ? "" : percent(action.confidence);
  const y = box.top + (unknown ? box.high : theme.band) / 2 + 0.5;
  if (hatched) {
    brush.fillStyle = colourOf(action.label);
    brush.fillRect(left - 4, box.top, long + (number ? NUMBER_PIXELS : 8), theme.band);
  }
  brush.fillStyle = unknown ? theme.ink : theme.onColour;
  brush.fillText(text, left, y);
  brush.font = `13px ${theme.family}`;
  brush.fillText(number, left + long + 7, y);
}

// Lines between the clips, and the number of each that has room for it.
function drawClips(brush, { layout, view, width, theme, perLabel }, { piece, action, box, cells }) {
  brush.font = `12px ${theme.family}`;
  brush.textAlign = "center";
  const bottom = box.top + box.high;
  for (let i = Math.max(piece.first, cells.first); i <= Math.min(piece.last, cells.last); i++) {
    const { from, to, segment } = layout.cells[i];
    const [left, right] = [place(view, width, from), place(view, width, to)];
    brush.fillStyle = theme.surface;
    if (i > action.first) brush.fillRect(left - 0.5, box.top + theme.band, 1, box.high);
    if (action.label === UNKNOWN || right - left < NUMBER_PIXELS) continue;
    const high = (box.high - theme.band) * segment.confidence;
    const inside = high >= 18;
    brush.fillStyle = inside ? theme.onColour : theme.ink;
    const y = inside ? bottom - 9 : bottom - high - 8;
    if (perLabel && !inside && high > box.high - 16) continue;
    brush.fillText(percent(segment.confidence), (left + right) / 2, y);
  }
  brush.textAlign = "left";
}

/** What is picked where a cell is: itself where clips are apart, else its action. */
export const unitOf = ({ cells, actions }, apart, index) =>
  apart ? cells[index] : actions[cells[index].action];

function drawOutline(brush, scene, name) {
  const index = scene[name];
  if (index < 0 || index >= scene.layout.cells.length) return;
  const { layout, apart, theme } = scene;
  const action = layout.actions[layout.cells[index].action];
  const box = boxOf(scene, unitOf(layout, apart, index), action);
  // Of a clip, without the band, which is the action's.
  if (apart && action.label !== UNKNOWN) {
    box.top += theme.band;
    box.high -= theme.band;
  }
  const selected = name === "selected";
  const grown = selected ? 1.5 : 0;
  brush.beginPath();
  brush.roundRect(box.left - grown, box.top - grown, Math.max(box.wide - 1, 1) + 2 * grown,
    box.high + 2 * grown, RADIUS + grown);
  for (const [colour, wide] of selected ? [[theme.surface, 5], [theme.ink, 2.5]] : [[theme.ink, 1]]) {
    brush.strokeStyle = colour;
    brush.lineWidth = wide;
    brush.stroke();
  }
  if (selected && scene.apart) drawExtent(brush, scene, layout.cells[index].segment, box);
}

// A clip was seen for longer than the moments it owns: a bracket from its start to its end.
function drawExtent(brush, { view, width, theme }, { start, end }, box) {
  const y = box.top + box.high + 5;
  const [left, right] = [place(view, width, start), place(view, width, end)];
  brush.beginPath();
  brush.moveTo(left, y - 3);
  brush.lineTo(left, y);
  brush.lineTo(right, y);
  brush.lineTo(right, y - 3);
  brush.lineWidth = 1.5;
  brush.strokeStyle = theme.ink;
  brush.stroke();
}
