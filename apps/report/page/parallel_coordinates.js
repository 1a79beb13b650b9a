// A line for each trial through the axes of all parameters to the value that decides.

import { pathThrough } from "./axes.js";
import { svg } from "./elements.js";
import { coordinateOf, nameOf, parameterScale } from "./parameters.js";
import { makeScale } from "./scales.js";
import { inDrawingOrder, lookOf, titleOf } from "./trial_marks.js";

const parallelHeight = 380, axisTop = 44, axisBottom = parallelHeight - 14, leastDistance = 110;

export function drawParallel(search, range, wanted) {
  const { parameters, trials, metric } = search;
  const axes = [
    ...parameters.map(parameter => ({
      name: nameOf(parameter, parameters), unit: "",
      scale: parameterScale(parameter, [axisBottom, axisTop]),
      at: trial => coordinateOf(parameter, trial.set[parameter.path]) })),
    { name: metric.label, unit: metric.unit, scale: makeScale({ kind: "linear" }, range.extent, [axisBottom, axisTop]), at: trial => range.shown(trial.value) },
  ];
  const width = Math.max(wanted, leastDistance * axes.length + 60), left = 64, right = width - 76;
  const place = index => left + (right - left) * index / (axes.length - 1);
  const lines = inDrawingOrder(trials).map(trial => {
    const points = axes.map(({ scale, at }, index) => [place(index), scale.position(at(trial))]);
    const look = lookOf(trial, range);
    return svg("path", { class: `${look.class} line`, d: pathThrough(points), style: `${look.style}; fill: none`, "data-trial": trial.label },
      svg("title", null, titleOf(trial)));
  });
  return svg("svg", {
    class: "plot parallel", viewBox: `0 0 ${width} ${parallelHeight}`, width, role: "img",
    "aria-label": `${trials.length} trials: parameters and ${metric.label}`,
  }, axes.map((axis, index) => svg("line", { class: "axis", x1: place(index), x2: place(index), y1: axisTop, y2: axisBottom })), lines,
    axes.map((axis, index) => axisText(axis, place(index), index === 0 ? "start" : index === axes.length - 1 ? "end" : "middle", index, axes)));
}

function axisText({ name, unit, scale }, x, anchor, index, axes) {
  const last = index === axes.length - 1;
  const at = anchor === "start" ? x - 56 : anchor === "end" ? x + 70 : x;
  return svg("g", null,
    svg("text", { class: "axis-name", x: at, y: 13, "text-anchor": anchor }, name),
    unit ? svg("text", { x: at, y: 28, "text-anchor": anchor }, unit) : null,
    scale.ticks(6).filter(tick => tick.label).map(tick => svg("text", {
      class: "halo", x: last ? x + 7 : x - 7, y: scale.position(tick.value) + 4, "text-anchor": last ? "start" : "end" }, tick.label)));
}
