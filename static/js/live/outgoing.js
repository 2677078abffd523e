// The pictures on their way to the service, at the rate at which it takes them.

const WAITING_SECONDS = 2;

/**
 * A batch of frames goes by send(frames) once all before were taken. Those that come meanwhile wait;
 * where too many do, every other one goes, so that what is sent stays recent and evenly spread.
 */
export function outgoing({ fps, send }) {
  const most = Math.max(Math.round(WAITING_SECONDS * fps), 2);
  let waiting = [];
  let sent = 0;
  let taken = 0;
  let onEmpty = () => {};

  function pump() {
    if (taken < sent) return;
    if (waiting.length === 0) return void onEmpty();
    sent += waiting.length;
    send(waiting);
    waiting = [];
  }

  return {
    add(frame) {
      if (waiting.length >= most) waiting = waiting.filter((_, at) => at % 2 === 1);
      waiting.push(frame);
      pump();
    },
    /** In all. */
    taken(frames) {
      taken = frames;
      pump();
    },
    /** Waits until all that were added have been taken. */
    empty() {
      return new Promise((resolve) => {
        onEmpty = resolve;
        pump();
      });
    },
  };
}
