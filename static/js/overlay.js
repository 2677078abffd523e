// The current action over the picture, for as long as it is wanted and not in the picture already.

import { part } from "./dom.js";
import { saidBy, spaced, surety } from "./labels.js";

/** show(action, colour) draws an action, or none; allow(false) hides it with its switch. */
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
    show(action, colour) {
      empty = action === null;
      if (action) {
        part(box, "swatch").style.backgroundColor = colour;
        part(box, "label").textContent = spaced(action.label);
        part(box, "confidence").textContent = surety(action);
        part(box, "source").textContent = saidBy(action);
      }
      refresh();
    },
    allow(allowed) {
      toggle.hidden = !allowed;
      refresh();
    },
  };
}
