// Elements of the page. Text is always set as text, never read as markup.

import { clamp } from "./statistics.js";

const creator = namespace => (tag, attributes, ...children) => {
  const node = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter(child => child !== null && child !== undefined));
  return node;
};
export const html = creator("http://www.w3.org/1999/xhtml");
export const svg = creator("http://www.w3.org/2000/svg");

export const section = (name, title, ...content) =>
  html("section", { class: name, "aria-label": title }, html("h2", null, title), ...content);

export function choice(legend, options, chosen, onChange) {
  const segment = ([value, label]) => html("label", null,
    html("input", { type: "radio", name: legend, value, checked: value === chosen && "", change: () => onChange(value) }),
    html("span", null, label));
  return html("fieldset", { class: "choice" },
    html("legend", null, legend),
    html("div", { class: "segments" }, options.map(segment)));
}

export function checkbox(label, onChange) {
  const input = html("input", { type: "checkbox", checked: "", change: () => onChange(input.checked) });
  return html("label", { class: "check" }, input, label);
}

// Rows of at most three, and four as two by two.
const columnsFor = count => count === 4 ? 2 : clamp(count, 1, 3);
export const grid = figures => html("div", { class: "grid", style: `--columns: ${columnsFor(figures.length)}` }, figures);

export const oncePerFrame = action => {
  let pending = false;
  return () => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => { pending = false; action(); });
  };
};

export function onWidthChange(node, action) {
  let width = node.clientWidth;
  const react = oncePerFrame(action);
  new ResizeObserver(() => {
    if (node.clientWidth === width) return;
    width = node.clientWidth;
    react();
  }).observe(node);
}

export const devicePixels = () => clamp(devicePixelRatio || 1, 1, 2);
