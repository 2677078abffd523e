// Leads the view through the video: by hand, and along with the playhead while it plays.

import { glider } from "./glide.js";
import { centred, holds, isWhole, length, panned, within, zoomed } from "./view.js";

const BUTTON_ZOOM = 2;
// The page is turned when the playhead is nearly out of it, and goes on near its beginning.
const TURN_AT = 0.94;
const TURN_TO = 0.06;
// A playhead that moves further at once was sent there.
const JUMP_SECONDS = { playing: 1, still: 0.25 };

/** Moves `state.view` within `state.limits`; `changed` hears when it has. */
export function navigation(state, changed) {
  const glide = glider(put);
  // Where the view is going, for what is asked meanwhile.
  const going = () => glide.target() ?? state.view;

  function put(view) {
    state.view = view;
    changed();
  }

  // The user may lead it away from the playhead; then it stays there.
  function lookAt(view) {
    glide.stop();
    put(view);
    state.following = holds(view, state.now);
  }

  function glideTo(view) {
    glide.start(state.view, view);
    state.following = holds(view, state.now);
  }

  function reveal(at = 0.5) {
    state.following = true;
    const view = going();
    if (!holds(view, state.now)) glideTo(centred(view, state.limits, state.now, at));
  }

  return {
    lookAt,
    reveal,
    zoom: (factor, time) => lookAt(zoomed(state.view, state.limits, factor, time)),
    pan: (seconds) => lookAt(panned(state.view, state.limits, seconds)),
    /** Around the playhead where it is in sight. */
    step(closer) {
      const view = going();
      const around = holds(view, state.now) ? state.now : (view.from + view.to) / 2;
      const factor = closer ? BUTTON_ZOOM : 1 / BUTTON_ZOOM;
      glideTo(zoomed(view, state.limits, factor, around));
    },
    /** By a part of what is shown. */
    leaf(part) {
      const view = going();
      glideTo(panned(view, state.limits, part * length(view)));
    },
    fit: () => glideTo(state.limits),
    /** Keeps the playhead in sight when it has moved. */
    follow(before, playing) {
      const { now, limits } = state;
      const view = going();
      const place = (now - view.from) / length(view);
      if (Math.abs(now - before) > JUMP_SECONDS[playing ? "playing" : "still"]) {
        reveal(playing ? TURN_TO : 0.5);
      } else if (!state.following) {
        state.following = holds(view, now);
      } else if (playing && place > TURN_AT && view.to < limits.to) {
        glideTo(centred(view, limits, now, TURN_TO));
      }
    },
    /** A video whose length became known, or grew, while it was shown. */
    limit(limits) {
      const whole = isWhole(state.view, state.limits);
      state.limits = limits;
      put(whole ? limits : within(state.view, limits));
    },
  };
}
