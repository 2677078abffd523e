// The timeline: what happens in the video and when, to look at, to move in and to pick from.

import { hoverCard } from "./card.js";
import { commands } from "./commands.js";
import { frame, rowsOffered } from "./frame.js";
import { asked } from "./keys.js";
import { minimap } from "./minimap.js";
import { navigation } from "./navigation.js";
import { picking } from "./picking.js";
import { playhead } from "./playhead.js";
import { pointing } from "./pointing.js";
import { indexAt } from "./search.js";
import { stage } from "./stage.js";
import { described } from "./words.js";

const NOTHING = { lane: 0, index: -1 };

/**
 * Makes a timeline in an empty element. `onSeek` hears seconds; `onSelect` the segment that is picked
 * and its index, or null and -1; `onRows` which rows are wanted, as rows() has them; `onLane` which
 * lane, 0 or 1; `thumbnailAt(seconds)` gives an element for the card under the pointer, or null.
 */
export function timeline(root, { onSeek, onSelect, onRows = () => {}, onLane, thumbnailAt }) {
  const state = {
    lanes: [{ name: "", segments: [], actions: null }],
    lane: 0,
    agreed: [],
    colourOf: () => "",
    kept: () => true,
    perLabel: false,
    limits: { from: 0, to: 1 },
    view: { from: 0, to: 1 },
    now: 0,
    following: true,
    hovered: NOTHING,
    selected: -1,
  };
  const parts = frame(root);
  const navigate = navigation(state, viewChanged);
  const map = minimap(parts.map, { onView: navigate.lookAt });
  const head = playhead(parts, { onSeek: seek, onReturn: () => navigate.reveal() });
  const picture = stage(parts, state, { map, head, onPlan: tell });
  const pick = picking(state, picture);
  const card = hoverCard(root, { colourOf: (label) => state.colourOf(label), thumbnailAt });
  let current = "";

  function viewChanged() {
    state.hovered = NOTHING;
    card.hide();
    picture.stale("view");
  }

  function seek(time) {
    state.now = Math.min(Math.max(time, state.limits.from), state.limits.to);
    navigate.reveal();
    tell();
    picture.place();
    onSeek(state.now);
  }

  function labelsAt(time) {
    return state.lanes.map((_, lane) => {
      const index = pick.at(time, lane);
      return index < 0 ? null : pick.actionOf(index, lane).label;
    });
  }

  // The label of the moment, to the eye and to screen readers; the other model's where it differs.
  function tell() {
    const labels = labelsAt(state.now);
    const label = labels[state.lane];
    const same = indexAt(state.agreed, state.now) >= 0;
    const pairs = same ? [] : state.lanes.map(({ name }, lane) => [name, labels[lane]]);
    current = String(labels);
    picture.mark(label);
    head.say(state.now, label, pairs.filter(([, other]) => other !== null && other !== label));
  }

  function select(index) {
    if (index !== state.selected) mark(index);
  }

  function mark(index) {
    state.selected = index;
    const of = state.lanes.length > 1 ? `${state.lanes[state.lane].name}. ` : "";
    const what = index < 0 ? "Nothing selected" : `Selected: ${described(pick.subject(index))}`;
    parts.status.textContent = of + what;
    picture.stale("view");
  }

  function choose(index) {
    select(index);
    onSelect(pick.segmentOf(index) ?? null, index);
  }

  // Where something was selected, it is now what the other lane has at the moment.
  function enter(lane) {
    if (lane === state.lane) return;
    const index = state.selected < 0 ? -1 : pick.at(state.now, lane);
    state.lane = lane;
    parts.models.set(lane);
    picture.stale("plan");
    card.hide();
    onLane(lane);
    mark(index);
    onSelect(pick.segmentOf(index) ?? null, index);
  }

  const means = { picture, navigate, pick, card, enter, seek, choose, focus: head.focus };
  const does = commands(state, means);
  pointing(parts, state, means);

  function key(event) {
    if (event.key === "Escape" && card.hide()) return true;
    const name = event.defaultPrevented ? undefined : asked(event, event.target === head.handle);
    if (!name) return false;
    event.preventDefault();
    does[name]();
    return true;
  }

  parts.scroller.addEventListener("keydown", key);
  parts.zoom.closer.addEventListener("click", does.closer);
  parts.zoom.wider.addEventListener("click", does.wider);
  parts.zoom.fit.addEventListener("click", navigate.fit);
  parts.rowsOf.group.addEventListener("change", ({ target }) => {
    rows(target.value);
    onRows(target.value);
  });
  parts.models.group.addEventListener("change", ({ target }) => enter(Number(target.value)));

  function rows(name) {
    parts.rowsOf.set(name);
    state.perLabel = name === "labels";
    picture.stale("plan");
  }

  function take({ name = "", segments, actions = null, other = null, agreed = [], colourOf }) {
    const lanes = [{ name, segments: [...segments], actions }, ...(other ? [other] : [])];
    const bars = agreed.map(({ start, end, label }) => ({ from: start, to: end, label }));
    Object.assign(state, { lanes, agreed: bars, colourOf, hovered: NOTHING });
    if (!lanes[state.lane]) state.lane = 0;
    if (state.selected >= lanes[state.lane].segments.length) state.selected = -1;
    offer(lanes);
    card.hide();
    picture.stale("plan");
  }

  function offer(lanes) {
    parts.rowsOf.offer(rowsOffered(lanes.length > 1));
    parts.rowsOf.set(state.perLabel ? "labels" : "merged");
    parts.models.offer(lanes.map(({ name }, lane) => [lane, name]));
    parts.models.set(state.lane);
  }

  return {
    /**
     * A video, all of it in view; its `actions` may come later. Of two models, `other` is the second's
     * { name, segments, actions }, and `agreed` where both agree.
     */
    show({ start, duration, ...data }) {
      const limits = { from: start, to: start + Math.max(duration, 1e-3) };
      Object.assign(state, { limits, view: limits, now: start, following: true, lane: 0, selected: -1 });
      head.limit(limits);
      picture.stale("video");
      take(data);
    },
    /** The same video's segments anew: the view stays, and the selection. */
    update: take,
    /** More clips of the first lane, in order; its actions are merged of all until the next update. */
    add(segments) {
      state.lanes[0].segments.push(...segments);
      state.lanes[0].actions = null;
      const end = Math.max(...segments.map((segment) => segment.end));
      if (end > state.limits.to) {
        navigate.limit({ from: state.limits.from, to: end });
        head.limit(state.limits);
      }
      picture.stale("plan");
    },
    /** Pales what a predicate of segments does not keep. */
    filter(kept) {
      state.kept = kept;
      picture.stale("plan");
    },
    move(time, { playing = false } = {}) {
      const before = state.now;
      state.now = time;
      navigate.follow(before, playing);
      picture.place();
      // A screen reader is not to talk all the time while the video plays.
      if (!playing || String(labelsAt(time)) !== current) tell();
    },
    select,
    /** Chooses the lane that keys move in and that rows by label are of. */
    enter,
    /** "labels" for a row per label, "merged" for one row. */
    rows,
    /** Whether a keydown from anywhere on the page was the timeline's. */
    key,
  };
}
