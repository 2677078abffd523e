// Puts the timeline and its table on a page of their own, as the service's page would, and keeps
// what they tell. A clock stands for the player.

import { element } from "/static/js/dom.js";
import { colouring } from "/static/js/labels.js";
import { segmentTable } from "/static/js/timeline/table.js";
import { timeline } from "/static/js/timeline/timeline.js";

const heard = { seeks: [], picks: [], lanes: [], thumbnails: [] };
const pictures = new Map();

function thumbnailAt(time) {
  const second = Math.floor(time);
  heard.thumbnails.push(second);
  if (!window.withThumbnails) return null;
  if (!pictures.has(second)) pictures.set(second, picture(second));
  return pictures.get(second);
}

function picture(second) {
  const canvas = element("canvas", { width: "320", height: "180" });
  const brush = canvas.getContext("2d");
  brush.fillStyle = `hsl(${second * 20} 30% 35%)`;
  brush.fillRect(0, 0, 320, 180);
  return canvas;
}

function onSeek(time) {
  heard.seeks.push(time);
  move(time);
}

function move(time, options) {
  line.move(time, options);
  rows.move(time);
}

const line = timeline(document.querySelector("#timeline"), {
  onSeek,
  onSelect(segment, index) {
    heard.picks.push(index);
    rows.select(index);
  },
  onLane: (lane) => heard.lanes.push(lane),
  thumbnailAt,
});
const rows = segmentTable(document.querySelector("#table"), {
  onSeek,
  onSelect: (segment, index) => line.select(index),
});

Object.assign(window, {
  heard,
  line,
  rows,
  move,
  show(result) {
    const segments = [...result.segments, ...(result.other?.segments ?? [])];
    const colourOf = colouring(segments.map((segment) => segment.label));
    heard.colourOf = colourOf;
    line.show({ ...result, colourOf });
    rows.show({ ...result, colourOf });
  },
  add(segments) {
    line.add(segments);
    rows.add(segments);
  },
  filter(kept) {
    line.filter(kept);
    rows.filter(kept);
  },
  ready: true,
});
