// Which entry of a comparison is best, and whether the seeds allow to say so.

import { spreadOf } from "./statistics.js";

// Densities of different data are not to be ranked.
export function isOneProblem({ compare = {} }) {
  const paths = [...(compare.entries ?? []).flatMap(entry => Object.keys(entry.set ?? {})), compare.sweep_parameter ?? ""];
  return !paths.some(path => /^(dataset|domain|transforms|metrics)(\.|$)/.test(path));
}

// The best median of a column, where one direction is better and there are two to compare.
export function bestMedian(name, rows, metrics) {
  const better = metrics.find(metric => metric.name === name)?.better;
  const medians = rows.map(row => spreadOf(row[name]?.values)?.median).filter(value => value !== undefined);
  if (!better || medians.length < 2) return null;
  return better === "lower" ? Math.min(...medians) : Math.max(...medians);
}

// The first metric with a direction: its best entry, and those whose range over seeds touches that of the best.
export function leaderOf(table, metrics) {
  for (const metric of metrics.filter(one => one.better)) {
    const best = bestMedian(metric.name, table.rows, metrics);
    if (best === null) continue;
    const entries = table.rows.map(row => ({ label: row.label, spread: spreadOf(row[metric.name]?.values) })).filter(entry => entry.spread);
    const leader = entries.find(entry => entry.spread.median === best);
    const touches = ({ spread }) => spread.least <= leader.spread.greatest && spread.greatest >= leader.spread.least;
    return { metric, ...leader, level: entries.filter(entry => entry !== leader && touches(entry)).map(entry => entry.label) };
  }
  return null;
}
