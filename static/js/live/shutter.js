// A worker: the clock of a live stream, which is not slowed down while the tab is hidden, and the
// encoder of its pictures, which would hold the page up.
//
// { every } in milliseconds starts the ticks; { picture, moment } comes back as { moment, bytes }.

const QUALITY = 0.8;

self.addEventListener("message", async ({ data }) => {
  if (data.every) setInterval(() => self.postMessage({ tick: true }), data.every);
  else await encode(data);
});

async function encode({ picture, moment }) {
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d").drawImage(picture, 0, 0);
  picture.close();
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
  const bytes = await blob.arrayBuffer();
  self.postMessage({ moment, bytes }, [bytes]);
}
