// What is going on now: the action, its three likeliest names, how late and how complete that is.

import { part, whole, write } from "../dom.js";
import { guessLine } from "../guess.js";
import { percent, saidBy, spaced, surety } from "../labels.js";

const MOST = 3;

/** clear() is for before the first answer. */
export function currentAction(root) {
  const guesses = Array.from({ length: MOST }, () => guessLine(percent));
  part(root, "guesses").append(...guesses.map(({ node }) => node));
  let last = null;

  // A screen reader is told what begins, not every second that it goes on.
  function tell(segment) {
    if (segment.label === last) return;
    last = segment.label;
    write(root, { said: `${spaced(segment.label)} ${surety(segment)}` });
  }

  return {
    clear() {
      last = null;
      root.classList.add("silent");
      whole(part(root, "label"), "Watching …");
      const source = "The first answer comes after a few seconds.";
      write(root, { said: "", confidence: "", source, latency: "–" });
      part(root, "skipped").hidden = true;
    },
    show(segment, colour) {
      root.classList.remove("silent");
      part(root, "swatch").style.backgroundColor = colour;
      whole(part(root, "label"), spaced(segment.label));
      write(root, { confidence: surety(segment), source: saidBy(segment) });
      const { top5, label, confidence } = segment;
      const best = top5.length ? top5 : [[label, confidence]];
      guesses.forEach((one, at) => one.show(best[at]));
      tell(segment);
    },
    late({ latency, dropped }) {
      write(root, { latency: `${Math.round(latency * 1000)} ms`, dropped });
      part(root, "skipped").hidden = dropped === 0;
    },
  };
}
