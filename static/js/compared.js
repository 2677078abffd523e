// Two models on one video: what each of them found, and where they agree.

import { colouring, modelName } from "./labels.js";
import { actionAt, count } from "./moments.js";

/** The result as each model alone would have it, the first one's first. */
export const foundBy = (result) =>
  result.comparison ? [result, { ...result, ...result.comparison }] : [result];

/** A result as the timeline takes it. */
export function lanesOf(result) {
  const [first, other] = foundBy(result).map((found) => ({
    name: modelName(found.model),
    segments: found.segment_predictions,
    actions: found.timeline,
  }));
  return { ...first, other, agreed: agreedOf(result) };
}

const agreedOf = ({ comparison }) => comparison?.agreement.stretches ?? [];

/** Colours for the labels of both; one action has one colour, by whichever name. */
export function coloursOf(result) {
  const actions = foundBy(result).flatMap((found) => found.timeline);
  const colourOf = colouring(actions.map(({ label }) => label));
  const alike = new Map(agreedOf(result).map(({ start, end, label }) =>
    [actionAt(result.comparison.timeline, (start + end) / 2).label, label]));
  return (label) => colourOf(alike.get(label) ?? label);
}

/** What the model of the other lane says at a time, as { name, action, same }; null without one. */
export function otherAt(result, lane, time) {
  if (!result?.comparison) return null;
  const { model, timeline } = foundBy(result)[1 - lane];
  const stretches = agreedOf(result);
  const last = stretches[count(stretches, ({ start }) => start <= time) - 1];
  return {
    name: modelName(model),
    action: actionAt(timeline, time),
    same: time < last?.end,
  };
}
