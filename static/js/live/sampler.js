// Pictures of what plays in a video element, taken at a steady rate.

/**
 * Takes `fps` pictures a second, `side` pixels on their shorter side, as JPEG: onFrame hears each as
 * { moment, bytes }, onTick(seconds) the clock, which begins at `zero`, of performance.now(), or at
 * the first picture. A picture is left out where the one before is still being encoded.
 */
export function sampler(video, { fps, side, zero = null, onFrame, onTick }) {
  const worker = new Worker(new URL("shutter.js", import.meta.url));
  let began = zero;
  let busy = false;

  async function take() {
    if (busy || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    busy = true;
    const now = performance.now();
    began ??= now;
    const moment = (now - began) / 1000;
    onTick(moment);
    try {
      const picture = await createImageBitmap(video, shrunk(video, side));
      worker.postMessage({ picture, moment }, [picture]);
    } catch {
      // The camera has gone this moment; whoever watches it is told.
      busy = false;
    }
  }

  worker.addEventListener("message", ({ data }) => {
    if (data.tick) return void take();
    busy = false;
    onFrame(data);
  });
  worker.postMessage({ every: 1000 / fps });

  return { stop: () => worker.terminate() };
}

function shrunk({ videoWidth, videoHeight }, side) {
  const scale = side / Math.min(videoWidth, videoHeight);
  return {
    resizeWidth: Math.round(videoWidth * scale),
    resizeHeight: Math.round(videoHeight * scale),
    resizeQuality: "medium",
  };
}
