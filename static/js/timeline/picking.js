// Which segment is meant: under a pointer, at a time, or next by key. Segments are meant by their
// index, which is their cell's; -1 for none. What is picked is the clip where clips are told apart,
// else the action that it is part of.

import { count } from "../moments.js";
import { unitOf } from "./draw.js";
import { indexAt } from "./search.js";
import { timeAt } from "./view.js";

// Inside a segment even where the player rounds.
const EDGE_SECONDS = 0.002;

/** `picture` is the stage, `state` the timeline's own. */
export function picking(state, picture) {
  const actionOf = (index) => picture.plan.actions[picture.plan.cells[index].action];
  const unit = (index) => unitOf(picture.plan, picture.apart, index);

  function firstKept({ first, last }) {
    const { cells } = picture.plan;
    for (let index = first; index <= last; index++) if (cells[index].kept) return index;
    return -1;
  }

  return {
    actionOf,
    /** The clip or the action, with the names of the API. */
    subject: (index) => (picture.apart ? state.segments[index] : actionOf(index)),
    /** What the card tells of. */
    told: (index) => ({
      action: actionOf(index),
      segment: state.segments[index],
      apart: picture.apart,
    }),
    at: (time) => indexAt(picture.plan.cells, time),
    /** What is drawn at a point of the rows. */
    under(x, y) {
      const { plan, theme, width } = picture;
      const index = indexAt(plan.cells, timeAt(state.view, width, x));
      if (index < 0 || (state.hides && !plan.cells[index].kept)) return -1;
      const row = Math.floor(y / theme.pitch);
      return state.perLabel && row !== actionOf(index).row ? -1 : index;
    },
    /** The first clip of the next one that the filter keeps, or of the previous. */
    next(time, forward) {
      const units = picture.apart ? picture.plan.cells : picture.plan.actions;
      const step = forward ? 1 : -1;
      let at = count(units, ({ from }) => from <= time) - 1 + step;
      while (units[at] && firstKept(units[at]) < 0) at += step;
      return units[at] ? firstKept(units[at]) : -1;
    },
    startOf: (index) => inside(unit(index), unit(index).from),
    /** The second that a click at a time asks for. */
    near: (index, time) => inside(unit(index), time),
  };
}

function inside({ from, to }, time) {
  const margin = Math.min(EDGE_SECONDS, (to - from) / 2);
  return Math.min(Math.max(time, from + margin), to - margin);
}
