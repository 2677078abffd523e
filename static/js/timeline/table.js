// The segments as a table that can be sorted: the timeline for those who read or listen.

import { element, swatch } from "../dom.js";
import { UNKNOWN, clock, counted, saidBy, spaced, surety } from "../labels.js";
import { clipAt } from "../moments.js";
import { onceAFrame } from "./surface.js";
import { rowWindow } from "./window.js";

const COLUMNS = [
  { name: "Start", value: ({ start }) => start },
  { name: "End", value: ({ end }) => end },
  { name: "Label", value: ({ label }) => spaced(label) },
  { name: "Confidence", value: ({ label, confidence }) => (label === UNKNOWN ? -1 : confidence) },
  { name: "Model", value: saidBy },
];

/** A row that is activated tells onSeek and onSelect. */
export function segmentTable(root, { onSeek, onSelect }) {
  const state = {
    segments: [],
    colourOf: () => "",
    kept: () => true,
    column: COLUMNS[0],
    descending: false,
    now: -1,
    selected: -1,
  };
  const caption = element("caption");
  const headings = COLUMNS.map(heading);
  const table = element("table", {}, caption,
    element("thead", {}, element("tr", { "aria-rowindex": "1" }, ...headings)));
  root.classList.add("segment-table");
  root.append(table);
  const rows = rowWindow(root, table, { row, activate });
  const soon = onceAFrame(refresh);

  function heading(column) {
    const button = element("button", { type: "button" }, column.name);
    const cell = element("th", { scope: "col" }, button);
    button.addEventListener("click", () => {
      state.descending = state.column === column && !state.descending;
      state.column = column;
      refresh();
    });
    return cell;
  }

  function refresh() {
    const { segments, kept, column, descending } = state;
    const order = [...segments.keys()].filter((index) => kept(segments[index]));
    sort(order, segments, column, descending);
    COLUMNS.forEach((one, at) => {
      if (one !== column) headings[at].removeAttribute("aria-sort");
      else headings[at].setAttribute("aria-sort", descending ? "descending" : "ascending");
    });
    caption.textContent = found(order.length, segments.length);
    rows.show(order);
  }

  function row(index) {
    const segment = state.segments[index];
    const start = element("button", { type: "button", tabindex: "-1" }, clock(segment.start));
    const node = element("tr", {},
      element("td", {}, start),
      element("td", {}, clock(segment.end)),
      element("td", {}, swatch(state.colourOf(segment.label)), spaced(segment.label)),
      element("td", {}, surety(segment) || "–"),
      element("td", {}, saidBy(segment)));
    node.classList.toggle("selected", index === state.selected);
    if (index === state.now) node.setAttribute("aria-current", "true");
    return node;
  }

  function activate(index) {
    select(index);
    onSeek(state.segments[index].start);
    onSelect(state.segments[index], index);
  }

  function select(index) {
    rows.nodeOf(state.selected)?.classList.remove("selected");
    rows.nodeOf(index)?.classList.add("selected");
    state.selected = index;
  }

  return {
    show({ segments, colourOf }) {
      Object.assign(state, { segments: [...segments], colourOf, now: -1, selected: -1 });
      rows.clear();
      refresh();
    },
    add(segments) {
      state.segments.push(...segments);
      soon();
    },
    filter(kept) {
      state.kept = kept;
      refresh();
    },
    move(time) {
      const index = clipAt(state.segments, time);
      if (index === state.now) return;
      rows.nodeOf(state.now)?.removeAttribute("aria-current");
      rows.nodeOf(index)?.setAttribute("aria-current", "true");
      state.now = index;
    },
    select,
  };
}

function sort(order, segments, { value }, descending) {
  const values = segments.map(value);
  const sign = descending ? -1 : 1;
  order.sort((a, b) => sign * compare(values[a], values[b]) || a - b);
}

const compare = (a, b) => typeof a === "string" ? a.localeCompare(b) : a - b;

function found(shown, all) {
  const segments = counted(all, "segment");
  return shown === all ? segments : `${shown} of ${segments}`;
}
