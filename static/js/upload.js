// The form: what is sent, a file, a link or an example, and what can be done where it was refused.

import { Problem } from "./api.js";
import { complain, megabytes, sourceFields } from "./source.js";

/**
 * Calls onSend(FormData, "upload" | "url" | null for an example, the video's name) for a complete
 * form, onProblem(Problem) for another, and onFile() when a file is chosen. Gives back what can be
 * done about a problem.
 */
export function uploadForm(form, { key, onSend, onProblem, onFile }) {
  const labels = form.querySelector("#labels");
  const source = sourceFields(form, onFile);
  let latest = null;

  function send(origin, field, value, name) {
    if (key.missing) return onProblem(keyNeeded());
    const data = new FormData();
    data.append(field, value);
    const names = cleanLabels(labels.value);
    if (names) data.append("labels", names);
    return onSend(data, origin, name);
  }

  function submit() {
    const { file, link } = source;
    if (file?.size > form.dataset.maxMb * 1e6) onProblem(tooLarge(file, form.dataset.maxMb));
    else if (file) send("upload", "video", file, file.name);
    else if (link) send("url", "url", link, link);
    else onProblem(noVideo());
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    latest = submit;
    submit();
  });

  return {
    source,
    sendExample(name, title) {
      latest = () => send(null, "example", name, title);
      latest();
    },
    /** Sends what was sent last once more, as the form has it now. */
    again: () => latest(),
    get wasSent() {
      return latest !== null;
    },
    askLabels() {
      form.querySelector("#options").open = true;
      complain(labels);
    },
  };
}

function keyNeeded() {
  return new Problem("A key is needed", "Put in the key that you were given.", 401, "key_needed");
}

function tooLarge(file, mostMb) {
  return new Problem("The file is too large",
    `It has ${megabytes(file.size)} and ${mostMb} MB are allowed. Cut or compress it first.`, 413,
    "too_large");
}

function noVideo() {
  return new Problem("No video yet", "Choose a video file, or paste a link to one.", 400,
    "no_source");
}

function cleanLabels(text) {
  return text.split(",").map((label) => label.trim()).filter(Boolean).join(",");
}
