// What is known of the clip at the current second: who named it, why, and the runners-up.

import { element, part } from "./dom.js";
import { UNKNOWN, clock, isZeroShot, modelName, percent, spaced } from "./labels.js";

/** show(clip, colourOf) draws a clip; the same clip twice costs nothing. */
export function segmentPanel(root) {
  let shown = null;

  return {
    show(clip, colourOf) {
      if (clip === shown) return;
      shown = clip;
      root.hidden = clip === null;
      if (clip === null) return;
      part(root, "when").textContent = `The clip of ${clock(clip.start)} to ${clock(clip.end)}`;
      part(root, "label").textContent = spaced(clip.label);
      part(root, "swatch").style.backgroundColor = colourOf(clip.label);
      part(root, "verdict").textContent = verdict(clip);
      part(root, "reason").textContent = clip.reason ? `Why: ${clip.reason}.` : "";
      part(root, "said").replaceChildren(
        ...bars(`Top 5 of ${model(clip.source)}`, clip.top5, clip.label));
      part(root, "trained").replaceChildren(
        ...(clip.trained ? bars(`Top 5 of the trained model`, clip.trained.top5, null) : []));
    },
  };
}

function verdict(clip) {
  if (clip.label === UNKNOWN) return "No model is sure enough to name this.";
  const who = `Named by ${model(clip.source)}, ${percent(clip.confidence)} sure`;
  return isZeroShot(clip.source) ? `${who}, since the trained model is not sure enough.` : `${who}.`;
}

function model(source) {
  const kind = isZeroShot(source) ? "the zero-shot model" : "the trained model";
  return `${kind} (${modelName(source)})`;
}

function bars(title, top, winner) {
  const rows = top.map(([label, confidence]) => {
    const fill = element("i");
    fill.style.width = percent(confidence);
    const row = element("li", {}, element("span", {}, spaced(label)),
      element("b", {}, `${(confidence * 100).toFixed(1)}%`), element("div", { class: "bar" }, fill));
    row.classList.toggle("winner", label === winner);
    return row;
  });
  return [element("h3", {}, title), element("ol", { class: "top5" }, ...rows)];
}
