// What is known of one clip: who named it, on what evidence, and whether a person knows better.

import { correction } from "../correction.js";
import { part, whole } from "../dom.js";
import { clock, spaced, surety } from "../labels.js";
import { attentionStrip } from "./attention.js";
import { bars } from "./bars.js";
import { opinions, verdict } from "./words.js";

/**
 * onSeek hears seconds; onCorrect hears the result with a person's corrections. show(segment, index,
 * { job, colourOf, frames }) draws a clip of a job, or null; the same again costs nothing. `frames`
 * is that of frames.js, or null as long as there are none. A clip that is being corrected stays.
 */
export function segmentPanel(root, { onSeek, onCorrect }) {
  const trained = bars(part(root, "trained"));
  const zeroShot = bars(part(root, "zero-shot"));
  const attention = attentionStrip(part(root, "attention"), { onSeek });
  const correcting = correction(part(root, "correction"), { onCorrect });
  let shown = { segment: undefined, frames: null };

  function head(segment, index, { job, colourOf }) {
    const all = job.result ? ` of ${job.result.segment_predictions.length}` : "";
    const when = `${clock(segment.start)} – ${clock(segment.end)}, clip ${index + 1}${all}`;
    part(root, "when").textContent = when;
    part(root, "swatch").style.backgroundColor = colourOf(segment.label);
    whole(part(root, "label"), spaced(segment.label));
    part(root, "confidence").textContent = segment.corrected ? "" : surety(segment);
    whole(part(root, "verdict"), verdict(segment));
  }

  function draw(segment, index, context) {
    head(segment, index, context);
    const said = opinions(segment, context.job.result?.thresholds);
    trained.show(said.trained);
    zeroShot.show(said.zeroShot);
    const looked = segment.attention.length > 0;
    part(root, "looked").hidden = !looked;
    const { width, height } = context.job.result?.video ?? context.job.video;
    if (looked) attention.show(segment, width / height, context.frames);
    correcting.show(index, context.job);
  }

  return {
    show(segment, index, context) {
      const same = segment === shown.segment && context.frames === shown.frames;
      if (same || correcting.holds(context.job)) return;
      shown = { segment, frames: context.frames };
      root.hidden = segment === null;
      if (segment) draw(segment, index, context);
    },
  };
}
