// The actions that the zero-shot model chooses among, and asking it again with others.

import { askAgain } from "./asking.js";
import { part } from "./dom.js";

const UCF101 = "the 101 actions of UCF101";

/** open(result) is about the result of a job that is done; onResult hears the new one. */
export function vocabulary(root, { onResult }) {
  const form = root.querySelector("form");
  const field = form.querySelector("textarea");
  const answer = part(root, "answer");
  const problem = part(root, "problem");
  const back = part(root, "back");
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
    const { labels } = result;
    field.value = labels?.join(", ") ?? "";
    back.hidden = labels === null;
    part(root, "list").textContent = listed(labels);
    part(root, "now").textContent = described(result);
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
      if (newResult.id === result?.id && same(newResult.labels, result.labels)) {
        result = newResult;
        return;
      }
      answer.textContent = "";
      problem.hidden = true;
      show(newResult);
    },
  };
}

function named(text) {
  return [...new Set(text.split(/[,\n]/).map((label) => label.trim()).filter(Boolean))];
}

function same(a, b) {
  return a?.join() === b?.join();
}

function described({ labels, segment_predictions: clips }) {
  const asked = clips.filter(({ trained }) => trained).length;
  if (asked === 0) {
    return "The trained model was sure of every clip, so the zero-shot model, which knows actions by " +
      "their names, was not asked at all.";
  }
  return `The trained model was not sure of ${asked} of ${counted(clips.length)}. For those, the ` +
    `zero-shot model chose among ${listed(labels)}.`;
}

function listed(labels) {
  if (labels === null) return UCF101;
  return labels.length === 1 ? "1 action of yours" : `${labels.length} actions of yours`;
}

function told(before, after, seconds) {
  const old = before.segment_predictions;
  const changed = after.segment_predictions.filter(({ label }, at) => label !== old[at].label).length;
  const what = changed === 0 ? "no clip changed" : `${counted(changed)} changed`;
  return `Scored anew in ${seconds.toFixed(1)} s, ${what}.`;
}

function counted(number) {
  return number === 1 ? "1 clip" : `${number} clips`;
}
