// The last minute of a live stream as a timeline that moves on.

import { element } from "../dom.js";
import { colouring } from "../labels.js";
import { drawRows } from "../timeline/draw.js";
import { layout } from "../timeline/layout.js";
import { labelNames } from "../timeline/names.js";
import { drawRuler } from "../timeline/ruler.js";
import { onceAFrame, surface } from "../timeline/surface.js";
import { onSchemeChange, readTheme } from "../timeline/theme.js";

const SHOWN_SECONDS = 60;

export function runningTimeline(root) {
  const [ruler, rows] = [canvas(), canvas()];
  const paper = { ruler: surface(ruler), rows: surface(rows) };
  const names = labelNames();
  const soon = onceAFrame(draw);
  let seen = { segments: [], labels: new Set(), now: 0 };
  let plan = { cells: [], actions: [], pieces: [], rows: [] };
  let colours = colouring([]);
  root.append(ruler, rows, names.list);

  const colourOf = (label) => colours(label);

  function clear() {
    seen = { segments: [], labels: new Set(), now: 0 };
    relay();
  }

  function add(segments) {
    for (const { label, end } of segments) {
      seen.labels.add(label);
      seen.now = Math.max(seen.now, end);
    }
    const from = seen.now - SHOWN_SECONDS;
    seen.segments = [...seen.segments, ...segments].filter(({ end }) => end > from);
    colours = colouring(seen.labels);
    relay();
  }

  function move(time) {
    seen.now = Math.max(seen.now, time);
    soon();
  }

  function relay() {
    const { segments } = seen;
    plan = layout({
      start: segments[0]?.start ?? 0, end: seen.now, segments, actions: null, kept: () => true,
      order: plan.rows.map(({ label }) => label),
    });
    names.show(plan.rows, colourOf, true);
    soon();
  }

  function draw() {
    const width = root.clientWidth;
    if (width < 1) return;
    const theme = readTheme(root);
    const from = Math.max(seen.now - SHOWN_SECONDS, 0);
    const view = { from, to: from + SHOWN_SECONDS };
    const scene = {
      layout: plan, view, width, height: theme.pitch, theme, top: 0, colourOf, perLabel: false,
      apart: false, hides: false, hovered: -1, selected: -1, lanes: [{ row: 0 }],
    };
    drawRuler(paper.ruler, scene);
    drawRows(paper.rows, scene);
  }

  new ResizeObserver(soon).observe(root);
  onSchemeChange(soon);

  return { clear, add, move, colourOf };
}

// The list of labels below says what is drawn.
const canvas = () => element("canvas", { "aria-hidden": "true" });
