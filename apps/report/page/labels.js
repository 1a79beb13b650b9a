// Each label has a colour, the same in every table and figure; they repeat after seven, with another dash pattern.

import { svg } from "./elements.js";

const dashes = ["", "6 3", "2 3", "9 3 2 3", "12 4"];

export const uniqueLabels = runs => [...new Set(runs.map(run => run.label))];

export function stylesByLabel(report) {
  const labels = [...new Set([...uniqueLabels(report.runs), ...report.table.rows.map(row => row.label)])];
  return new Map(labels.map((label, index) => [label, {
    colour: `var(--series-${index % 7})`,
    dash: dashes[Math.floor(index / 7) % dashes.length],
  }]));
}

export const stroke = style => `stroke: ${style.colour}; stroke-dasharray: ${style.dash || "none"}`;
export const fill = style => `fill: ${style.colour}`;
export const swatch = style => svg("svg", { class: "swatch", "aria-hidden": "true" },
  svg("line", { x1: 0, x2: 24, y1: 5, y2: 5, style: stroke(style) }));
