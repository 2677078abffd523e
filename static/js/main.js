// The page's three faces, start, work and watch, and the address that tells which one is shown.

import { Problem, follow, submit } from "./api.js";
import { keyField } from "./key.js";
import { progressPanel } from "./progress.js";
import { uploadForm } from "./upload.js";
import { watchView } from "./watch.js";

const byId = (id) => document.getElementById(id);
const progress = progressPanel(byId("work"));
const watch = watchView(byId("watch"));
const key = keyField(byId("key-field"));
const TITLE = document.title;
let running = new AbortController();

function face(name) {
  for (const id of ["start", "work", "watch"]) byId(id).hidden = id !== name;
  byId("another").hidden = name === "start";
  byId("problem").hidden = true;
  byId("cancel").hidden = true;
  if (name !== "watch") watch.close();
}

function fail(problem) {
  face("start");
  document.title = TITLE;
  const box = byId("problem");
  box.querySelector("[data-title]").textContent = problem.title;
  box.querySelector("[data-detail]").textContent = problem.detail;
  box.hidden = false;
  if (problem.asksForKey) key.ask();
  else box.focus();
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

function send(data, origin) {
  return alone(async (signal) => {
    face("work");
    byId("work-title").focus();
    byId("cancel").hidden = false;
    byId("stay").hidden = true;
    progress.begin(origin);
    const job = await submit(data, { key: key.value, onUpload: progress.sent, signal });
    history.pushState(null, "", `?job=${encodeURIComponent(job.id)}`);
    await see(job.id, signal);
    byId("watch-title").focus();
  });
}

async function see(id, signal) {
  byId("cancel").hidden = true;
  byId("stay").hidden = false;
  const job = await follow(id, progress.change, signal);
  if (job.state === "failed") throw Problem.from(job.error, job.error?.status);
  face("watch");
  document.title = `Timeline – ${TITLE}`;
  watch.open(job);
}

/** Shows what the address says: the form, or a job. */
function route() {
  document.title = TITLE;
  const id = new URLSearchParams(location.search).get("job");
  return alone(async (signal) => {
    face(id ? "work" : "start");
    if (!id) return;
    progress.begin(null);
    await see(id, signal);
  });
}

uploadForm(byId("form"), { key, onSend: send, onProblem: fail });
byId("cancel").addEventListener("click", route);
window.addEventListener("popstate", route);
route();
