// Numbers as text. Tables have the digits of the terminal's table (apps/table.cpp); the exponent is typeset.

import { isNumber, spreadOf } from "./statistics.js";

export const plural = (count, noun) => `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;

const minus = text => text.replace("-", "−");
const superscript = integer => String(integer).replace("-", "⁻").replace(/\d/g, digit => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
export const power = exponent => `10${superscript(exponent)}`;
export const fixed = (value, decimals) => minus(value.toFixed(decimals)).replace(/^−(?=[0.]*$)/, "");

// The decimal exponent after rounding, so that 9.996 to three digits is 10.0.
export const exponentOf = (value, digits = 15) => Number(value.toExponential(digits - 1).split("e")[1]);

const withoutZeros = text => text.includes(".") ? text.replace(/\.?0+$/, "") : text;
const grouped = integer => integer === 0 ? "0" : minus(integer.toLocaleString("en"));

// The mantissa and exponent of C's %e, two digits or more: unlike JavaScript, C rounds 4605 to the even 4.60.
function significant(value, digits) {
  const [exact, exponent] = value.toExponential(60).split("e");
  const end = exact.indexOf(".") + digits, kept = exact.slice(0, end);
  const isTieToEven = /^50*$/.test(exact.slice(end)) && /[02468]$/.test(kept);
  return isTieToEven ? [kept, exponent] : value.toExponential(digits - 1).split("e");
}

// C's %.{digits}g: that many significant digits, no zeros at the end, a power of ten for what is very large or small.
export function formatNumber(value, digits = 3) {
  if (!isNumber(value)) return "–";
  if (value === 0) return "0";
  const [mantissa, power10] = significant(value, digits), exponent = Number(power10);
  if (exponent < -4 || exponent >= digits) return `${minus(withoutZeros(mantissa))}×${power(exponent)}`;
  return minus(withoutZeros(Number(`${mantissa}e${exponent}`).toFixed(digits - 1 - exponent)));
}

// A single value: counts in full, four digits of anything else.
export const formatSingle = value =>
  Number.isInteger(value) && Math.abs(value) < 1e16 ? grouped(value) : formatNumber(value, 4);

// "median [least, greatest]" in two parts; no range where all seeds agree.
export function formatSpread(values) {
  const spread = spreadOf(values);
  if (!spread) return { middle: "–", range: null };
  const { median, least, greatest } = spread;
  if (least === greatest) return { middle: formatSingle(least), range: null };
  return { middle: formatNumber(median), range: `[${formatNumber(least)}, ${formatNumber(greatest)}]` };
}

export const spreadText = values => {
  const { middle, range } = formatSpread(values);
  return range ? `${middle} ${range}` : middle;
};
