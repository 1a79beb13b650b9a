// Numbers over runs: what is finite, the ends, the median.

export const isNumber = Number.isFinite;
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
export const range = count => Array.from({ length: count }, (_, index) => index);

// [Infinity, -Infinity] where nothing is finite; a lost value (null, NaN) is no value.
export function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (!isNumber(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// How a number spreads over seeds, everywhere on the page; null where none of its values is finite.
export function spreadOf(values) {
  const finite = (values ?? []).filter(isNumber);
  if (finite.length === 0) return null;
  const [least, greatest] = extent(finite);
  return { median: median(finite), least, greatest, lost: values.length - finite.length, values: finite };
}
