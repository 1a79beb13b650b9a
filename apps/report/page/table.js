// Tables of results: "median [least, greatest]" over seeds, with the digits of the terminal.

import { html, section } from "./elements.js";
import { swatch } from "./labels.js";
import { formatSingle, formatSpread, plural } from "./numbers.js";
import { bestMedian, isOneProblem } from "./ranking.js";
import { spreadOf } from "./statistics.js";
import { hasDiverged } from "./status.js";

export function resultsSection(report, styles) {
  const tables = [report.table, ...report.tables].filter(table => table.rows.length > 0);
  if (tables.length === 0) return null;
  const isSingle = tables.length === 1 && tables[0].rows.length === 1;
  const title = report.search ? `The best trial: ${tables[0].rows[0].label}` : "Results";
  return section("results", title,
    ...tables.flatMap(table => [
      tables.length > 1 && table.title ? html("h3", null, table.title) : null,
      isSingle ? quantityTable(table, report) : entryTable(table, report, styles),
    ]),
    html("p", { class: "caption" }, captionOf(tables, report)));
}

function captionOf(tables, report) {
  const cells = tables.flatMap(table => table.rows.flatMap(row => Object.values(row)));
  return [
    cells.some(cell => cell?.values?.length > 1) ? "Median over seeds [least, greatest]; a single number where all seeds agree." : null,
    tables.some(table => table.rows.length > 1) && isOneProblem(report.configuration)
      ? "The best median of a column is marked, where one direction is better." : null,
  ].filter(Boolean).join(" ");
}

const scrollable = (label, table) => html("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": label }, table);
const unitOf = column => column.unit ? html("span", { class: "unit" }, column.unit) : null;

// One run has many quantities and no rivals: they are listed, each with its meaning.
function quantityTable({ columns, rows: [row] }, report) {
  const line = column => html("tr", null,
    html("th", { scope: "row" }, column.label),
    valueCell(row[column.name], null),
    html("td", { class: "unit" }, column.unit),
    html("td", { class: "meaning" }, report.metrics.find(metric => metric.name === column.name)?.note ?? ""));
  const heading = text => html("th", { scope: "col" }, text);
  return scrollable("Results", html("table", { class: "quantities" },
    html("thead", null, html("tr", null, ["quantity", "value", "unit", "meaning"].map(heading))),
    html("tbody", null, columns.filter(column => column.name !== "label").map(line))));
}

function entryTable({ title, columns, rows }, report, styles) {
  const planned = label => report.runs.filter(run => run.label === label).length;
  const hasSeeds = rows.some(row => planned(row.label) > 1);
  const isRanked = isOneProblem(report.configuration);
  const [first, ...quantities] = columns;
  const best = quantities.map(column => isRanked ? bestMedian(column.name, rows, report.metrics) : null);
  const heading = column => html("th", { scope: "col" }, column.label, unitOf(column));
  const line = row => html("tr", null,
    labelCell(row.label, report.runs, styles),
    hasSeeds ? html("td", null, `${row.seeds}/${planned(row.label)}`) : null,
    quantities.map((column, index) => valueCell(row[column.name], best[index])));
  return scrollable(title, html("table", null,
    html("thead", null, html("tr", null,
      heading(first),
      hasSeeds ? heading({ label: "seeds" }) : null,
      quantities.map(heading))),
    html("tbody", null, rows.map(line))));
}

// On a narrow screen a name may be broken behind an underscore.
const breakable = label => label.split(/(?<=[a-z0-9]_)(?=[a-z0-9])/i).flatMap((part, index) => index ? [html("wbr"), part] : [part]);

function labelCell(label, runs, styles) {
  const seeds = runs.filter(run => run.label === label);
  const diverged = seeds.filter(hasDiverged).length;
  return html("th", { scope: "row" },
    styles.size > 1 ? swatch(styles.get(label)) : null,
    html("span", { class: "name" }, breakable(label)),
    diverged ? html("span", { class: "note" }, `${diverged} of ${plural(seeds.length, "seed")} diverged`) : null);
}

// The range stands below the median, so that columns are narrow and medians stand in a line.
function valueCell(cell, best) {
  const spread = spreadOf(cell?.values);
  if (!spread) return html("td", { class: "missing" }, "–");
  const { middle, range } = formatSpread(spread.values);
  const isBest = spread.median === best;
  return html("td", { class: isBest && "best", title: range && `seeds: ${spread.values.map(formatSingle).join(", ")}` },
    html("span", { class: "median" }, middle),
    isBest ? html("span", { class: "unseen" }, " (best)") : null,
    range ? html("span", { class: "spread" }, ` ${range}`) : null,
    spread.lost ? html("span", { class: "spread" }, ` ${spread.lost} not finite`) : null);
}
