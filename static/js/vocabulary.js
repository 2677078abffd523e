// The actions that the zero-shot model chooses among, and asking it again with others.

import { askAgain } from "./asking.js";
import { foundBy } from "./compared.js";
import { parts, write } from "./dom.js";
import { counted, spaced } from "./labels.js";
import { askedIn, called } from "./named.js";

const USUAL = "the service's own list";

/** onResult hears the new result of a job that is done. */
export function vocabulary(root, { onResult }) {
  const form = root.querySelector("form");
  const field = form.querySelector("textarea");
  const [answer, problem, back] = parts(root, "answer", "problem", "back");
  let result = null;
  let busy = false;

  async function ask(labels) {
    if (busy) return;
    const before = result;
    const began = performance.now();
    working(true);
    try {
      const after = await askAgain(before.id, labels);
      // Another job may have been opened meanwhile.
      if (result?.id !== before.id) return;
      show(after);
      onResult(after);
      answer.textContent = told(before, after, (performance.now() - began) / 1000);
    } catch (error) {
      if (!error.detail) throw error;
      if (result?.id === before.id) refuse(error.detail);
    } finally {
      working(false);
    }
  }

  function working(is) {
    busy = is;
    form.setAttribute("aria-busy", String(is));
    if (!is) return;
    problem.hidden = true;
    answer.textContent = "Asking …";
  }

  function refuse(text) {
    answer.textContent = "";
    problem.textContent = text;
    problem.hidden = false;
  }

  function show(newResult) {
    result = newResult;
    const labels = labelsOf(result);
    field.value = labels?.map(spaced).join(", ") ?? "";
    back.hidden = labels === null;
    write(root, { list: listed(labels), now: described(result) });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const labels = named(field.value);
    if (labels.length) ask(labels);
    else refuse("Name at least one action, such as juggling.");
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  back.addEventListener("click", () => {
    field.focus();
    ask(null);
  });

  return {
    open(newResult) {
      // A correction of the same job is no reason to forget what is being typed.
      if (newResult.id === result?.id && same(labelsOf(newResult), labelsOf(result))) {
        result = newResult;
        return;
      }
      answer.textContent = "";
      problem.hidden = true;
      show(newResult);
    },
  };
}

const named = (text) =>
  [...new Set(text.split(/[,\n]/).map((label) => label.trim()).filter(Boolean))];

const same = (a, b) => a?.join() === b?.join();

function described(result) {
  const labels = labelsOf(result);
  const clips = clipsOf(result);
  const models = result.comparison ? "trained models were" : "trained model was";
  const asked = foundBy(result).flatMap(askedIn);
  if (asked.length === 0) {
    return `The ${models} sure of every clip, so the zero-shot model, which knows actions by ` +
      "their names, was not asked at all.";
  }
  return `The ${models} not sure of ${asked.length} of ${counted(clips.length, "clip")}. For those, ` +
    `${called(asked[0].source)}, which goes by names alone, chose from ${listed(labels)}.`;
}

// Results of an earlier version do not tell.
const labelsOf = ({ labels = null }) => labels;

function listed(labels) {
  if (labels === null) return USUAL;
  return `${counted(labels.length, "action")} of yours`;
}

function told(before, after, seconds) {
  const old = clipsOf(before);
  const changed = clipsOf(after).filter(({ label }, at) => label !== old[at].label).length;
  const what = changed === 0 ? "no clip changed" : `${counted(changed, "clip")} changed`;
  return `Scored anew in ${seconds.toFixed(1)} s, ${what}.`;
}

const clipsOf = (result) => foundBy(result).flatMap((found) => found.segment_predictions);
