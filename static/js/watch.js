// A job that is watched, running or done: the player, the timeline, the table and the panel, kept at
// the same second.

import { pageAddress, readAddress } from "./address.js";
import { ALL, filterBar, keeps } from "./filter.js";
import { frames } from "./frames.js";
import { jobAddress } from "./job.js";
import { colouring } from "./labels.js";
import { actionAt, clipAt } from "./moments.js";
import { overlay } from "./overlay.js";
import { player } from "./player.js";
import { segmentPanel } from "./segment/panel.js";
import { shortcuts } from "./shortcuts.js";
import { statusStrip } from "./strip.js";
import { takeaway } from "./takeaway.js";
import { segmentTable } from "./timeline/table.js";
import { timeline } from "./timeline/timeline.js";
import { vocabulary } from "./vocabulary.js";

const REMEMBER_MS = 400;

/** begin(job), change(job), add(segments) and restart() while it runs; finish(job); close(). */
export function watchView(root) {
  const find = (id) => root.querySelector(`#${id}`);
  const strip = statusStrip(find("strip"));
  const over = overlay(root);
  const panel = segmentPanel(find("detail"), { onSeek, onCorrect: answered });
  const words = vocabulary(find("vocabulary"), { onResult: answered });
  const screen = player(root, { onTime: show, onCopy: (copy) => over.allow(!copy) });
  const thumbnailAt = (time) => seen.pictures?.at(time) ?? null;
  const line = timeline(find("timeline"), {
    onSeek, onSelect: selected, onRows: rowed, thumbnailAt,
  });
  const table = segmentTable(find("table"), { onSeek, onSelect: selected });
  const bar = filterBar(find("filter"), { onChange: filtered });
  const files = takeaway(find("takeaway"));
  const seen = {
    job: null, segments: [], actions: null, pictures: null, selected: -1, rows: "merged", view: ALL,
  };
  let colours = colouring([]);
  let soon = 0;

  const colourOf = (label) => colours(label);

  function onSeek(time) {
    screen.seek(time);
  }

  function show(time, playing) {
    const action = actionAt(seen.actions ?? seen.segments, time);
    over.show(action, action && colourOf(action.label));
    line.move(time, { playing });
    table.move(time);
    const index = clipAt(seen.segments, time);
    panel.show(seen.segments[index] ?? null, index, {
      job: seen.job, colourOf, frames: seen.pictures,
    });
    if (seen.actions) files.action(action);
    if (!playing) remember();
  }

  function selected(_, index) {
    seen.selected = index;
    line.select(index);
    table.select(index);
    remember();
  }

  function rowed(rows) {
    seen.rows = rows;
    remember();
  }

  function filtered(view) {
    seen.view = view;
    const kept = (segment) => keeps(view, segment);
    line.filter(kept);
    table.filter(kept);
    if (seen.actions) files.view(view);
    remember();
  }

  // Browsers refuse an address that changes all the time.
  function remember() {
    clearTimeout(soon);
    if (seen.job) soon = setTimeout(() => history.replaceState(null, "", here()), REMEMBER_MS);
  }

  function here() {
    const { job, selected: clip, rows, view } = seen;
    const time = screen.time > job.video.start ? screen.time : null;
    return pageAddress({ job: job.id, time, clip: clip < 0 ? null : clip, rows, view });
  }

  function paint() {
    colours = colouring((seen.actions ?? seen.segments).map(({ label }) => label));
    bar.show(seen.segments, colourOf);
  }

  function begin(job) {
    const nothing = { segments: [], actions: null, pictures: null, selected: -1, view: ALL };
    Object.assign(seen, { job, ...nothing });
    root.classList.add("running");
    strip.begin();
    const { start, duration } = job.video;
    line.show({ start, duration, segments: [], colourOf });
    table.show({ segments: [], colourOf });
    bar.set(ALL);
    paint();
    change(job);
    show(start, false);
    clearTimeout(soon);
  }

  function change(job) {
    strip.change(job);
    if (job) screen.load(job.video, job.playable_url);
  }

  function add(segments) {
    seen.segments.push(...segments);
    paint();
    line.add(segments);
    table.add(segments);
    if (screen.paused) show(screen.time, false);
  }

  function restart() {
    if (seen.segments.length) begin(seen.job);
  }

  // The result of a job, or one that was made of it.
  function take(result) {
    Object.assign(seen, { segments: result.segment_predictions, actions: result.timeline });
    seen.job = { ...seen.job, result };
    paint();
    line.update({ segments: seen.segments, actions: seen.actions, colourOf });
    table.show({ segments: seen.segments, colourOf });
    table.select(seen.selected);
    files.show(seen.job);
    words.open(result);
    filtered(seen.view);
    screen.captions(jobAddress(seen.job.id, "export", `vtt?made=${Date.now()}`));
    screen.instead(result.annotated_url);
    show(screen.time, !screen.paused);
  }

  function answered(result) {
    // Another job may have been opened meanwhile.
    if (result.id === seen.job?.id) take(result);
  }

  function finish(ended) {
    // Jobs of an earlier version tell of their video in the result alone.
    const job = { ...ended, video: ended.result.video };
    const known = seen.job?.id === job.id;
    if (!known) begin(job);
    seen.job = job;
    seen.pictures = job.result.frames && frames(job);
    screen.load(job.video, job.playable_url);
    root.classList.remove("running");
    strip.finish(job);
    const { trained, zero_shot: zeroShot } = job.result.models;
    find("models").textContent = `Trained model: ${trained}. Zero-shot model: ${zeroShot}.`;
    take(job.result);
    if (!known) restore();
  }

  // What the address asks for.
  function restore() {
    const { time, clip, rows, view } = readAddress();
    if (rows === "labels") {
      line.rows(rows);
      rowed(rows);
    }
    bar.set(view);
    filtered(view);
    const segment = seen.segments[clip];
    if (segment) selected(segment, clip);
    if (time !== null || segment) onSeek(time ?? segment.start);
  }

  const help = document.querySelector("#keys");
  shortcuts({ player: screen, line, help, isOn: () => seen.job !== null });
  offerLink(find("copy-link"), here);
  find("show-keys").addEventListener("click", () => help.showModal());

  return {
    begin,
    change,
    add,
    restart,
    finish,
    get id() {
      return seen.job?.id ?? null;
    },
    close() {
      if (!seen.job) return;
      clearTimeout(soon);
      seen.job = null;
      screen.unload();
    },
  };
}

// Of this moment, with filter and selection. Only pages that are sent safely may write to the
// clipboard; the address bar has the same.
function offerLink(button, addressOf) {
  button.hidden = !navigator.clipboard;
  const text = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(new URL(addressOf(), location.href).href);
    button.textContent = "Link copied";
    setTimeout(() => (button.textContent = text), 2000);
  });
}
