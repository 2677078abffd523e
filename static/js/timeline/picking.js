// Which segment is meant: under a pointer, at a time, or next by key. Segments are meant by their
// index, which is their cell's; -1 for none; of the chosen lane, unless another is named. What is
// picked is the clip where clips are told apart, else the action that it is part of.

import { count } from "../moments.js";
import { unitOf } from "./draw.js";
import { indexAt } from "./search.js";
import { timeAt } from "./view.js";

// Inside a segment even where the player rounds.
const EDGE_SECONDS = 0.002;

export function picking(state, picture) {
  const unit = (index) => unitOf(picture.planOf(), picture.isApart(), index);
  const segmentOf = (index, lane = state.lane) => state.lanes[lane].segments[index];

  function actionOf(index, lane) {
    const { actions, cells } = picture.planOf(lane);
    return actions[cells[index].action];
  }

  function firstKept({ first, last }) {
    const { cells } = picture.planOf();
    for (let index = first; index <= last; index++) if (cells[index].kept) return index;
    return -1;
  }

  return {
    actionOf,
    segmentOf,
    /** The clip or the action, with the names of the API. */
    subject: (index) => (picture.isApart() ? segmentOf(index) : actionOf(index)),
    /** For the card. */
    told: (index, lane) => ({
      action: actionOf(index, lane),
      segment: segmentOf(index, lane),
      apart: picture.isApart(lane),
      model: state.lanes.length > 1 ? state.lanes[lane].name : null,
    }),
    at: (time, lane) => indexAt(picture.planOf(lane).cells, time),
    /** At a point of the rows. */
    under(x, y) {
      const lane = picture.laneAt(y);
      const index = this.at(timeAt(state.view, picture.width, x), lane);
      const row = Math.floor(y / picture.theme.pitch);
      const beside = index >= 0 && state.perLabel && row !== actionOf(index).row;
      return { lane, index: beside ? -1 : index };
    },
    /** The first clip of the next one that the filter keeps, or of the previous. */
    next(time, forward) {
      const { cells, actions } = picture.planOf();
      const units = picture.isApart() ? cells : actions;
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
