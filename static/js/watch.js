// A finished job: the player, the timeline and the panel, kept at the same second.

import { colouring } from "./labels.js";
import { actionAt, clipAt } from "./moments.js";
import { overlay } from "./overlay.js";
import { player } from "./player.js";
import { segmentPanel } from "./segment.js";
import { timeline } from "./timeline.js";

/** open(job) shows a finished job; close() stops its video. */
export function watchView(root) {
  const over = overlay(root);
  const panel = segmentPanel(root.querySelector("#detail"));
  const bar = timeline(root, { onSeek: (time) => screen.seek(time) });
  const screen = player(root, { onTime: show, onCopy: (copy) => over.allow(!copy) });
  let result = null;
  let colourOf = null;

  function show(time) {
    if (!result) return;
    const action = actionAt(result.timeline, time);
    over.show(action, action && colourOf(action.label));
    bar.move(time, action);
    panel.show(clipAt(result.segment_predictions, time), colourOf);
  }

  return {
    open(job) {
      result = job.result;
      colourOf = colouring(result.timeline.map((action) => action.label));
      bar.draw(result, colourOf);
      offer(root, job);
      screen.load(result);
      show(result.video.start);
    },
    close() {
      if (!result) return;
      result = null;
      screen.unload();
    },
  };
}

function offer(root, job) {
  const { annotated_url: copy, models } = job.result;
  const annotated = root.querySelector("#annotated");
  annotated.hidden = !copy;
  if (copy) annotated.href = copy;
  annotated.download = `annotated-${job.id}.mp4`;
  const json = root.querySelector("#json");
  json.href = `/jobs/${encodeURIComponent(job.id)}`;
  json.download = `actions-${job.id}.json`;
  for (const link of root.querySelectorAll("[data-format]")) {
    link.href = `${json.href}/export/${link.dataset.format}`;
  }
  root.querySelector("#models").textContent =
    `Trained model: ${models.trained}. Zero-shot model: ${models.zero_shot}.`;
}
