// The bar of coloured segments under the video.

import { element } from "./dom.js";
import { clock, isHatched, saidBy, spaced, surety } from "./labels.js";

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const MOST_TICKS = 7;
const EDGE_SECONDS = 0.002;

/** onSeek hears the second that was asked for. */
export function timeline(root, { onSeek }) {
  const list = root.querySelector("#segments");
  const scale = root.querySelector("#scale");
  const legend = root.querySelector("#legend");
  const playhead = root.querySelector("#playhead");
  let start = 0;
  let duration = 1;
  let buttons = new Map();
  let current = null;

  const place = (time) => `${(Math.min(Math.max((time - start) / duration, 0), 1)) * 100}%`;

  function segment(action, colour) {
    const item = element("li");
    const button = element("button", { type: "button", class: "segment", "aria-label": name(action) },
      element("span", {}, spaced(action.label)));
    button.classList.toggle("zero-shot", isHatched(action));
    button.title = name(action);
    button.style.backgroundColor = colour;
    button.addEventListener("click", (event) => onSeek(pointed(event, action)));
    item.style.left = place(action.start);
    item.style.width = `${((action.end - action.start) / duration) * 100}%`;
    item.append(button);
    buttons.set(action, button);
    return item;
  }

  // A pointer asks for the second under it, the keyboard for the start of the segment; both stay
  // inside the segment when the player rounds the time.
  function pointed(event, action) {
    const box = list.getBoundingClientRect();
    const under = start + ((event.clientX - box.left) / box.width) * duration;
    const time = event.detail === 0 ? action.start : under;
    const margin = Math.min(EDGE_SECONDS, (action.end - action.start) / 2);
    return Math.min(Math.max(time, action.start + margin), action.end - margin);
  }

  function tick(time) {
    const mark = element("span", {}, clock(time, duration < 3 ? 1 : 0));
    mark.style.left = place(time);
    return mark;
  }

  return {
    draw(result, colourOf) {
      start = result.video.start;
      duration = Math.max(result.video.duration, 1e-3);
      buttons = new Map();
      current = null;
      list.replaceChildren(...result.timeline.map((a) => segment(a, colourOf(a.label))));
      scale.replaceChildren(...ticks(start, duration).map(tick));
      legend.replaceChildren(...entries(result.timeline, colourOf));
    },
    /** Moves the playhead, and marks the action that is on. */
    move(time, action) {
      playhead.style.left = place(time);
      if (action === current) return;
      buttons.get(current)?.removeAttribute("aria-current");
      buttons.get(action)?.setAttribute("aria-current", "true");
      current = action;
    },
  };
}

function name(action) {
  const when = `${clock(action.start)} to ${clock(action.end)}`;
  return [spaced(action.label), when, surety(action), saidBy(action)].filter(Boolean).join(", ");
}

function ticks(start, duration) {
  const step = STEPS.find((s) => duration / s <= MOST_TICKS) ?? STEPS.at(-1);
  const times = [];
  // One that is too near the end has no room for its number.
  for (let i = Math.ceil(start / step); i * step < start + 0.88 * duration; i++) times.push(i * step);
  return times;
}

function entries(actions, colourOf) {
  const labels = new Set(actions.map((action) => action.label));
  const items = [...labels].map((label) => {
    const swatch = element("i", { class: "swatch" });
    swatch.style.backgroundColor = colourOf(label);
    return element("li", {}, swatch, spaced(label));
  });
  if (actions.some(isHatched)) {
    items.push(element("li", {}, element("i", { class: "swatch zero-shot" }), "named by zero-shot"));
  }
  return items;
}
