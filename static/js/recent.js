// The last jobs of this browser, which alone keeps the list.

import { element, part } from "./dom.js";
import { browser } from "./kept.js";

const NAME = "jobs";
const MOST = 10;
const DAY = 86400;
const UNITS = [["day", DAY], ["hour", 3600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export function recentJobs(root) {
  const list = part(root, "list");

  function draw() {
    const jobs = recall();
    list.replaceChildren(...jobs.map(entry));
    root.hidden = jobs.length === 0;
  }

  function entry({ id, name, when }) {
    const button = element("button", { type: "button", "aria-label": `Forget ${name}` }, "×");
    button.title = "Forget";
    button.addEventListener("click", () => {
      const at = [...list.children].findIndex((item) => item.contains(button));
      forget(id);
      focusNear(at);
    });
    const link = element("a", { href: `?job=${encodeURIComponent(id)}`, title: name },
      name.replace(/^https?:\/\/(www\.)?/, ""));
    return element("li", {}, link, time(when), button);
  }

  // The button that had the focus is gone.
  function focusNear(at) {
    const next = list.children[Math.min(at, list.children.length - 1)];
    (next?.querySelector("button") ?? document.querySelector("#start-title")).focus();
  }

  function forget(id) {
    keep(recall().filter((job) => job.id !== id));
    draw();
  }

  part(root, "forget-all").addEventListener("click", () => {
    keep([]);
    draw();
    focusNear(0);
  });
  // Another tab has sent or forgotten one.
  window.addEventListener("storage", draw);
  draw();

  return {
    forget,
    remember(id, name) {
      const others = recall().filter((job) => job.id !== id);
      keep([{ id, name, when: Date.now() }, ...others].slice(0, MOST));
      draw();
    },
  };
}

function time(when) {
  const date = new Date(when);
  const shown = element("time", { datetime: date.toISOString() }, ago(date));
  shown.title = date.toLocaleString();
  return shown;
}

function ago(date) {
  const seconds = Math.max(0, (Date.now() - date) / 1000);
  if (seconds < 60) return "just now";
  if (seconds > 7 * DAY) return date.toLocaleDateString(undefined, { dateStyle: "medium" });
  const [unit, size] = UNITS.find(([, size]) => seconds >= size);
  return relative.format(-Math.floor(seconds / size), unit);
}

// Anything may have been kept.
function recall() {
  try {
    return JSON.parse(browser.recall(NAME)).filter(isJob).slice(0, MOST);
  } catch {
    return [];
  }
}

function isJob(job) {
  return typeof job?.id === "string" && typeof job.name === "string"
    && !Number.isNaN(new Date(job.when).getTime());
}

function keep(jobs) {
  browser.remember(NAME, jobs.length ? JSON.stringify(jobs) : null);
}
