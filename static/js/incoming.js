// Files and links that are dropped or pasted anywhere on the page.

const LINK = /^(https?:\/\/\S+|[^\s/.]+\.[^\s/]+\/\S+)$/i;

/** While the zone can be seen. */
export function acceptDrops(zone, onFiles) {
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  // The whole window takes part, so that a near miss does not open the video in place of the page.
  window.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    zone.classList.add("over");
  });
  window.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone.classList.remove("over");
  });
  window.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    zone.classList.remove("over");
    if (zone.checkVisibility()) onFiles(firstOf(event.dataTransfer.files));
  });
}

/** While the zone can be seen, of what is not pasted into a field. */
export function acceptPastes(zone, onFiles, onLink) {
  document.addEventListener("paste", (event) => {
    if (!zone.checkVisibility()) return;
    const { files } = event.clipboardData;
    const text = event.clipboardData.getData("text/plain").trim();
    // Word processors put a picture of the text beside it.
    if (text && document.activeElement.matches("input:not([type=file])")) return;
    if (files.length) onFiles(firstOf(files));
    else if (LINK.test(text)) onLink(text);
    else return;
    event.preventDefault();
  });
}

function firstOf(files) {
  const one = new DataTransfer();
  one.items.add(files[0]);
  return one.files;
}
