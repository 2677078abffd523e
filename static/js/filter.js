// Which segments are wanted: by confidence, label and model.

import { arrange, element, parts } from "./dom.js";
import { isZeroShot, modelName, percent, spaced } from "./labels.js";

export const ALL = { min: 0, labels: new Set(), sources: new Set() };

/** As in the service's exports. */
export function keeps({ min, labels, sources }, { confidence, label, source }) {
  return confidence >= min
    && (labels.size === 0 || labels.has(label))
    && (sources.size === 0 || sources.has(source));
}

/** onChange hears { min, labels, sources }; none of a kind means all of it. */
export function filterBar(root, { onChange }) {
  const [slider, number, labels, sources, count, clear] =
    parts(root, "min", "number", "labels", "sources", "count", "clear");
  let segments = [];
  let view = ALL;
  // By kind and value: while clips come in, whoever is at one of them is not to lose it.
  const chips = new Map();

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
    const key = `${kind} ${value}`;
    if (!chips.has(key)) chips.set(key, made(kind, value, ...content));
    return chips.get(key);
  }

  function made(kind, value, ...content) {
    const button = element("button",
      { type: "button", class: "chip", "data-kind": kind, "data-value": value }, ...content);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => change({ ...view, [kind]: toggled(view[kind], value) }));
    return element("li", {}, button);
  }

  function labelChip(label, colourOf) {
    const node = chip("labels", label, element("i", { class: "swatch" }), spaced(label));
    node.querySelector("i").style.backgroundColor = colourOf(label);
    return node;
  }

  function sourceChip(source) {
    const name = modelName(source);
    return chip("sources", source, isZeroShot(source) ? `${name}, zero-shot` : name);
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
      arrange(labels, kinds("label").map((label) => labelChip(label, colourOf)));
      arrange(sources, kinds("source").map(sourceChip));
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
