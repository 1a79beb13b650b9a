// Draws a dualebm report from the JSON in #report-data.
//
// `main`, at the end, names the sections of the page. Each section is a function
// from the report to DOM nodes; what they share (numbers, scales, axes) comes first.

(() => {
"use strict";

// ---------------------------------------------------------------- numbers

const isNumber = Number.isFinite;
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const range = count => Array.from({ length: count }, (_, index) => index);
const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

const minus = text => text.replace("-", "−");
const fixed = (value, decimals) => minus(value.toFixed(decimals));
const superscript = integer => String(integer).replace("-", "⁻").replace(/\d/g, digit => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
const power = exponent => `10${superscript(exponent)}`;

// The decimal exponent after rounding, so that 9.996 to three digits is 10.0.
const exponentOf = (value, digits = 15) => Number(value.toExponential(digits - 1).split("e")[1]);
const isAwkward = exponent => exponent < -2 || exponent > 4;

// Without the zeros that carry no information on an axis.
const formatShort = value => formatNumber(value, 3).replace(/\.0+(?=×|$)|(\.\d*?[1-9])0+(?=×|$)/, "$1");

function formatNumber(value, digits = 3, wantsPower = false) {
  if (!isNumber(value)) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return minus(value.toLocaleString("en"));
  const exponent = exponentOf(value, digits);
  if (wantsPower || isAwkward(exponent)) return `${fixed(value / 10 ** exponent, digits - 1)}×${power(exponent)}`;
  return fixed(value, Math.max(0, digits - 1 - exponent));
}

// The spread decides the digits: two significant ones for it, and the mean to
// the same decimal place, both in units of a common power of ten.
function formatSpread(mean, std, wantsPower) {
  const exponent = exponentOf(Math.max(Math.abs(mean), std));
  const hasPower = wantsPower || isAwkward(exponent), unit = hasPower ? 10 ** exponent : 1;
  const decimals = clamp(1 - exponentOf(std / unit, 2), 0, 4);
  return { mean: fixed(mean / unit, decimals), spread: fixed(std / unit, decimals), power: hasPower ? `×${power(exponent)}` : "" };
}

// ------------------------------------------------------------- DOM helpers

const creator = namespace => (tag, attributes, ...children) => {
  const node = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter(child => child !== null && child !== undefined));
  return node;
};
const html = creator("http://www.w3.org/1999/xhtml");
const svg = creator("http://www.w3.org/2000/svg");

const withUnit = (label, unit) => unit ? [label, " ", html("span", { class: "unit" }, unit)] : [label];
const section = (name, title, ...content) => html("section", { class: name }, html("h2", null, title), ...content);

function choice(legend, options, chosen, onChange) {
  const segment = ([value, label]) => html("label", null,
    html("input", { type: "radio", name: legend, value, checked: value === chosen && "", change: () => onChange(value) }),
    html("span", null, label));
  return html("fieldset", { class: "choice" },
    html("legend", null, legend),
    html("div", { class: "segments" }, options.map(segment)));
}

function checkbox(label, onChange) {
  const input = html("input", { type: "checkbox", checked: "", change: () => onChange(input.checked) });
  return html("label", { class: "check" }, input, label);
}

// Rows of at most three, and four as two by two.
const columnsFor = count => count === 4 ? 2 : clamp(count, 1, 3);
const grid = figures => html("div", { class: "grid", style: `--columns: ${columnsFor(figures.length)}` }, figures);

const oncePerFrame = action => {
  let pending = false;
  return () => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => { pending = false; action(); });
  };
};

function onWidthChange(node, action) {
  let width = node.clientWidth;
  const react = oncePerFrame(action);
  new ResizeObserver(() => {
    if (node.clientWidth === width) return;
    width = node.clientWidth;
    react();
  }).observe(node);
}

// ------------------------------------------------------------------ labels

// Colours repeat after seven labels, with another dash pattern.
const dashes = ["", "6 3", "2 3", "9 3 2 3", "12 4"];

const uniqueLabels = runs => [...new Set(runs.map(run => run.label))];
const isDiverged = run => run.status.startsWith("diverged");

function stylesByLabel(report) {
  const labels = [...new Set([...uniqueLabels(report.runs), ...report.table.rows.map(row => row.label)])];
  return new Map(labels.map((label, index) => [label, {
    colour: `var(--series-${index % 7})`,
    dash: dashes[Math.floor(index / 7) % dashes.length],
  }]));
}

const stroke = style => `stroke: ${style.colour}; stroke-dasharray: ${style.dash || "none"}`;
const fill = style => `fill: ${style.colour}`;
const swatch = style => svg("svg", { class: "swatch", "aria-hidden": "true" },
  svg("line", { x1: 0, x2: 24, y1: 5, y2: 5, style: stroke(style) }));

// ------------------------------------------------------------------ header

function headerOf(report) {
  const { program, started } = report.manifest;
  const kicker = [report.kind === "compare" ? "Comparison" : "Training run", program, started];
  return html("header", null,
    html("p", { class: "kicker" }, kicker.filter(Boolean).join(" · ")),
    html("h1", null, report.title),
    report.summary ? html("p", { class: "summary" }, report.summary) : null,
    report.command ? commandLine(report.command) : null);
}

function commandLine(command) {
  const code = html("code", null, command);
  const select = () => getSelection().selectAllChildren(code);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(command);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    } catch {
      select();
    }
  };
  const button = html("button", { type: "button", click: copy }, "Copy");
  return html("div", { class: "command" }, code, button);
}

// ------------------------------------------------------------------ tables

function resultsSection(report, styles) {
  const tables = [report.table, ...report.tables].filter(table => table.rows.length > 0);
  if (tables.length === 0) return null;
  const hasSpread = tables.some(table => table.rows.some(row => Object.values(row).some(cell => isNumber(cell?.std))));
  const caption = [
    hasSpread ? "Mean ± standard deviation over seeds; hold the pointer over a value for the median." : null,
    tables.some(table => table.rows.length > 1) ? "Best mean in a column in bold, where one direction is better." : null,
  ].filter(Boolean).join(" ");
  return section("results", "Results",
    tables.map(table => [
      table.title ? html("h3", null, table.title) : null,
      resultTable(table, report, styles),
    ]).flat(),
    html("p", { class: "caption" }, caption));
}

function resultTable({ columns, rows }, report, styles) {
  const heading = column => html("th", { scope: "col" }, column.label, html("span", { class: "unit" }, column.unit || ""));
  const manners = columns.map(column => ({ best: bestMean(column, rows, report.metrics), wantsPower: needsPower(column, rows) }));
  const line = row => html("tr", null, columns.map((column, index) => column.name === "label"
    ? labelCell(row.label, report.runs, styles)
    : valueCell(row[column.name], manners[index])));
  return html("div", { class: "table-scroll" },
    html("table", null,
      html("thead", null, html("tr", null, columns.map(heading))),
      html("tbody", null, rows.map(line))));
}

function bestMean(column, rows, metrics) {
  const better = metrics.find(metric => metric.name === column.name)?.better;
  const means = rows.map(row => row[column.name]?.mean).filter(isNumber);
  if (!better || means.length < 2) return null;
  return extent(means)[better === "lower" ? 0 : 1];
}

