// The service's HTTP interface.

/** Something that went wrong, as a title and a sentence that says what to do. */
export class Problem extends Error {
  constructor(title, detail, status = 0, code = "", retryAfter = 0) {
    super(detail);
    // Another try is worth it after so many seconds; the job is the id of one that has left something.
    Object.assign(this, { title, detail, status, code, retryAfter, job: null });
  }

  static from(body, status, retryAfter) {
    return new Problem(
      body?.title ?? "The service could not answer",
      body?.detail ?? "Please try again in a minute.",
      status,
      body?.code,
      Number(retryAfter) || 0,
    );
  }

  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  get asksForKey() {
    return this.code === "key_needed" || this.code === "key_wrong";
  }
}

/** Has a job stopped and forgotten; one that is gone already is as good. */
export async function remove(id, signal) {
  await answered(`/jobs/${encodeURIComponent(id)}`, { method: "DELETE", signal });
}

/** The JSON of an address, asked as by fetch(). Throws a Problem where there is none. */
export async function ask(address, options = {}, remedy) {
  const response = await answered(address, { cache: "no-store", ...options }, remedy);
  const body = await response.json().catch(() => null);
  if (!response.ok || !body) throw Problem.from(body, response.ok ? 502 : response.status);
  return body;
}

async function answered(address, options, remedy) {
  try {
    return await fetch(address, options);
  } catch (error) {
    throw options.signal?.aborted ? error : disconnected(remedy);
  }
}

/** Waits; throws the signal's reason where that comes first. */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}

/** What an XMLHttpRequest was refused with. */
export const refusal = (request) =>
  Problem.from(request.response, request.status, request.getResponseHeader("Retry-After"));

/** What is wrong where nothing answers. */
export const disconnected = (remedy = "send the video again") =>
  new Problem("The connection was lost", `Check your connection and ${remedy}.`);
