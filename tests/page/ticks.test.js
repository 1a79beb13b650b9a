// Where axes are marked, for ends that figures have met.
import assert from "node:assert/strict";
import test from "node:test";
import { linearTicks, logTicks, periodTicks, symlogTicks, tickLabel } from "../../apps/report/page/ticks.js";

const labels = ticks => ticks.filter(tick => tick.label).map(tick => tick.label);
const values = ticks => ticks.map(tick => tick.value);
function near(found, expected) {
  assert.equal(found.length, expected.length, `${found} for ${expected}`);
  found.forEach((value, index) => assert.ok(Math.abs(value - expected[index]) <= 1e-12 * Math.max(1, Math.abs(expected[index])), `${value} for ${expected[index]}`));
}

test("linear: 1, 2 or 5 times a power of ten, both ends included", () => {
  near(values(linearTicks(0, 1, 5)), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  near(values(linearTicks(-1, 1, 4)), [-1, -0.5, 0, 0.5, 1]);
  near(values(linearTicks(0.1, 0.7, 6)), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]);
  assert.deepEqual(labels(linearTicks(0, 1, 5)), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
});

test("a period: whole parts of a turn, in degrees and in parts of π; even steps where there are none", () => {
  assert.deepEqual(labels(periodTicks(-180, 180, 6, 360)), ["-180", "-120", "-60", "0", "60", "120", "180"].map(label => label.replace("-", "−")));
  assert.deepEqual(labels(periodTicks(-Math.PI, Math.PI, 4, 2 * Math.PI)), ["−π", "−π/2", "0", "π/2", "π"]);
  near(values(periodTicks(0, 24, 5, 24)), [0, 6, 12, 18, 24]);
  near(values(periodTicks(0, 7, 4, 7)), values(linearTicks(0, 7, 4)));
});

test("linear: digits tell neighbours apart", () => {
  const found = labels(linearTicks(44.78805, 44.78827, 5));
  assert.deepEqual(found, ["44.78805", "44.78810", "44.78815", "44.78820", "44.78825"]);
  const huge = labels(linearTicks(1e6, 1.4e6, 4));
  assert.deepEqual(huge, ["1×10⁶", "1.1×10⁶", "1.2×10⁶", "1.3×10⁶", "1.4×10⁶"]);
  assert.deepEqual(labels(linearTicks(0, 2e-5, 4)), ["0", "5×10⁻⁶", "1×10⁻⁵", "1.5×10⁻⁵", "2×10⁻⁵"]);
});

test("linear: one tick where both ends are the same, none where they are lost", () => {
  assert.deepEqual(linearTicks(3, 3, 5), [{ value: 3, label: "3" }]);
  assert.deepEqual(linearTicks(NaN, NaN, 5), []);
  assert.deepEqual(linearTicks(Infinity, -Infinity, 5), []);
});

test("an axis that counts has whole ticks", () => {
  assert.deepEqual(labels(linearTicks(1, 2, 8, true)), ["1", "2"]);
  assert.deepEqual(labels(logTicks(1, 2, 8, true)), ["1", "2"]);
  assert.deepEqual(labels(linearTicks(0, 4000, 4, true)), ["0", "1000", "2000", "3000", "4000"]);
});

test("logarithmic: [4e-5, 0.3] is labelled by decades, with small ticks between them", () => {
  const ticks = logTicks(4e-5, 0.3, 6);
  assert.deepEqual(labels(ticks), ["10⁻⁴", "10⁻³", "10⁻²", "10⁻¹"]);
  near(values(ticks).slice(0, 7), [4e-5, 5e-5, 6e-5, 7e-5, 8e-5, 9e-5, 1e-4]);
  near(values(ticks).slice(-3), [0.1, 0.2, 0.3]);
  assert.equal(ticks.length, 6 + 9 + 9 + 9 + 3);
});

test("logarithmic: every tick lies inside, at its own power of ten", () => {
  for (const [low, high] of [[1e-12, 3e4], [0.02, 0.9], [1, 200], [9.99e-4, 1.001e-2]]) {
    for (const tick of logTicks(low, high, 5)) {
      assert.ok(tick.value >= low && tick.value <= high);
      if (tick.label?.startsWith("10")) assert.equal(Math.log10(tick.value), Math.round(Math.log10(tick.value)));
    }
    assert.ok(labels(logTicks(low, high, 5)).length <= 7);
    assert.ok(labels(logTicks(low, high, 5)).length >= 2);
  }
});

test("logarithmic: under two decades 1, 2, 5; under a factor of five even steps", () => {
  assert.deepEqual(labels(logTicks(0.1, 3, 5)), ["0.1", "0.2", "0.5", "1", "2"]);
  assert.deepEqual(labels(logTicks(0.45, 0.65, 4)), ["0.45", "0.50", "0.55", "0.60", "0.65"]);
});

test("symmetric logarithm: powers of ten to both sides, in order", () => {
  assert.deepEqual(labels(symlogTicks(-100, 1000, 20, 1)), ["−10²", "−10¹", "−10⁰", "0", "10⁰", "10¹", "10²", "10³"]);
  assert.deepEqual(labels(symlogTicks(-0.3, 0.5, 6, 0.1)), ["−10⁻¹", "0", "10⁻¹"]);
  near(values(symlogTicks(0, 0.5, 5, 1)), [0, 0.1, 0.2, 0.3, 0.4, 0.5]);
  assert.ok(symlogTicks(-1e6, 1e6, 6, 1e-3).length <= 8);
});

test("labels of single ticks", () => {
  assert.equal(tickLabel(0), "0");
  assert.equal(tickLabel(-0.5), "−0.5");
  assert.equal(tickLabel(6.5e-9, 5e-10, 7e-9), "6.5×10⁻⁹");
  assert.equal(tickLabel(20000), "20000");
  assert.equal(tickLabel(200000), "2×10⁵");
});
