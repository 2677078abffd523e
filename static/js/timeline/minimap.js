// The whole video in small, with the part that is shown as a window to move and to resize.

import { UNKNOWN } from "../labels.js";
import { element } from "../dom.js";
import { centred, holds, length, place, resized, timeAt } from "./view.js";
import { surface } from "./surface.js";

const NARROWEST = 10;

export function minimap(root, { onView }) {
  const canvas = element("canvas");
  const glass = element("div", { class: "timeline-window" },
    element("i", { "data-edge": "from" }), element("i", { "data-edge": "to" }));
  const needle = element("div", { class: "timeline-small-needle" });
  const paper = surface(canvas);
  let view = { from: 0, to: 1 };
  let limits = view;
  let width = 1;
  root.append(canvas, glass, needle);
  drags(root, {
    begin: (x, edge) => {
      const time = timeAt(limits, width, x);
      if (!edge && !holds(view, time)) onView(centred(view, limits, time));
      return { view, time: view[edge], x, edge };
    },
    move: (begun, x) => onView(dragged(begun, x)),
  });

  function dragged(begun, x) {
    const moved = ((x - begun.x) / width) * length(limits);
    if (begun.edge) return resized(begun.view, limits, begun.edge, begun.time + moved);
    return centred(begun.view, limits, (begun.view.from + begun.view.to) / 2 + moved);
  }

  return {
    /** Only where the segments, the colours or the width have changed. */
    draw({ lanes, colourOf, theme, limits: newLimits }) {
      limits = newLimits;
      width = Math.max(root.clientWidth, 1);
      const brush = paper.clear(width, root.clientHeight);
      const high = root.clientHeight / lanes.length;
      lanes.forEach(({ layout }, at) => {
        drawLane(brush, { layout, colourOf, theme, limits, width, top: at * high, high });
      });
    },
    show(newView) {
      view = newView;
      const left = place(limits, width, view.from);
      const wide = Math.max((length(view) / length(limits)) * width, NARROWEST);
      glass.style.width = `${wide}px`;
      glass.style.transform = `translateX(${Math.min(left, width - wide)}px)`;
    },
    move(time) {
      needle.style.transform = `translateX(${place(limits, width, time)}px)`;
    },
  };
}

function drawLane(brush, { layout, colourOf, theme, limits, width, top, high }) {
  let drawnTo = -1;
  for (const { from, to, action, kept } of layout.pieces) {
    const [left, right] = [place(limits, width, from), place(limits, width, to)];
    if (right - drawnTo < 0.7) continue;
    drawnTo = right;
    const { label } = layout.actions[action];
    brush.globalAlpha = (label === UNKNOWN ? 0.4 : 1) * (kept ? 1 : 0.16);
    brush.fillStyle = colourOf(label);
    brush.fillRect(left, top, Math.max(right - left, 1), high);
  }
  brush.globalAlpha = 1;
  brush.fillStyle = theme.surface;
  if (top > 0) brush.fillRect(0, top - 1, width, 2);
  if (layout.actions.length * 4 >= width) return;
  for (const { to } of layout.actions) brush.fillRect(place(limits, width, to) - 1, top, 1, high);
}

function drags(root, { begin, move }) {
  const x = (event) => event.clientX - root.getBoundingClientRect().left;
  let begun = null;
  root.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    root.setPointerCapture(event.pointerId);
    begun = begin(x(event), event.target.dataset.edge);
  });
  root.addEventListener("pointermove", (event) => {
    if (begun) move(begun, x(event));
  });
  for (const name of ["pointerup", "pointercancel"]) {
    root.addEventListener(name, () => (begun = null));
  }
}
