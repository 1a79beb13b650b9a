// How runs ended, and what that makes of the whole: the sentence at the top of the page.

import { formatSingle, plural } from "./numbers.js";

export const hasDiverged = run => run.status.startsWith("diverged");
const stoppedEarly = run => run.status.startsWith("stopped early");
const cameToItsEnd = run => run.status === "finished" || stoppedEarly(run);
const isBroken = run => hasDiverged(run) || run.status.startsWith("failed");

const takenBack = run => run.recoveries?.length ? `taken back ${plural(run.recoveries.length, "time")}: ${run.recoveries.join("; ")}` : null;

const capital = text => text.charAt(0).toUpperCase() + text.slice(1);

// Runs that did not simply finish, gathered where label and reason are the same.
export function exceptions(runs) {
  const byWords = new Map();
  for (const run of runs.filter(run => run.status !== "finished" || takenBack(run))) {
    const { label, seed } = run, status = [run.status, takenBack(run)].filter(Boolean).join("; ");
    const words = JSON.stringify([label, status]);
    byWords.set(words, { label, status, seeds: [...(byWords.get(words)?.seeds ?? []), seed] });
  }
  return [...byWords.values()];
}

function verdictOfOne(run) {
  const last = run.records[run.records.length - 1] ?? {};
  const [word, ...reason] = run.status.split(": ");
  const facts = [
    last.iteration === undefined ? null : plural(last.iteration, "iteration"),
    last.gradient_evaluations === undefined ? null : plural(last.gradient_evaluations, "gradient evaluation"),
    last.seconds === undefined ? null : `${formatSingle(last.seconds)} s of training`,
  ];
  const headline = stoppedEarly(run) ? "Stopped early" : capital(word);
  return { headline, detail: [reason.join(": "), takenBack(run), ...facts].filter(Boolean).join(" · ") };
}

function verdictOfMany(runs, planned) {
  const ended = runs.filter(cameToItsEnd).length, diverged = runs.filter(hasDiverged).length;
  const broken = runs.filter(isBroken).length - diverged, missing = planned - runs.length;
  const rest = [
    diverged ? `${diverged} diverged` : null,
    broken ? `${broken} failed` : null,
    missing > 0 ? `interrupted before ${missing} of them` : null,
  ].filter(Boolean).join(", ");
  const headline = ended === planned ? `${planned === 1 ? "The run" : `All ${planned} runs`} came to an end` : `${ended} of ${planned} runs came to an end`;
  return { headline, detail: rest };
}

// tone: "good" where every run came to its end, "bad" where one diverged or failed, "partial" otherwise.
export function verdictOf({ kind, runs, manifest }) {
  const planned = Math.max(runs.length, manifest.planned ?? 0);
  const words = kind === "train" && runs.length === 1 ? verdictOfOne(runs[0]) : verdictOfMany(runs, planned);
  const tone = runs.some(isBroken) ? "bad" : planned === runs.length && runs.every(cameToItsEnd) ? "good" : "partial";
  return { tone, ...words };
}

// Trials that diverge are what a search is there to find: it is good where it has a winner.
export function verdictOfSearch({ trials, complete }, planned) {
  const count = test => trials.filter(test).length;
  const diverged = count(hasDiverged), failed = count(isBroken) - diverged, missing = planned - trials.length;
  const detail = [diverged ? `${diverged} diverged` : null, failed ? `${failed} failed` : null, missing > 0 ? `${missing} to come` : null];
  const [tone, headline] = trials.some(trial => trial.best) ? ["good", `The best of ${plural(trials.length, "trial")}`]
    : complete ? ["bad", "No trial came to the end of its run"] : ["partial", `${plural(trials.length, "trial")} so far`];
  return { tone, headline, detail: detail.filter(Boolean).join(", ") };
}
