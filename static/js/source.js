// The form's video: a file by chooser, drop or paste, or a link; never both.

import { acceptDrops, acceptPastes } from "./incoming.js";

export function sourceFields(form, onFile) {
  const video = form.querySelector("#video");
  const url = form.querySelector("#url");
  const drop = form.querySelector("#drop");

  function showChosen() {
    const file = video.files[0];
    form.querySelector("#chosen").textContent = file ? `${file.name} (${megabytes(file.size)})` : "";
    form.querySelector("#choose").textContent = file ? "Choose another file" : "Choose a file";
    drop.classList.toggle("filled", Boolean(file));
    if (!file) return;
    url.value = "";
    url.removeAttribute("aria-invalid");
    onFile();
  }

  function takeFiles(files) {
    video.files = files;
    showChosen();
  }

  function forgetFile() {
    if (!url.value.trim()) return;
    video.value = "";
    showChosen();
  }

  function takeLink(link) {
    url.value = link;
    url.removeAttribute("aria-invalid");
    forgetFile();
    url.focus();
  }

  video.addEventListener("change", showChosen);
  url.addEventListener("input", forgetFile);
  acceptDrops(drop, takeFiles);
  acceptPastes(drop, takeFiles, takeLink);
  showChosen();

  return {
    get file() {
      return video.files[0];
    },
    get link() {
      return completed(url.value.trim());
    },
    chooseFile: () => video.click(),
    askLink: () => complain(url),
  };
}

/** Marks a field as wrong until it is changed. */
export function complain(field) {
  field.setAttribute("aria-invalid", "true");
  field.addEventListener("input", () => field.removeAttribute("aria-invalid"), { once: true });
  field.focus();
  field.select?.();
}

export const megabytes = (bytes) =>
  bytes < 1e5 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

const completed = (link) =>
  link && !/^[a-z][a-z0-9+.-]*:\/\//i.test(link) ? `https://${link}` : link;
