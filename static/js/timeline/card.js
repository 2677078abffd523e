// The small card over the segment under the pointer.

import { element, swatch } from "../dom.js";
import { clock, percent, saidBy, spaced, surety } from "../labels.js";

const GUESSES = 3;
const GAP = 10;

/** show() takes x, top and bottom in pixels of root, and a model's name or null beside the segment. */
export function hoverCard(root, { colourOf, thumbnailAt }) {
  const picture = element("div", { class: "timeline-picture" });
  const text = element("div");
  const heading = element("p");
  const card = element("div", { class: "timeline-card", "aria-hidden": "true" }, picture, text);
  let shown = null;
  card.hidden = true;
  root.append(card);

  function fill({ action, segment, time, apart, model }) {
    const subject = apart ? segment : action;
    heading.textContent = guessesOf(apart, time);
    text.replaceChildren(
      ...(model ? [element("p", { class: "timeline-card-model" }, model)] : []),
      element("p", { class: "timeline-card-label" }, swatch(colourOf(action.label)),
        element("strong", {}, spaced(action.label)), element("span", {}, surety(subject))),
      element("p", {}, `${clock(subject.start)} – ${clock(subject.end)}, ${saidBy(subject)}`),
      heading,
      ...segment.top5.slice(0, GUESSES).map(guess),
    );
  }

  return {
    show(what) {
      const key = `${what.model} ${what.action.start} ${what.segment.start} ${what.apart}`;
      if (key !== shown) fill(what);
      else if (!what.apart) heading.textContent = guessesOf(false, what.time);
      shown = key;
      const image = thumbnailAt(what.time);
      picture.hidden = image === null;
      if (image !== null && image !== picture.firstChild) picture.replaceChildren(image);
      card.hidden = false;
      put(card, root, what);
    },
    /** Whether there was one to hide. */
    hide() {
      const was = !card.hidden;
      card.hidden = true;
      shown = null;
      return was;
    },
  };
}

const guessesOf = (apart, time) => apart ? "Best guesses" : `Best guesses around ${clock(time)}`;

function guess([label, confidence]) {
  const fill = element("i");
  fill.style.width = percent(confidence);
  return element("p", { class: "timeline-guess" }, element("span", {}, spaced(label)),
    element("b", {}, percent(confidence)), element("span", { class: "timeline-bar" }, fill));
}

// Above the rows, or below them where the window has no room above; never out of either side.
function put(card, root, { x, top, bottom }) {
  const most = root.clientWidth - card.offsetWidth;
  const above = root.getBoundingClientRect().top + top - card.offsetHeight - GAP >= 0;
  const left = Math.min(Math.max(x - card.offsetWidth / 2, 0), Math.max(most, 0));
  const y = above ? top - card.offsetHeight - GAP : bottom + GAP;
  card.style.transform = `translate(${Math.round(left)}px, ${Math.round(y)}px)`;
}
