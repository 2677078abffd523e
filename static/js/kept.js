// What the browser keeps of the page; one that is told to keep nothing throws here.

/** Until the tab is closed. */
export const tab = keeper(() => sessionStorage);

export const browser = keeper(() => localStorage);

function keeper(storage) {
  return {
    /** The text of that name, or null. */
    recall(name) {
      try {
        return storage().getItem(name);
      } catch {
        return null;
      }
    },
    /** Of null it keeps nothing. */
    remember(name, text) {
      try {
        if (text === null) storage().removeItem(name);
        else storage().setItem(name, text);
      } catch {
        // It lasts until the page is left.
      }
    },
  };
}
