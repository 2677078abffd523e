// What fingers, mouse and wheel ask of an element whose width is a stretch of time.

const STILL_PIXELS = { mouse: 4, pen: 6, touch: 10 };
const WHEEL_LIMIT = 30;
const WHEEL_STRENGTH = 0.01;
const LINE_PIXELS = 16;
const PAGE_PIXELS = 400;

/**
 * onZoom(factor, x), onPan(pixels, x), onClick(event, x), onHover(event, x), and onLeave(event); x is
 * from the left of the element. wantsPan() tells whether there is anything to pan to. The plain wheel
 * and vertical swipes are left to the page.
 */
export function gestures(node, { onZoom, onPan, onClick, onHover, onLeave, wantsPan }) {
  const fingers = new Map();
  let begun = null;
  const at = ({ clientX }) => clientX - node.getBoundingClientRect().left;

  function down(event) {
    if (event.button !== 0) return;
    node.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    begun = fingers.size === 1 ? { x: at(event), moved: false } : null;
  }

  function move(event) {
    const x = at(event);
    const before = fingers.get(event.pointerId);
    if (before === undefined) onHover(event, x);
    else if (fingers.size === 2) pinch(event.pointerId, before, x);
    else if (begun) drag(event, before, x);
  }

  function drag(event, before, x) {
    if (!begun.moved && Math.abs(x - begun.x) < STILL_PIXELS[event.pointerType]) return;
    begun.moved = true;
    fingers.set(event.pointerId, x);
    onPan(x - before, x);
  }

  function pinch(id, before, x) {
    const other = [...fingers].find(([finger]) => finger !== id)[1];
    fingers.set(id, x);
    const [was, is] = [Math.abs(before - other), Math.abs(x - other)];
    // What is between the fingers stays between them.
    if (was > 1 && is > 1) onZoom(is / was, (before + other) / 2);
    onPan((x - before) / 2, (x + other) / 2);
  }

  function up(event) {
    const clicked = fingers.delete(event.pointerId) && begun && !begun.moved;
    if (fingers.size === 0) begun = null;
    if (clicked && event.type === "pointerup") onClick(event, at(event));
  }

  function wheel(event) {
    const unit = [1, LINE_PIXELS, PAGE_PIXELS][event.deltaMode];
    const [across, down] = [event.deltaX * unit, event.deltaY * unit];
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      const turned = Math.min(Math.max(-down, -WHEEL_LIMIT), WHEEL_LIMIT);
      onZoom(Math.exp(turned * WHEEL_STRENGTH), at(event));
    } else if (wantsPan() && (event.shiftKey || Math.abs(across) > Math.abs(down))) {
      event.preventDefault();
      onPan(-(across || down), at(event));
    }
  }

  node.addEventListener("pointerdown", down);
  node.addEventListener("pointermove", move);
  node.addEventListener("pointerup", up);
  node.addEventListener("pointercancel", up);
  node.addEventListener("pointerleave", (event) => {
    if (!fingers.has(event.pointerId)) onLeave(event);
  });
  node.addEventListener("wheel", wheel, { passive: false });
  pinchOnSafari(node, (factor, event) => onZoom(factor, at(event)));
}

// Safari tells of a pinch on the track pad by events of its own, where others send wheel and Ctrl.
function pinchOnSafari(node, onZoom) {
  let scale = 1;
  node.addEventListener("gesturestart", (event) => {
    event.preventDefault();
    scale = 1;
  });
  node.addEventListener("gesturechange", (event) => {
    event.preventDefault();
    onZoom(event.scale / scale, event);
    scale = event.scale;
  });
}
