// Where an axis is marked, and what the marks say. A tick without a label is a small one.

import { clamp, range } from "./statistics.js";
import { exponentOf, fixed, power } from "./numbers.js";

export function ticks({ kind, threshold, isCount, period }, low, high, count) {
  if (period) return periodTicks(low, high, count, period);
  if (kind === "log") return logTicks(low, high, count, isCount);
  if (kind === "symlog") return symlogTicks(low, high, count, threshold);
  return linearTicks(low, high, count, isCount);
}

// Multiples of 1, 2 or 5 times a power of ten, about `count` of them; whole ones where the axis counts something.
export function linearTicks(low, high, count, isCount = false) {
  if (!(high > low)) return Number.isFinite(low) ? [{ value: low, label: tickLabel(low) }] : [];
  const rough = (high - low) / count;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const nice = unit * [1, 2, 5, 10].find(multiple => multiple * unit >= 0.7 * rough);
  const step = isCount ? Math.max(1, nice) : nice;
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return range(last - first + 1).map(index => {
    const value = (first + index) * step;
    return { value, label: tickLabel(value, step, Math.max(Math.abs(low), Math.abs(high))) };
  });
}

// Whole parts of a period: 60° or 90°, π/2, 6 hours. Where no such part is a whole number, even steps.
export function periodTicks(low, high, count, period) {
  const radians = Math.abs(period - 2 * Math.PI) < 1e-6;
  const parts = [24, 12, 8, 6, 4, 3, 2].find(each => each <= Math.max(2, count) && (radians || Number.isInteger(period / each)));
  if (!parts) return linearTicks(low, high, count);
  const step = period / parts, first = Math.ceil(low / step - 1e-6), last = Math.floor(high / step + 1e-6);
  return range(last - first + 1).map(index => {
    const turns = first + index;
    return { value: turns * step, label: radians ? partOfPi(2 * turns, parts) : tickLabel(turns * step, step, period) };
  });
}

function partOfPi(numerator, denominator) {
  const divisor = (a, b) => b ? divisor(b, a % b) : Math.abs(a);
  if (numerator === 0) return "0";
  const common = divisor(numerator, denominator), above = Math.abs(numerator) / common, below = denominator / common;
  return `${numerator < 0 ? "−" : ""}${above === 1 ? "" : above}π${below === 1 ? "" : `/${below}`}`;
}

// The largest value decides between plain digits and powers of ten for all.
export function tickLabel(value, step = value, largest = value) {
  if (value === 0) return "0";
  const exponent = exponentOf(value), finest = exponentOf(step), size = exponentOf(largest);
  if (size <= 4 && size >= -3) return fixed(value, clamp(-finest, 0, 12));
  const mantissa = fixed(value / 10 ** exponent, clamp(exponent - finest, 0, 6)).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  return `${mantissa}×${power(exponent)}`;
}

export function logTicks(low, high, count, isCount = false) {
  const decades = Math.log10(high / low);
  if (decades < 0.7) return linearTicks(low, high, count, isCount).filter(tick => tick.value > 0);
  const first = Math.floor(Math.log10(low)), last = Math.floor(Math.log10(high));
  const step = Math.max(1, Math.ceil((decades - 0.5) / count));
  const isLabelled = (multiple, exponent) => decades < 2 ? [1, 2, 5].includes(multiple) : multiple === 1 && exponent % step === 0;
  const multiples = decades > 8 ? [1] : range(9).map(index => index + 1);
  return range(last - first + 1)
    .map(index => first + index)
    .flatMap(exponent => multiples.map(multiple => {
      const value = Number(`${multiple}e${exponent}`);
      const label = decades < 2 ? tickLabel(value) : power(exponent);
      return { value, label: isLabelled(multiple, exponent) ? label : null };
    }))
    .filter(tick => tick.value >= low && tick.value <= high);
}

// Powers of ten to both sides of zero, down to the threshold; too few of them to read give way to even steps.
export function symlogTicks(low, high, count, threshold) {
  const first = exponentOf(threshold), last = exponentOf(Math.max(Math.abs(low), Math.abs(high)));
  const step = Math.max(1, Math.ceil((last - first + 1) * (low < 0 && high > 0 ? 2 : 1) / count));
  const signed = range(Math.max(0, last - first + 1))
    .map(index => first + index)
    .filter(exponent => (last - exponent) % step === 0)
    .flatMap(exponent => [
      { value: Number(`1e${exponent}`), label: power(exponent) },
      { value: -Number(`1e${exponent}`), label: `−${power(exponent)}` },
    ]);
  const found = [{ value: 0, label: "0" }, ...signed].filter(tick => tick.value >= low && tick.value <= high);
  return found.length < 3 ? linearTicks(low, high, count) : found.sort((a, b) => a.value - b.value);
}
