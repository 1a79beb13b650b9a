// The value that decides against each parameter, and over the iterations of each trial.

import { drawFrame, pathThrough } from "./axes.js";
import { svg } from "./elements.js";
import { coordinateOf, parameterScale } from "./parameters.js";
import { makeScale } from "./scales.js";
import { extent, isNumber } from "./statistics.js";
import { inDrawingOrder, lookOf, titleOf } from "./trial_marks.js";

const axisName = ({ label, unit }) => unit ? `${label}, ${unit}` : label;
const heightOf = width => Math.max(240, Math.min(340, width * 0.68));

// Its error as a bar; what has no value is a cross at the edge, so that it is seen where trials are lost.
function markOf(trial, x, range, y) {
  const look = lookOf(trial, range), cy = y.position(range.shown(trial.value));
  const reach = side => y.position(range.shown(trial.value + side * trial.error));
  const cross = `M${x - 4},${cy - 4}l8,8m0,-8l-8,8`;
  return svg("g", { class: look.class, style: look.style, "data-trial": trial.label },
    svg("title", null, titleOf(trial)),
    isNumber(trial.value) && isNumber(trial.error) ? svg("path", { class: "whisker", d: `M${x},${reach(-1)}V${reach(1)}` }) : null,
    isNumber(trial.value) ? svg("circle", { class: "marker", cx: x, cy, r: trial.best ? 6 : 4.5 }) : svg("path", { class: "whisker", d: cross }));
}

export function drawAgainst(parameter, name, search, range, width) {
  const frame = drawFrame({
    width, height: heightOf(width),
    makeX: pixels => parameterScale(parameter, pixels),
    makeY: pixels => makeScale({ kind: "linear" }, range.extent, pixels, 0.08),
    xLabel: name, yLabel: axisName(search.metric),
    attributes: { "data-parameter": parameter.path, "aria-label": `${search.metric.label} against ${parameter.path}` },
  });
  frame.plot.append(...inDrawingOrder(search.trials).map(trial =>
    markOf(trial, frame.x.position(coordinateOf(parameter, trial.set[parameter.path])), range, frame.y)));
  return frame.node;
}

export function drawCourses(search, range, width) {
  const courses = search.trials.map(trial => ({ trial, points: trial.course.filter(([at, value]) => at > 0 && isNumber(value)) }))
    .filter(({ points }) => points.length > 0);
  if (courses.length === 0) return null;
  const frame = drawFrame({
    width, height: Math.max(260, Math.min(420, width * 0.45)),
    makeX: pixels => makeScale({ kind: "log", isCount: true }, extent(courses.flatMap(({ points }) => points.map(([at]) => at))), pixels, 0.02),
    makeY: pixels => makeScale({ kind: "linear" }, range.extent, pixels, 0.08),
    xLabel: "iteration", yLabel: axisName(search.metric),
    attributes: { "data-courses": search.metric.name, "aria-label": `${search.metric.label} over the iterations of each trial` },
  });
  const order = inDrawingOrder(courses.map(({ trial }) => trial));
  frame.plot.append(...order.map(trial => {
    const { points } = courses.find(course => course.trial === trial);
    const at = points.map(([iteration, value]) => [frame.x.position(iteration), frame.y.position(value)]);
    const look = lookOf(trial, range), [x, y] = at[at.length - 1];
    return svg("g", { class: look.class, style: look.style, "data-trial": trial.label },
      svg("title", null, titleOf(trial)),
      svg("path", { class: "line", d: pathThrough(at), style: "fill: none" }),
      svg("circle", { class: "marker", cx: x, cy: y, r: 3.5 }));
  }));
  return frame.node;
}
