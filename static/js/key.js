// The key of whoever sends, where the service asks for one; kept until the tab is closed.

import { tab } from "./kept.js";

const NAME = "key";

export function keyField(root) {
  const input = root.querySelector("input");

  input.value = tab.recall(NAME);
  if (input.value) root.hidden = false;
  input.addEventListener("input", () => tab.remember(NAME, input.value));

  return {
    get value() {
      // What a header cannot carry is in no key.
      return input.value.replace(/[^\x21-\x7e]/g, "");
    },
    get missing() {
      return input.required && !this.value;
    },
    ask() {
      root.hidden = false;
      input.focus();
    },
  };
}
