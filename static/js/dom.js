// Elements, made without ever parsing text as HTML.

/** element("button", { class: "x", type: "button" }, "text", child) */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** The element inside root that carries the attribute data-name. */
export function part(root, name) {
  return root.querySelector(`[data-${name}]`);
}

/** Writes a text that may be cut off for want of room; the whole is shown on hovering. */
export function whole(node, text) {
  node.textContent = node.title = text;
}
