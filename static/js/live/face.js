// The live face: a camera's picture, what is going on, and the last minute. It shows a stream of this
// very page, or one that is followed by its events.

import { part, parts } from "../dom.js";
import { clock, percent } from "../labels.js";
import { doing } from "../phases.js";
import { currentAction } from "./current.js";
import { runningTimeline } from "./running.js";

/**
 * From asking() to sending(fraction) for a camera of this page; begin(job), change(job), add(segments)
 * and restart(), as of watch.js, for a job that is followed; close() for both.
 */
export function liveView(root) {
  const [state, more, bar, picture, stop] = parts(root, "state", "more", "bar", "picture", "stop");
  const now = currentAction(part(root, "now"));
  const line = runningTimeline(part(root, "line"));
  let id = null;
  // How far the stream is.
  let reached = "";

  function show(name, text, fraction = null) {
    root.dataset.state = name;
    if (state.textContent !== text) state.textContent = text;
    more.textContent = fraction === null ? reached : percent(fraction);
    if (fraction === null) bar.removeAttribute("value");
    else bar.value = fraction;
  }

  function clear() {
    reached = "";
    now.clear();
    line.clear();
  }

  function move(seconds) {
    const text = clock(seconds, 0);
    if (text !== reached) more.textContent = reached = text;
    line.move(seconds);
  }

  function add(segments) {
    line.add(segments);
    const last = segments.at(-1);
    if (root.dataset.state === "followed") move(last.end);
    now.show(last, line.colourOf(last.label));
    if (!picture.hidden) renew(`${picture.dataset.address}?at=${last.end}`);
  }

  // The picture goes with the end of the stream; the last one that was there stays.
  async function renew(address) {
    const fresh = new Image();
    fresh.src = address;
    try {
      await fresh.decode();
    } catch {
      return;
    }
    picture.src = address;
  }

  function change(job) {
    const { text, fraction } = doing(job);
    show("followed", text, fraction);
    const address = job?.picture_url;
    if (!address) return;
    picture.hidden = false;
    picture.dataset.address = address;
    picture.src ||= address;
  }

  return {
    video: root.querySelector("video"),
    form: root.querySelector("form"),
    asking: () => show("asking", "Allow the camera in your browser"),
    ready: () => show("ready", "Ready to start"),
    connecting: () => show("connecting", "Connecting"),
    begun(job, { record }) {
      id = job;
      clear();
      show("live", record ? "Live, recording" : "Live");
      stop.focus();
    },
    tick: move,
    answer({ segment, latency, dropped }) {
      add([segment]);
      now.late({ latency, dropped });
    },
    /** Settles when Stop is pressed. */
    stopped: () =>
      new Promise((resolve) => stop.addEventListener("click", resolve, { once: true })),
    stopping() {
      show("stopping", "Waiting for the last answers");
      root.querySelector("h1").focus();
    },
    sending: (fraction) => show("stopping", "Sending the recording", fraction),
    begin(job) {
      ({ id } = job);
      picture.hidden = true;
      picture.removeAttribute("src");
      clear();
      change(job);
    },
    change,
    add,
    restart: clear,
    get id() {
      return id;
    },
    close() {
      id = null;
      reached = "";
    },
  };
}
