// The key of whoever sends, where the service asks for one; kept until the tab is closed.

const NAME = "key";

/** value is the key or nothing; ask() shows the field. */
export function keyField(root) {
  const input = root.querySelector("input");

  input.value = recall();
  if (input.value) root.hidden = false;
  input.addEventListener("input", () => remember(input.value));

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

// A browser that is told to keep nothing throws here.
function recall() {
  try {
    return sessionStorage.getItem(NAME) ?? "";
  } catch {
    return "";
  }
}

function remember(value) {
  try {
    sessionStorage.setItem(NAME, value);
  } catch {
    // It lasts until the page is left.
  }
}
