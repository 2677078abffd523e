// Keeps what is drawn up to date: laid out, measured and drawn once a frame, where it changed.

import { clipsApart, drawRows } from "./draw.js";
import { showKey } from "./key.js";
import { layout } from "./layout.js";
import { labelNames } from "./names.js";
import { drawRuler } from "./ruler.js";
import { onceAFrame, surface } from "./surface.js";
import { onSchemeChange, readTheme } from "./theme.js";
import { isWhole } from "./view.js";

const LONG_SECONDS = 600;

/**
 * `state` is the timeline's own, read here and never written. What changed is told by stale():
 * "plan" for segments, colours, filter or rows, with "video" where the order of the rows is open;
 * "size" for measures and scheme; "view" for the rest. onPlan hears when segments were laid out.
 */
export function stage(parts, state, { map, head, onPlan }) {
  const { root, ruler, rows, scroller } = parts;
  const names = labelNames();
  const paper = { ruler: surface(ruler.firstChild), rows: surface(rows.firstChild) };
  const old = new Set();
  let plan = { cells: [], actions: [], pieces: [], rows: [] };
  let box = { width: 1, height: 1, top: 0 };
  let theme = null;
  const soon = onceAFrame(draw);

  function stale(...what) {
    for (const one of what) old.add(one);
    soon();
  }

  function relay() {
    const { from: start, to: end } = state.limits;
    const order = old.delete("video") ? [] : plan.rows.map(({ label }) => label);
    plan = layout({ ...state, start, end, order });
    names.show(plan.rows, state.colourOf, !state.perLabel);
    root.classList.toggle("per-label", state.perLabel);
    if (state.perLabel) scroller.append(names.list);
    else scroller.after(names.list);
    showKey(parts.key, plan);
    onPlan();
  }

  function measure() {
    theme = readTheme(rows);
    const lanes = state.perLabel ? Math.max(plan.rows.length, 1) : 1;
    rows.style.height = `${lanes * theme.pitch}px`;
    const room = scroller.clientHeight - ruler.offsetHeight;
    box = { width: rows.clientWidth, height: Math.min(rows.offsetHeight, room) };
  }

  // Drawing may be a frame away, and what is asked now is to be true now.
  function refresh() {
    if (old.has("plan")) {
      old.delete("plan");
      relay();
      old.add("size").add("map");
    }
    if (old.has("size")) {
      old.delete("size");
      measure();
      old.add("map");
    }
  }

  function draw() {
    refresh();
    if (box.width < 1) return;
    const { view, limits } = state;
    const scene = { ...state, layout: plan, theme, ...box, top: scroller.scrollTop };
    scene.apart = clipsApart(plan, view, box.width);
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
    get plan() {
      refresh();
      return plan;
    },
    get theme() {
      refresh();
      return theme;
    },
    get width() {
      refresh();
      return box.width;
    },
    get apart() {
      return clipsApart(this.plan, state.view, this.width);
    },
  };
}