// One awkward mean puts the whole column in powers of ten, to be compared at a glance.
const needsPower = (column, rows) => rows.some(row => {
  const mean = row[column.name]?.mean;
  return isNumber(mean) && mean !== 0 && isAwkward(exponentOf(mean, 3));
});

function labelCell(label, runs, styles) {
  const seeds = runs.filter(run => run.label === label);
  const diverged = seeds.filter(isDiverged).length;
  return html("th", { scope: "row" },
    styles.size > 1 ? swatch(styles.get(label)) : null,
    label,
    diverged ? html("span", { class: "note" }, `${diverged} of ${plural(seeds.length, "seed")} diverged`) : null);
}

function valueCell(cell, { best, wantsPower }) {
  if (typeof cell === "string") return html("td", null, cell);
  const { mean, std, median: middle } = typeof cell === "number" ? { mean: cell } : cell ?? {};
  if (!isNumber(mean)) return html("td", { class: "missing" }, "–");
  const attributes = {
    class: mean === best && "best",
    title: isNumber(middle) && isNumber(std) && `median ${formatNumber(middle, 4)}, mean ${formatNumber(mean, 4)}, std ${formatNumber(std, 2)}`,
  };
  if (!(std > 0)) return html("td", attributes, html("span", { class: "mean" }, formatNumber(mean, 3, wantsPower && mean !== 0)));
  const text = formatSpread(mean, std, wantsPower);
  return html("td", attributes,
    text.power ? "(" : null,
    html("span", { class: "mean" }, text.mean),
    html("span", { class: "spread" }, ` ± ${text.spread}`),
    text.power ? `)${text.power}` : null);
}

// ------------------------------------------------------------------ scales

const transforms = {
  linear: () => ({ forward: value => value, inverse: value => value }),
  log: () => ({ forward: Math.log10, inverse: value => 10 ** value }),
  symlog: threshold => ({
    forward: value => Math.sign(value) * Math.log10(1 + Math.abs(value) / threshold),
    inverse: value => Math.sign(value) * threshold * (10 ** Math.abs(value) - 1),
  }),
};

// A logarithm needs positive values; where some are not, a symmetric logarithm
// shows all of them, linear below the smallest size that matters.
function scaleKind(wanted, values) {
  if (wanted !== "log" || values.every(value => value === 0)) return { kind: "linear" };
  if (values.every(value => value > 0)) return { kind: "log" };
  const [smallest, largest] = extent(values.map(Math.abs).filter(size => size > 0));
  return { kind: "symlog", threshold: 10 ** exponentOf(Math.max(smallest, largest * 1e-6)) };
}

function makeScale({ kind, threshold }, [low, high], [start, end], padding = 0.04) {
  const { forward, inverse } = transforms[kind](threshold);
  let [from, to] = [forward(low), forward(high)];
  const isConstant = to - from <= 1e-9 * Math.max(Math.abs(from), Math.abs(to));
  const margin = !isConstant ? padding * (to - from) : kind === "linear" ? Math.abs(from) * 0.1 || 1 : 0.5;
  from -= margin;
  to += margin;
  return {
    kind, forward, inverse,
    position: value => start + (forward(value) - from) / (to - from) * (end - start),
    value: position => inverse(from + (position - start) / (end - start) * (to - from)),
    ticks: count => ticks(kind, inverse(from), inverse(to), count, threshold),
  };
}

function ticks(kind, low, high, count, threshold) {
  if (kind === "log") return logTicks(low, high, count);
  if (kind === "symlog") return symlogTicks(low, high, count, threshold);
  return linearTicks(low, high, count);
}

function linearTicks(low, high, count) {
  const rough = (high - low) / count;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find(multiple => multiple * unit >= 0.7 * rough);
  const first = Math.ceil(low / step), last = Math.floor(high / step);
  return range(last - first + 1).map(index => {
    const value = (first + index) * step;
    return { value, label: tickLabel(value, step, Math.max(Math.abs(low), Math.abs(high))) };
  });
}

// The largest value decides between plain digits and powers of ten for all.
function tickLabel(value, step = value, largest = value) {
  if (value === 0) return "0";
  const exponent = exponentOf(value), finest = exponentOf(step), size = exponentOf(largest);
  if (size <= 4 && size >= -3) return fixed(value, clamp(-finest, 0, 12));
  const mantissa = Number((value / 10 ** exponent).toFixed(clamp(exponent - finest, 0, 6)));
  return `${minus(String(mantissa))}×${power(exponent)}`;
}

function logTicks(low, high, count) {
  const decades = Math.log10(high / low);
  if (decades < 0.7) return linearTicks(low, high, count).filter(tick => tick.value > 0);
  const exponents = range(Math.floor(Math.log10(high)) - Math.floor(Math.log10(low)) + 1).map(index => Math.floor(Math.log10(low)) + index);
  const step = Math.max(1, Math.ceil((decades - 0.5) / count));
  const isLabelled = (multiple, exponent) => decades < 2 ? [1, 2, 5].includes(multiple) : multiple === 1 && exponent % step === 0;
  const multiples = decades > 8 ? [1] : range(9).map(index => index + 1);
  return exponents
    .flatMap(exponent => multiples.map(multiple => {
      const value = multiple * 10 ** exponent;
      const label = decades < 2 ? tickLabel(value) : power(exponent);
      return { value, label: isLabelled(multiple, exponent) ? label : null };
    }))
    .filter(tick => tick.value >= low && tick.value <= high);
}

function symlogTicks(low, high, count, threshold) {
  const first = exponentOf(threshold) + 1;
  const last = exponentOf(Math.max(Math.abs(low), Math.abs(high)));
  const step = Math.ceil((last - first + 1) * (low < 0 && high > 0 ? 2 : 1) / count);
  const exponents = range(Math.max(0, last - first + 1)).map(index => first + index).filter(exponent => (last - exponent) % step === 0);
  const signed = exponents.flatMap(exponent => [
    { value: 10 ** exponent, label: power(exponent) },
    { value: -(10 ** exponent), label: `−${power(exponent)}` },
  ]);
  return [{ value: 0, label: "0" }, ...signed].filter(tick => tick.value >= low && tick.value <= high);
}

// -------------------------------------------------------------------- axes

const textWidth = text => text.length * 6.4;

