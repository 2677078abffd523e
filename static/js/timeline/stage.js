// Keeps what is drawn up to date: laid out, measured and drawn once a frame, where it changed.

import { clipsApart, drawRows } from "./draw.js";
import { showKey } from "./key.js";
import { layout } from "./layout.js";
import { laneNames } from "./lanes.js";
import { labelNames, united } from "./names.js";
import { drawRuler } from "./ruler.js";
import { onceAFrame, surface } from "./surface.js";
import { onSchemeChange, readTheme } from "./theme.js";
import { isWhole } from "./view.js";

const LONG_SECONDS = 600;

/**
 * `state` is the timeline's own, never written here. What changed is told by stale(): "plan" for
 * segments, colours, filter or rows, with "video" where the order of the rows is open; "size" for
 * measures and scheme; "view" for the rest. onPlan hears when segments were laid out.
 */
export function stage(parts, state, { map, head, onPlan }) {
  const { root, ruler, rows, scroller } = parts;
  const names = labelNames();
  const beside = laneNames();
  const paper = { ruler: surface(ruler.firstChild), rows: surface(rows.firstChild) };
  const old = new Set();
  let plans = [{ cells: [], actions: [], pieces: [], rows: [] }];
  let box = { width: 1, height: 1, top: 0 };
  let theme = null;
  const soon = onceAFrame(draw);
  // The lanes that are drawn: rows for the labels of one model, or one row for each.
  const drawn = () => (state.perLabel ? [state.lane] : [...state.lanes.keys()]);
  const isApart = (lane) => clipsApart(plans[lane], state.view, box.width);

  function stale(...what) {
    for (const one of what) old.add(one);
    soon();
  }

  function relay() {
    const { limits: { from: start, to: end }, kept, lanes } = state;
    const before = old.delete("video") ? [] : plans;
    plans = lanes.map(({ segments, actions }, lane) => {
      const order = before[lane]?.rows.map(({ label }) => label) ?? [];
      return layout({ start, end, segments, actions, kept, order });
    });
    name();
    onPlan();
  }

  function name() {
    const shown = drawn().map((lane) => plans[lane]);
    names.show(united(shown), state.colourOf, !state.perLabel);
    beside.show(state.lanes.map((lane) => lane.name), state.lane);
    root.classList.toggle("per-label", state.perLabel);
    root.classList.toggle("two-lanes", shown.length > 1);
    if (state.perLabel) scroller.append(names.list);
    else scroller.after(names.list);
    if (shown.length > 1) scroller.append(beside.list);
    else beside.list.remove();
    showKey(parts.key, shown);
  }

  function measure() {
    theme = readTheme(rows);
    const count = state.perLabel ? Math.max(plans[state.lane].rows.length, 1) : plans.length;
    rows.style.height = `${count * theme.pitch}px`;
    const room = scroller.clientHeight - ruler.offsetHeight;
    box = { width: rows.clientWidth, height: Math.min(rows.offsetHeight, room) };
  }

  // Drawing may be a frame away, and what is asked now is to be true now.
  function refresh() {
    if (old.delete("plan")) {
      relay();
      old.add("size");
    }
    if (old.delete("size")) {
      measure();
      old.add("map");
    }
  }

  function draw() {
    refresh();
    if (box.width < 1) return;
    const { view, limits } = state;
    const scene = { ...state, lanes: drawn().map(laneScene), theme, ...box, top: scroller.scrollTop };
    drawRuler(paper.ruler, scene);
    drawRows(paper.rows, scene);
    const small = isWhole(view, limits) && limits.to - limits.from < LONG_SECONDS;
    // Hidden it has no width to be drawn in.
    if (root.classList.contains("whole") !== small) old.add("map");
    root.classList.toggle("whole", small);
    if (old.delete("map")) map.draw(scene);
    map.show(view);
    place();
  }

  function laneScene(lane) {
    const { hovered } = state;
    return {
      layout: plans[lane],
      row: lane,
      apart: isApart(lane),
      hovered: hovered.lane === lane ? hovered.index : -1,
      selected: state.lane === lane ? state.selected : -1,
    };
  }

  function place() {
    head.put({ view: state.view, width: box.width, time: state.now });
    map.move(state.now);
  }

  new ResizeObserver(() => stale("size")).observe(root);
  window.addEventListener("resize", () => stale("size"));
  scroller.addEventListener("scroll", () => stale("view"), { passive: true });
  onSchemeChange(() => stale("size"));

  return {
    stale,
    place,
    mark: names.mark,
    planOf(lane = state.lane) {
      refresh();
      return plans[lane];
    },
    laneAt(y) {
      const row = Math.floor(y / this.theme.pitch);
      return state.perLabel ? state.lane : Math.min(Math.max(row, 0), plans.length - 1);
    },
    get theme() {
      refresh();
      return theme;
    },
    get width() {
      refresh();
      return box.width;
    },
    isApart(lane = state.lane) {
      refresh();
      return isApart(lane);
    },
  };
}
