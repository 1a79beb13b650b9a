// Where trials of a search lie: on the axis of a parameter, and on that of the value that decides.

import { formatNumber } from "./numbers.js";
import { makeScale } from "./scales.js";
import { clamp, extent, isNumber, median } from "./statistics.js";

// A value of a configuration as text: numbers as everywhere, a section by its name.
export function textOf(value) {
  if (typeof value === "number") return formatNumber(value, 4);
  if (Array.isArray(value)) return value.map(textOf).join(", ");
  if (value && typeof value === "object") return String(value.name ?? JSON.stringify(value));
  return String(value);
}

// The last key says most; where two parameters share it, the whole path.
export function nameOf({ path }, parameters) {
  const last = path.split(".").pop();
  return parameters.filter(other => other.path.split(".").pop() === last).length > 1 ? path : last;
}

// Values of a list stand side by side in its order, numbers where they are.
export function coordinateOf(parameter, value) {
  if (parameter.scale !== "values") return value;
  const wanted = JSON.stringify(value);
  return parameter.values.findIndex(one => JSON.stringify(one) === wanted);
}

export function parameterScale({ scale, values, from, to, whole }, pixels) {
  if (scale !== "values") return makeScale({ kind: scale, isCount: whole }, [from, to], pixels, 0.03);
  const ticks = values.map((value, index) => ({ value: index, label: textOf(value) }));
  return { ...makeScale({ kind: "linear" }, [0, values.length - 1], pixels, 0.12), ticks: () => ticks };
}

// From the best value to three times as far as the trial in the middle: what lies beyond, and what has none, is drawn at
// the edge, or one trial gone wild would press all others into a line.
export function valueRange({ metric, trials }) {
  const values = trials.map(trial => trial.value).filter(isNumber);
  if (values.length === 0) return null;
  const sign = metric.better === "higher" ? -1 : 1;
  const [best, worst] = extent(values.map(value => sign * value));
  const limit = Math.min(worst, best + 3 * (median(values.map(value => sign * value)) - best) || worst);
  const [low, high] = [sign * best, sign * limit].sort((a, b) => a - b);
  const edge = sign * limit;
  return {
    extent: [low, high], edge, clips: worst > limit,
    shown: value => isNumber(value) ? clamp(value, low, high) : edge,
    // 1 for the best, 0 at the edge.
    merit: value => isNumber(value) && limit > best ? 1 - (clamp(sign * value, best, limit) - best) / (limit - best) : isNumber(value) ? 1 : 0,
  };
}