// Both scales are functions of their pixel range, because the room to the left
// depends on the tick labels of the vertical one.
function drawFrame(width, height, makeX, makeY, xLabel, attributes) {
  const bottom = height - 42, top = 8, right = width - 6;
  const y = makeY([bottom, top]);
  const yTicks = y.ticks(clamp(Math.floor((bottom - top) / 40), 2, 6));
  const left = 14 + Math.max(18, ...yTicks.map(tick => textWidth(tick.label ?? "")));
  const x = makeX([left, right]);
  const xTicks = x.ticks(clamp(Math.floor((right - left) / 56), 2, 8));
  const labelled = withoutOverlap(xTicks, x);
  const line = (x1, y1, x2, y2, name) => svg("line", { x1, y1, x2, y2, class: name });
  const text = (x, y, anchor, content) => svg("text", { x, y, "text-anchor": anchor }, content);
  const clipId = `clip-${drawFrame.count = (drawFrame.count ?? 0) + 1}`;
  const plot = svg("g", { "clip-path": `url(#${clipId})` });
  const node = svg("svg", { class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img", ...attributes },
    svg("clipPath", { id: clipId }, svg("rect", { x: left, y: top - 4, width: right - left + 6, height: bottom - top + 8 })),
    yTicks.map(tick => tick.label && line(left, y.position(tick.value), right, y.position(tick.value), "gridline")).filter(Boolean),
    yTicks.map(tick => line(left - (tick.label ? 5 : 3), y.position(tick.value), left, y.position(tick.value), "axis")),
    yTicks.map(tick => tick.label && text(left - 9, y.position(tick.value) + 4, "end", tick.label)).filter(Boolean),
    line(left, bottom, right, bottom, "axis"),
    line(left, top, left, bottom, "axis"),
    xTicks.map(tick => line(x.position(tick.value), bottom, x.position(tick.value), bottom + (tick.label ? 5 : 3), "axis")),
    labelled.map(tick => text(x.position(tick.value), bottom + 18, "middle", tick.label)),
    text((left + right) / 2, height - 4, "middle", xLabel),
    plot);
  return { node, plot, x, y, left, right, top, bottom };
}

function withoutOverlap(ticks, scale) {
  let end = -Infinity;
  return ticks.filter(tick => {
    if (!tick.label) return false;
    const half = textWidth(tick.label) / 2, position = scale.position(tick.value);
    if (position - half < end + 6) return false;
    end = position + half;
    return true;
  });
}

const pathThrough = points => points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");

// ------------------------------------------------------------------ curves

const axes = {
  iteration: "iteration",
  gradient_evaluations: "gradient evaluations",
  seconds: "seconds",
};
const axisLabels = { ...axes, seconds: "time, seconds" };

// The records of one run as points of one figure.
function curveOf(run, metric, view) {
  const points = run.records
    .map(record => ({ x: record[view.axis], y: record[metric.name] }))
    .filter(({ x, y }) => isNumber(x) && isNumber(y) && (!view.logX || x > 0));
  return { run, points };
}

// Straight segments in the drawn coordinates, so that what is read off between
// two records lies on the line the eye sees.
function valueAt(points, at, x, y, name = "y") {
  if (at < points[0].x || at > points[points.length - 1].x) return null;
  let low = 0, high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle].x < at) low = middle + 1;
    else high = middle;
  }
  const after = points[low], before = points[low - 1];
  if (after.x === at || !before) return after[name];
  const share = (x.forward(at) - x.forward(before.x)) / (x.forward(after.x) - x.forward(before.x));
  return y.inverse(y.forward(before[name]) * (1 - share) + y.forward(after[name]) * share);
}

// The abscissae the seeds share, as they do for iterations; or an even grid
// over all of them, as is needed for seconds.
function commonGrid(curves, x) {
  const union = [...new Set(curves.flatMap(curve => curve.points.map(point => point.x)))].sort((a, b) => a - b);
  const longest = Math.max(...curves.map(curve => curve.points.length));
  if (union.length <= 1.1 * longest + 1) return union;
  const first = union[0], last = union[union.length - 1], count = 200;
  const [from, to] = [x.forward(first), x.forward(last)];
  return range(count).map(index => clamp(x.inverse(from + (to - from) * index / (count - 1)), first, last));
}

// A point of the line needs half of the seeds: some end earlier than others.
function aggregate(curves, x, y) {
  if (curves.length === 0) return [];
  return commonGrid(curves, x)
    .map(at => {
      const values = curves.map(curve => valueAt(curve.points, at, x, y)).filter(isNumber);
      const [low, high] = extent(values);
      return { x: at, middle: median(values), low, high, count: values.length };
    })
    .filter(point => 2 * point.count >= curves.length);
}

// What diverges may stretch the axis by a fifth, and leaves the frame beyond.
function verticalExtent(curves, kind) {
  const { forward, inverse } = transforms[kind.kind](kind.threshold);
  const heights = some => some.flatMap(curve => curve.points.map(point => forward(point.y)));
  const settled = curves.filter(curve => !isDiverged(curve.run));
  const [low, high] = extent(heights(settled.length ? settled : curves));
  const [lowest, highest] = extent(heights(curves));
  const room = (high - low) / 5 || 1;
  return [inverse(Math.max(lowest, low - room)), inverse(Math.min(highest, high + room))];
}

function drawCurves(metric, shown, view, width, styles) {
  const curves = shown.map(run => curveOf(run, metric, view)).filter(curve => curve.points.length > 0);
  if (curves.length === 0) {
    const message = view.logX ? "No values to draw on a logarithmic axis." : "No values to draw.";
    return { node: svg("svg", { class: "plot", "data-metric": metric.name, viewBox: `0 0 ${width} 60` }, svg("text", { x: 0, y: 30 }, message)) };
  }
  const kind = scaleKind(metric.scale, curves.flatMap(curve => curve.points.map(point => point.y)));
  const vertical = verticalExtent(curves, kind);
  const frame = drawFrame(width, clamp(width * 0.7, 250, 380),
    pixels => makeScale({ kind: view.logX ? "log" : "linear" }, view.extent, pixels, 0.01),
    pixels => makeScale(kind, vertical, pixels),
    axisLabels[view.axis],
    { "data-metric": metric.name, "aria-label": `${metric.label} against ${axisLabels[view.axis]}` });
  const series = uniqueLabels(shown).map(label => {
    const seeds = curves.filter(curve => curve.run.label === label);
    const settled = seeds.filter(curve => !isDiverged(curve.run));
    const diverged = seeds.filter(curve => isDiverged(curve.run));
    return { label, style: styles.get(label), seeds: settled.length, points: aggregate(settled, frame.x, frame.y), diverged };
  });
  const layers = series.map(one => drawSeries(one, frame));
  frame.plot.append(...layers.map(layer => layer.band).filter(Boolean), ...layers.map(layer => layer.lines));
  return { ...frame, kind, series };
}

