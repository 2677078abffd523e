// A canvas that is as sharp as the screen.

/** clear(width, height) gives the brush of an empty canvas, in CSS pixels. */
export function surface(canvas) {
  const brush = canvas.getContext("2d");

  return {
    clear(width, height) {
      const ratio = devicePixelRatio;
      const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (canvas.width !== across || canvas.height !== down) {
        canvas.width = across;
        canvas.height = down;
        canvas.style.width = `${width}px`;
        canvas.style.height = `${height}px`;
      }
      brush.setTransform(ratio, 0, 0, ratio, 0, 0);
      brush.clearRect(0, 0, width, height);
      return brush;
    },
  };
}

/** Has `draw` called once before the next picture, however often it is called. */
export function onceAFrame(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };
}
