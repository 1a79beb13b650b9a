// A line across every figure at the same abscissa; values where the pointer is, or where the arrow keys have moved it.

import { html, svg } from "./elements.js";
import { fill, swatch } from "./labels.js";
import { axes } from "./line_figure.js";
import { formatNumber, formatSingle } from "./numbers.js";
import { nearestAbscissa, valueAt } from "./series.js";
import { clamp, isNumber } from "./statistics.js";

export function addCrosshair(plots, view) {
  const hide = () => plots.forEach(({ tooltip, marks }) => { tooltip.hidden = true; marks.replaceChildren(); });
  const show = (plot, at, height) => {
    plots.forEach(one => { one.tooltip.hidden = true; markAt(one, at); });
    showTooltip(plot, at, height, view);
  };
  for (const plot of plots) {
    plot.node.addEventListener("pointerleave", hide);
    plot.node.addEventListener("blur", hide);
    plot.node.addEventListener("pointermove", event => {
      const box = plot.node.getBoundingClientRect();
      const pixel = clamp((event.clientX - box.left) * plot.width / box.width, plot.left, plot.right);
      const at = nearestAbscissa(plot.series, plot.x.value(pixel), plot.x);
      if (at !== null) show(plot, at, event.clientY - box.top);
    });
    addKeys(plot, show, hide);
  }
}

function addKeys(plot, show, hide) {
  const places = [...new Set(plot.series.flatMap(one => one.points.map(point => point.x)))].sort((a, b) => a - b);
  let place = places.length;
  const moves = { ArrowLeft: () => place - 1, ArrowRight: () => place + 1, Home: () => 0, End: () => places.length - 1 };
  plot.node.addEventListener("keydown", event => {
    if (event.key === "Escape") return hide();
    if (!moves[event.key] || places.length === 0) return;
    event.preventDefault();
    place = clamp(moves[event.key](), 0, places.length - 1);
    show(plot, places[place], plot.top + 30);
  });
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
  const row = ({ label, style, middle, low, high }) => [
    swatch(style),
    html("span", { class: "name" }, label),
    html("span", null, formatNumber(middle, low < high ? 3 : 4),
      low < high ? html("span", { class: "range" }, ` [${formatNumber(low)}, ${formatNumber(high)}]`) : null),
  ];
  tooltip.replaceChildren(html("div", null,
    html("b", null, `${axes[view.axis].name} ${formatSingle(at)}${view.axis === "seconds" ? " s" : ""}`),
    nearest.flatMap(row),
    all.length > limit ? html("i", null, `the ${limit} nearest of ${all.length}`) : null));
  tooltip.hidden = false;
  const position = plot.x.position(at), onLeft = position > (left + right) / 2;
  tooltip.style.top = `${node.parentNode.offsetTop + clamp(height - 30, 0, plot.bottom)}px`;
  // Never wider than the window: the tooltip slides back over the figure where there is no room beside it.
  const room = document.documentElement.clientWidth - tooltip.offsetWidth - 8 - node.getBoundingClientRect().left;
  const wanted = onLeft ? position - 14 - tooltip.offsetWidth : position + 14;
  tooltip.style.left = `${Math.max(8 - node.getBoundingClientRect().left, Math.min(wanted, room))}px`;
}
