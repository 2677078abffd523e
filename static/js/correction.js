// Where a person says what a clip shows, takes that back, and gets all that was said.

import { correct } from "./asking.js";
import { element, part, parts, write } from "./dom.js";
import { jobAddress } from "./job.js";
import { counted, spaced } from "./labels.js";

const PERSON = "person";

/** onCorrect hears the new result. */
export function correction(root, { onCorrect }) {
  const form = root.querySelector("form");
  const input = form.querySelector("input");
  const [open, answer, problem] = parts(root, "open", "answer", "problem");
  const taking = takingBack(root, (span) => send({ ...span, label: "" }));
  let clip = { index: 0, job: null };
  let busy = false;

  function unfold(wanted) {
    form.hidden = !wanted;
    open.setAttribute("aria-expanded", String(wanted));
    problem.hidden = true;
    if (!wanted) return;
    answer.textContent = "";
    input.value = "";
    offer(clip);
    input.focus();
  }

  function offer({ index, job: { result } }) {
    const labels = candidates(result.segment_predictions[index], result);
    form.querySelector("datalist").replaceChildren(
      ...labels.map((label) => element("option", { value: spaced(label) })));
    const { first, last } = run(result.segment_predictions, index);
    part(root, "scope").hidden = first === last;
    write(root, { whole: `All ${last - first + 1} clips of this action` });
  }

  async function save() {
    const { index, job: { result } } = clip;
    const clips = result.segment_predictions;
    const label = meant(input.value, candidates(clips[index], result));
    if (!label) return refuse("Type what the clip shows, or choose it from the list.");
    const whole = !part(root, "scope").hidden && part(root, "action").checked;
    return send({ ...(whole ? run(clips, index) : { first: index, last: index }), label });
  }

  async function send({ first, last, label }) {
    if (busy) return;
    const { job } = clip;
    busy = true;
    form.setAttribute("aria-busy", "true");
    try {
      const result = await correct(job.id, { first, last, label });
      if (clip.job.id !== job.id) return;
      unfold(false);
      onCorrect(result);
      open.focus();
      answer.textContent = told(last - first + 1, label);
    } catch (error) {
      if (!error.detail) throw error;
      refuse(error.detail);
    } finally {
      busy = false;
      form.removeAttribute("aria-busy");
    }
  }

  function refuse(text) {
    problem.textContent = text;
    problem.hidden = false;
  }

  function close() {
    unfold(false);
    open.focus();
  }

  open.addEventListener("click", () => (form.hidden ? unfold(true) : close()));
  part(root, "close").addEventListener("click", close);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    close();
  });

  return {
    /** Whether somebody is at it, so that the clip is to stay. */
    holds(job) {
      if (form.hidden || job.id !== clip.job.id) return false;
      return busy || input.value !== "" || form.contains(document.activeElement);
    },
    show(index, job) {
      if (clip.index !== index || clip.job?.id !== job.id) answer.textContent = "";
      clip = { index, job };
      if (!form.hidden) unfold(false);
      root.classList.toggle("waiting", !job.result);
      if (!job.result) return;
      taking.show(job.result.segment_predictions, index);
      count(root, job);
    },
  };
}

// The buttons that give the models their word back.
function takingBack(root, onUndo) {
  const [one, all] = parts(root, "undo", "undo-all");
  let span = null;
  let clip = 0;
  one.addEventListener("click", () => onUndo({ first: clip, last: clip }));
  all.addEventListener("click", () => onUndo(span));

  return {
    show(clips, index) {
      const corrected = clips[index].source === PERSON;
      clip = index;
      span = corrected ? run(clips, index) : null;
      const length = corrected ? span.last - span.first + 1 : 0;
      one.hidden = !corrected;
      all.hidden = length < 2;
      all.textContent = `Undo all ${length}`;
    },
  };
}

function count(root, { id, result }) {
  const number = result.segment_predictions.filter(({ source }) => source === PERSON).length;
  const link = part(root, "training");
  part(root, "corrections").hidden = number === 0;
  link.href = jobAddress(id, "training.zip");
  write(root, { count: counted(number, "clip") });
}

// The clips around one that carry the same label from the same hand: an action of the timeline, or
// the part of it that a person named.
function run(clips, index) {
  const like = (clip) => clip?.label === clips[index].label
    && (clip.source === PERSON) === (clips[index].source === PERSON);
  let [first, last] = [index, index];
  while (like(clips[first - 1])) first -= 1;
  while (like(clips[last + 1])) last += 1;
  return { first, last };
}

// What it may be: the likeliest first.
function candidates({ top5, trained }, { labels, timeline }) {
  const names = [...top5, ...(trained?.top5 ?? [])].map(([label]) => label);
  return [...new Set([...names, ...timeline.map(({ label }) => label), ...(labels ?? [])])];
}

// A label as the service writes it: 'sit down' is 'SitDown' where that is known.
function meant(text, known) {
  const plain = (label) => spaced(label).toLowerCase();
  const typed = text.trim();
  return known.find((label) => plain(label) === plain(typed)) ?? typed;
}

function told(number, label) {
  const clips = counted(number, "clip");
  if (label) return `Saved: ${clips} ${number === 1 ? "is" : "are"} ${spaced(label)} now.`;
  return `Undone: ${clips} ${number === 1 ? "has" : "have"} the models' label again.`;
}