function drawSeries({ label, style, seeds, points, diverged }, { x, y }) {
  const at = name => point => [x.position(point.x), y.position(point[name])];
  const upper = points.map(at("high")), lower = points.map(at("low"));
  const band = seeds > 1 && points.length > 1
    ? svg("path", { class: "band", "data-label": label, d: pathThrough([...upper, ...lower.reverse()]) + "Z", style: fill(style) })
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

// A line across every figure at the same abscissa; values where the pointer is.
function addCrosshair(plots, view) {
  const hide = () => plots.forEach(({ tooltip, marks }) => { tooltip.hidden = true; marks.replaceChildren(); });
  for (const one of plots) {
    one.node.addEventListener("pointerleave", hide);
    one.node.addEventListener("pointermove", event => {
      const box = one.node.getBoundingClientRect();
      const pixel = clamp((event.clientX - box.left) * one.width / box.width, one.left, one.right);
      const at = nearestAbscissa(one.series, one.x.value(pixel), one.x);
      if (at === null) return;
      plots.forEach(plot => markAt(plot, at));
      showTooltip(one, at, event.clientY - box.top, view);
    });
  }
}

function nearestAbscissa(series, at, x) {
  const distance = point => Math.abs(x.forward(point.x) - x.forward(at));
  const points = series.flatMap(one => one.points);
  return points.length ? points.reduce((best, point) => distance(point) < distance(best) ? point : best).x : null;
}

function readings({ series, x, y }, at) {
  const read = (points, name) => valueAt(points, at, x, y, name);
  return series
    .filter(one => one.points.length > 0)
    .map(one => ({ ...one, middle: read(one.points, "middle"), low: read(one.points, "low"), high: read(one.points, "high") }))
    .filter(reading => isNumber(reading.middle));
}

function markAt(plot, at) {
  const position = plot.x.position(at);
  plot.marks.replaceChildren(
    svg("line", { class: "crosshair", x1: position, x2: position, y1: plot.top, y2: plot.bottom }),
    ...readings(plot, at).map(({ middle, style }) => svg("circle", { class: "marker", cx: position, cy: plot.y.position(middle), r: 3.5, style: fill(style) })));
}

function showTooltip({ tooltip, node, width, left, right, ...plot }, at, height, view) {
  const limit = 12, all = readings(plot, at);
  const nearest = all
    .sort((a, b) => Math.abs(plot.y.position(a.middle) - height) - Math.abs(plot.y.position(b.middle) - height))
    .slice(0, limit)
    .sort((a, b) => b.middle - a.middle);
  const row = ({ label, style, middle, low, high, seeds }) => [
    swatch(style),
    html("span", null, label),
    html("span", null, formatNumber(middle), seeds > 1 ? html("span", { class: "caption" }, `  [${formatNumber(low, 2)}, ${formatNumber(high, 2)}]`) : null),
  ];
  tooltip.replaceChildren(html("div", null,
    html("b", null, `${axes[view.axis]} ${formatNumber(at)}`),
    nearest.flatMap(row),
    all.length > limit ? html("i", null, `the ${limit} nearest of ${all.length}`) : null));
  tooltip.hidden = false;
  const position = plot.x.position(at), onLeft = position > (left + right) / 2;
  tooltip.style.top = `${node.parentNode.offsetTop + clamp(height - 30, 0, plot.bottom)}px`;
  tooltip.style.left = onLeft ? "auto" : `${position + 14}px`;
  tooltip.style.right = onLeft ? `${width - position + 14}px` : "auto";
}

function curvesSection(report, styles) {
  const recorded = metric => report.runs.some(run => run.records.some(record => isNumber(record[metric.name])));
  const metrics = report.metrics.filter(recorded);
  const available = Object.entries(axes).filter(([axis]) => recorded({ name: axis }));
  if (metrics.length === 0 || available.length === 0) return null;
  const labels = uniqueLabels(report.runs);
  const state = { axis: available[0][0], wantsLog: true, hidden: new Set() };
  const panels = metrics.map(metric => curvePanel(metric));
  const figures = grid(panels.map(panel => panel.figure));

  function redraw() {
    const shown = report.runs.filter(run => !state.hidden.has(run.label));
    const view = horizontalView(shown, state);
    // Many bands on top of each other would hide the lines.
    figures.style.setProperty("--band", clamp(0.7 / uniqueLabels(shown).length, 0.04, 0.14));
    const plots = panels.map(panel => {
      const width = Math.max(200, panel.figure.clientWidth);
      const plot = drawCurves(panel.metric, shown, view, width, styles);
      panel.show(plot);
      return { ...plot, width, tooltip: panel.tooltip, marks: plot.plot?.appendChild(svg("g")) };
    });
    addCrosshair(plots.filter(plot => plot.series), view);
  }
  const change = name => value => { state[name] = value; redraw(); };

  onWidthChange(figures, redraw);
  return {
    draw: redraw,
    node: section("curves", "Training",
      statusNote(report.runs),
      html("div", { class: "controls" },
        choice("Horizontal axis", available, state.axis, change("axis")),
        choice("Scale", [["log", "log"], ["linear", "linear"]], "log", value => change("wantsLog")(value === "log"))),
      labels.length > 1 ? curveLegend(labels, styles, state, figures, redraw) : null,
      figures,
      html("p", { class: "caption", style: "margin-top: 1.5rem" }, curvesCaption(report.runs))),
  };
}

function curvePanel(metric) {
  const place = html("div"), tooltip = html("div", { class: "tooltip", hidden: "" });
  const remark = html("p", { class: "note" });
  const show = plot => {
    place.replaceChildren(plot.node);
    remark.textContent = [metric.note, plot.kind?.kind === "symlog" ? "symmetric logarithmic axis, since some values are not positive" : null].filter(Boolean).join("; ");
  };
  const caption = html("figcaption", null, html("h3", null, withUnit(metric.label, metric.unit)));
  return { metric, tooltip, show, figure: html("figure", null, caption, place, tooltip, remark) };
}

// All figures share the horizontal extent, whichever metrics a record has.
function horizontalView(runs, { axis, wantsLog }) {
  const all = runs.flatMap(run => run.records.map(record => record[axis])).filter(isNumber);
  const positive = all.filter(value => value > 0);
  const logX = wantsLog && positive.length > 0;
  return { axis, logX, extent: logX ? extent(positive) : [0, extent(all)[1] || 1] };
}

function curvesCaption(runs) {
  const seeds = Math.max(...uniqueLabels(runs).map(label => runs.filter(run => run.label === label).length));
  return [
    seeds > 1 ? "Line: median over seeds. Band: from the smallest to the largest seed. A point needs at least half of the seeds." : "One run per line.",
    runs.some(isDiverged) ? "Runs that diverged are drawn on their own, thin, up to a cross or out of the frame, and are left out of median and band." : null,
    "A logarithmic horizontal axis leaves out the start, at 0.",
  ].filter(Boolean).join(" ");
}

function curveLegend(labels, styles, state, figures, redraw) {
  const buttons = labels.map(label => html("button", {
    type: "button",
    "aria-pressed": "true",
    title: "click to hide or show, double-click to show alone",
    click: () => update(new Set(state.hidden.has(label) ? [...state.hidden].filter(other => other !== label) : [...state.hidden, label])),
    dblclick: () => update(new Set(labels.filter(other => other !== label))),
    pointerenter: () => emphasise(label),
    pointerleave: () => emphasise(null),
  }, swatch(styles.get(label)), label));
  const update = hidden => {
    state.hidden = hidden;
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(!hidden.has(labels[index]))));
    redraw();
  };
  const emphasise = label => figures.querySelectorAll("[data-label]").forEach(node =>
    node.classList.toggle("faded", label !== null && !state.hidden.has(label) && node.dataset.label !== label));
  const all = html("button", { type: "button", class: "show-all", click: () => update(new Set()) }, "show all");
  return html("div", { class: "legend" }, buttons, all);
}

function statusNote(runs) {
  const byWords = new Map();
  for (const { label, seed, status } of runs.filter(run => run.status !== "finished")) {
    const words = `${label}, ${status}`;
    byWords.set(words, { label, status, seeds: [...(byWords.get(words)?.seeds ?? []), seed] });
  }
  if (byWords.size === 0) return null;
  const line = ({ label, status, seeds }) => html("li", null, html("b", null, label), `, seed${seeds.length > 1 ? "s" : ""} ${seeds.join(", ")}: ${status}`);
  return html("div", { class: "warning" }, html("ul", null, [...byWords.values()].map(line)));
}

// ------------------------------------------------------------------- sweep

