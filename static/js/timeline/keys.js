// Which key asks for what on the timeline.

const ANYWHERE = {
  ArrowLeft: "back",
  ArrowRight: "on",
  Home: "first",
  End: "last",
  "[": "previous",
  "]": "next",
  "+": "closer",
  "=": "closer",
  "-": "wider",
  _: "wider",
  m: "otherLane",
  M: "otherLane",
};
const SHIFTED = { ArrowLeft: "panBack", ArrowRight: "panOn" };
// Elsewhere these scroll the page or press what has the focus.
const ON_SLIDER = {
  ArrowDown: "back",
  ArrowUp: "on",
  PageDown: "farBack",
  PageUp: "farOn",
  Enter: "pick",
  Escape: "drop",
};

/** The name of what is asked for, or undefined; keys with Ctrl, Alt or Meta are the browser's. */
export function asked(event, onSlider) {
  // Many keyboards type brackets with AltGr, which is Ctrl and Alt, or with Alt.
  const bracket = event.key === "[" || event.key === "]";
  if (event.metaKey || (!bracket && (event.ctrlKey || event.altKey))) return undefined;
  const shifted = event.shiftKey ? SHIFTED[event.key] : undefined;
  return shifted ?? ANYWHERE[event.key] ?? (onSlider ? ON_SLIDER[event.key] : undefined);
}
