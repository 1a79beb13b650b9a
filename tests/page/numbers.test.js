// Numbers as the terminal writes them: each pair below is what C's printf (and fmt) gives, typeset.
import assert from "node:assert/strict";
import test from "node:test";
import { exponentOf, fixed, formatNumber, formatSingle, formatSpread, plural, power, spreadText } from "../../apps/report/page/numbers.js";
import { extent, median, spreadOf } from "../../apps/report/page/statistics.js";

test("three significant digits, as %.3g", () => {
  const expected = [
    [0.45, "0.45"], [0.4504, "0.45"], [0.4537, "0.454"], [2.3, "2.3"], [2.345, "2.35"], [99.96, "100"], [999.4, "999"],
    [999.6, "1×10³"], [1234.5, "1.23×10³"], [345000, "3.45×10⁵"], [0.0001234, "0.000123"], [0.00009996, "0.0001"],
    [0.00004, "4×10⁻⁵"], [4605, "4.6×10³"], [4615, "4.62×10³"], [866.5, "866"], [867.5, "868"], [0.0625, "0.0625"], [-1.125, "−1.12"], [-0.5, "−0.5"], [-1.5e-7, "−1.5×10⁻⁷"], [0, "0"], [-0, "0"], [1e300, "1×10³⁰⁰"], [5e-324, "4.94×10⁻³²⁴"],
  ];
  for (const [value, text] of expected) assert.equal(formatNumber(value), text, String(value));
});

test("what is no number is a dash", () => {
  for (const value of [NaN, Infinity, -Infinity, null, undefined, "3"]) assert.equal(formatNumber(value), "–");
});

test("a single value: counts in full, four digits of the rest, as {} and {:.4g}", () => {
  const expected = [[2300000, "2,300,000"], [200, "200"], [-3, "−3"], [0, "0"], [0.957138, "0.9571"], [44.7881, "44.79"], [0.1, "0.1"], [123456.5, "1.235×10⁵"], [1e16, "1×10¹⁶"]];
  for (const [value, text] of expected) assert.equal(formatSingle(value), text);
});

test("median [least, greatest], never mean ± deviation", () => {
  assert.equal(spreadText([1, 2, 9]), "2 [1, 9]");
  assert.equal(spreadText([0.457, 0.453, 0.4531, 0.4549]), "0.454 [0.453, 0.457]");
  assert.equal(spreadText([450000, 500000, 345000]), "4.5×10⁵ [3.45×10⁵, 5×10⁵]");
});

test("one number where all seeds agree", () => {
  assert.deepEqual(formatSpread([500000, 500000]), { middle: "500,000", range: null });
  assert.deepEqual(formatSpread([0.123456]), { middle: "0.1235", range: null });
});

test("lost values are no values, and counted", () => {
  assert.deepEqual(spreadOf([3, null, 1, NaN]), { median: 2, least: 1, greatest: 3, lost: 2, values: [3, 1] });
  assert.equal(spreadOf([null, NaN]), null);
  assert.equal(spreadOf([]), null);
  assert.equal(spreadOf(undefined), null);
  assert.equal(spreadText([null]), "–");
});

test("median: the middle, or the middle of the two; by size and not by spelling; its argument is left alone", () => {
  const values = [10, 9, 100];
  assert.equal(median(values), 10);
  assert.deepEqual(values, [10, 9, 100]);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([-7]), -7);
});

test("extent passes over what is not finite", () => {
  assert.deepEqual(extent([3, null, -1, NaN, Infinity]), [-1, 3]);
  assert.deepEqual(extent([]), [Infinity, -Infinity]);
});

test("the exponent is that after rounding", () => {
  assert.equal(exponentOf(9.996, 3), 1);
  assert.equal(exponentOf(9.994, 3), 0);
  assert.equal(exponentOf(0.001), -3);
  assert.equal(exponentOf(1000), 3);
});

test("typography", () => {
  assert.equal(power(-12), "10⁻¹²");
  assert.equal(fixed(-0.04, 1), "0.0");
  assert.equal(fixed(-0.06, 1), "−0.1");
  assert.equal(plural(1, "run"), "1 run");
  assert.equal(plural(0, "run"), "0 runs");
  assert.equal(plural(1200, "run"), "1,200 runs");
});
