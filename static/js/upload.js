// The form: a file by chooser or drop, or a link; never both.

import { Problem } from "./api.js";

/** Calls onSend(FormData, "upload" | "url") for a complete form, onProblem(Problem) otherwise. */
export function uploadForm(form, { key, onSend, onProblem }) {
  const video = form.querySelector("#video");
  const url = form.querySelector("#url");
  const labels = form.querySelector("#labels");
  const drop = form.querySelector("#drop");
  const chosen = form.querySelector("#chosen");
  const maxBytes = Number(form.dataset.maxMb) * 1e6;

  function showChosen() {
    const file = video.files[0];
    chosen.textContent = file ? `${file.name} (${megabytes(file.size)})` : "";
    drop.classList.toggle("filled", Boolean(file));
    if (file) url.value = "";
  }

  function forgetFile() {
    if (!url.value.trim()) return;
    video.value = "";
    showChosen();
  }

  video.addEventListener("change", showChosen);
  url.addEventListener("input", forgetFile);
  acceptDrops(drop, (files) => {
    video.files = files;
    showChosen();
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const file = video.files[0];
    const link = completeLink(url.value);
    if (!file && !link) {
      onProblem(new Problem("No video yet", "Choose a video file, or paste a link to one."));
    } else if (file && file.size > maxBytes) {
      const most = `${form.dataset.maxMb} MB`;
      onProblem(new Problem("The file is too large",
        `It has ${megabytes(file.size)} and ${most} are allowed. Cut or compress it first.`));
    } else if (key.missing) {
      onProblem(new Problem("A key is needed", "Put in the key that you were given.", 401,
        "key_needed"));
    } else {
      const data = new FormData();
      if (file) data.append("video", file);
      else data.append("url", link);
      const names = cleanLabels(labels.value);
      if (names) data.append("labels", names);
      onSend(data, file ? "upload" : "url");
    }
  });
  showChosen();
}

function acceptDrops(zone, onFiles) {
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  // The whole window takes part, so that a near miss does not open the video in place of the page.
  window.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    zone.classList.add("over");
  });
  window.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone.classList.remove("over");
  });
  window.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    zone.classList.remove("over");
    if (zone.checkVisibility()) onFiles(firstOf(event.dataTransfer.files));
  });
}

function firstOf(files) {
  const one = new DataTransfer();
  one.items.add(files[0]);
  return one.files;
}

function completeLink(text) {
  const link = text.trim();
  return link && !/^[a-z][a-z0-9+.-]*:\/\//i.test(link) ? `https://${link}` : link;
}

function cleanLabels(text) {
  return text.split(",").map((label) => label.trim()).filter(Boolean).join(",");
}

function megabytes(bytes) {
  return bytes < 1e5 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
