// What went wrong, and the next step, to click on or already at hand.

import { parts, write } from "./dom.js";

const SECONDS_SHOWN = 90;

/** onSee() shows the job of which something is left. */
export function problemBox(root, { form, key, onSee }) {
  const [said, button] = parts(root, "said", "step");
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
    if (problem.job) {
      offer("See what was recognised", onSee);
      return said.focus();
    }
    if (problem.code === "bad_labels") return form.askLabels();
    if (isOfModel(problem)) return form.askModel();
    if (form.usedCamera) {
      if (problem.code === "camera_insecure") offer("Choose a file", form.source.chooseFile);
      else offer("Try again", form.again, problem.retryAfter);
      return said.focus();
    }
    if (isOfLink(problem) || (isOfVideo(problem) && form.source.link)) return form.source.askLink();
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
      write(root, { title: problem.title, detail: problem.detail });
      button.hidden = true;
      root.hidden = false;
      help(problem);
    },
  };
}

const isOfLink = ({ code }) => code === "bad_url" || code?.startsWith("url_");

// The form has no other option that may be refused.
const isOfModel = ({ code }) => code === "bad_option" || code === "model_missing";

const isOfVideo = ({ status, code }) =>
  status === 413 || status === 415 || status === 422 || code === "no_source";

const mayPass = ({ passing, code }) => passing || code === "too_slow";

const span = (seconds) =>
  seconds > SECONDS_SHOWN ? `${Math.ceil(seconds / 60)} min` : `${seconds} s`;
