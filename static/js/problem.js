// What went wrong, and the next step, to click on or already at hand.

import { part } from "./dom.js";

const SECONDS_SHOWN = 90;

/** show(problem) says it and offers what the form or the key's field can do about it. */
export function problemBox(root, { form, key }) {
  const said = part(root, "said");
  const button = part(root, "step");
  let step = null;
  let timer = 0;

  function offer(name, action, seconds = 0) {
    const ready = Date.now() + seconds * 1000;
    step = action;
    button.hidden = false;
    (function tick() {
      const left = Math.ceil((ready - Date.now()) / 1000);
      button.disabled = left > 0;
      button.textContent = left > 0 ? `${name} in ${span(left)}` : name;
      if (left > 0) timer = setTimeout(tick, 1000);
    })();
  }

  function help(problem) {
    if (problem.asksForKey) return key.ask();
    if (isOfLink(problem) || (isOfVideo(problem) && form.source.link)) return form.source.askLink();
    if (isOfOptions(problem)) return form.askLabels();
    if (mayPass(problem) && form.wasSent) offer("Try again", form.again, problem.retryAfter);
    else if (isOfVideo(problem) || mayPass(problem)) {
      offer(form.source.file ? "Choose another file" : "Choose a file", form.source.chooseFile);
    }
    return said.focus();
  }

  button.addEventListener("click", () => step());

  return {
    show(problem) {
      clearTimeout(timer);
      part(root, "title").textContent = problem.title;
      part(root, "detail").textContent = problem.detail;
      button.hidden = true;
      root.hidden = false;
      help(problem);
    },
  };
}

function isOfLink({ code }) {
  return code === "bad_url" || code?.startsWith("url_");
}

function isOfOptions({ code }) {
  return code === "bad_labels" || code === "bad_option";
}

function isOfVideo({ status, code }) {
  return status === 413 || status === 415 || status === 422 || code === "no_source";
}

function mayPass({ passing, code }) {
  return passing || code === "too_slow";
}

function span(seconds) {
  return seconds > SECONDS_SHOWN ? `${Math.ceil(seconds / 60)} min` : `${seconds} s`;
}