function sweepSection(report) {
  const { sweep } = report;
  if (!sweep || sweep.points.length === 0) return null;
  const names = [...new Set(sweep.points.flatMap(point => Object.keys(point.metrics)))];
  const known = name => report.metrics.find(metric => metric.name === name) ?? { name, label: name, unit: "", scale: "log" };
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
  const points = sweep.points
    .map((point, index) => ({ at: numeric ? point.value : index, label: point.label, ...point.metrics[metric.name] }))
    .filter(point => isNumber(point.mean))
    .map(point => ({ ...point, values: (point.values ?? []).filter(isNumber) }))
    .sort((a, b) => a.at - b.at);
  const missing = sweep.points.filter(point => !isNumber(point.metrics[metric.name]?.mean)).map(point => point.label);
  const title = html("figcaption", null, html("h3", null, withUnit(metric.label, metric.unit)));
  const caption = html("p", { class: "note" }, sweepCaption(metric, missing, points));
  if (points.length === 0) return [title, caption];

  const positions = points.map(point => point.at), heights = points.flatMap(point => [point.mean, ...point.values]);
  const kind = scaleKind(metric.scale, heights);
  const makeX = pixels => {
    const scale = makeScale(numeric ? scaleKind("log", positions) : { kind: "linear" }, extent(positions), pixels, 0.05);
    const ownTicks = points.map(({ at, label }) => ({ value: at, label: numeric ? formatShort(at) : label }));
    return { ...scale, ticks: count => points.length <= 12 ? ownTicks : scale.ticks(count) };
  };
  const makeY = pixels => makeScale(kind, extent([...heights, ...barEnds(points, heights, kind)]), pixels);
  const frame = drawFrame(width, clamp(width * 0.6, 260, 420), makeX, makeY, sweep.label,
    { "data-metric": metric.name, "data-sweep": sweep.parameter, "aria-label": `${metric.label} against ${sweep.label}` });
  const style = { colour: "var(--series-0)" };
  frame.plot.append(
    svg("path", { class: "series", d: pathThrough(points.map(point => [frame.x.position(point.at), frame.y.position(point.mean)])), style: stroke(style) }),
    ...points.map(point => sweepPoint(point, frame, style)));
  return [title, frame.node, caption];
}

// On a logarithmic axis the far lower end of a bar would flatten the figure.
function barEnds(points, heights, { kind }) {
  const floor = kind === "log" ? extent(heights)[0] / 3 : -Infinity;
  return points.flatMap(({ mean, std }) => isNumber(std) ? [mean - std, mean + std] : []).filter(value => value >= floor);
}

function sweepPoint({ at, label, mean, std, median: middle, values }, { x, y, bottom }, style) {
  const cx = x.position(at), spread = isNumber(std);
  const isOpen = spread && y.kind === "log" && mean - std <= 0;
  const low = !spread ? 0 : isOpen ? bottom + 8 : y.position(mean - std), high = spread ? y.position(mean + std) : 0;
  const bar = `M${cx},${low}V${high}M${cx - 5},${high}h10` + (isOpen ? "" : `M${cx - 5},${low}h10`);
  return svg("g", null,
    svg("title", null, `${label}: mean ${formatNumber(mean)}${spread ? ` ± ${formatNumber(std, 2)}` : ""}${isNumber(middle) ? `, median ${formatNumber(middle)}` : ""}`),
    values.map(value => svg("circle", { class: "seed", cx, cy: y.position(value), r: 3, style: fill(style) })),
    spread ? svg("path", { class: "whisker", d: bar, style: stroke(style) }) : null,
    svg("circle", { class: "marker", cx, cy: y.position(mean), r: 4.5, style: fill(style) }));
}

function sweepCaption(metric, missing, points) {
  const isOpen = metric.scale === "log" && points.every(point => point.mean > 0) && points.some(point => point.mean <= point.std);
  return [
    "Line: mean over seeds. Bars: ± standard deviation. Light dots: single seeds.",
    isOpen ? "A bar without a lower cap reaches down to zero or below." : null,
    missing.length ? `No finite value at ${missing.join(", ")}.` : null,
    metric.note ? `${metric.label}: ${metric.note}.` : null,
  ].filter(Boolean).join(" ");
}

// ------------------------------------------------------------------ globes

const viridis = ["#440154", "#482878", "#3e4a89", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];
const neuronFill = sign => sign < 0 ? "#ffffff" : "#ff6b35";
const degrees = angle => angle * 180 / Math.PI;
const radians = angle => angle * Math.PI / 180;

const onSphere = (latitude, longitude) => [
  Math.cos(latitude) * Math.cos(longitude),
  Math.cos(latitude) * Math.sin(longitude),
  Math.sin(latitude),
];

// 256 colours as the bytes of canvas pixels: red, green, blue, opaque.
function paletteOf(colours) {
  const channels = colours.map(colour => [1, 3, 5].map(start => parseInt(colour.slice(start, start + 2), 16)));
  const bytes = range(256).flatMap(index => {
    const place = index / 255 * (channels.length - 1), below = Math.min(Math.floor(place), channels.length - 2);
    return [...channels[below].map((low, channel) => low + (channels[below + 1][channel] - low) * (place - below)), 255];
  });
  return new Uint32Array(Uint8ClampedArray.from(bytes).buffer);
}

// One scale for all globes, set by the first (the teacher): a student with a
// spike or a hole must not take the contrast from the others.
function densityScale(globes) {
  const extents = globes.map(globe => extent(globe.density.log_density.filter(isNumber))).filter(([low]) => isNumber(low));
  if (extents.length === 0) return { low: -1, high: 0, clipsLow: false, clipsHigh: false };
  const lowest = Math.min(...extents.map(([low]) => low)), highest = Math.max(...extents.map(([, high]) => high));
  const [first, last] = extents[0];
  const high = Math.min(highest, last + 2);
  const low = Math.max(lowest, first - 2, high - 14);
  return { low: Math.min(low, high - 1e-3), high, clipsLow: lowest < low, clipsHigh: highest > high };
}

// The palette index on a finer raster, interpolated once, so that painting a
// frame is one look-up per pixel.
function refine({ rows, columns, log_density: values }, { low, high }) {
  const factor = Math.max(1, Math.round(360 / rows));
  const texture = { rows: rows * factor, columns: columns * factor };
  const level = (row, column) => {
    const value = values[clamp(row, 0, rows - 1) * columns + (column + columns) % columns];
    return clamp(((isNumber(value) ? value : low) - low) / (high - low), 0, 1) * 255;
  };
  texture.levels = Uint8Array.from({ length: texture.rows * texture.columns }, (_, index) => {
    const row = (Math.floor(index / texture.columns) + 0.5) / factor - 0.5;
    const column = (index % texture.columns + 0.5) / factor - 0.5;
    const top = Math.floor(row), left = Math.floor(column), down = row - top, across = column - left;
    const upper = level(top, left) * (1 - across) + level(top, left + 1) * across;
    const lower = level(top + 1, left) * (1 - across) + level(top + 1, left + 1) * across;
    return Math.round(upper * (1 - down) + lower * down);
  });
  return texture;
}

// A projection takes the viewer's frame (right, up, towards) to the plane and
// back, with null for what it does not show.
const orthographic = {
  extent: [1, 1],
  forward: ([right, up, towards]) => towards < 0 ? null : [right, up],
  inverse: (u, v) => {
    const rest = 1 - u * u - v * v;
    return rest < 0 ? null : [u, v, Math.sqrt(rest)];
  },
};

