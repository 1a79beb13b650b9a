// The section of globes: densities on the sphere, all seen from the same side and with the same colours.

import { colourBar } from "./colour_bar.js";
import { densityScale, paletteOf, viridis } from "./colours.js";
import { checkbox, choice, devicePixels, grid, html, oncePerFrame, onWidthChange, section } from "./elements.js";
import { lookupTable, neuronAreaUnit, neuronFill, paintDensity, paintOverlay, panelsFor, refine } from "./globe_painting.js";
import { globePanel, reading } from "./globe_panel.js";
import { formatNumber } from "./numbers.js";
import { onSphere, radians, viewOfPeak } from "./projections.js";
import { clamp } from "./statistics.js";
import { witnessNotes } from "./witness.js";

export function globesSection(report) {
  if (report.globes.length === 0) return null;
  const palette = paletteOf(viridis), scale = densityScale(report.globes);
  const globes = report.globes.map(globe => ({
    ...globe,
    texture: refine(globe.density, scale),
    places: globe.points.map(([latitude, longitude]) => onSphere(radians(latitude), radians(longitude))),
  }));
  const initial = viewOfPeak(globes[0].density), neuronArea = neuronAreaUnit(globes);
  const state = { view: initial, mode: "hemispheres", show: { points: true, neurons: true, witness: true } };
  let scene = null;

  function draw() {
    const pixel = devicePixels();
    const width = Math.round(Math.max(120, panels[0].canvas.clientWidth) * pixel);
    scene = { ...panelsFor(state.mode, width, pixel), width, pixel, neuronArea, view: state.view };
    const tables = new Map();
    globes.forEach((globe, index) => {
      const key = `${globe.texture.rows} ${globe.texture.columns}`;
      if (!tables.has(key)) tables.set(key, lookupTable(scene, globe.texture));
      const { canvas } = panels[index];
      Object.assign(canvas, { width: scene.width, height: scene.height });
      const context = canvas.getContext("2d");
      paintDensity(context, globe.texture, tables.get(key), palette);
      for (const panel of scene.panels) paintOverlay(context, globe, scene, panel, state.show);
    });
  }
  const redraw = oncePerFrame(draw);
  const turn = (east, north) => {
    state.view = {
      latitude: clamp(state.view.latitude + north, -Math.PI / 2, Math.PI / 2),
      longitude: state.view.longitude + east,
    };
    redraw();
  };
  const read = place => globes.forEach((globe, index) => { panels[index].readout.textContent = place ? reading(globe.density, place) : ""; });
  const panels = globes.map(globe => globePanel(globe, () => scene, turn, read, globes.length === 1));
  const figures = grid(panels.map(panel => panel.figure));
  onWidthChange(figures, draw);
  const reset = () => { state.view = initial; draw(); };
  return { draw, node: globesNode(globes, scale, state, figures, draw, reset) };
}

function globesNode(globes, scale, state, figures, draw, reset) {
  const toggle = name => visible => { state.show[name] = visible; draw(); };
  const has = name => globes.some(globe => globe[name].length > 0);
  return section("globes", "On the sphere",
    html("div", { class: "controls" },
      choice("Show", [["hemispheres", "two hemispheres"], ["map", "equal-area map"]], state.mode, mode => { state.mode = mode; draw(); }),
      has("points") ? checkbox("data points", toggle("points")) : null,
      has("neurons") ? checkbox("neurons", toggle("neurons")) : null,
      globes.some(globe => globe.witness) ? checkbox("where the model errs most", toggle("witness")) : null,
      html("button", { type: "button", click: reset }, "Reset view")),
    colourBar("log density (nats, per area)", scale),
    overlayKeys(globes, has),
    figures,
    html("p", { class: "caption after" },
      "Of the two discs, the left one is the hemisphere towards the viewer and the right one the opposite hemisphere, seen from its own side. Drag or use the arrow keys to turn all globes together; hold the pointer over a globe to read the log density there. Lines every 30°."),
    witnessNotes(globes));
}

function overlayKeys(globes, has) {
  if (!has("points") && !has("neurons")) return null;
  const neurons = globes.flatMap(globe => globe.neurons);
  const largest = Math.max(0, ...neurons.map(neuron => Math.abs(neuron.weight)));
  const dot = (sign, text) => html("span", null, html("span", { class: "dot neuron", style: `background: ${neuronFill(sign)}` }), text);
  return html("p", { class: "keys" },
    has("points") ? html("span", null, html("span", { class: "dot point" }), "data") : null,
    neurons.some(neuron => neuron.sign > 0) ? dot(1, "neuron, sign +") : null,
    neurons.some(neuron => neuron.sign < 0) ? dot(-1, "neuron, sign −") : null,
    has("neurons") ? html("span", null, `area in proportion to weight; largest ${formatNumber(largest)}`) : null);
}
