// A job that is watched, running or done: the player, the timeline, the table and the panel, kept at
// the same second.

import { pageAddress, readAddress } from "./address.js";
import { agreementFold } from "./agreement.js";
import { choice } from "./choice.js";
import { coloursOf, foundBy, lanesOf, otherAt } from "./compared.js";
import { ALL, filterBar, keeps } from "./filter.js";
import { frames } from "./frames.js";
import { jobAddress } from "./job.js";
import { colouring, modelName } from "./labels.js";
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
  const onSeek = (time) => screen.seek(time);
  const strip = statusStrip(find("strip"));
  const over = overlay(root);
  const panel = segmentPanel(find("detail"), { onSeek, onCorrect: answered });
  const words = vocabulary(find("vocabulary"), { onResult: answered });
  const screen = player(root, { onTime: show, onCopy: (copy) => over.allow(!copy) });
  const thumbnailAt = (time) => seen.pictures?.at(time) ?? null;
  const line = timeline(find("timeline"), {
    onSeek, onSelect: selected, onRows: rowed, onLane: entered, thumbnailAt,
  });
  const table = segmentTable(find("table"), { onSeek, onSelect: selected });
  const bar = filterBar(find("filter"), { onChange: filtered });
  const agreed = agreementFold(find("agreement"), { onSeek });
  const files = takeaway(find("takeaway"));
  const models = ["table", "files"].map((place) => modelChoice(find(`model-of-${place}`)));
  // `found` is what each model found, `lane` the one that is looked at.
  const seen = { job: null, found: nothing(), lane: 0, selected: -1, rows: "merged", view: ALL };
  let colours = colouring([]);
  let soon = 0;

  const colourOf = (label) => colours(label);
  const current = () => seen.found[seen.lane];
  const list = () => table.show({ segments: current().segment_predictions, colourOf });
  const modelWanted = () => (seen.lane ? current().model : null);

  function modelChoice(place) {
    const made = choice("Model", "");
    place.append(made.group);
    made.group.addEventListener("change", ({ target }) => line.enter(Number(target.value)));
    return made;
  }

  function show(time, playing) {
    const [first] = seen.found;
    const action = actionAt(first.timeline ?? first.segment_predictions, time);
    over.show(action, action && colourOf(action.label), differing(time));
    line.move(time, { playing });
    table.move(time);
    inspect(time);
    if (first.timeline) files.action(actionAt(current().timeline, time));
    if (!playing) remember();
  }

  // What the other model says over the picture, where it is not the same.
  function differing(time) {
    const other = otherAt(seen.job.result, 0, time);
    return other && !other.same ? { ...other, colour: colourOf(other.action.label) } : null;
  }

  function inspect(time) {
    const { lane, pictures: frames = null } = seen;
    const clips = current().segment_predictions;
    const index = clipAt(clips, time);
    const other = otherAt(seen.job.result, lane, time);
    const job = { ...seen.job, result: seen.job.result && current() };
    panel.show(clips[index] ?? null, index, { job, colourOf, frames, lane, other });
  }

  function selected(_, index) {
    seen.selected = index;
    line.select(index);
    table.select(index);
    remember();
  }

  // Of two models, the one whose clips are listed and whose files are offered.
  function entered(lane) {
    seen.lane = lane;
    for (const one of models) one.set(lane);
    list();
    files.view(seen.view, modelWanted());
    show(screen.time, !screen.paused);
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
    if (seen.job?.result) files.view(view, modelWanted());
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
    const model = modelWanted();
    return pageAddress({ job: job.id, time, model, clip: clip < 0 ? null : clip, rows, view });
  }

  function paint() {
    const clips = seen.found.flatMap((found) => found.segment_predictions);
    const { result } = seen.job;
    colours = result ? coloursOf(result) : colouring(clips.map(({ label }) => label));
    bar.show(clips, colourOf);
  }

  function begin(job) {
    Object.assign(seen, { job, found: nothing(), lane: 0, pictures: null, selected: -1, view: ALL });
    root.classList.remove("was-live", "no-video");
    agreed.show(null);
    for (const one of models) one.offer([]);
    root.classList.add("running");
    strip.begin();
    const { start, duration } = job.video;
    line.show({ start, duration, segments: [], colourOf });
    list();
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
    seen.found[0].segment_predictions.push(...segments);
    paint();
    line.add(segments);
    table.add(segments);
    if (screen.paused) show(screen.time, false);
  }

  function restart() {
    if (seen.found[0].segment_predictions.length) begin(seen.job);
  }

  // The result of a job, or one that was made of it.
  function take(result) {
    Object.assign(seen, { found: foundBy(result), job: { ...seen.job, result } });
    paint();
    line.update({ ...lanesOf(result), colourOf });
    offer();
    list();
    table.select(seen.selected);
    agreed.show(result, colourOf);
    files.show(seen.job);
    strip.tell(result);
    words.open(result);
    filtered(seen.view);
    if (result.video_url) {
      screen.captions(jobAddress(seen.job.id, "export", `vtt?made=${Date.now()}`));
      screen.instead(result.annotated_url);
    }
    show(screen.time, !screen.paused);
  }

  function offer() {
    for (const one of models) {
      one.offer(seen.found.map(({ model }, lane) => [lane, modelName(model)]));
      one.set(seen.lane);
    }
  }

  function answered(result) {
    // Another job may have been opened meanwhile.
    if (result.id === seen.job?.id) take(result);
  }

  function finish(ended) {
    // Jobs of an earlier version tell of their video in the result alone.
    const job = { ...ended, video: ended.result.video };
    const known = seen.job?.id === job.id;
    const { video_url: video, frames: kept } = job.result;
    if (!known) begin(job);
    seen.job = job;
    seen.pictures = kept && frames(job);
    root.classList.toggle("was-live", job.origin === "live");
    root.classList.toggle("no-video", !video);
    if (video) screen.load(job.video, job.playable_url ?? video);
    else screen.without(job.video);
    root.classList.remove("running");
    strip.finish(job);
    find("models").textContent = named(job.result);
    take(job.result);
    if (!known) restore();
  }

  // What the address asks for.
  function restore() {
    const { time, model, clip, rows, view } = readAddress();
    if (rows === "labels") {
      line.rows(rows);
      rowed(rows);
    }
    bar.set(view);
    filtered(view);
    if (model && model === seen.found[1]?.model) line.enter(1);
    const segment = current().segment_predictions[clip];
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

// What is found before there is a result.
const nothing = () => [{ segment_predictions: [], timeline: null }];

function named({ models: { trained, zero_shot: zeroShot }, comparison }) {
  const first = comparison ? `${trained}, compared with ${comparison.models.trained}` : trained;
  return `Trained model: ${first}. Zero-shot model: ${zeroShot}.`;
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
