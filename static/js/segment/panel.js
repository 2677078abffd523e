// What is known of one clip: who named it, on what evidence, and whether a person knows better.

import { correction } from "../correction.js";
import { part, whole, write } from "../dom.js";
import { clock, modelName, spaced, surety } from "../labels.js";
import { attentionStrip } from "./attention.js";
import { bars } from "./bars.js";
import { opinions, verdict } from "./words.js";

/**
 * show(segment, index, { job, colourOf, frames, lane, other }) draws a clip, or null; the same again
 * costs nothing. Of two models, the job's result is as the one of the `lane` has it, and `other` as
 * otherAt() has it. Only clips of the first can be corrected; one that is being corrected stays.
 */
export function segmentPanel(root, { onSeek, onCorrect }) {
  const trained = bars(part(root, "trained"));
  const zeroShot = bars(part(root, "zero-shot"));
  const attention = attentionStrip(part(root, "attention"), { onSeek });
  const correcting = correction(part(root, "correction"), { onCorrect });
  const shown = { segment: undefined, frames: null };

  function head(segment, index, { job, colourOf, other }) {
    const all = job.result ? ` of ${job.result.segment_predictions.length}` : "";
    const when = `${clock(segment.start)} – ${clock(segment.end)}, clip ${index + 1}${all}`;
    write(root, {
      when: other ? `${when}, ${modelName(job.result.model)}` : when,
      confidence: segment.corrected ? "" : surety(segment),
    });
    part(root, "swatch").style.backgroundColor = colourOf(segment.label);
    whole(part(root, "label"), spaced(segment.label));
    whole(part(root, "verdict"), verdict(segment));
  }

  // Clips of two models differ in length, so it may change while the clip stays.
  function tellOther(other, colourOf) {
    if (other?.action === shown.action && other?.same === shown.same) return;
    Object.assign(shown, { action: other?.action, same: other?.same });
    part(root, "other").hidden = !other;
    if (!other) return;
    const { name, action, same } = other;
    write(root, {
      "other-name": same ? `${name} says the same:` : `${name}:`,
      "other-said": [spaced(action.label), surety(action)].filter(Boolean).join(", "),
    });
    part(root, "other-swatch").style.backgroundColor = colourOf(action.label);
  }

  function draw(segment, index, context) {
    head(segment, index, context);
    const said = opinions(segment, context.job.result?.thresholds);
    trained.show(said.trained);
    zeroShot.show(said.zeroShot);
    const looked = segment.attention.length > 0;
    part(root, "looked").hidden = !looked;
    const { width, height } = context.job.result?.video ?? context.job.video;
    const ratio = context.frames?.ratio ?? width / height;
    if (looked) attention.show(segment, ratio, context.frames, context.lane);
    part(root, "correction").hidden = context.lane > 0;
    if (!context.lane) correcting.show(index, context.job);
  }

  return {
    show(segment, index, context) {
      if (correcting.holds(context.job)) return;
      tellOther(context.other, context.colourOf);
      if (segment === shown.segment && context.frames === shown.frames) return;
      Object.assign(shown, { segment, frames: context.frames });
      root.hidden = segment === null;
      if (segment) draw(segment, index, context);
    },
  };
}
