// The verdict at the top, and who is best.
import assert from "node:assert/strict";
import test from "node:test";
import { bestMedian, isOneProblem, leaderOf } from "../../apps/report/page/ranking.js";
import { exceptions, verdictOf } from "../../apps/report/page/status.js";

const run = (status, label = "a", seed = 0) => ({ label, seed, status, records: [{ iteration: 1, gradient_evaluations: 1200, seconds: 0.12345 }] });
const report = (runs, kind = "compare", manifest = {}) => ({ kind, runs, manifest });

test("one run", () => {
  assert.deepEqual(verdictOf(report([run("finished")], "train")),
    { tone: "good", headline: "Finished", detail: "1 iteration · 1,200 gradient evaluations · 0.1235 s of training" });
  const early = verdictOf(report([run("stopped early: kl has not improved on 0.1: ever")], "train"));
  assert.equal(early.tone, "good");
  assert.equal(early.headline, "Stopped early");
  assert.ok(early.detail.startsWith("kl has not improved on 0.1: ever · 1 iteration"));
  assert.equal(verdictOf(report([run("interrupted")], "train")).tone, "partial");
  assert.equal(verdictOf(report([run("diverged: NaN")], "train")).tone, "bad");
  assert.equal(verdictOf(report([{ ...run("finished"), records: [] }], "train")).detail, "");
});

test("what was taken back is told", () => {
  const back = { ...run("finished"), recoveries: ["iteration 9, back to 5"] };
  assert.ok(verdictOf(report([back], "train")).detail.startsWith("taken back 1 time: iteration 9, back to 5 · 1 iteration"));
  assert.deepEqual(exceptions([run("finished"), back]), [{ label: "a", status: "finished; taken back 1 time: iteration 9, back to 5", seeds: [0] }]);
});

test("several runs", () => {
  assert.deepEqual(verdictOf(report([run("finished"), run("stopped early: x")])), { tone: "good", headline: "All 2 runs came to an end", detail: "" });
  assert.deepEqual(verdictOf(report([run("finished"), run("diverged: x"), run("failed: y")])),
    { tone: "bad", headline: "1 of 3 runs came to an end", detail: "1 diverged, 1 failed" });
  assert.deepEqual(verdictOf(report([run("finished")], "compare", { planned: 4 })),
    { tone: "partial", headline: "1 of 4 runs came to an end", detail: "interrupted before 3 of them" });
});

test("exceptions are gathered by label and reason", () => {
  const runs = [run("finished"), run("diverged: x", "a", 1), run("diverged: x", "a", 2), run("diverged: x", "b", 1)];
  assert.deepEqual(exceptions(runs), [{ label: "a", status: "diverged: x", seeds: [1, 2] }, { label: "b", status: "diverged: x", seeds: [1] }]);
});

const metrics = [{ name: "log_z", better: null }, { name: "kl", better: "lower" }, { name: "accuracy", better: "higher" }];
const table = { rows: [
  { label: "a", log_z: { values: [0] }, kl: { values: [0.1, 0.5, 0.2] }, accuracy: { values: [0.7] } },
  { label: "b", log_z: { values: [1] }, kl: { values: [0.3, 0.4, 0.3] }, accuracy: { values: [0.9] } },
  { label: "c", log_z: { values: [1] }, kl: { values: [7, 8, 9] } },
  { label: "d", kl: { values: [null] } },
] };

test("the best is the best median, not the best seed or the best mean", () => {
  assert.equal(bestMedian("kl", table.rows, metrics), 0.2);
  assert.equal(bestMedian("accuracy", table.rows, metrics), 0.9);
  assert.equal(bestMedian("log_z", table.rows, metrics), null);
  assert.equal(bestMedian("kl", table.rows.slice(0, 1), metrics), null);
});

test("the leader names those whose range touches its own", () => {
  const leader = leaderOf(table, metrics);
  assert.equal(leader.label, "a");
  assert.equal(leader.metric.name, "kl");
  assert.deepEqual(leader.level, ["b"]);
  assert.equal(leaderOf({ rows: [] }, metrics), null);
  const highest = leaderOf({ rows: [
    { label: "a", accuracy: { values: [0.5, 0.6] } },
    { label: "b", accuracy: { values: [0.8, 0.9, 0.95] } },
    { label: "c", accuracy: { values: [0.7, 0.8] } },
  ] }, metrics);
  assert.equal(highest.label, "b");
  assert.deepEqual(highest.level, ["c"]);
});

test("different data are not ranked", () => {
  assert.ok(isOneProblem({}));
  assert.ok(isOneProblem({ compare: { entries: [{ set: { "trainer.name": "x" } }], sweep_parameter: "time_scale_ratio" } }));
  assert.ok(!isOneProblem({ compare: { entries: [{ set: { "dataset.shape": "moons" } }] } }));
  assert.ok(!isOneProblem({ compare: { entries: [], sweep_parameter: "dataset.train" } }));
});
