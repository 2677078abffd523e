// Which models named the clips of a result, in words.

import { foundBy } from "./compared.js";
import { UNKNOWN, counted, isZeroShot, modelName } from "./labels.js";

// What stands in a result between the zero-shot model that was used and why that was not CLIP.
const WHY = "; CLIP: ";

/** A model inside a sentence. */
export const called = (source) =>
  isZeroShot(source) && source !== "clip" ? `the ${modelName(source)} model` : modelName(source);

/** Who named how many clips, and which model was asked about those that the first is not sure of. */
export function whoNamed(result) {
  if (result.segment_predictions.length === 0) return "";
  const sentences = foundBy(result).map(sentence);
  const why = result.models.zero_shot.split(WHY)[1];
  if (why && foundBy(result).some((found) => askedIn(found).length)) {
    sentences.push(`CLIP was not used: ${why}.`);
  }
  return sentences.join(" ");
}

function sentence(found) {
  const { segment_predictions: clips } = found;
  // Results of an earlier version do not name the model.
  const { model = (saidIn(found)[0].trained ?? saidIn(found)[0]).source } = found;
  const asked = askedIn(found);
  const trained = saidIn(found).filter(({ source }) => !isZeroShot(source));
  const quiet = trained.filter(({ label }) => label === UNKNOWN).length;
  const parts = [`${modelName(model)} named ${named(trained)} of ${counted(clips.length, "clip")}`];
  if (quiet) parts.push(`saw no action in ${quiet}`);
  const first = parts.join(" and ");
  if (asked.length === 0) return `${first}; no zero-shot model was asked.`;
  return `${first}; ${called(asked[0].source)}, asked about ${asked.length}, named ${named(asked)}.`;
}

// A correction hides what the models said.
const saidIn = ({ segment_predictions: clips }) => clips.map((clip) => clip.corrected ?? clip);

/** What the zero-shot model said of the clips that it was asked about. */
export const askedIn = (found) => saidIn(found).filter(({ source }) => isZeroShot(source));

const named = (clips) => clips.filter(({ label }) => label !== UNKNOWN).length || "none";
