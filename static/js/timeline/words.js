// What is said of times and segments to those who do not see them drawn.

import { clock, counted, saidBy, spaced, surety } from "../labels.js";

/** 63 is "1 minute 3 seconds"; 3.25 is "3.3 seconds". */
export function spokenTime(seconds) {
  const tenths = Math.round(Math.max(seconds, 0) * 10);
  const hours = Math.floor(tenths / 36000);
  const minutes = Math.floor((tenths % 36000) / 600);
  const rest = (tenths % 600) / 10;
  const parts = [[hours, "hour"], [minutes, "minute"], [rest, "second"]];
  const said = parts.filter(([number, unit]) => number || (unit === "second" && tenths === 0));
  return said.map(([number, unit]) => counted(number, unit)).join(" ");
}

export function described(segment) {
  const when = `${clock(segment.start)} to ${clock(segment.end)}`;
  return [spaced(segment.label), when, surety(segment), saidBy(segment)].filter(Boolean).join(", ");
}
