// Small pictures of the video, cut out of the contact sheets that are kept of its sampled frames.

import { element } from "./dom.js";
import { jobAddress } from "./job.js";

const MOST_SHEETS = 16;
const AGAIN_MS = 2000;
const CARD_PIXELS = 320;

/** The sampled frames of a finished job, which are counted from 0. */
export function frames({ id, result: { frames: kept, video } }) {
  const { fps, size, columns, rows, count } = kept;
  // Those of earlier results are squares, whatever the video's shape.
  const { width = size, height = size } = kept;
  const sheets = sheetStore((number) => jobAddress(id, "frames", `${number}.jpg`));
  const { clip = 16 } = kept;
  const ratio = kept.width ? width / height : video.width / video.height;
  const card = picture(CARD_PIXELS);

  function indexAt(seconds) {
    const index = Math.round((seconds - video.start) * fps);
    return Math.min(Math.max(index, 0), count - 1);
  }

  /** A canvas of so many pixels on its longer side, which show(index) draws a frame in. */
  function picture(pixels) {
    const [across, down] = ratio >= 1 ? [pixels, pixels / ratio] : [pixels * ratio, pixels];
    const canvas = element("canvas", {
      class: "frame", width: Math.max(Math.round(across), 1), height: Math.max(Math.round(down), 1),
    });
    const brush = canvas.getContext("2d");
    let shown = -1;

    function draw(sheet, place) {
      const [x, y] = [(place % columns) * size, Math.floor(place / columns) * size];
      brush.drawImage(sheet, x, y, width, height, 0, 0, canvas.width, canvas.height);
    }

    function show(index) {
      if (index === shown) return;
      shown = index;
      const place = index % (columns * rows);
      const sheet = sheets.get((index - place) / (columns * rows));
      if (sheet.loaded) return void draw(sheet.image, place);
      brush.clearRect(0, 0, canvas.width, canvas.height);
      sheet.ready.then((loaded) => {
        if (shown !== index) return;
        if (loaded) draw(sheet.image, place);
        else shown = -1;
      });
    }

    return { canvas, show };
  }

  return {
    clip,
    count,
    fps,
    /** Width to height of a picture. */
    ratio,
    picture,
    indexAt,
    timeOf: (index) => video.start + index / fps,
    /** Always in the same canvas. */
    at(seconds) {
      card.show(indexAt(seconds));
      return card.canvas;
    },
  };
}

// The sheets that were asked for last. One that falls out before it came is not waited for any more.
function sheetStore(addressOf) {
  const sheets = new Map();

  function load(number) {
    const image = new Image();
    const sheet = { image, loaded: false };
    image.src = addressOf(number);
    // Decoded beside the page's own work, so that drawing it takes no time.
    sheet.ready = image.decode().then(
      () => (sheet.loaded = true),
      () => {
        setTimeout(() => sheets.get(number) === sheet && sheets.delete(number), AGAIN_MS);
        return false;
      },
    );
    return sheet;
  }

  return {
    get(number) {
      const sheet = sheets.get(number) ?? load(number);
      sheets.delete(number);
      sheets.set(number, sheet);
      if (sheets.size > MOST_SHEETS) {
        const [oldest, { image }] = sheets.entries().next().value;
        sheets.delete(oldest);
        image.removeAttribute("src");
      }
      return sheet;
    },
  };
}
