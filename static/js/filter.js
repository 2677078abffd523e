// Which segments are wanted: by confidence, label and model.

import { element, part } from "./dom.js";
import { isZeroShot, modelName, percent, spaced } from "./labels.js";

/** Everything. */
export const ALL = { min: 0, labels: new Set(), sources: new Set() };

/** Whether a segment passes; the service's exports mean the same. */
export function keeps({ min, labels, sources }, { confidence, label, source }) {
  return confidence >= min
    && (labels.size === 0 || labels.has(label))
    && (sources.size === 0 || sources.has(source));
}

/** The filter's form. onChange hears { min, labels, sources }; none of a kind means all of it. */
export function filterBar(root, { onChange }) {
  const [slider, number, labels, sources, count, clear] =
    ["min", "number", "labels", "sources", "count", "clear"].map((name) => part(root, name));
  let segments = [];
  let view = ALL;
  let drawn = "";

  function change(next) {
    view = next;
    tell();
    onChange(view);
  }

  function tell() {
    slider.value = view.min;
    number.textContent = percent(view.min);
    for (const button of root.querySelectorAll("[aria-pressed]")) {
      const { kind, value } = button.dataset;
      button.setAttribute("aria-pressed", String(view[kind].has(value)));
    }
    const kept = segments.filter((segment) => keeps(view, segment)).length;
    const all = kept === segments.length;
    count.textContent = all ? "all clips" : `${kept} of ${segments.length} clips`;
    clear.hidden = view.min === 0 && !view.labels.size && !view.sources.size;
  }

  function chip(kind, value, ...content) {
    const button = element("button",
      { type: "button", class: "chip", "data-kind": kind, "data-value": value }, ...content);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => change({ ...view, [kind]: toggled(view[kind], value) }));
    return element("li", {}, button);
  }

  function labelChip(label, colourOf) {
    const swatch = element("i", { class: "swatch" });
    swatch.style.backgroundColor = colourOf(label);
    return chip("labels", label, swatch, spaced(label));
  }

  function draw(choices, colourOf) {
    labels.replaceChildren(...choices.labels.map((label) => labelChip(label, colourOf)));
    sources.replaceChildren(...choices.sources.map((source) =>
      chip("sources", source, isZeroShot(source) ? `${modelName(source)}, zero-shot` : modelName(source))));
  }

  slider.addEventListener("input", () => change({ ...view, min: Number(slider.value) }));
  clear.addEventListener("click", () => {
    change(ALL);
    slider.focus();
  });

  return {
    /** The segments to choose from; the choice stays. */
    show(shown, colourOf) {
      segments = shown;
      const kinds = (name) => [...new Set(shown.map((segment) => segment[name]))].sort();
      const choices = { labels: kinds("label"), sources: kinds("source") };
      const key = JSON.stringify([choices, choices.labels.map(colourOf)]);
      // While clips come in, whoever is at one of them is not to lose it.
      if (key !== drawn) draw(choices, colourOf);
      drawn = key;
      tell();
    },
    set(wanted) {
      view = wanted;
      root.open = root.open || wanted.min > 0 || wanted.labels.size + wanted.sources.size > 0;
      tell();
    },
  };
}

function toggled(set, value) {
  const next = new Set(set);
  if (!next.delete(value)) next.add(value);
  return next;
}
