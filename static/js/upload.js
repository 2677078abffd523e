// The form: what is sent, a file or a link, and what can be done where it was refused.

import { Problem } from "./api.js";
import { modelFields } from "./models.js";
import { complain, megabytes, sourceFields } from "./source.js";

/**
 * Calls onSend(FormData, "upload" | "url", the video's name), onCamera(options), onProblem(Problem)
 * for an incomplete form, and onFile() when one is chosen. `camera` is the button of the camera, null
 * where the service takes no live streams.
 */
export function uploadForm(form, { camera, key, onSend, onCamera, onProblem, onFile }) {
  const labels = form.querySelector("#labels");
  const source = sourceFields(form, onFile);
  const models = modelFields(form);
  let latest = null;

  function send(origin, field, value, name) {
    if (key.missing) return onProblem(keyNeeded());
    const data = new FormData();
    data.append(field, value);
    for (const [option, text] of Object.entries(options())) data.append(option, text);
    return onSend(data, origin, name);
  }

  // By their names in the interface; what is not chosen is left out. A stream has one model alone.
  function options({ alone = false } = {}) {
    const names = cleanLabels(labels.value);
    return { ...(names && { labels: names }), ...models.chosen({ alone }) };
  }

  function useCamera() {
    if (key.missing) onProblem(keyNeeded());
    else onCamera(options({ alone: true }));
  }

  function submit() {
    const { file, link } = source;
    if (file?.size > form.dataset.maxMb * 1e6) onProblem(tooLarge(file, form.dataset.maxMb));
    else if (file) send("upload", "video", file, file.name);
    else if (link) send("url", "url", link, link);
    else onProblem(noVideo());
  }

  function askFor(field) {
    form.querySelector("#options").open = true;
    complain(field);
  }

  function run(action) {
    latest = action;
    action();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(submit);
  });
  camera?.addEventListener("click", () => run(useCamera));

  return {
    source,
    /** As the form has it now. */
    again: () => latest(),
    get wasSent() {
      return latest !== null;
    },
    get usedCamera() {
      return latest === useCamera;
    },
    askLabels: () => askFor(labels),
    askModel: () => askFor(models.field),
  };
}

const keyNeeded = () =>
  new Problem("A key is needed", "Put in the key that you were given.", 401, "key_needed");

function tooLarge(file, mostMb) {
  return new Problem("The file is too large",
    `It has ${megabytes(file.size)} and ${mostMb} MB are allowed. Cut or compress it first.`, 413,
    "too_large");
}

function noVideo() {
  return new Problem("No video yet", "Choose a video file, or paste a link to one.", 400,
    "no_source");
}

const cleanLabels = (text) =>
  text.split(",").map((label) => label.trim()).filter(Boolean).join(",");
