// Puts the segment's panel and the form that asks again on a page of their own, as the service's page
// would, and keeps what they tell.

import { WORDS } from "/static/js/actions.js";
import { frames } from "/static/js/frames.js";
import { colouring, useWords } from "/static/js/labels.js";
import { segmentPanel } from "/static/js/segment/panel.js";
import { vocabulary } from "/static/js/vocabulary.js";

useWords(WORDS);
const heard = { seeks: [], results: [] };
const seen = { job: null, pictures: null, colourOf: null, index: 0 };

const panel = segmentPanel(document.querySelector("#detail"), {
  onSeek: (time) => heard.seeks.push(time),
  onCorrect: taken,
});
const words = vocabulary(document.querySelector("#vocabulary"), { onResult: taken });

function taken(result) {
  heard.results.push(result);
  take({ ...seen.job, result });
}

function take(job) {
  seen.job = job;
  seen.colourOf = colouring(job.result.timeline.map(({ label }) => label));
  words.open(job.result);
  clip(seen.index);
}

function clip(index) {
  const { job, pictures, colourOf } = seen;
  seen.index = index;
  const segments = job.result?.segment_predictions ?? job.segments;
  panel.show(segments[index], index, { job, colourOf, frames: pictures });
}

function shadeAt(canvas, x, y) {
  const brush = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  brush.drawImage(canvas, x, y, 1, 1, 0, 0, 1, 1);
  return brush.getImageData(0, 0, 1, 1).data[0];
}

Object.assign(window, {
  heard,
  clip,
  /** How bright a picture is in the middle; none is 0. */
  shade: (canvas) => shadeAt(canvas, canvas.width / 2, canvas.height / 2),
  shadeAt,
  pictureAt: (time) => seen.pictures.at(time),
  show(job) {
    seen.index = 0;
    seen.pictures = job.result.frames && frames(job);
    take(job);
  },
  /** A job that is still running: its segments, and no result. */
  run(job) {
    Object.assign(seen, { job, pictures: null, colourOf: colouring([]) });
    clip(0);
  },
  ready: true,
});
