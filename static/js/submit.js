// From a complete form to a job.

import { ask, refusal } from "./api.js";
import { exchange } from "./exchange.js";
import { PART_BYTES, forget, persistently, sendInParts } from "./tus.js";

/** Gives the job that is made of a form; onUpload is as the onProgress of tus.js. */
export async function submit(form, { key, onUpload, signal }) {
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  // A wrong key is told before a long upload, not after.
  if (key) await ask("/jobs?limit=1", { headers, signal });
  const file = form.get("video");
  if (!file || file.size <= PART_BYTES) {
    const total = file ? file.size : 1;
    const onSent = (bytes) => onUpload(Math.min(1, bytes / total), { waiting: false });
    return post(form, { headers, onSent, signal });
  }
  const id = await sendInParts(file, { headers, onProgress: onUpload, signal });
  form.delete("video");
  form.set("upload", id);
  const onLost = () => onUpload(1, { waiting: true });
  // The same upload is the same job, however often it is asked for.
  const job = await persistently(() => post(form, { headers, signal }), { onLost, signal });
  forget(file);
  return job;
}

async function post(form, options) {
  const request = await exchange("POST", "/jobs", { ...options, body: form });
  if (request.status !== 202) throw refusal(request);
  return request.response;
}
