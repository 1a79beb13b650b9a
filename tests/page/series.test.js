// What a line figure draws of several seeds.
import assert from "node:assert/strict";
import test from "node:test";
import { makeScale } from "../../apps/report/page/scales.js";
import { aggregate, commonGrid, curveOf, horizontalView, nearestAbscissa, valueAt, verticalExtent } from "../../apps/report/page/series.js";

const linear = makeScale({ kind: "linear" }, [0, 10], [0, 100], 0);
const log = makeScale({ kind: "log" }, [1, 1000], [0, 100], 0);
const curve = (points, status = "finished") => ({ run: { status }, points: points.map(([x, y]) => ({ x, y })) });

test("records without the metric, and those at 0 on a logarithmic axis, are left out", () => {
  const run = { records: [{ iteration: 0, kl: 1 }, { iteration: 1, kl: null }, { iteration: 2, kl: 0.5 }, { iteration: 3 }] };
  assert.deepEqual(curveOf(run, { name: "kl" }, { axis: "iteration", logX: true }).points, [{ x: 2, y: 0.5 }]);
  assert.deepEqual(curveOf(run, { name: "kl" }, { axis: "iteration", logX: false }).points, [{ x: 0, y: 1 }, { x: 2, y: 0.5 }]);
});

test("between two records the value lies on the line that is drawn", () => {
  const points = [{ x: 1, y: 1 }, { x: 100, y: 100 }];
  assert.ok(Math.abs(valueAt(points, 10, log, log) - 10) < 1e-12);
  assert.ok(Math.abs(valueAt(points, 50.5, linear, linear) - 50.5) < 1e-12);
  assert.equal(valueAt(points, 100, log, log), 100);
  assert.equal(valueAt(points, 101, log, log), null);
  const records = [1, 2, 3, 5, 7, 11, 13].map(x => ({ x, y: 3e-7 * x }));
  for (const { x, y } of records) assert.equal(valueAt(records, x, log, log), y);
  assert.equal(valueAt([], 1, log, log), null);
});

test("a record at a doubled end is a value and not 0/0", () => {
  const points = [{ x: 1, y: 3 }, { x: 2, y: 5 }, { x: 2, y: 4 }];
  assert.equal(valueAt(points, 2, linear, linear), 5);
  assert.equal(valueAt(points, 1.5, linear, linear), 4);
});

test("median and range over seeds, where at least half of them are", () => {
  const seeds = [curve([[0, 1], [1, 10], [2, 3]]), curve([[0, 2], [1, 20]]), curve([[0, 9], [1, 60]])];
  assert.deepEqual(aggregate(seeds, linear, linear), [
    { x: 0, middle: 2, low: 1, high: 9, count: 3 },
    { x: 1, middle: 20, low: 10, high: 60, count: 3 },
  ]);
  assert.deepEqual(aggregate([], linear, linear), []);
});

test("seeds without common abscissae are read off on an even grid", () => {
  const grid = commonGrid([curve([[0, 1], [0.9, 1], [2.1, 1]]), curve([[0.1, 1], [1.2, 1], [3, 1]])], linear);
  assert.equal(grid.length, 200);
  assert.equal(grid[0], 0);
  assert.equal(grid[199], 3);
  assert.deepEqual(commonGrid([curve([[0, 1], [5, 1]]), curve([[0, 2], [5, 2]])], linear), [0, 5]);
});

test("what diverges stretches the axis by a fifth and no more", () => {
  const settled = curve([[0, 0], [1, 10]]);
  assert.deepEqual(verticalExtent([settled, curve([[0, 5], [1, 1e9]], "diverged: NaN")], { kind: "linear" }), [0, 12]);
  assert.deepEqual(verticalExtent([settled, curve([[0, 5], [1, 11]], "diverged: NaN")], { kind: "linear" }), [0, 11]);
  assert.deepEqual(verticalExtent([curve([[0, 4], [1, 4]])], { kind: "linear" }), [4, 4]);
});

test("all figures share the horizontal extent", () => {
  const runs = [{ records: [{ iteration: 0 }, { iteration: 50 }] }, { records: [{ iteration: 10 }] }];
  assert.deepEqual(horizontalView(runs, { axis: "iteration", wantsLog: true }).extent, [10, 50]);
  assert.deepEqual(horizontalView(runs, { axis: "iteration", wantsLog: false }).extent, [0, 50]);
  const atStart = [{ records: [{ iteration: 0 }] }];
  assert.deepEqual(horizontalView(atStart, { axis: "iteration", wantsLog: true }), { axis: "iteration", logX: false, extent: [0, 1] });
  assert.deepEqual(horizontalView([], { axis: "iteration", wantsLog: false }).extent, [0, 1]);
});

test("the nearest abscissa is nearest to the eye", () => {
  const series = [{ points: [{ x: 1 }, { x: 100 }] }];
  assert.equal(nearestAbscissa(series, 20, log), 100);
  assert.equal(nearestAbscissa(series, 20, linear), 1);
  assert.equal(nearestAbscissa([], 20, linear), null);
});
