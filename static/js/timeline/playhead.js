// The line at the current second, and its handle: a slider for the keyboard and the pointer.

import { element } from "../dom.js";
import { clock, spaced } from "../labels.js";
import { holds, place, timeAt } from "./view.js";
import { spokenTime } from "./words.js";

const MARGIN = 2;

/** onReturn hears that the playhead is to come in sight. */
export function playhead({ ruler, rows, help }, { onSeek, onReturn }) {
  const handle = element("div", { class: "timeline-handle", role: "slider", tabindex: "0",
    "aria-label": "Position in the video", "aria-orientation": "horizontal",
    "aria-describedby": help.id });
  const line = element("div", { class: "timeline-line" });
  const back = element("button", { type: "button", class: "timeline-return" });
  const widthOf = remembered(handle);
  let shown = { view: { from: 0, to: 1 }, width: 1, time: 0 };
  back.hidden = true;
  back.addEventListener("click", onReturn);
  ruler.append(handle, back);
  rows.append(line);
  dragged(handle, ruler, (x) => {
    const { view, width } = shown;
    onSeek(timeAt(view, width, Math.min(Math.max(x, 0), width)));
  });

  function put({ view, width, time }) {
    const inside = holds(view, time);
    const x = place(view, width, time);
    const half = widthOf(clock(time)) / 2;
    const near = Math.min(Math.max(x, half + MARGIN), width - half - MARGIN);
    // Out of sight it stays reachable by Tab, and a button leads back to it.
    handle.classList.toggle("away", !inside);
    handle.style.transform = `translateX(${near - half}px)`;
    line.hidden = !inside;
    line.style.transform = `translateX(${x}px)`;
    back.hidden = inside;
    if (inside) return;
    const before = time < view.from;
    back.classList.toggle("before", before);
    back.textContent = before ? `‹ ${clock(time, 0)}` : `${clock(time, 0)} ›`;
    back.setAttribute("aria-label", `Show the playhead, at ${clock(time, 0)}`);
  }

  // No ring where a pointer led here; the next key shows it.
  for (const name of ["keydown", "blur"]) {
    handle.addEventListener(name, () => handle.classList.remove("by-pointer"));
  }

  return {
    handle,
    focus() {
      handle.classList.add("by-pointer");
      handle.focus({ preventScroll: true });
    },
    put(where) {
      shown = where;
      put(where);
    },
    limit({ from, to }) {
      handle.setAttribute("aria-valuemin", from);
      handle.setAttribute("aria-valuemax", to);
    },
    /** To a screen reader; label may be null, others are [model, label] pairs. */
    say(time, label, others = []) {
      handle.setAttribute("aria-valuenow", Math.round(time * 1000) / 1000);
      const said = others.map(([model, other]) => `${model}: ${spaced(other)}`);
      const text = [spokenTime(time), label && spaced(label), ...said].filter(Boolean).join(", ");
      handle.setAttribute("aria-valuetext", text);
    },
  };
}

// Writes a text and gives its width, which is the same for texts of as many digits.
function remembered(node) {
  let [digits, width] = [0, 0];
  return (text) => {
    if (node.textContent !== text) node.textContent = text;
    if (text.length !== digits) [digits, width] = [text.length, node.offsetWidth];
    return width;
  };
}

function dragged(handle, ruler, heard) {
  let grip = 0;
  handle.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    // The ruler below would take it for its own.
    event.stopPropagation();
    handle.setPointerCapture(event.pointerId);
    const { left, width } = handle.getBoundingClientRect();
    grip = event.clientX - left - width / 2;
  });
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    event.stopPropagation();
    heard(event.clientX - grip - ruler.getBoundingClientRect().left);
  });
  handle.addEventListener("pointerup", (event) => event.stopPropagation());
}