// Hammer's projection shows the whole sphere with true areas.
const hammer = {
  extent: [2 * Math.SQRT2, Math.SQRT2],
  forward: ([right, up, towards]) => {
    const half = Math.atan2(right, towards) / 2, flat = Math.hypot(right, towards);
    const stretch = Math.SQRT2 / Math.sqrt(1 + flat * Math.cos(half));
    return [2 * stretch * flat * Math.sin(half), stretch * up];
  },
  inverse: (u, v) => {
    const square = 1 - u * u / 16 - v * v / 4;
    if (square < 0.5) return null;
    const z = Math.sqrt(square), longitude = 2 * Math.atan2(z * u, 2 * (2 * square - 1)), up = z * v;
    const flat = Math.sqrt(1 - up * up);
    return [flat * Math.sin(longitude), up, flat * Math.cos(longitude)];
  },
};

function frameOf({ latitude, longitude }, isBehind) {
  const side = isBehind ? -1 : 1;
  const right = [-Math.sin(longitude), Math.cos(longitude), 0];
  const towards = onSphere(latitude, longitude);
  const up = [-Math.sin(latitude) * Math.cos(longitude), -Math.sin(latitude) * Math.sin(longitude), Math.cos(latitude)];
  const axes = [right.map(value => side * value), up, towards.map(value => side * value)];
  return {
    toView: point => axes.map(axis => axis[0] * point[0] + axis[1] * point[1] + axis[2] * point[2]),
    toWorld: ([a, b, c]) => [
      a * axes[0][0] + b * axes[1][0] + c * axes[2][0],
      a * axes[0][1] + b * axes[1][1] + c * axes[2][1],
      a * axes[0][2] + b * axes[1][2] + c * axes[2][2],
    ],
  };
}

// Where the panels of one globe lie on its canvas, in its own pixels.
function panelsFor(mode, width, pixel) {
  if (mode === "map") {
    const scale = (width / 2 - 2 * pixel) / hammer.extent[0];
    return { height: Math.ceil(2 * hammer.extent[1] * scale + 16 * pixel), panels: [{ projection: hammer, centre: width / 2, scale, isBehind: false }] };
  }
  const radius = width / 4 - 4 * pixel;
  const panel = isBehind => ({ projection: orthographic, centre: isBehind ? width - radius - 2 * pixel : radius + 2 * pixel, scale: radius, isBehind });
  return { height: Math.ceil(2 * radius + 16 * pixel), panels: [panel(false), panel(true)] };
}

const rasterIndex = ([x, y, z], rows, columns) => {
  const row = Math.min(rows - 1, Math.floor(Math.acos(clamp(z, -1, 1)) / Math.PI * rows));
  const column = Math.min(columns - 1, Math.floor((Math.atan2(y, x) + Math.PI) / (2 * Math.PI) * columns));
  return row * columns + column;
};

// For each pixel of the canvas the place in the raster, or -1: worked out once
// a frame for all globes, which share view, size and (as a rule) raster.
function lookupTable({ panels, width, height, view }, { rows, columns }) {
  const table = new Int32Array(width * height).fill(-1);
  for (const { projection, centre, scale, isBehind } of panels) {
    const { toWorld } = frameOf(view, isBehind);
    const [reach] = projection.extent;
    const first = Math.max(0, Math.floor(centre - reach * scale)), last = Math.min(width, Math.ceil(centre + reach * scale));
    for (let row = 0; row < height; row++) {
      for (let column = first; column < last; column++) {
        const point = projection.inverse((column + 0.5 - centre) / scale, (height / 2 - row - 0.5) / scale);
        if (point) table[row * width + column] = rasterIndex(toWorld(point), rows, columns);
      }
    }
  }
  return table;
}

function paintDensity(context, texture, table, palette) {
  const { width, height } = context.canvas;
  const image = context.createImageData(width, height), pixels = new Uint32Array(image.data.buffer);
  for (let index = 0; index < pixels.length; index++) {
    if (table[index] >= 0) pixels[index] = palette[texture.levels[table[index]]];
  }
  context.putImageData(image, 0, 0);
}

const graticule = (() => {
  const arc = count => range(count + 1).map(index => index / count);
  const meridian = longitude => arc(60).map(share => onSphere(radians(-90 + 180 * share), radians(longitude)));
  const parallel = latitude => arc(120).map(share => onSphere(radians(latitude), radians(-180 + 360 * share)));
  return [...range(12).map(index => meridian(30 * index)), ...range(5).map(index => parallel(-60 + 30 * index))];
})();

function paintOverlay(context, globe, scene, panel, show) {
  const { centre, scale, projection } = panel, { pixel, height } = scene;
  const { toView } = frameOf(scene.view, panel.isBehind);
  const place = point => {
    const plane = projection.forward(toView(point));
    return plane && [centre + plane[0] * scale, height / 2 - plane[1] * scale];
  };
  paintGraticule(context, place, scale, pixel);
  if (show.points) paintPoints(context, globe.places, place, pixel);
  if (show.neurons) paintNeurons(context, globe, place, pixel, scene.neuronArea * scale * scale);
  context.beginPath();
  context.ellipse(centre, height / 2, projection.extent[0] * scale, projection.extent[1] * scale, 0, 0, 2 * Math.PI);
  context.lineWidth = 1.5 * pixel;
  context.strokeStyle = "#70757b";
  context.stroke();
}

function paintGraticule(context, place, scale, pixel) {
  context.beginPath();
  for (const line of graticule) {
    let before = null;
    for (const point of line) {
      const here = place(point);
      // A jump means that the line has left the map at one edge and come back at the other.
      if (here && before && Math.hypot(here[0] - before[0], here[1] - before[1]) < scale / 2) context.lineTo(...here);
      else if (here) context.moveTo(...here);
      before = here;
    }
  }
  context.lineWidth = 0.75 * pixel;
  context.strokeStyle = "rgb(255 255 255 / 0.28)";
  context.stroke();
}

function paintPoints(context, places, place, pixel) {
  const size = 1.5 * pixel;
  context.fillStyle = "rgb(0 0 0 / 0.55)";
  for (const point of places) {
    const here = place(point);
    if (here) context.fillRect(here[0] - size / 2, here[1] - size / 2, size, size);
  }
}

function paintNeurons(context, globe, place, pixel, area) {
  context.lineWidth = 0.8 * pixel;
  context.strokeStyle = "#111";
  for (const { position, weight, sign } of globe.neurons) {
    const here = place(position);
    if (!here) continue;
    context.beginPath();
    context.arc(...here, Math.max(1.2 * pixel, Math.sqrt(area * Math.abs(weight) / Math.PI)), 0, 2 * Math.PI);
    context.fillStyle = neuronFill(sign);
    context.fill();
    context.stroke();
  }
}

// Area of a dot per unit of weight on a sphere of radius one: the largest dot
// stays a dot, and all dots of a globe together leave most of it free.
function neuronAreaUnit(globes) {
  const weights = globes.map(globe => globe.neurons.map(neuron => Math.abs(neuron.weight)));
  const largest = Math.max(1e-12, ...weights.flat());
  const total = Math.max(1e-12, ...weights.map(some => some.reduce((sum, weight) => sum + weight, 0)));
  return Math.min(0.02 / largest, 0.7 / total);
}

