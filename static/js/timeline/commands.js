// What keys and buttons do.

import { steps } from "./ruler.js";

const MOST_STEP_SECONDS = 5;
const FAR_STEPS = 3;
const LEAF = 0.25;

/** A function for each name of keys.js. */
export function commands(state, { picture, navigate, pick, enter, seek, choose }) {
  // By the marks of the ruler, as far as they are near.
  function step(times) {
    const { mark } = steps(state.view, picture.width);
    seek(state.now + times * Math.min(mark, MOST_STEP_SECONDS));
  }

  function goTo(index) {
    if (index < 0) return;
    seek(pick.startOf(index));
    choose(index);
  }

  return {
    back: () => step(-1),
    on: () => step(1),
    farBack: () => step(-FAR_STEPS),
    farOn: () => step(FAR_STEPS),
    first: () => seek(state.limits.from),
    last: () => seek(state.limits.to),
    previous: () => goTo(pick.next(state.now, false)),
    next: () => goTo(pick.next(state.now, true)),
    closer: () => navigate.step(true),
    wider: () => navigate.step(false),
    panBack: () => navigate.leaf(-LEAF),
    panOn: () => navigate.leaf(LEAF),
    pick: () => choose(pick.at(state.now)),
    otherLane: () => enter((state.lane + 1) % state.lanes.length),
    drop: () => choose(-1),
  };
}
