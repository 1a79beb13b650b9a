// A search over ranges of parameters: all trials at once, the value against each parameter and over the iterations, and
// the trials one by one.

import { grid, html, onWidthChange, section } from "./elements.js";
import { drawParallel } from "./parallel_coordinates.js";
import { nameOf, valueRange } from "./parameters.js";
import { drawAgainst, drawCourses } from "./trial_figures.js";
import { addHighlight } from "./trial_marks.js";
import { trialsTable } from "./trials_table.js";

export function searchSection(report) {
  const { search } = report;
  if (!search) return null;
  const range = valueRange(search);
  const { parameters } = search;
  const parallel = html("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Parallel coordinates" });
  const panels = parameters.map(parameter => ({ parameter, figure: html("figure") }));
  const figures = grid(panels.map(panel => panel.figure));
  const courses = html("figure");
  const titled = (title, node) => [html("figcaption", null, html("h3", null, title)), node];

  function draw() {
    if (!range) return;
    parallel.replaceChildren(drawParallel(search, range, Math.max(240, parallel.clientWidth)));
    for (const { parameter, figure } of panels) {
      const name = nameOf(parameter, parameters);
      figure.replaceChildren(...titled(parameter.path, drawAgainst(parameter, name, search, range, Math.max(240, figure.clientWidth))));
    }
    const course = drawCourses(search, range, Math.max(240, courses.clientWidth));
    courses.replaceChildren(...(course ? titled("The value over the iterations", course) : []));
  }
  const drawn = range ? [html("h3", null, "All parameters"), parallel, html("h3", null, "The value against each parameter"), figures, courses] : [];
  const node = section("search", "Search", ...drawn,
    html("p", { class: "caption" }, searchCaption(search, range)), html("h3", null, "Trials"), trialsTable(search));
  onWidthChange(figures, draw);
  addHighlight(node);
  return { draw, node };
}

function searchCaption({ metric, trials, rungs }, range) {
  return [
    `The validation points decide: ${metric.better} is better, bars are one standard error of a trial. The best is orange; the better a trial, the stronger its blue.`,
    range?.clips ? "Values beyond the axis are drawn at its edge." : null,
    trials.some(trial => trial.value === null) ? "Red: trials without a value, at the edge." : null,
    rungs.length > 1 ? "Successive halving: values of trials that were left on a lower rung are of shorter runs." : null,
  ].filter(Boolean).join(" ");
}
