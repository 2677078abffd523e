// The whole video in small, with the part that is shown as a window to move and to resize.

import { UNKNOWN } from "../labels.js";
import { element } from "../dom.js";
import { centred, holds, length, place, resized, timeAt } from "./view.js";
import { surface } from "./surface.js";

const NARROWEST = 10;

/** onView hears the view that a drag asks for. */
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
      return { view, time: edge ? view[edge] : timeAt(limits, width, x), x, edge };
    },
    move: (begun, x) => onView(dragged(begun, x)),
  });

  function dragged(begun, x) {
    const moved = ((x - begun.x) / width) * length(limits);
    if (begun.edge) return resized(begun.view, limits, begun.edge, begun.time + moved);
    return centred(begun.view, limits, (begun.view.from + begun.view.to) / 2 + moved);
  }

  return {
    /** Draws the whole; only where the segments, the colours or the width have changed. */
    draw({ layout, colourOf, hides, theme, limits: newLimits }) {
      limits = newLimits;
      width = Math.max(root.clientWidth, 1);
      const high = root.clientHeight;
      const brush = paper.clear(width, high);
      const box = (from, to) => [place(limits, width, from), place(limits, width, to)];
      let drawnTo = -1;
      for (const { from, to, action, kept } of layout.pieces) {
        const [left, right] = box(from, to);
        if (right - drawnTo < 0.7 || (hides && !kept)) continue;
        drawnTo = right;
        const { label } = layout.actions[action];
        brush.globalAlpha = (label === UNKNOWN ? 0.4 : 1) * (kept ? 1 : 0.16);
        brush.fillStyle = colourOf(label);
        brush.fillRect(left, 0, Math.max(right - left, 1), high);
      }
      brush.globalAlpha = 1;
      brush.fillStyle = theme.surface;
      if (layout.actions.length * 4 < width) {
        for (const { to } of layout.actions) brush.fillRect(place(limits, width, to) - 1, 0, 1, high);
      }
    },
    /** Puts the window over a view. */
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
    root.addEventListener(name, () => {
      begun = null;
    });
  }
}
