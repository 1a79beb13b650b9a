// From values to pixels and back.
import assert from "node:assert/strict";
import test from "node:test";
import { makeScale, scaleKind } from "../../apps/report/page/scales.js";

const near = (found, expected, tolerance = 1e-9) =>
  assert.ok(Math.abs(found - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${found} for ${expected}`);

test("the kind of axis follows the values", () => {
  assert.deepEqual(scaleKind("linear", [1, 10]), { kind: "linear" });
  assert.deepEqual(scaleKind("log", [0.3, 4e-5]), { kind: "log" });
  assert.deepEqual(scaleKind("log", [0, 0]), { kind: "linear" });
  assert.equal(scaleKind("log", [0.3, 0]).kind, "symlog");
  const negative = scaleKind("log", [-0.02, 5]);
  assert.equal(negative.kind, "symlog");
  near(negative.threshold, 0.01);
});

test("ends go to the ends, and halves of a logarithm halfway", () => {
  const linear = makeScale({ kind: "linear" }, [2, 4], [100, 0], 0);
  assert.equal(linear.position(2), 100);
  assert.equal(linear.position(4), 0);
  near(linear.position(3), 50);
  const log = makeScale({ kind: "log" }, [4e-5, 0.3], [0, 200], 0);
  near(log.position(4e-5), 0);
  near(log.position(0.3), 200);
  near(log.position(Math.sqrt(4e-5 * 0.3)), 100);
});

test("back and forth, on every kind of axis", () => {
  for (const kind of [{ kind: "linear" }, { kind: "log" }, { kind: "symlog", threshold: 0.01 }]) {
    const scale = makeScale(kind, [0.02, 50], [40, 400]);
    for (const value of [0.02, 0.5, 7, 50]) near(scale.value(scale.position(value)), value);
  }
  const scale = makeScale({ kind: "symlog", threshold: 0.01 }, [-3, 5], [0, 300]);
  for (const value of [-3, -0.001, 0, 0.2, 5]) near(scale.value(scale.position(value)), value);
  assert.ok(scale.position(-3) < scale.position(-0.001) && scale.position(-0.001) < scale.position(0));
});

test("a constant series is in the middle, with a tick", () => {
  for (const [kind, value] of [["linear", 5], ["linear", 0], ["linear", -2], ["log", 3e-7]]) {
    const scale = makeScale({ kind }, [value, value], [0, 100]);
    near(scale.position(value), 50);
    const ticks = scale.ticks(4).filter(tick => tick.label);
    assert.ok(ticks.length >= 1, `${kind} ${value}`);
    for (const tick of ticks) assert.ok(scale.position(tick.value) >= 0 && scale.position(tick.value) <= 100);
  }
});

test("what is lost has no place", () => {
  const scale = makeScale({ kind: "log" }, [1, 10], [0, 100]);
  assert.ok(Number.isNaN(scale.position(NaN)));
  assert.ok(!Number.isFinite(scale.position(0)));
});
