// The trials of a search as rows, the best first, as in the terminal.

import { html } from "./elements.js";
import { formatNumber, formatSingle } from "./numbers.js";
import { nameOf, textOf } from "./parameters.js";
import { isNumber } from "./statistics.js";
import { valueText } from "./trial_marks.js";

// That a trial was not let on is no end of its run.
export const endOf = (trial, rungs) =>
  isNumber(trial.value) && trial.rung < rungs.length ? `left on rung ${trial.rung} of ${rungs.length}` : trial.status;

export function trialsTable({ parameters, trials, rungs, metric }) {
  const heading = (label, unit) => html("th", { scope: "col" }, label, unit ? html("span", { class: "unit" }, unit) : null);
  const row = trial => html("tr", { "data-trial": trial.label },
    html("th", { scope: "row" }, html("span", { class: "name" }, trial.label)),
    parameters.map(({ path }) => html("td", null, textOf(trial.set[path]))),
    html("td", null, formatSingle(trial.iteration)),
    html("td", null, formatNumber(trial.seconds)),
    html("td", { class: trial.best ? "best" : !isNumber(trial.value) && "missing" },
      html("span", { class: "median" }, valueText(trial)), trial.best ? html("span", { class: "unseen" }, " (best)") : null),
    html("td", { class: isNumber(trial.value) ? "end" : "end lost" }, endOf(trial, rungs)));
  return html("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Trials" },
    html("table", { class: "trials" },
      html("thead", null, html("tr", null,
        heading("trial"), parameters.map(parameter => heading(nameOf(parameter, parameters))),
        heading("iterations"), heading("training time", "s"), heading(metric.label, metric.unit), heading("end"))),
      html("tbody", null, trials.map(row))));
}
