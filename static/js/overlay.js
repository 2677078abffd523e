// The current action over the picture, for as long as it is wanted and not in the picture already.

import { part, write } from "./dom.js";
import { saidBy, spaced, surety } from "./labels.js";

/** The `other` is as otherAt() has it, with its `colour`; allow(false) hides all with the switch. */
export function overlay(root) {
  const box = root.querySelector("#overlay");
  const wanted = root.querySelector("#overlay-on");
  const toggle = root.querySelector("#overlay-switch");
  let empty = true;

  function refresh() {
    box.hidden = empty || toggle.hidden || !wanted.checked;
  }

  wanted.addEventListener("change", refresh);

  return {
    show(action, colour, other = null) {
      empty = action === null;
      if (action) {
        part(box, "swatch").style.backgroundColor = colour;
        const [label, confidence] = [spaced(action.label), surety(action)];
        write(box, { label, confidence, source: saidBy(action) });
      }
      part(box, "other").hidden = other === null;
      if (other) {
        part(box, "other-swatch").style.backgroundColor = other.colour;
        const said = [`${other.name}:`, spaced(other.action.label), surety(other.action)];
        write(box, { "other-said": said.join(" ") });
      }
      refresh();
    },
    allow(allowed) {
      toggle.hidden = !allowed;
      refresh();
    },
  };
}
