// The frames of a clip, and how much of the trained model's attention each part of it has.

import { element } from "../dom.js";
import { clock, percent } from "../labels.js";

const SHOWN = 8;
const PIXELS = 160;

/** There are empty places while there are no frames; `ratio` is the shape of each. */
export function attentionStrip(list, { onSeek }) {
  let made = { frames: null, count: 0 };
  let parts = [];

  function make(frames, count) {
    made = { frames, count };
    parts = Array.from({ length: count }, () => partOf(frames, SHOWN / count, onSeek));
    list.replaceChildren(...parts.map((part) => part.node));
  }

  return {
    show({ start, end, attention }, ratio, frames, lane = 0) {
      // In a video that is shorter than a clip the last frames stand for the video's last. The
      // second of two models sampled for itself.
      const span = frames ? (lane ? (end - start) * frames.fps : frames.clip) : SHOWN;
      const weights = summed(attention);
      list.style.setProperty("--ratio", ratio);
      if (frames !== made.frames || weights.length !== made.count) make(frames, weights.length);
      const first = frames?.indexAt(start);
      const most = Math.max(...weights);
      parts.forEach((part, at) => {
        part.show(first + (at * span) / parts.length, span, weights[at], weights[at] === most);
      });
    },
  };
}

// Steps that share a thumbnail are added up, so that there are 1, 2, 4 or 8 parts.
function summed(attention) {
  const count = [8, 4, 2, 1].find((parts) => attention.length % parts === 0);
  const each = attention.length / count;
  return Array.from({ length: count }, (_, at) =>
    attention.slice(at * each, (at + 1) * each).reduce((sum, weight) => sum + weight, 0));
}

function partOf(frames, count, onSeek) {
  const pictures = Array.from({ length: count }, () =>
    frames ? thumbnail(frames, onSeek) : emptyPlace());
  const fill = element("i");
  const number = element("b");
  const node = element("li", {},
    element("div", { class: "thumbnails" }, ...pictures.map((one) => one.node)),
    element("p", {}, element("span", { class: "bar" }, fill), number,
      element("span", { class: "unseen" }, " of it")));

  return {
    node,
    show(begin, span, weight, most) {
      const step = span / SHOWN;
      // The middle one of those that a thumbnail stands for.
      pictures.forEach((one, at) => one.show(Math.round(begin + (at + 0.5) * step)));
      fill.style.width = number.textContent = percent(weight);
      node.classList.toggle("most", most);
    },
  };
}

function thumbnail(frames, onSeek) {
  const picture = frames.picture(PIXELS);
  const node = element("button", { type: "button" }, picture.canvas);
  let time = 0;
  node.addEventListener("click", () => onSeek(time));

  return {
    node,
    show(index) {
      const there = Math.min(index, frames.count - 1);
      time = frames.timeOf(there);
      picture.show(there);
      node.title = `Go to ${clock(time)}`;
      node.setAttribute("aria-label", node.title);
    },
  };
}

const emptyPlace = () => ({ node: element("span"), show() {} });
