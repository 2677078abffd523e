// The form's models: the one that is asked, and another to compare it with.

import { Problem, ask } from "./api.js";
import { element } from "./dom.js";
import { tab } from "./kept.js";

/** The models are asked for when the options are opened; without them, there is the usual one. */
export function modelFields(form) {
  const [model, compare] = form.querySelectorAll("#model, #compare");
  const hint = (select) => form.querySelector(`#${select.id}-hint`);
  const standing = hint(compare).textContent;
  let known = [];
  let asked = false;

  const chosen = (select) => known.find(({ name }) => name === select.value);
  const first = () => chosen(model) ?? known.find((one) => one.default);

  async function load() {
    if (asked) return;
    asked = true;
    try {
      ({ models: known } = await ask("/models"));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // Opened again, they ask again.
      asked = false;
    }
    const usual = first();
    if (usual) model.options[0].textContent = usual.title;
    fill(model, usual, tab.recall("model"));
    changed(tab.recall("compare"));
    form.querySelector("#models-away").hidden = known.every((one) => one.here);
  }

  // What is chosen in the first cannot be chosen in the second.
  function changed(other) {
    fill(compare, first(), other);
    compare.disabled = !first();
    hint(model).textContent = described(first());
    hint(compare).textContent = described(chosen(compare)) || standing;
  }

  function fill(select, without, wanted) {
    const others = known.filter((one) => one !== without);
    select.replaceChildren(select.options[0], ...others.map(option));
    select.value = others.some(({ name, here }) => here && name === wanted) ? wanted : "";
  }

  form.querySelector("#options").addEventListener("toggle", load);
  for (const select of [model, compare]) {
    select.addEventListener("change", () => {
      changed(compare.value);
      for (const { id, value } of [model, compare]) tab.remember(id, value);
    });
  }
  // What was chosen before holds, although nobody opens the options.
  if ([model, compare].some(({ id }) => tab.recall(id))) load();

  return {
    field: model,
    /** As fields of a request; `alone` leaves out what it is compared with. */
    chosen({ alone = false } = {}) {
      if (compare.value && !alone) return { models: `${first().name},${compare.value}` };
      return model.value ? { model: model.value } : {};
    },
  };
}

function option({ name, title, here }) {
  const node = element("option", { value: name }, here ? title : `${title} (weights not here)`);
  node.disabled = !here;
  return node;
}

function described(model) {
  if (!model) return "";
  const { kind, labels, clip_seconds: seconds } = model;
  const clips = seconds ? `, clips of ${seconds.toFixed(1)} s` : "";
  return labels ? `${kind}: ${labels} actions${clips}` : kind;
}
