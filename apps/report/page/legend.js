// The legend of the line figures: its buttons hide and show labels, the pointer over one brings it forward.

import { html } from "./elements.js";
import { swatch } from "./labels.js";

export function curveLegend(labels, styles, state, figures, redraw) {
  const buttons = labels.map(label => html("button", {
    type: "button",
    "aria-pressed": "true",
    title: "click to hide or show, double-click to show alone",
    click: () => update(new Set(state.hidden.has(label) ? [...state.hidden].filter(other => other !== label) : [...state.hidden, label])),
    dblclick: () => update(new Set(labels.filter(other => other !== label))),
    pointerenter: () => emphasise(label),
    pointerleave: () => emphasise(null),
    focus: () => emphasise(label),
    blur: () => emphasise(null),
  }, swatch(styles.get(label)), label));
  const update = hidden => {
    state.hidden = hidden;
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(!hidden.has(labels[index]))));
    all.hidden = hidden.size === 0;
    redraw();
  };
  const emphasise = label => figures.querySelectorAll("[data-label]").forEach(node =>
    node.classList.toggle("faded", label !== null && !state.hidden.has(label) && node.dataset.label !== label));
  const all = html("button", { type: "button", class: "show-all", hidden: "", click: () => update(new Set()) }, "Show all");
  return html("div", { class: "legend", role: "group", "aria-label": "Shown in the figures" }, buttons, all);
}
