// The rows of a long table that are in sight, with some to spare; the others are only room.

import { arrange, element } from "../dom.js";
import { onceAFrame } from "./surface.js";

const SPARE = 12;
const PAGE = 10;

/**
 * Fills `table`, which scrolls in `root`, with row(item) for the items in sight. One row is reached
 * by Tab, the others from it by keys; activate(item) hears a click and Enter.
 */
export function rowWindow(root, table, { row, activate }) {
  const [above, below] = [room(), room()];
  const body = element("tbody");
  const nodes = new Map();
  let items = [];
  let pitch = 0;
  let focused = 0;
  const soon = onceAFrame(draw);
  table.append(above, body, below);
  root.tabIndex = -1;

  // Where the rows begin in what scrolls, and the part of them that is in sight.
  function sight() {
    const begin = above.getBoundingClientRect().top - root.getBoundingClientRect().top;
    const top = table.tHead.offsetHeight - begin;
    const first = Math.max(Math.floor(top / pitch), 0);
    const last = Math.floor((root.clientHeight - begin) / pitch);
    return { begin: begin + root.scrollTop, first, last };
  }

  function draw() {
    // In a closed part of the page nothing has a height; it is drawn when that is opened.
    if (root.clientHeight === 0) return;
    pitch ||= measured();
    const seen = sight();
    const first = Math.min(Math.max(seen.first - SPARE, 0), items.length);
    const last = Math.min(Math.max(seen.last + SPARE, first), items.length);
    above.rows[0].cells[0].style.height = `${first * pitch}px`;
    below.rows[0].cells[0].style.height = `${(items.length - last) * pitch}px`;
    if (!body.contains(document.activeElement)) {
      focused = Math.max(Math.min(Math.max(focused, seen.first), seen.last, items.length - 1), 0);
    }
    place(first, last);
    table.setAttribute("aria-rowcount", items.length + 1);
  }

  function place(first, last) {
    const shown = new Set(items.slice(first, last));
    for (const [item, node] of nodes) if (!shown.has(item)) drop(item, node);
    for (let at = first; at < last; at++) {
      const node = nodes.get(items[at]) ?? row(items[at]);
      nodes.set(items[at], node);
      node.dataset.at = at;
      node.setAttribute("aria-rowindex", at + 2);
      node.querySelector("button").tabIndex = at === focused ? 0 : -1;
    }
    arrange(body, items.slice(first, last).map((item) => nodes.get(item)));
  }

  // The keyboard goes on from a row that was scrolled away.
  function drop(item, node) {
    if (node.contains(document.activeElement)) root.focus({ preventScroll: true });
    node.remove();
    nodes.delete(item);
  }

  function measured() {
    if (items.length === 0) return 0;
    const node = row(items[0]);
    body.append(node);
    const { height } = node.getBoundingClientRect();
    node.remove();
    return height;
  }

  function focus(at) {
    focused = Math.min(Math.max(at, 0), items.length - 1);
    const { begin } = sight();
    const top = begin + focused * pitch;
    const [highest, lowest] = [top + pitch - root.clientHeight, top - table.tHead.offsetHeight];
    root.scrollTop = Math.max(Math.min(root.scrollTop, lowest), highest);
    draw();
    nodes.get(items[focused]).querySelector("button").focus({ preventScroll: true });
  }

  const moves = {
    ArrowDown: () => focused + 1,
    ArrowUp: () => focused - 1,
    PageDown: () => focused + PAGE,
    PageUp: () => focused - PAGE,
    Home: () => 0,
    End: () => items.length - 1,
  };

  root.addEventListener("keydown", (event) => {
    const here = event.target === root || body.contains(event.target);
    if (!here || !moves[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (items.length) focus(moves[event.key]());
  });
  body.addEventListener("click", (event) => activate(items[rowOf(event)]));
  body.addEventListener("focusin", (event) => {
    focused = rowOf(event);
    soon();
  });
  root.addEventListener("scroll", soon, { passive: true });
  new ResizeObserver(soon).observe(root);

  return {
    nodeOf: (item) => nodes.get(item),
    show(newItems) {
      items = newItems;
      draw();
    },
    /** Has every row made anew by the next show. */
    clear() {
      for (const [item, node] of nodes) drop(item, node);
    },
  };
}

const rowOf = (event) => Number(event.target.closest("tr").dataset.at);

function room() {
  return element("tbody", { class: "spare", "aria-hidden": "true" },
    element("tr", {}, element("td")));
}
