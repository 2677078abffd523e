// The service's HTTP interface.

/** Something that went wrong, as a title and a sentence that says what to do. */
export class Problem extends Error {
  constructor(title, detail, status = 0, code = "", retryAfter = 0) {
    super(detail);
    this.title = title;
    this.detail = detail;
    this.status = status;
    this.code = code;
    // Seconds after which it is worth another try.
    this.retryAfter = retryAfter;
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
  try {
    await fetch(`/jobs/${encodeURIComponent(id)}`, { method: "DELETE", signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw disconnected();
  }
}

/** The JSON of an address. Throws a Problem where there is none. */
export async function ask(address, signal, headers = {}) {
  let response;
  try {
    response = await fetch(address, { signal, headers, cache: "no-store" });
  } catch (error) {
    if (signal.aborted) throw error;
    throw disconnected();
  }
  const body = await response.json().catch(() => null);
  if (!response.ok || !body) throw Problem.from(body, response.ok ? 502 : response.status);
  return body;
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
export function refusal(request) {
  return Problem.from(request.response, request.status, request.getResponseHeader("Retry-After"));
}

/** What is wrong where nothing answers. */
export function disconnected() {
  return new Problem(
    "The connection was lost",
    "Check your connection and send the video again.",
  );
}
