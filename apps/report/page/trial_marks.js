// How trials look in the figures of a search: the better the stronger, the best in a colour of its own, those without a
// value dashed.

import { isNumber } from "./statistics.js";
import { textOf } from "./parameters.js";
import { fixed, formatNumber } from "./numbers.js";

export const valueText = ({ value, error }) =>
  !isNumber(value) ? "–" : isNumber(error) ? `${fixed(value, 4)} \u00b1 ${formatNumber(error, 2)}` : fixed(value, 4);

export const titleOf = trial => [
  `${trial.label}: ${isNumber(trial.value) ? valueText(trial) : trial.status}`,
  ...Object.entries(trial.set).map(([path, value]) => `${path} = ${textOf(value)}`),
].join("\n");

export function lookOf(trial, range) {
  if (trial.best) return { class: "trial best", style: "stroke: var(--series-1); fill: var(--series-1)" };
  if (!isNumber(trial.value)) return { class: "trial lost", style: "stroke: var(--bad); fill: var(--bad)" };
  const strength = 0.15 + 0.6 * range.merit(trial.value) ** 2;
  return { class: "trial", style: `stroke: var(--series-0); fill: var(--series-0); opacity: ${strength.toFixed(2)}` };
}

// Those that come to lie on top are drawn last: the best.
export const inDrawingOrder = trials => [...trials].reverse().sort((a, b) => a.best - b.best);

// The pointer on a trial fades all others, in every figure and in the table.
export function addHighlight(node) {
  const mark = label => node.querySelectorAll("[data-trial]").forEach(one =>
    one.classList.toggle("faded", label !== null && one.dataset.trial !== label));
  node.addEventListener("pointerover", event => mark(event.target.closest?.("[data-trial]")?.dataset.trial ?? null));
  node.addEventListener("pointerleave", () => mark(null));
}
