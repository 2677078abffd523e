// Elements, made without ever parsing text as HTML.

/** element("button", { class: "x", type: "button" }, "text", child) */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** The element inside root that carries the attribute data-name. */
export const part = (root, name) => root.querySelector(`[data-${name}]`);

export const parts = (root, ...names) => names.map((name) => part(root, name));

/** Writes texts into the elements inside root that carry data-name, by name. */
export function write(root, texts) {
  for (const [name, text] of Object.entries(texts)) part(root, name).textContent = text;
}

/** The spot of colour beside a label. */
export function swatch(colour) {
  const spot = element("i", { class: "swatch" });
  spot.style.backgroundColor = colour;
  return spot;
}

/** Makes these the children of a list; those that were stay untouched, if their order is the same. */
export function arrange(list, nodes) {
  const wanted = new Set(nodes);
  for (const old of [...list.children]) if (!wanted.has(old)) old.remove();
  nodes.forEach((node, at) => {
    const there = list.children[at] ?? null;
    if (there !== node) list.insertBefore(node, there);
  });
}

/** Writes a text that may be cut off for want of room; the whole is shown on hovering. */
export function whole(node, text) {
  node.textContent = node.title = text;
}
