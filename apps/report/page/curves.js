// The section of training curves: one figure for each metric, all with the same horizontal axis.

import { addCrosshair } from "./crosshair.js";
import { choice, grid, html, onWidthChange, section, svg } from "./elements.js";
import { uniqueLabels } from "./labels.js";
import { curveLegend } from "./legend.js";
import { axes, drawCurves } from "./line_figure.js";
import { horizontalView } from "./series.js";
import { clamp, isNumber } from "./statistics.js";
import { hasDiverged } from "./status.js";

export function curvesSection(report, styles) {
  const recorded = name => report.runs.some(run => run.records.some(record => isNumber(record[name])));
  const metrics = report.metrics.filter(metric => recorded(metric.name));
  const available = Object.keys(axes).filter(recorded).map(axis => [axis, axes[axis].name]);
  if (metrics.length === 0 || available.length === 0) return null;
  const labels = uniqueLabels(report.runs);
  const state = { axis: available[0][0], wantsLog: true, hidden: new Set() };
  const panels = metrics.map(metric => curvePanel(metric, isExplained(metric, report) ? null : metric.note));
  const figures = grid(panels.map(panel => panel.figure));

  function redraw() {
    const shown = report.runs.filter(run => !state.hidden.has(run.label));
    const view = horizontalView(shown, state);
    // Many bands on top of each other would hide the lines.
    figures.style.setProperty("--band", clamp(0.7 / uniqueLabels(shown).length, 0.04, 0.14));
    const plots = panels.map(panel => {
      const plot = drawCurves(panel.metric, shown, view, Math.max(200, panel.figure.clientWidth), styles);
      panel.show(plot);
      return { ...plot, tooltip: panel.tooltip, marks: plot.plot?.appendChild(svg("g")) };
    });
    addCrosshair(plots.filter(plot => plot.series), view);
  }
  const change = name => value => { state[name] = value; redraw(); };

  onWidthChange(figures, redraw);
  return {
    draw: redraw,
    node: section("curves", "Training",
      html("div", { class: "controls" },
        choice("Horizontal axis", available, state.axis, change("axis")),
        choice("Scale", [["log", "log"], ["linear", "linear"]], "log", value => change("wantsLog")(value === "log"))),
      labels.length > 1 ? curveLegend(labels, styles, state, figures, redraw) : null,
      figures,
      html("p", { class: "caption after" }, curvesCaption(report.runs))),
  };
}

// The table of a single run has a column of meanings already.
const isExplained = (metric, { table, tables }) =>
  tables.length === 0 && table.rows.length === 1 && table.columns.some(column => column.name === metric.name);

function curvePanel(metric, meaning) {
  const place = html("div"), tooltip = html("div", { class: "tooltip", hidden: "", role: "status" });
  const remark = html("p", { class: "note" });
  const show = plot => {
    place.replaceChildren(plot.node);
    tooltip.hidden = true;
    remark.textContent = [meaning, plot.kind?.kind === "symlog" ? "symmetric logarithmic axis, since some values are not positive" : null].filter(Boolean).join("; ");
  };
  const caption = html("figcaption", null, html("h3", null, metric.label));
  return { metric, tooltip, show, figure: html("figure", null, caption, place, tooltip, remark) };
}

function curvesCaption(runs) {
  const seeds = Math.max(...uniqueLabels(runs).map(label => runs.filter(run => run.label === label).length));
  return [
    seeds > 1 ? "Line: median over seeds. Band: from the least to the greatest. A point needs at least half of the seeds." : null,
    runs.some(hasDiverged) ? "Runs that diverged are drawn on their own, thin, up to a cross or out of the frame, and are left out of median and band." : null,
    "A logarithmic horizontal axis leaves out the start, at 0.",
  ].filter(Boolean).join(" ");
}
