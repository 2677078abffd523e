// What the pointer does on the ruler and on the rows.

import { gestures } from "./gestures.js";
import { isWhole, length, timeAt } from "./view.js";

/** `focus` gives the playhead the focus, so that keys work from there. */
export function pointing(parts, state, { picture, navigate, pick, card, enter, seek, choose, focus }) {
  const { root, ruler, rows, scroller } = parts;
  const timeOf = (x) => timeAt(state.view, picture.width, x);
  const under = (event, x) => pick.under(x, event.clientY - rows.getBoundingClientRect().top);

  function hover({ lane, index }, x) {
    const { hovered } = state;
    if (index !== hovered.index || lane !== hovered.lane) picture.stale("view");
    state.hovered = { lane, index };
    if (index < 0) card.hide();
    else card.show({ ...pick.told(index, lane), time: timeOf(x), ...spot(x) });
  }

  const leave = () => hover({ lane: state.lane, index: -1 });

  // Where the card points to, in pixels of the root.
  function spot(x) {
    const [from, middle, box] = [root, rows, scroller].map((node) => node.getBoundingClientRect());
    return { x: x + middle.left - from.left, top: box.top - from.top, bottom: box.bottom - from.top };
  }

  function clickRows(event, x) {
    const { lane, index } = under(event, x);
    enter(lane);
    seek(index < 0 ? timeOf(x) : pick.near(index, timeOf(x)));
    choose(index);
    // A finger does not hover.
    if (event.pointerType === "touch") hover({ lane, index }, x);
    focus();
  }

  function clickRuler(event, x) {
    seek(timeOf(x));
    focus();
  }

  const shared = {
    onZoom: (factor, x) => navigate.zoom(factor, timeOf(x)),
    onPan: (pixels) => navigate.pan((-pixels / picture.width) * length(state.view)),
    onHover: (event, x) => hover(under(event, x), x),
    onLeave: (event) => event.pointerType !== "touch" && leave(),
    wantsPan: () => !isWhole(state.view, state.limits),
  };
  gestures(rows, { ...shared, onClick: clickRows });
  gestures(ruler, {
    ...shared,
    onClick: clickRuler,
    onHover: leave,
    // With all in view there is nothing to pan, and the playhead comes along.
    onPan: (pixels, x) => (shared.wantsPan() ? shared.onPan(pixels) : seek(timeOf(x))),
  });
}
