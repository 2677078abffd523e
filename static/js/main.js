// The page's faces, start, work, live and watch, and the address that tells which one is shown.

import { WORDS } from "./actions.js";
import { pageAddress, readAddress } from "./address.js";
import { Problem, remove } from "./api.js";
import { follow } from "./job.js";
import { keyField } from "./key.js";
import { percent, useWords } from "./labels.js";
import { liveView } from "./live/face.js";
import { watchCamera } from "./live/session.js";
import { doing } from "./phases.js";
import { problemBox } from "./problem.js";
import { progressPanel } from "./progress.js";
import { recentJobs } from "./recent.js";
import { submit } from "./submit.js";
import { uploadForm } from "./upload.js";
import { watchView } from "./watch.js";

useWords(WORDS);
const byId = (id) => document.getElementById(id);
const progress = progressPanel(byId("work"));
const watch = watchView(byId("watch"));
const live = liveView(byId("live"));
const key = keyField(byId("key-field"));
const TITLE = document.title;
let running = new AbortController();

function face(name) {
  for (const id of ["start", "work", "live", "watch"]) byId(id).hidden = id !== name;
  byId("another").hidden = name === "start";
  byId("problem").hidden = true;
  if (name !== "watch") watch.close();
  if (name !== "live") live.close();
}

function fail(problem) {
  face("start");
  document.title = TITLE;
  if (problem.code === "not_found") recent.forget(readAddress().job);
  box.show(problem);
}

/** Runs one task at a time: starting another, or leaving, ends the one before. */
async function alone(task) {
  running.abort();
  const mine = new AbortController();
  running = mine;
  try {
    await task(mine.signal);
  } catch (error) {
    if (mine.signal.aborted) return;
    if (!(error instanceof Problem)) throw error;
    fail(error);
  }
}

function send(data, origin, name) {
  return alone(async (signal) => {
    face("work");
    byId("work-title").focus();
    byId("stay").hidden = true;
    // The address of a job that failed is not this one's.
    history.replaceState(null, "", location.pathname);
    progress.begin(origin);
    const job = await submit(data, { key: key.value, onUpload: progress.sent, signal });
    recent.remember(job.id, name);
    history.pushState(null, "", pageAddress({ job: job.id }));
    await see(job.id, signal);
  });
}

function useCamera(options) {
  return alone(async (signal) => {
    face("live");
    byId("live-title").focus();
    history.replaceState(null, "", location.pathname);
    await watchCamera(live, { options, key: key.value, onStarted }, signal);
    await see(live.id, signal);
  });

  function onStarted(id) {
    recent.remember(id, "Camera");
    history.pushState(null, "", pageAddress({ job: id }));
    document.title = `Live – ${TITLE}`;
  }
}

/** Shows a job, running or done. */
async function see(id, signal) {
  byId("stay").hidden = false;
  let known = {};
  let [view, name] = [watch, "watch"];

  function onJob(news) {
    known = { ...known, ...news };
    if (known.origin === "live") [view, name] = [live, "live"];
    titled(news);
    if (view.id === id) view.change(news && known);
    else if (known.video) begin(known);
    else progress.change(news && known);
  }

  function begin(job) {
    face(name);
    view.begin({ ...job, id });
    byId(`${name}-title`).focus();
  }

  const heard = {
    onJob,
    onSegments: (segments) => view.add(segments),
    onRestart: () => view.restart(),
  };
  const job = await follow(id, heard, signal);
  if (job.state === "failed") throw Problem.from(job.error, job.error?.status);
  const fresh = watch.id !== id;
  if (fresh) face("watch");
  document.title = `Timeline – ${TITLE}`;
  watch.finish(job);
  if (fresh) byId("watch-title").focus();
}

function titled(job) {
  const { text, fraction } = doing(job);
  document.title = fraction === null ? TITLE : `${percent(fraction)} ${text} – ${TITLE}`;
}

/** Shows what the address says. */
function route() {
  document.title = TITLE;
  const id = readAddress().job;
  return alone(async (signal) => {
    watch.close();
    face(id ? "work" : "start");
    if (!id) return;
    progress.begin(null);
    await see(id, signal);
  });
}

function cancel() {
  const id = readAddress().job;
  return alone(async (signal) => {
    if (id) {
      await remove(id, signal);
      recent.forget(id);
    }
    history.replaceState(null, "", location.pathname);
    face("start");
    document.title = TITLE;
    byId("start-title").focus();
  });
}

const form = uploadForm(byId("form"), {
  camera: byId("use-camera"),
  key,
  onSend: send,
  onCamera: useCamera,
  onProblem: fail,
  onFile: () => (byId("problem").hidden = true),
});
const box = problemBox(byId("problem"), { form, key, onSee: route });
const recent = recentJobs(byId("recent"));
for (const button of document.querySelectorAll("[data-cancel]")) {
  button.addEventListener("click", cancel);
}
window.addEventListener("popstate", route);
route();
