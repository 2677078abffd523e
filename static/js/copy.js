// Buttons that copy the documentation's commands.

import { element } from "./dom.js";

const SHOWN_MS = 2000;

function copyButton(code, what) {
  const word = element("span", {}, "Copy");
  const button = element(
    "button",
    { class: "copy", type: "button" },
    word,
    element("span", { class: "unseen" }, `the command “${what}”`),
  );
  const said = element("span", { class: "unseen", role: "status" });
  let timer;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.textContent);
    word.textContent = "Copied";
    said.textContent = "Copied.";
    clearTimeout(timer);
    timer = setTimeout(() => {
      word.textContent = "Copy";
      said.textContent = "";
    }, SHOWN_MS);
  });
  return [button, said];
}

// Browsers keep the clipboard from pages that came without TLS, but for this machine's own.
if (navigator.clipboard) {
  for (const block of document.querySelectorAll("[data-copy]")) {
    const caption = block.parentElement.querySelector("figcaption");
    block.after(...copyButton(block.querySelector("code"), caption.textContent));
  }
}
