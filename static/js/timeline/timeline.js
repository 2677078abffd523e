// The timeline: what happens in the video and when, to look at, to move in and to pick from.

import { hoverCard } from "./card.js";
import { commands } from "./commands.js";
import { frame } from "./frame.js";
import { asked } from "./keys.js";
import { minimap } from "./minimap.js";
import { navigation } from "./navigation.js";
import { picking } from "./picking.js";
import { playhead } from "./playhead.js";
import { pointing } from "./pointing.js";
import { stage } from "./stage.js";
import { described } from "./words.js";

/**
 * Makes a timeline in an empty element. `onSeek` hears seconds on the video's clock; `onSelect` hears
 * the member of `segments` that the user picks and its index, or null and -1; `onRows` which rows the
 * user wants, as rows() has them; `thumbnailAt(seconds)` gives an element for the card under the
 * pointer, or null.
 */
export function timeline(root, options) {
  const { onSeek, onSelect = () => {}, onRows = () => {}, thumbnailAt = () => null } = options;
  const state = {
    segments: [],
    actions: null,
    colourOf: () => "",
    kept: () => true,
    hides: false,
    perLabel: false,
    limits: { from: 0, to: 1 },
    view: { from: 0, to: 1 },
    now: 0,
    following: true,
    hovered: -1,
    selected: -1,
  };
  const parts = frame(root);
  const navigate = navigation(state, viewChanged);
  const map = minimap(parts.map, { onView: navigate.lookAt });
  const head = playhead(parts, { onSeek: seek, onReturn: () => navigate.reveal() });
  const picture = stage(parts, state, { map, head, onPlan: tell });
  const pick = picking(state, picture);
  const card = hoverCard(root, { colourOf: (label) => state.colourOf(label), thumbnailAt });
  let current = null;

  function viewChanged() {
    state.hovered = -1;
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

  // The label of the moment, to the eye and to screen readers.
  function tell() {
    const index = pick.at(state.now);
    current = index < 0 ? null : pick.actionOf(index).label;
    picture.mark(current);
    head.say(state.now, current);
  }

  function select(index) {
    if (index === state.selected) return;
    state.selected = index;
    parts.status.textContent =
      index < 0 ? "Nothing selected" : `Selected: ${described(pick.subject(index))}`;
    picture.stale("view");
  }

  function choose(index) {
    select(index);
    onSelect(state.segments[index] ?? null, index);
  }

  const means = { picture, navigate, pick, card, seek, choose, focus: head.focus };
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
  for (const name of ["merged", "labels"]) {
    parts.choice[name].addEventListener("change", () => {
      rows(name);
      onRows(name);
    });
  }

  function rows(name) {
    parts.choice[name].checked = true;
    state.perLabel = name === "labels";
    picture.stale("plan");
  }

  function take({ segments, actions = null, colourOf }) {
    Object.assign(state, { segments: [...segments], actions, colourOf, hovered: -1 });
    card.hide();
    if (state.selected >= segments.length) state.selected = -1;
    picture.stale("plan");
  }

  return {
    /** A video, all of it in view. `actions` may be left out, and `segments` be empty so far. */
    show({ start, duration, ...data }) {
      const limits = { from: start, to: start + Math.max(duration, 1e-3) };
      Object.assign(state, { limits, view: limits, now: start, following: true, selected: -1 });
      head.limit(limits);
      picture.stale("video");
      take(data);
    },
    /** The same video's segments anew: the view stays, and the selection. */
    update: take,
    /** More clips, in their order; the actions are merged of all until the next update. */
    add(segments) {
      state.segments.push(...segments);
      state.actions = null;
      const end = segments.reduce((latest, segment) => Math.max(latest, segment.end), state.limits.to);
      if (end > state.limits.to) {
        navigate.limit({ from: state.limits.from, to: end });
        head.limit(state.limits);
      }
      picture.stale("plan");
    },
    /** Pales what a predicate of segments does not keep, or hides it. */
    filter(kept, { hide = false } = {}) {
      Object.assign(state, { kept, hides: hide });
      picture.stale("plan");
    },
    /** The player's current second. */
    move(time, { playing = false } = {}) {
      const before = state.now;
      state.now = time;
      navigate.follow(before, playing);
      picture.place();
      const index = pick.at(time);
      const label = index < 0 ? null : pick.actionOf(index).label;
      // A screen reader is not to talk all the time while the video plays.
      if (!playing || label !== current) tell();
    },
    select,
    /** "labels" for a row per label, "merged" for one row. */
    rows,
    /** Handles a keydown from anywhere on the page; tells whether it was the timeline's. */
    key,
  };
}
