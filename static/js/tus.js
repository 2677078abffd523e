// Files in parts by the tus protocol 1.0.0, so that a lost connection costs a part at most.

import { pause, refusal } from "./api.js";
import { exchange } from "./exchange.js";

export const PART_BYTES = 8 * 2 ** 20;

const VERSION = { "Tus-Resumable": "1.0.0" };
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const SILENCE_MS = 30_000;
// Of requests that are answered; where nothing answers, the line may be back tomorrow.
const TRIES = 5;

/**
 * Sends a file and gives the id of its upload, to be sent as `upload` to /jobs. An upload of the
 * same file that this browser left unfinished goes on. `onProgress(fraction, { waiting })` hears how
 * much is there, and whether the connection is lost and being tried again. Aborting the signal
 * removes the upload. `headers` are for its beginning alone. Throws a Problem.
 */
export async function sendInParts(file, { headers, onProgress, signal }) {
  const upload = { id: recall(file), offset: 0 };

  async function attempt(moved) {
    const offset = upload.id && (await offsetOf(upload.id, signal));
    if (offset === null) {
      upload.id = await begin(file, headers, signal);
      remember(file, upload.id);
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
      return await attempt(() => {
        tries = 0;
      });
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
  // A browser that is told to keep nothing throws here, as below.
  try {
    localStorage.removeItem(nameOf(file));
  } catch {
    // There is nothing to forget.
  }
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

function address(id) {
  return `/uploads/${encodeURIComponent(id)}`;
}

function nameOf(file) {
  return `upload:${file.name}:${file.size}:${file.lastModified}`;
}

function recall(file) {
  try {
    return localStorage.getItem(nameOf(file));
  } catch {
    return null;
  }
}

function remember(file, id) {
  try {
    localStorage.setItem(nameOf(file), id);
  } catch {
    // Then it goes on as long as the page is there.
  }
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