function viewOfPeak({ density: { rows, columns, log_density: values } }) {
  const peak = values.reduce((best, value, index) => isNumber(value) && !(value <= values[best]) ? index : best, 0);
  const latitude = Math.PI / 2 - (Math.floor(peak / columns) + 0.5) * Math.PI / rows;
  // Short of the poles, where the graticule tells least about the direction.
  return { latitude: clamp(latitude, -0.8, 0.8), longitude: -Math.PI + (peak % columns + 0.5) * 2 * Math.PI / columns };
}

function globesSection(report) {
  if (report.globes.length === 0) return null;
  const palette = paletteOf(viridis), scale = densityScale(report.globes);
  const globes = report.globes.map(globe => ({
    ...globe,
    texture: refine(globe.density, scale),
    places: globe.points.map(([latitude, longitude]) => onSphere(radians(latitude), radians(longitude))),
  }));
  const initial = viewOfPeak(globes[0]), neuronArea = neuronAreaUnit(globes);
  const state = { view: initial, mode: "hemispheres", show: { points: true, neurons: true } };
  let scene = null;

  function draw() {
    const pixel = clamp(devicePixelRatio || 1, 1, 2);
    const width = Math.round(Math.max(120, panels[0].canvas.clientWidth) * pixel);
    scene = { ...panelsFor(state.mode, width, pixel), width, pixel, neuronArea, view: state.view };
    const tables = new Map();
    globes.forEach((globe, index) => {
      const key = `${globe.texture.rows} ${globe.texture.columns}`;
      if (!tables.has(key)) tables.set(key, lookupTable(scene, globe.texture));
      const { canvas } = panels[index];
      Object.assign(canvas, { width: scene.width, height: scene.height });
      const context = canvas.getContext("2d");
      paintDensity(context, globe.texture, tables.get(key), palette);
      for (const panel of scene.panels) paintOverlay(context, globe, scene, panel, state.show);
    });
  }
  const redraw = oncePerFrame(draw);

  const turn = (east, north) => {
    state.view = {
      latitude: clamp(state.view.latitude + north, -Math.PI / 2, Math.PI / 2),
      longitude: state.view.longitude + east,
    };
    redraw();
  };
  const read = place => globes.forEach((globe, index) => { panels[index].readout.textContent = place ? reading(globe.density, place) : ""; });
  const panels = globes.map(globe => globePanel(globe, () => scene, turn, read, globes.length === 1));
  const figures = grid(panels.map(panel => panel.figure));
  const toggle = name => visible => { state.show[name] = visible; draw(); };
  const has = name => globes.some(globe => globe[name].length > 0);

  onWidthChange(figures, draw);
  return {
    draw,
    node: section("globes", "On the sphere",
      html("div", { class: "controls" },
        choice("Show", [["hemispheres", "two hemispheres"], ["map", "equal-area map"]], state.mode, mode => { state.mode = mode; draw(); }),
        has("points") ? checkbox("data points", toggle("points")) : null,
        has("neurons") ? checkbox("neurons", toggle("neurons")) : null,
        html("button", { type: "button", click: () => { state.view = initial; draw(); } }, "Reset view")),
      colourBar(scale),
      overlayKeys(globes, has),
      figures,
      html("p", { class: "caption", style: "margin-top: 1.5rem" },
        "Of the two discs, the left one is the hemisphere towards the viewer and the right one the opposite hemisphere, seen from its own side. Drag or use the arrow keys to turn all globes together; hold the pointer over a globe to read the log density there. Lines every 30°.")),
  };
}

function reading({ rows, columns, log_density: values }, place) {
  const [x, y, z] = place, value = values[rasterIndex(place, rows, columns)];
  return `latitude ${fixed(degrees(Math.asin(clamp(z, -1, 1))), 0)}°, longitude ${fixed(degrees(Math.atan2(y, x)), 0)}°: ${isNumber(value) ? fixed(value, 2) : "no finite value"}`;
}

function globePanel(globe, sceneNow, turn, read, isAlone) {
  const canvas = html("canvas", { tabindex: 0, role: "img", "aria-label": `Density on the sphere: ${globe.title}. Arrow keys turn it.` });
  const readout = html("output", { class: "note readout" });
  let grip = null;
  const panelAt = event => {
    const scene = sceneNow(), ratio = scene.width / canvas.clientWidth;
    const [x, y] = [event.offsetX * ratio, event.offsetY * ratio];
    const panel = scene.panels.length === 2 && x > scene.width / 2 ? scene.panels[1] : scene.panels[0];
    return { ...panel, ratio, scene, plane: [(x - panel.centre) / panel.scale, (scene.height / 2 - y) / panel.scale] };
  };
  const placeAt = event => {
    const { projection, plane, scene, isBehind } = panelAt(event);
    const point = projection.inverse(...plane);
    return point && frameOf(scene.view, isBehind).toWorld(point);
  };
  const move = event => {
    if (!grip) return read(placeAt(event));
    const { ratio, scale } = grip.panel;
    const east = (event.clientX - grip.x) * ratio / scale, north = (event.clientY - grip.y) * ratio / scale;
    Object.assign(grip, { x: event.clientX, y: event.clientY });
    turn(-east, grip.panel.isBehind ? -north : north);
  };
  const steps = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const release = () => { grip = null; };
  const listeners = {
    pointerdown: event => { grip = { panel: panelAt(event), x: event.clientX, y: event.clientY }; canvas.setPointerCapture(event.pointerId); },
    pointermove: move,
    pointerup: release,
    pointercancel: release,
    pointerleave: () => read(null),
    keydown: event => {
      if (!steps[event.key]) return;
      event.preventDefault();
      turn(...steps[event.key].map(step => step * radians(10)));
    },
  };
  for (const [name, listener] of Object.entries(listeners)) canvas.addEventListener(name, listener);
  const figure = html("figure", { class: isAlone ? "globe alone" : "globe" }, html("figcaption", null, html("h3", null, globe.title)), canvas, readout);
  return { canvas, readout, figure };
}

function colourBar({ low, high, clipsLow, clipsHigh }) {
  const place = value => `left: ${(100 * (value - low) / (high - low)).toFixed(2)}%`;
  return html("div", { class: "scale" },
    html("span", null, "log density (nats, w.r.t. area)"),
    html("div", { class: "bar", style: `background: linear-gradient(to right, ${viridis.join(", ")})` }),
    html("div", { class: "ticks" },
      linearTicks(low, high, 5).map(({ value, label }) => html("span", { style: place(value) }, label))),
    clipsLow || clipsHigh ? html("p", { class: "note", style: "grid-column: 1 / -1" },
      `Some values lie ${[clipsLow ? `below ${fixed(low, 1)}` : null, clipsHigh ? `above ${fixed(high, 1)}` : null].filter(Boolean).join(" and ")} and have the colour of that end.`) : null);
}

