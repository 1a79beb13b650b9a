// One metric against the parameter that a comparison has swept.

import { drawFrame, pathThrough } from "./axes.js";
import { html, onWidthChange, section, svg } from "./elements.js";
import { fill, stroke } from "./labels.js";
import { formatNumber, spreadText } from "./numbers.js";
import { makeScale, scaleKind } from "./scales.js";
import { clamp, extent, isNumber, spreadOf } from "./statistics.js";

export function sweepSection(report) {
  const { sweep } = report;
  if (!sweep || sweep.points.length === 0) return null;
  const names = [...new Set(sweep.points.flatMap(point => Object.keys(point.metrics)))];
  if (names.length === 0) return null;
  const described = report.table.columns;
  const known = name => report.metrics.find(metric => metric.name === name)
    ?? { unit: "", label: name, ...described.find(column => column.name === name), name, scale: "log" };
  const place = html("figure", { class: "sweep" });
  let chosen = names.includes(sweep.metric) ? sweep.metric : names[0];
  const draw = () => place.replaceChildren(...sweepFigure(sweep, known(chosen), Math.max(200, place.clientWidth)));
  const select = html("select", { change: () => { chosen = select.value; draw(); } },
    names.map(name => html("option", { value: name, selected: name === chosen && "" }, known(name).label)));
  onWidthChange(place, draw);
  return {
    draw,
    node: section("parameter-sweep", `Sweep over ${sweep.label}`,
      names.length > 1 ? html("div", { class: "controls" }, html("label", { class: "check" }, "Metric ", select)) : null,
      place),
  };
}

function sweepFigure(sweep, metric, width) {
  const numeric = sweep.points.every(point => isNumber(point.value));
  const all = sweep.points.map((point, index) => ({
    at: numeric ? point.value : index, label: point.label, spread: spreadOf(point.metrics[metric.name]?.values) }));
  const points = all.filter(point => point.spread).sort((a, b) => a.at - b.at);
  const missing = all.filter(point => !point.spread).map(point => point.label);
  const title = html("figcaption", null, html("h3", null, metric.label));
  const caption = html("p", { class: "note" }, sweepCaption(metric, missing, points));
  if (points.length === 0) return [title, caption];

  const positions = points.map(point => point.at), heights = points.flatMap(point => point.spread.values);
  const kind = scaleKind(metric.scale, heights);
  const makeX = pixels => {
    const scale = makeScale(numeric ? scaleKind("log", positions) : { kind: "linear" }, extent(positions), pixels, 0.05);
    const ownTicks = points.map(({ at, label }) => ({ value: at, label: numeric ? formatNumber(at) : label }));
    return { ...scale, ticks: count => points.length <= 12 ? ownTicks : scale.ticks(count) };
  };
  const frame = drawFrame({
    width,
    height: clamp(width * 0.6, 270, 420),
    makeX,
    makeY: pixels => makeScale(kind, extent(heights), pixels),
    xLabel: sweep.label,
    yLabel: metric.unit,
    attributes: { "data-metric": metric.name, "data-sweep": sweep.parameter, "aria-label": `${metric.label} against ${sweep.label}` },
  });
  const style = { colour: "var(--series-0)" };
  const middle = points.map(point => [frame.x.position(point.at), frame.y.position(point.spread.median)]);
  frame.plot.append(
    svg("path", { class: "series", d: pathThrough(middle), style: stroke(style) }),
    ...points.map(point => sweepPoint(point, frame, style)));
  return [title, frame.node, caption];
}

function sweepPoint({ at, label, spread }, { x, y }, style) {
  const cx = x.position(at), low = y.position(spread.least), high = y.position(spread.greatest);
  return svg("g", null,
    svg("title", null, `${label}: ${spreadText(spread.values)}`),
    svg("path", { class: "whisker", d: `M${cx},${low}V${high}M${cx - 5},${high}h10M${cx - 5},${low}h10`, style: stroke(style) }),
    spread.values.length > 2 ? spread.values.map(value => svg("circle", { class: "seed", cx, cy: y.position(value), r: 3, style: fill(style) })) : [],
    svg("circle", { class: "marker", cx, cy: y.position(spread.median), r: 4.5, style: fill(style) }));
}

function sweepCaption(metric, missing, points) {
  return [
    points.some(point => point.spread.values.length > 1) ? "Line: median over seeds. Bars: from the least to the greatest. Light dots: single seeds." : null,
    missing.length ? `No finite value at ${missing.join(", ")}.` : null,
    metric.note ? `${metric.label}: ${metric.note}.` : null,
  ].filter(Boolean).join(" ");
}
