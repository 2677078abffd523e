// A choice of one among a few that lie side by side.

import { element } from "./dom.js";

let made = 0;

/** A group of radio buttons to offer() [value, text] pairs in; with fewer than two it is hidden. */
export function choice(legend, kind, options = []) {
  const name = `choice-${(made += 1)}`;
  const title = element("legend", { class: "unseen" }, legend);
  const group = element("fieldset", { class: `choice ${kind}` }, title);
  const inputs = () => [...group.querySelectorAll("input")];
  let offered = null;

  function label([value, text]) {
    return element("label", { title: text },
      element("input", { type: "radio", name, value }), element("span", {}, text));
  }

  function offer(pairs) {
    // Whoever is at one of them is not to lose it.
    if (offered === String(pairs)) return;
    offered = String(pairs);
    group.replaceChildren(title, ...pairs.map(label));
    group.hidden = pairs.length < 2;
    if (pairs.length) inputs()[0].checked = true;
  }

  offer(options);
  return {
    group,
    offer,
    set(value) {
      for (const input of inputs()) input.checked = input.value === String(value);
    },
  };
}
