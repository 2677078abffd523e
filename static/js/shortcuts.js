// The keys of the whole page while a video is watched; the timeline has its own beside them.

const SKIP_SECONDS = 10;

/** isOn() tells whether player and timeline are shown; `help` is the dialog that lists the keys. */
export function shortcuts({ player, line, help, isOn }) {
  const does = {
    " ": player.toggle,
    k: player.toggle,
    j: () => player.skip(-SKIP_SECONDS),
    l: () => player.skip(SKIP_SECONDS),
    ",": () => player.step(-1),
    ".": () => player.step(1),
    "?": () => help.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (!isOn() || help.open || event.defaultPrevented || isTyping(event.target)) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return void line.key(event);
    const action = does[event.key.toLowerCase()];
    if (!action) return void line.key(event);
    // On a button or a link, Space presses it.
    if (event.key === " " && event.target.closest("button, a, summary, input")) return;
    event.preventDefault();
    action();
  });
}

// Sliders and radio buttons move by arrows.
const isTyping = (target) =>
  Boolean(target.closest("input:not([type=checkbox]), textarea, select, dialog"));
