// How labels, models, numbers and times are written and coloured, everywhere on the page.

export const UNKNOWN = "Unknown";

// Paul Tol's "light" scheme: made for filled cells under black text, told apart by
// colour-blind people. Its pale grey is kept for Unknown.
const PALETTE = [
  "#77aadd", "#ee8866", "#44bb99", "#ffaabb", "#99ddff", "#bbcc33", "#eedd88", "#aaaa00",
];
const GREY = "#c4c8ce";
const SHADES = ["", "black 24%", "white 50%"];

const MODELS = {
  bilstm: "BiLSTM",
  lstm: "LSTM",
  transformer: "Transformer",
  i3d: "I3D",
  r3d_18: "R3D-18",
  mc3_18: "MC3-18",
  r2plus1d_18: "R(2+1)D-18",
  timesformer: "TimeSformer",
  videomae: "VideoMAE",
  clip: "CLIP",
  semantic: "semantic",
  objects: "objects",
  person: "corrected by hand",
};

let words = {};

/** Takes what people read for the labels of the vocabulary. */
export function useWords(known) {
  words = known;
}

/** 'SitDown' is 'Sitting down'; a label that the vocabulary lacks keeps its words. */
export function spaced(label) {
  if (Object.hasOwn(words, label)) return words[label];
  if (label.includes(" ")) return label;
  return label
    .replaceAll("_", " ")
    .replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, " ");
}

export const modelName = (source) => MODELS[source] ?? source;

/** Who gave a segment its label, in a few words beside it. */
export function saidBy({ label, source }) {
  const name = modelName(source);
  if (isZeroShot(source)) return label === UNKNOWN ? "no model is sure" : `${name}, zero-shot`;
  return label === UNKNOWN && source !== "person" ? `${name} sees no action` : name;
}

export const isZeroShot = (source) => ["clip", "semantic", "objects"].includes(source);

export const isHatched = ({ label, source }) => label !== UNKNOWN && isZeroShot(source);

/** How sure a segment's label is; nothing for Unknown, which is nobody's guess. */
export const surety = ({ label, confidence }) => label === UNKNOWN ? "" : percent(confidence);

/** 1 is '1 clip', 2 is '2 clips'. */
export const counted = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

export const percent = (fraction) => `${Math.round(fraction * 100)}%`;

/** 83.24 is '1:23.2'; hours appear where they are needed. */
export function clock(seconds, digits = 1) {
  const unit = 10 ** digits;
  const rounded = Math.round(Math.abs(seconds) * unit) / unit;
  const hours = Math.floor(rounded / 3600);
  const minutes = Math.floor((rounded % 3600) / 60);
  const rest = (rounded % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  const sign = seconds < 0 && rounded > 0 ? "-" : "";
  return hours
    ? `${sign}${hours}:${String(minutes).padStart(2, "0")}:${rest}`
    : `${sign}${minutes}:${rest}`;
}

/**
 * A function from label to CSS colour. A label's hue is the same in every video; those that share
 * one are told apart by shade, in the order given.
 */
export function colouring(labels) {
  const colours = new Map([[UNKNOWN, GREY]]);
  const taken = new Set();
  for (const label of labels) {
    if (colours.has(label)) continue;
    const choices = choicesFor(label);
    const colour = choices.find((choice) => !taken.has(choice)) ?? choices[0];
    taken.add(colour);
    colours.set(label, colour);
  }
  return (label) => colours.get(label) ?? GREY;
}

// The shades of the label's own hue, then those of the other hues.
function choicesFor(label) {
  const own = hash(label) % PALETTE.length;
  const hues = [...PALETTE.slice(own), ...PALETTE.slice(0, own)];
  return hues.flatMap((hue) =>
    SHADES.map((shade) => (shade ? `color-mix(in srgb, ${hue}, ${shade})` : hue)));
}

// FNV-1a, folded so that the low bits depend on the whole label. Its first value gives all eight hues
// to the ten actions that the default model learnt, with no two alike that are seen together.
function hash(text) {
  let value = 56;
  for (const byte of new TextEncoder().encode(text)) {
    value = Math.imul(value ^ byte, 0x01000193);
  }
  return (value ^ (value >>> 15)) >>> 0;
}
