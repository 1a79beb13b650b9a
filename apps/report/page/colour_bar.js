// The scale of colours above pictures of densities.

import { viridis } from "./colours.js";
import { html } from "./elements.js";
import { fixed } from "./numbers.js";
import { linearTicks } from "./ticks.js";

export function colourBar(title, { low, high, clipsLow, clipsHigh }) {
  const place = value => `left: ${(100 * (value - low) / (high - low)).toFixed(2)}%`;
  const clipped = [clipsLow ? `below ${fixed(low, 1)}` : null, clipsHigh ? `above ${fixed(high, 1)}` : null].filter(Boolean);
  return html("div", { class: "scale" },
    html("span", null, title),
    html("div", { class: "bar", style: `background: linear-gradient(to right, ${viridis.join(", ")})` }),
    html("div", { class: "ticks" },
      linearTicks(low, high, 5).map(({ value, label }) => html("span", { style: place(value) }, label))),
    clipped.length ? html("p", { class: "note clipped" }, `Some values lie ${clipped.join(" and ")} and have the colour of that end.`) : null);
}
