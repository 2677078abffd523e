// What the rows draw, made of the scored clips and of the actions that they were merged to.
//
// Clips overlap by half, so each is drawn where it owns the moments: those nearer to its middle than
// to any other's, by which the service merges them too. That gives
//   cells:   one per clip, without overlaps, and gaps only where nothing was seen
//   actions: neighbours with the same label; the blocks of a row, and what is picked from afar
//   pieces:  stretches of one action that look alike, all kept or not, all zero-shot or not
// Each has {from, to} in seconds, and the indices {first, last} of its cells.

import { UNKNOWN, isHatched } from "../labels.js";

// Seconds that lie between two clips without a gap, since their times are rounded.
const ROUNDING = 0.01;

/**
 * `actions` are the service's; without them, as while clips still come in, they are merged here.
 * `kept` tells which clips pass the filter, `order` the labels of rows that are shown already.
 */
export function layout({ start, end, segments, actions, kept, order }) {
  const cells = owned(segments, start, end, actions === null);
  const blocks = (actions ?? merged(cells)).map((action) => ({
    ...action,
    from: action.start,
    to: action.end,
  }));
  assign(cells, blocks);
  for (const cell of cells) cell.kept = kept(cell.segment);
  const rows = rowsOf(blocks, order);
  const rowOf = new Map(rows.map(({ label }, row) => [label, row]));
  for (const block of blocks) block.row = rowOf.get(block.label);
  return { cells, actions: blocks, pieces: piecesOf(cells, blocks), rows };
}

// While clips still come in, the last one owns no more than itself.
function owned(segments, start, end, open) {
  const middle = (segment) => (segment.start + segment.end) / 2;
  const edge = (index) => (middle(segments[index - 1]) + middle(segments[index])) / 2;
  // Live streams can be cut, and then nothing was seen between two clips.
  const cut = (index) => segments[index].start > segments[index - 1].end + ROUNDING;
  const last = segments.length - 1;
  return segments.map((segment, index) => {
    const from = index === 0 ? start : cut(index) ? segment.start : edge(index);
    if (index === last) return { segment, from, to: open ? segment.end : end };
    return { segment, from, to: cut(index + 1) ? segment.end : edge(index + 1) };
  });
}

function merged(cells) {
  const runs = [];
  for (const cell of cells) {
    const before = runs.at(-1)?.at(-1);
    if (before?.to === cell.from && before.segment.label === cell.segment.label) {
      runs.at(-1).push(cell);
    } else runs.push([cell]);
  }
  return runs.map(joined);
}

// As the service joins them: the mean confidence by time, and the source of most of it.
function joined(run) {
  const seconds = new Map();
  let sum = 0;
  let whole = 0;
  for (const { from, to, segment } of run) {
    const share = Math.max(to - from, 1e-9);
    seconds.set(segment.source, (seconds.get(segment.source) ?? 0) + share);
    sum += share * segment.confidence;
    whole += share;
  }
  const [source] = [...seconds].reduce((most, entry) => (entry[1] > most[1] ? entry : most));
  const [first, last] = [run[0], run.at(-1)];
  const { label } = first.segment;
  return { start: first.from, end: last.to, label, confidence: sum / whole, source };
}

function assign(cells, actions) {
  let at = 0;
  cells.forEach((cell, index) => {
    const middle = (cell.from + cell.to) / 2;
    while (at < actions.length - 1 && actions[at].end <= middle) at += 1;
    cell.action = at;
    cell.first = cell.last = index;
    actions[at].first ??= index;
    actions[at].last = index;
  });
}

function piecesOf(cells, actions) {
  const pieces = [];
  cells.forEach((cell, index) => {
    const { label } = actions[cell.action];
    const hatched = isHatched({ label, source: cell.segment.source });
    const open = pieces.at(-1);
    if (open?.action === cell.action && open.kept === cell.kept && open.hatched === hatched) {
      open.last = index;
      open.to = cell.to;
    } else {
      const { from, to, action, kept } = cell;
      pieces.push({ from, to, action, kept, hatched, first: index, last: index });
    }
  });
  return pieces;
}

// The longest first and Unknown last; rows that are shown already stay in their order.
function rowsOf(actions, order) {
  const seconds = new Map();
  for (const { label, start, end } of actions) {
    seconds.set(label, (seconds.get(label) ?? 0) + end - start);
  }
  const shown = order.filter((label) => seconds.has(label) && label !== UNKNOWN);
  const others = [...seconds.keys()].filter((label) => label !== UNKNOWN && !shown.includes(label));
  others.sort((a, b) => seconds.get(b) - seconds.get(a));
  const last = seconds.has(UNKNOWN) ? [UNKNOWN] : [];
  return [...shown, ...others, ...last].map((label) => ({ label, seconds: seconds.get(label) }));
}
