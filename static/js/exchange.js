// One request by XMLHttpRequest, which alone tells how much of a body has been sent.

import { disconnected } from "./api.js";

/**
 * The XMLHttpRequest once it is answered, whatever its status; onSent hears how many bytes have been
 * sent. Throws a Problem where no answer comes, or nothing moves for silenceMs, or the signal's reason.
 */
export function exchange(method, address, options) {
  const { headers = {}, body = null, onSent = () => {}, silenceMs = 0, signal } = options;
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    let watchdog = 0;

    function moved() {
      clearTimeout(watchdog);
      if (silenceMs) watchdog = setTimeout(stop, silenceMs);
    }

    request.open(method, address);
    request.responseType = "json";
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      moved();
      onSent(event.loaded);
    };
    request.onload = () => resolve(request);
    request.onerror = () => reject(disconnected());
    request.onabort = () => reject(signal.aborted ? signal.reason : disconnected());
    request.onloadend = () => {
      clearTimeout(watchdog);
      signal.removeEventListener("abort", stop);
    };
    signal.addEventListener("abort", stop);
    moved();
    request.send(body);
  });
}
