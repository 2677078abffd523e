// The service's HTTP interface: jobs are sent, then asked after until they end.

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 1000;

/** Something that went wrong, as a title and a sentence that says what to do. */
export class Problem extends Error {
  constructor(title, detail, status = 0, code = "") {
    super(detail);
    this.title = title;
    this.detail = detail;
    this.status = status;
    this.code = code;
  }

  static from(body, status) {
    return new Problem(
      body?.title ?? "The service could not answer",
      body?.detail ?? "Please try again in a minute.",
      status,
      body?.code,
    );
  }

  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  get asksForKey() {
    return this.code === "key_needed" || this.code === "key_wrong";
  }
}

/**
 * Sends a form to make a job of it, with a key where there is one; onUpload hears the fraction that
 * has been sent.
 */
export async function submit(form, { key, onUpload, signal }) {
  // A wrong key is told before a long upload, not after.
  if (key) await ask("/jobs?limit=1", signal, { Authorization: `Bearer ${key}` });
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/jobs");
    request.responseType = "json";
    if (key) request.setRequestHeader("Authorization", `Bearer ${key}`);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onUpload(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status === 202) resolve(request.response);
      else reject(Problem.from(request.response, request.status));
    };
    request.onerror = () => reject(disconnected());
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}

/**
 * Asks for a job until it is done or failed, and gives it back; onChange hears every answer, and
 * null while the service cannot be reached. Throws a Problem where the job is not known.
 */
export async function follow(id, onChange, signal) {
  let wait = FIRST_WAIT_MS;
  for (;;) {
    try {
      const job = await ask(`/jobs/${encodeURIComponent(id)}`, signal);
      if (job.state === "done" || job.state === "failed") return job;
      onChange(job);
    } catch (error) {
      if (!(error instanceof Problem && error.passing)) throw error;
      onChange(null);
    }
    await pause(wait, signal);
    wait = Math.min(wait * 1.3, LONGEST_WAIT_MS);
  }
}

async function ask(address, signal, headers = {}) {
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

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}

function disconnected() {
  return new Problem(
    "The connection was lost",
    "Check your connection and send the video again.",
  );
}
