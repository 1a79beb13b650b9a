// The page: reads the report from #report-data and draws its sections in order.

import { curvesSection } from "./curves.js";
import { html } from "./elements.js";
import { globesSection } from "./globes.js";
import { headerOf } from "./header.js";
import { imagesSection } from "./images.js";
import { stylesByLabel } from "./labels.js";
import { planesSection } from "./planes.js";
import { provenanceSection } from "./provenance.js";
import { searchSection } from "./search.js";
import { sweepSection } from "./sweep.js";
import { resultsSection } from "./table.js";

function drawPage() {
  const report = JSON.parse(document.getElementById("report-data").textContent);
  const styles = stylesByLabel(report);
  const search = searchSection(report);
  const ofRuns = [curvesSection(report, styles), sweepSection(report), globesSection(report), planesSection(report), imagesSection(report)];
  const figures = [search, ...ofRuns].filter(Boolean);
  document.getElementById("report").replaceChildren(...[
    headerOf(report),
    search?.node,
    resultsSection(report, styles),
    ...figures.filter(figure => figure !== search).map(figure => figure.node),
    provenanceSection(report),
  ].filter(Boolean));
  // Figures are drawn once they are in the page and have a width.
  for (const figure of figures) figure.draw();
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(details => { details.open = true; }));
  document.documentElement.dataset.ready = "true";
}

try {
  drawPage();
} catch (error) {
  document.getElementById("report").prepend(
    html("div", { class: "error", role: "alert" }, `This report could not be drawn.\n${error.stack ?? error}`));
  document.documentElement.dataset.ready = "error";
}
