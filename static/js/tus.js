// Files in parts by the tus protocol 1.0.0, so that a lost connection costs a part at most.

import { pause, refusal } from "./api.js";
import { exchange } from "./exchange.js";
import { browser } from "./kept.js";

export const PART_BYTES = 8 * 2 ** 20;

const VERSION = { "Tus-Resumable": "1.0.0" };
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const SILENCE_MS = 30_000;
// Of requests that are answered; where nothing answers, the line may be back tomorrow.
const TRIES = 5;

/**
 * Sends a file and gives the id of its upload, which goes on where this browser left it unfinished.
 * `onProgress(fraction, { waiting })` hears how much is there, and whether the connection is being
 * tried again. Aborting removes the upload. `headers` are for its beginning alone. Throws a Problem.
 */
export async function sendInParts(file, { headers, onProgress, signal }) {
  const upload = { id: browser.recall(nameOf(file)), offset: 0 };

  async function attempt(moved) {
    const offset = upload.id && (await offsetOf(upload.id, signal));
    if (offset === null) {
      upload.id = await begin(file, headers, signal);
      browser.remember(nameOf(file), upload.id);
    }
    upload.offset = offset ?? 0;
    while (upload.offset < file.size) {
      upload.offset = await sendPart(upload, file, onProgress, signal);
      moved();
    }
    return upload.id;
  }

  try {
    const onLost = () => onProgress(upload.offset / file.size, { waiting: true });
    return await persistently(attempt, { onLost, signal });
  } catch (error) {
    if (signal.aborted) giveUp(file, upload.id);
    throw error;
  }
}

/** What an attempt gives, which is made again while the connection is lost; onLost hears of it. */
export async function persistently(attempt, { onLost, signal }) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt(() => (tries = 0));
    } catch (error) {
      const lost = error.status === 0;
      const passing = error.passing || [404, 408, 409].includes(error.status);
      if (signal.aborted || !(lost || (passing && tries < TRIES))) throw error;
      if (lost) onLost();
    }
    await again(tries, signal);
  }
}

/** Has the next upload of a file begin anew: this one has become a job. */
export function forget(file) {
  browser.remember(nameOf(file), null);
}

async function begin(file, headers, signal) {
  const request = await exchange("POST", "/uploads", {
    headers: {
      ...VERSION,
      ...headers,
      "Upload-Length": file.size,
      "Upload-Metadata": `filename ${base64(file.name)}`,
    },
    signal,
  });
  if (request.status !== 201) throw refusal(request);
  return request.response.id;
}

// Null of an upload that is no more.
async function offsetOf(id, signal) {
  const request = await exchange("HEAD", address(id), { headers: VERSION, signal });
  if (request.status === 404) return null;
  if (request.status !== 200) throw refusal(request);
  return Number(request.getResponseHeader("Upload-Offset"));
}

async function sendPart({ id, offset }, file, onProgress, signal) {
  const request = await exchange("PATCH", address(id), {
    headers: {
      ...VERSION,
      "Content-Type": "application/offset+octet-stream",
      "Upload-Offset": offset,
    },
    body: file.slice(offset, offset + PART_BYTES),
    onSent: (bytes) => onProgress((offset + bytes) / file.size, { waiting: false }),
    silenceMs: SILENCE_MS,
    signal,
  });
  if (request.status !== 204) throw refusal(request);
  return Number(request.getResponseHeader("Upload-Offset"));
}

function giveUp(file, id) {
  forget(file);
  if (!id) return;
  // Whoever leaves the page does not wait for it; what is left expires.
  fetch(address(id), { method: "DELETE", headers: VERSION, keepalive: true }).catch(() => {});
}

function again(tries, signal) {
  const online = new Promise((resolve) => {
    window.addEventListener("online", resolve, { once: true });
  });
  const wait = Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS);
  return Promise.race([pause(wait, signal), online]);
}

const address = (id) => `/uploads/${encodeURIComponent(id)}`;

const nameOf = (file) => `upload:${file.name}:${file.size}:${file.lastModified}`;

const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
