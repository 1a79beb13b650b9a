// What the run was made from: its configuration in full, and the manifest.

import { html, section } from "./elements.js";
import { formatNumber } from "./numbers.js";

export function provenanceSection(report) {
  const parts = [
    Object.keys(report.manifest).length ? html("details", { open: "" }, html("summary", null, "Manifest"), definitionList(report.manifest)) : null,
    Object.keys(report.configuration).length
      ? html("details", null, html("summary", null, "Resolved configuration"), html("pre", { tabindex: 0 }, prettyJson(report.configuration))) : null,
  ].filter(Boolean);
  return parts.length ? section("provenance", "Configuration and provenance", ...parts) : null;
}

function prettyJson(value) {
  return JSON.stringify(value, null, 2).split("\n").map(line => {
    const [, indent, key, rest] = /^(\s*)("(?:[^"\\]|\\.)*"):(.*)$/.exec(line) ?? [];
    return key ? [indent, html("span", { class: "key" }, key), `:${rest}\n`] : `${line}\n`;
  }).flat();
}

function definitionList(entries) {
  const show = value => {
    if (value === null || value?.length === 0) return "none";
    if (typeof value === "number" && !Number.isInteger(value)) return formatNumber(value, 4);
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  };
  return html("dl", null, Object.entries(entries).flatMap(([name, value]) => [
    html("dt", null, name.replaceAll("_", " ")),
    html("dd", null, show(value)),
  ]));
}
