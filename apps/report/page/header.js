// The top of the page: what was run, how it ended, what came out, and the command that did it.

import { html } from "./elements.js";
import { plural, spreadText } from "./numbers.js";
import { isOneProblem, leaderOf } from "./ranking.js";
import { textOf } from "./parameters.js";
import { exceptions, verdictOf, verdictOfSearch } from "./status.js";
import { valueText } from "./trial_marks.js";

const kinds = { compare: "Comparison", train: "Training run", tune: "Search" };
const marks = { good: "✓", partial: "!", bad: "✕" };

function readableTime(started) {
  const time = new Date(started);
  if (!started || Number.isNaN(time.getTime())) return started;
  const date = time.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  return `${date}, ${time.toISOString().slice(11, 16)} UTC`;
}

export function headerOf(report) {
  const { program, started } = report.manifest;
  const kicker = [kinds[report.kind] ?? report.kind, program, readableTime(started)];
  return html("header", null,
    html("p", { class: "kicker" }, kicker.filter(Boolean).join(" · ")),
    html("h1", null, report.title),
    report.summary ? html("p", { class: "summary" }, withoutTitle(report)) : null,
    verdict(report),
    report.command ? commandLine(report.command) : null);
}

// The summary of a terminal begins with the title, which stands above it here.
function withoutTitle({ summary, title }) {
  const rest = summary.startsWith(`${title}: `) ? summary.slice(title.length + 2) : summary;
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

function verdict(report) {
  const { tone, headline, detail } = report.search ? verdictOfSearch(report.search, report.manifest.planned) : verdictOf(report);
  const leader = report.kind === "compare" && isOneProblem(report.configuration) ? leaderOf(report.table, report.metrics) : null;
  const lines = report.runs.length > 1 ? exceptions(report.runs) : [];
  const line = ({ label, status, seeds }) => html("li", null,
    html("b", null, label), `, seed${seeds.length > 1 ? "s" : ""} ${seeds.join(", ")}: ${status}`);
  return html("div", { class: `verdict ${tone}`, role: "status" },
    html("span", { class: "mark", "aria-hidden": "true" }, marks[tone]),
    html("div", null,
      html("p", { class: "headline" }, html("b", null, headline), detail ? ` · ${detail}` : null),
      leader ? html("p", null, leaderSentence(leader)) : null,
      report.search ? winnerSentences(report.search).map(sentence => html("p", null, sentence)) : null,
      lines.length ? html("ul", null, lines.map(line)) : null));
}

function leaderSentence({ metric, label, spread, level }) {
  const extreme = metric.better === "lower" ? "Lowest" : "Highest";
  const others = level.length === 0 ? "." : level.length > 3
    ? `; the ranges of ${plural(level.length, "other")} overlap with it.`
    : level.length > 1 ? `; the ranges of ${level.slice(0, -1).join(", ")} and ${level.at(-1)} overlap with it.`
    : `; the range of ${level[0]} overlaps with it.`;
  return [`${extreme} ${metric.label}: `, html("b", null, label), `, ${spreadText(spread.values)} ${metric.unit}${others}`];
}

function winnerSentences({ metric, trials, test, complete }) {
  const winner = trials.find(trial => trial.best);
  if (!winner)
    return [complete ? "No trial came to the end of its run: there is no winner."
      : "The search has not come to its end: there is no winner yet."];
  const parameters = Object.entries(winner.set).map(([path, value]) => `${path} = ${textOf(value)}`).join(", ");
  return [
    ["Best on the validation points: ", html("b", null, winner.label), ` with ${parameters}: ${metric.label} ${valueText(winner)} ${metric.unit}.`],
    test ? `On the test points, looked at once, for it alone: ${valueText(test)}.`
      : "There are no test points: its value is that of the choice, and too good by it.",
  ];
}

function commandLine(command) {
  const code = html("code", null, command);
  const select = () => getSelection().selectAllChildren(code);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(command);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    } catch {
      select();
    }
  };
  const button = html("button", { type: "button", "aria-label": "Copy the command", click: copy }, "Copy");
  return html("div", { class: "command" }, code, button);
}
