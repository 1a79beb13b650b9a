// The frame of a figure: axes with ticks and units, a grid, and room for what is plotted.

import { svg } from "./elements.js";
import { clamp } from "./statistics.js";

const textWidth = text => text.length * 6.4;
const margins = { top: 24, right: 8, bottom: 42 };
let frames = 0;

// Both scales are functions of their pixel range, because the room to the left
// depends on the tick labels of the vertical one. A square frame has its height from its width.
export function drawFrame({ width, height, makeX, makeY, xLabel, yLabel, attributes }) {
  const { top } = margins, right = width - margins.right;
  const guess = makeY([height ? height - margins.bottom : width, top]);
  const rows = clamp(Math.floor((height ?? width) / 52), 2, 6);
  const left = 14 + Math.max(18, ...guess.ticks(rows).map(tick => textWidth(tick.label ?? "")));
  const bottom = height ? height - margins.bottom : top + right - left;
  const x = makeX([left, right]), y = makeY([bottom, top]);
  const xTicks = x.ticks(clamp(Math.floor((right - left) / 56), 2, 8)), yTicks = y.ticks(rows);
  const clipId = `clip-${++frames}`;
  const plot = svg("g", { "clip-path": `url(#${clipId})` });
  const node = svg("svg", { class: "plot", viewBox: `0 0 ${width} ${bottom + margins.bottom}`, role: "img", ...attributes },
    svg("clipPath", { id: clipId }, svg("rect", { x: left, y: top - 4, width: right - left + 6, height: bottom - top + 8 })),
    verticalAxis(yTicks, y, { left, right, top, bottom }),
    horizontalAxis(xTicks, x, { left, right, bottom }),
    text((left + right) / 2, bottom + 38, "middle", xLabel),
    text(0, 12, "start", yLabel),
    plot);
  return { node, plot, x, y, left, right, top, bottom, width };
}

const line = (x1, y1, x2, y2, name) => svg("line", { x1, y1, x2, y2, class: name });
const text = (x, y, anchor, content) => svg("text", { x, y, "text-anchor": anchor }, content);

function verticalAxis(ticks, y, { left, right, top, bottom }) {
  const labelled = ticks.filter(tick => tick.label);
  return svg("g", null,
    labelled.map(tick => line(left, y.position(tick.value), right, y.position(tick.value), "gridline")),
    ticks.map(tick => line(left - (tick.label ? 5 : 3), y.position(tick.value), left, y.position(tick.value), "axis")),
    labelled.map(tick => text(left - 9, y.position(tick.value) + 4, "end", tick.label)),
    line(left, top, left, bottom, "axis"));
}

function horizontalAxis(ticks, x, { left, right, bottom }) {
  return svg("g", null,
    line(left, bottom, right, bottom, "axis"),
    ticks.map(tick => line(x.position(tick.value), bottom, x.position(tick.value), bottom + (tick.label ? 5 : 3), "axis")),
    withoutOverlap(ticks, x).map(tick => text(x.position(tick.value), bottom + 18, "middle", tick.label)));
}

// Labels from left to right, those left out that would touch the one before.
export function withoutOverlap(ticks, scale) {
  let end = -Infinity;
  return ticks.filter(tick => {
    if (!tick.label) return false;
    const half = textWidth(tick.label) / 2, position = scale.position(tick.value);
    if (position - half < end + 6) return false;
    end = position + half;
    return true;
  });
}

export const pathThrough = points => points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");
