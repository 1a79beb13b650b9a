// From values to pixels and back: linear, logarithmic, or logarithmic to both sides of zero.

import { extent } from "./statistics.js";
import { exponentOf } from "./numbers.js";
import { ticks } from "./ticks.js";

const transforms = {
  linear: () => ({ forward: value => value, inverse: value => value }),
  log: () => ({ forward: Math.log10, inverse: value => 10 ** value }),
  symlog: threshold => ({
    forward: value => Math.sign(value) * Math.log10(1 + Math.abs(value) / threshold),
    inverse: value => Math.sign(value) * threshold * (10 ** Math.abs(value) - 1),
  }),
};
export const transformOf = ({ kind, threshold }) => transforms[kind](threshold);

// A logarithm needs positive values; where some are not, a symmetric logarithm
// shows all of them, linear below the smallest size that matters.
export function scaleKind(wanted, values) {
  if (wanted !== "log" || values.every(value => value === 0)) return { kind: "linear" };
  if (values.every(value => value > 0)) return { kind: "log" };
  const [smallest, largest] = extent(values.map(Math.abs).filter(size => size > 0));
  return { kind: "symlog", threshold: 10 ** exponentOf(Math.max(smallest, largest * 1e-6)) };
}

// A series of one value gets room to both sides, so that it is drawn in the middle.
export function makeScale(kind, [low, high], [start, end], padding = 0.04) {
  const { forward, inverse } = transformOf(kind);
  let [from, to] = [forward(low), forward(high)];
  const isConstant = to - from <= 1e-9 * Math.max(Math.abs(from), Math.abs(to));
  const margin = !isConstant ? padding * (to - from) : kind.kind === "linear" ? Math.abs(from) * 0.1 || 1 : 0.5;
  from -= margin;
  to += margin;
  return {
    kind: kind.kind, forward, inverse,
    position: value => start + (forward(value) - from) / (to - from) * (end - start),
    value: position => inverse(from + (position - start) / (end - start) * (to - from)),
    ticks: count => ticks(kind, inverse(from), inverse(to), count),
  };
}
