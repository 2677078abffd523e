// What a person settles before a live stream begins: which camera, and whether it is recorded.

import { element } from "../dom.js";
import { absent, cameras } from "./camera.js";
import { canRecord } from "./recorder.js";

/** Gives { record } once the form is sent. Throws a Problem where no camera is left. */
export function setUp(form, camera, signal) {
  const choice = form.querySelector("select");
  const record = form.querySelector("[type=checkbox]");
  const done = new AbortController();
  const until = { signal: AbortSignal.any([signal, done.signal]) };

  async function list() {
    const options = (await cameras()).map(([id, name]) => element("option", { value: id }, name));
    choice.replaceChildren(...options);
    choice.value = camera.id;
  }

  const sent = new Promise((resolve, reject) => {
    record.closest("label").hidden = !canRecord();
    choice.addEventListener("change", () => camera.open(choice.value).catch(reject), until);
    navigator.mediaDevices.addEventListener("devicechange", list, until);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      resolve({ record: record.checked && canRecord() });
    }, until);
    signal.addEventListener("abort", () => reject(signal.reason), until);
    camera.lost.then(() => reject(absent()));
    list().catch(reject);
  });
  form.querySelector("[type=submit]").focus();
  return sent.finally(() => done.abort());
}
