import assert from "node:assert/strict";
import test from "node:test";

import { coordinateOf, nameOf, textOf, valueRange } from "../../apps/report/page/parameters.js";
import { verdictOfSearch } from "../../apps/report/page/status.js";
import { valueText } from "../../apps/report/page/trial_marks.js";
import { endOf } from "../../apps/report/page/trials_table.js";

const searchOf = (values, better = "lower") => ({ metric: { better }, trials: values.map(value => ({ value })) });

test("values of a list stand by their place, whatever they are, numbers where they are", () => {
  const listed = { scale: "values", values: [[64, 64], { name: "adam" }, "a"] };
  assert.equal(coordinateOf(listed, [64, 64]), 0);
  assert.equal(coordinateOf(listed, { name: "adam" }), 1);
  assert.equal(coordinateOf({ scale: "log" }, 0.01), 0.01);
  assert.deepEqual([[64, 64], { name: "adam" }, "a", 0.25, true].map(textOf), ["64, 64", "adam", "a", "0.25", "true"]);
});

test("a parameter has its last key for a name, or its path where two share that", () => {
  const all = [{ path: "optimizer.learning_rate" }, { path: "trainer.particles" }, { path: "sampler.particles" }];
  assert.deepEqual(all.map(one => nameOf(one, all)), ["learning_rate", "trainer.particles", "sampler.particles"]);
});

test("one trial gone wild does not press the others into a line, and lies at the edge", () => {
  const range = valueRange(searchOf([1, 2, 1.5, 900, null]));
  assert.deepEqual(range.extent, [1, 3.25]);
  assert.ok(range.clips);
  assert.equal(range.shown(900), 3.25);
  assert.equal(range.shown(null), 3.25);
  assert.equal(range.merit(1), 1);
  assert.equal(range.merit(900), 0);
  assert.equal(range.merit(null), 0);
});

test("where more is better the edge is below", () => {
  const range = valueRange(searchOf([0.9, 0.8, 0.7, -50], "higher"));
  assert.equal(range.extent[1], 0.9);
  assert.ok(range.extent[0] > 0 && range.shown(-50) === range.extent[0]);
  assert.equal(range.merit(0.9), 1);
});

test("a single value, equal values and none", () => {
  assert.deepEqual(valueRange(searchOf([2])).extent, [2, 2]);
  assert.equal(valueRange(searchOf([2, 2])).merit(2), 1);
  assert.equal(valueRange(searchOf([null])), null);
});

test("how a trial ended, and the search", () => {
  const rungs = [{}, {}];
  assert.equal(endOf({ value: 1, rung: 1, status: "finished" }, rungs), "left on rung 1 of 2");
  assert.equal(endOf({ value: 1, rung: 2, status: "finished" }, rungs), "finished");
  assert.equal(endOf({ value: null, rung: 1, status: "diverged: far" }, rungs), "diverged: far");
  const trials = [{ best: true, status: "finished" }, { best: false, status: "diverged: far" }];
  assert.deepEqual(verdictOfSearch({ trials }, 2), { tone: "good", headline: "The best of 2 trials", detail: "1 diverged" });
  assert.deepEqual(verdictOfSearch({ trials: trials.slice(1) }, 4), { tone: "partial", headline: "1 trial so far", detail: "1 diverged, 3 to come" });
  assert.deepEqual(verdictOfSearch({ trials: trials.slice(1), complete: true }, 1), { tone: "bad", headline: "No trial came to the end of its run", detail: "1 diverged" });
  assert.equal(valueText({ value: -1.23456, error: 0.0123 }), "−1.2346 ± 0.012");
  assert.equal(valueText({ value: null, error: null }), "–");
});