function overlayKeys(globes, has) {
  const largest = Math.max(0, ...globes.flatMap(globe => globe.neurons.map(neuron => Math.abs(neuron.weight))));
  const dot = (sign, text) => html("span", null, html("span", { class: "dot neuron", style: `background: ${neuronFill(sign)}` }), text);
  if (!has("points") && !has("neurons")) return null;
  return html("p", { class: "keys" },
    has("points") ? html("span", null, html("span", { class: "dot point" }), "data") : null,
    has("neurons") ? [dot(1, "neuron, sign +"), dot(-1, "neuron, sign −"), html("span", null, `area in proportion to weight; largest ${formatNumber(largest)}`)] : []);
}

// ------------------------------------------------------------------ planes

function planesSection(report) {
  if (report.planes.length === 0) return null;
  const palette = paletteOf(viridis), dense = report.planes.filter(plane => plane.density);
  const scale = densityScale(dense), peak = Math.exp(Math.min(scale.high, extent(dense[0].density.log_density)[1]));
  const state = { mode: "density", points: true };
  const levels = {
    density: value => Math.exp(value) / peak,
    log: value => (value - scale.low) / (scale.high - scale.low),
  };
  const panels = report.planes.map(plane => {
    const canvas = html("canvas", { role: "img", "aria-label": `Density in the plane: ${plane.title}` });
    return { canvas, figure: html("figure", { class: "plane" }, html("figcaption", null, html("h3", null, plane.title)), canvas) };
  });
  function draw() {
    const pixel = clamp(devicePixelRatio || 1, 1, 2);
    report.planes.forEach((plane, index) => {
      const { canvas } = panels[index], side = Math.round(Math.max(120, canvas.clientWidth) * pixel);
      Object.assign(canvas, { width: side, height: side });
      paintPlane(canvas.getContext("2d"), plane, palette, levels[state.mode], side);
      if (state.points) paintDots(canvas.getContext("2d"), plane, side, pixel);
    });
  }
  const figures = grid(panels.map(panel => panel.figure));
  const [{ centre, half }] = report.planes;
  const span = axis => `${fixed(centre[axis] - half, 1)} to ${fixed(centre[axis] + half, 1)}`;
  onWidthChange(figures, draw);
  return {
    draw,
    node: section("planes", "In the plane",
      html("div", { class: "controls" },
        choice("Show", [["density", "density"], ["log", "log density"]], state.mode, mode => { state.mode = mode; draw(); }),
        checkbox("data points", visible => { state.points = visible; draw(); })),
      figures,
      html("p", { class: "caption", style: "margin-top: 1.5rem" },
        `x₀ from ${span(0)} (left to right), x₁ from ${span(1)} (bottom to top). One scale of colours for all panels: density from 0 to ${formatNumber(peak)} per unit of area, log density from ${fixed(scale.low, 1)} to ${fixed(scale.high, 1)} nats.`)),
  };
}

function paintPlane(context, { density }, palette, level, side) {
  if (!density) return;
  const { rows, columns, log_density: values } = density;
  const raster = new OffscreenCanvas(columns, rows), small = raster.getContext("2d");
  const image = small.createImageData(columns, rows), pixels = new Uint32Array(image.data.buffer);
  values.forEach((value, index) => { pixels[index] = palette[Math.round(255 * clamp(isNumber(value) ? level(value) : 0, 0, 1))]; });
  small.putImageData(image, 0, 0);
  context.imageSmoothingQuality = "high";
  context.drawImage(raster, 0, 0, side, side);
}

function paintDots(context, { points, centre, half, density }, side, pixel) {
  const size = 1.6 * pixel, place = (value, axis) => (1 + (value - centre[axis]) / half) * side / 2;
  context.fillStyle = density ? "rgb(255 255 255 / 0.6)" : "rgb(49 104 142 / 0.7)";
  for (let index = 0; index < points.length; index += 2) {
    context.fillRect(place(points[index], 0) - size / 2, side - place(points[index + 1], 1) - size / 2, size, size);
  }
}

// --------------------------------------------------------------- galleries

function galleriesSection(report) {
  if (report.galleries.length === 0) return null;
  const panels = report.galleries.map(gallery => {
    const across = Math.ceil(Math.sqrt(gallery.count)), down = Math.ceil(gallery.count / across);
    const canvas = html("canvas", { role: "img", "aria-label": `${gallery.count} images: ${gallery.title}`,
      width: across * (gallery.width + 1) - 1, height: down * (gallery.height + 1) - 1 });
    paintGallery(canvas.getContext("2d"), gallery, across);
    return html("figure", { class: "gallery" }, html("figcaption", null, html("h3", null, gallery.title)), canvas);
  });
  return {
    draw() {},
    node: section("galleries", "Images", grid(panels),
      html("p", { class: "caption", style: "margin-top: 1.5rem" },
        "Data, and the particles as they stood at the end of training, not selected; one scale of grey (or colour) for all.")),
  };
}

function paintGallery(context, { count, channels, height, width, values }, across) {
  const area = height * width;
  for (let item = 0; item < count; item++) {
    const image = context.createImageData(width, height);
    for (let index = 0; index < area; index++) {
      const value = channel => values[(item * channels + Math.min(channel, channels - 1)) * area + index];
      image.data.set([value(0), value(1), value(2), 255], 4 * index);
    }
    context.putImageData(image, (item % across) * (width + 1), Math.floor(item / across) * (height + 1));
  }
}

// ----------------------------------------------------------- configuration

function configurationSection(report) {
  const parts = [
    Object.keys(report.configuration).length ? html("details", null, html("summary", null, "Resolved configuration"), html("pre", null, prettyJson(report.configuration))) : null,
    Object.keys(report.manifest).length ? html("details", { open: "" }, html("summary", null, "Manifest"), definitionList(report.manifest)) : null,
  ].filter(Boolean);
  return parts.length ? section("provenance", "Configuration and provenance", ...parts) : null;
}

function prettyJson(value) {
  return JSON.stringify(value, null, 2).split("\n").map(line => {
    const [, indent, key, rest] = /^(\s*)("(?:[^"\\]|\\.)*"):(.*)$/.exec(line) ?? [];
    return key ? [indent, html("span", { class: "key" }, key), `:${rest}\n`] : `${line}\n`;
  }).flat();
}

function definitionList(entries) {
  const show = value => {
    if (typeof value === "number" && !Number.isInteger(value)) return formatNumber(value, 4);
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  };
  return html("dl", null, Object.entries(entries).flatMap(([name, value]) => [
    html("dt", null, name.replaceAll("_", " ")),
    html("dd", null, show(value)),
  ]));
}

// -------------------------------------------------------------------- main

function main() {
  const report = JSON.parse(document.getElementById("report-data").textContent);
  const styles = stylesByLabel(report);
  const figures = [curvesSection(report, styles), sweepSection(report), globesSection(report), planesSection(report), galleriesSection(report)].filter(Boolean);
  document.getElementById("report").replaceChildren(...[
    headerOf(report),
    resultsSection(report, styles),
    ...figures.map(figure => figure.node),
    configurationSection(report),
  ].filter(Boolean));
  // Figures are drawn once they are in the page and have a width.
  for (const figure of figures) figure.draw();
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(details => { details.open = true; }));
  document.documentElement.dataset.ready = "true";
}

try {
  main();
} catch (error) {
  document.getElementById("report").prepend(
    html("div", { class: "warning error", role: "alert" }, `This report could not be drawn.\n${error.stack ?? error}`));
  document.documentElement.dataset.ready = "error";
}
})();
