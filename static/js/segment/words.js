// What is said of a clip and of the models that looked at it, for people who know neither.

import { UNKNOWN, isZeroShot, modelName, spaced } from "../labels.js";
import { called } from "../named.js";

const UNNAMED = "So the clip stays Unknown.";

/** Whose label a clip has, in a sentence. */
export function verdict({ label, source, trained, corrected }) {
  if (corrected) {
    return corrected.label === UNKNOWN
      ? "Corrected by a person; no model named it."
      : `Corrected by a person; ${called(corrected.source)} said ${spaced(corrected.label)}.`;
  }
  if (!isZeroShot(source)) {
    return label === UNKNOWN
      ? `${called(source)} sees no action here.`
      : `Named by ${called(source)}, the trained model.`;
  }
  return label === UNKNOWN
    ? `Neither ${called(trained.source)} nor ${called(source)} is sure of this.`
    : `Named by ${called(source)}, zero-shot, as ${called(trained.source)} is not sure.`;
}

/**
 * What both models said of a clip. `limit` is the least confidence at which one is believed, undefined
 * while `thresholds` are not known; `winner` the one of its labels that the clip has.
 */
export function opinions(segment, thresholds) {
  const spoke = segment.corrected ?? segment;
  const asked = isZeroShot(spoke.source);
  const winner = segment.corrected ? null : segment.label;
  const so = asked ? `So ${called(spoke.source)} was asked.` : "";
  const trained = asked ? segment.trained : { source: spoke.source, top5: segment.top5 };
  return {
    trained: {
      name: `Trained model (${modelName(trained.source)})`,
      top5: trained.top5,
      limit: thresholds?.trained,
      words: judged(trained.top5, thresholds?.trained, so),
      winner: asked ? null : winner,
    },
    zeroShot: {
      name: asked ? `Zero-shot model (${modelName(spoke.source)})` : "Zero-shot model",
      top5: asked ? segment.top5 : [],
      limit: thresholds?.zero_shot,
      words: asked
        ? judged(segment.top5, thresholds?.zero_shot, spoke.label === UNKNOWN ? UNNAMED : "")
        : "Not asked, since the trained model is sure enough.",
      winner: asked ? winner : null,
    },
  };
}

/** 0.4776 is "47.8%". */
export const exact = (fraction, digits = 1) => `${(fraction * 100).toFixed(digits)}%`;

// `so` is what follows where the model is not sure enough.
function judged([[label, confidence]], limit, so) {
  // Numbers that differ are to look different.
  const digits = limit !== undefined && exact(confidence) === exact(limit) ? 2 : 1;
  const sure = `${exact(confidence, digits)} sure of ${spaced(label)}`;
  if (limit === undefined) return so ? `${sure}. ${so}` : `${sure}.`;
  const needed = exact(limit, digits);
  return so
    ? `${sure}, less than the ${needed} it needs. ${so}`
    : `${sure}, which is enough: it needs ${needed}.`;
}
