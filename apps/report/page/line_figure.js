// One metric against the horizontal axis: median over seeds as a line, their range as a band.

import { drawFrame, pathThrough } from "./axes.js";
import { svg } from "./elements.js";
import { fill, stroke, uniqueLabels } from "./labels.js";
import { makeScale, scaleKind } from "./scales.js";
import { aggregate, curveOf, verticalExtent } from "./series.js";
import { clamp } from "./statistics.js";
import { hasDiverged } from "./status.js";

export const axes = {
  iteration: { name: "iteration", label: "iteration", isCount: true },
  gradient_evaluations: { name: "gradient evaluations", label: "gradient evaluations", isCount: true },
  seconds: { name: "training time", label: "training time (s)", isCount: false },
};

export function drawCurves(metric, shown, view, width, styles) {
  const curves = shown.map(run => curveOf(run, metric, view)).filter(curve => curve.points.length > 0);
  if (curves.length === 0) return nothingToDraw(metric, view, width);
  const axis = axes[view.axis];
  const kind = scaleKind(metric.scale, curves.flatMap(curve => curve.points.map(point => point.y)));
  const vertical = verticalExtent(curves, kind);
  const frame = drawFrame({
    width,
    height: clamp(width * 0.72, 260, 380),
    makeX: pixels => makeScale({ kind: view.logX ? "log" : "linear", isCount: axis.isCount }, view.extent, pixels, 0.01),
    makeY: pixels => makeScale(kind, vertical, pixels),
    xLabel: axis.label,
    yLabel: metric.unit,
    attributes: {
      "data-metric": metric.name,
      tabindex: 0,
      "aria-label": `${metric.label}, ${metric.unit}, against ${axis.label}. Arrow keys read off values.`,
    },
  });
  const series = uniqueLabels(shown).map(label => {
    const seeds = curves.filter(curve => curve.run.label === label);
    const settled = seeds.filter(curve => !hasDiverged(curve.run));
    const diverged = seeds.filter(curve => hasDiverged(curve.run));
    return { label, style: styles.get(label), seeds: settled.length, points: aggregate(settled, frame.x, frame.y), diverged };
  });
  const layers = series.map(one => drawSeries(one, frame));
  frame.plot.append(...layers.map(layer => layer.band).filter(Boolean), ...layers.map(layer => layer.lines));
  return { ...frame, kind, series };
}

function nothingToDraw(metric, view, width) {
  const message = view.logX ? "No values to draw on a logarithmic axis." : "No values to draw.";
  return { node: svg("svg", { class: "plot", "data-metric": metric.name, viewBox: `0 0 ${width} 60` }, svg("text", { x: 0, y: 30 }, message)) };
}

function drawSeries({ label, style, seeds, points, diverged }, { x, y }) {
  const at = name => point => [x.position(point.x), y.position(point[name])];
  const upper = points.map(at("high")), lower = points.map(at("low"));
  const band = seeds > 1 && points.length > 1
    ? svg("path", { class: "band", "data-label": label, d: pathThrough([...upper, ...[...lower].reverse()]) + "Z", style: fill(style) })
    : null;
  const lines = svg("g", { "data-label": label, style: stroke(style) });
  if (points.length > 1) lines.append(svg("path", { class: "series", d: pathThrough(points.map(at("middle"))) }));
  if (points.length === 1) {
    const [cx, cy] = at("middle")(points[0]);
    lines.append(svg("line", { class: "whisker", x1: cx, x2: cx, y1: lower[0][1], y2: upper[0][1] }), svg("circle", { cx, cy, r: 4, style: fill(style) }));
  }
  for (const curve of diverged) lines.append(...drawDiverged(curve.points.map(at("y"))));
  return { band, lines };
}

function drawDiverged(points) {
  const [x, y] = points[points.length - 1];
  return [
    svg("path", { class: "series diverged", d: pathThrough(points) }),
    svg("path", { class: "series", "stroke-dasharray": "none", d: `M${x - 4},${y - 4}l8,8m0,-8l-8,8` }),
  ];
}
