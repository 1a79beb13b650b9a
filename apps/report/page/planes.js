// The section of densities in the plane: the data and each model in the same square, with the same colours.

import { drawFrame } from "./axes.js";
import { colourBar } from "./colour_bar.js";
import { densityScale, paletteOf, viridis } from "./colours.js";
import { checkbox, choice, devicePixels, grid, html, onWidthChange, section } from "./elements.js";
import { makeScale } from "./scales.js";
import { clamp, extent, isNumber } from "./statistics.js";
import { strokeRing, witnessNotes } from "./witness.js";

// Both ways to colour: a title, the ends of the scale, and the place of a log density in it from 0 to 1.
export function colourings(planes) {
  const dense = planes.filter(plane => plane.density), logarithmic = densityScale(dense);
  const summit = dense.length ? extent(dense[0].density.log_density)[1] : 0;
  const peak = Math.exp(isNumber(summit) ? Math.min(logarithmic.high, summit) : logarithmic.high);
  return {
    density: {
      title: "density (per unit of area)",
      scale: { low: 0, high: peak, clipsLow: false, clipsHigh: logarithmic.high > Math.log(peak) },
      level: value => Math.exp(value) / peak,
    },
    log: {
      title: "log density (nats, per unit of area)",
      scale: logarithmic,
      level: value => (value - logarithmic.low) / (logarithmic.high - logarithmic.low),
    },
  };
}

export function planesSection(report) {
  if (report.planes.length === 0) return null;
  const palette = paletteOf(viridis), coloured = colourings(report.planes);
  const state = { mode: "density", points: true, witness: true };
  const panels = report.planes.map(planePanel);
  const bar = html("div");
  function draw() {
    const pixel = devicePixels(), { title, scale, level } = coloured[state.mode];
    bar.replaceChildren(colourBar(title, scale));
    for (const { plane, canvas, place } of panels) {
      const side = Math.round(layOut(plane, canvas, place) * pixel);
      Object.assign(canvas, { width: side, height: side });
      paintPlane(canvas.getContext("2d"), plane, palette, level, side);
      if (state.points) paintDots(canvas.getContext("2d"), plane, side, pixel);
      if (state.witness && plane.witness) paintWitness(canvas.getContext("2d"), plane, side, pixel);
    }
  }
  const figures = grid(panels.map(panel => panel.figure));
  onWidthChange(figures, draw);
  return {
    draw,
    node: section("planes", "In the plane",
      html("div", { class: "controls" },
        choice("Colours show", [["density", "density"], ["log", "log density"]], state.mode, mode => { state.mode = mode; draw(); }),
        checkbox("data points", visible => { state.points = visible; draw(); }),
        report.planes.some(plane => plane.witness)
          ? checkbox("where the model errs most", visible => { state.witness = visible; draw(); }) : null),
      bar,
      figures,
      html("p", { class: "caption after" }, caption(report.planes[0].axes)),
      witnessNotes(report.planes)),
  };
}

function caption(axes) {
  const round = axes.filter(axis => axis.wraps).map(axis => axis.label);
  const ends = round.length ? ` The two ends of ${round.join(" and of ")} are one place.` : "";
  return `Coordinates as they come out of the transforms.${ends} One scale of colours for all panels.`;
}

function planePanel(plane) {
  const canvas = html("canvas", { role: "img", "aria-label": `Density in the plane: ${plane.title}` });
  const place = html("div", { class: "frame" });
  return { plane, canvas, place, figure: html("figure", { class: "plane" }, html("figcaption", null, html("h3", null, plane.title)), place) };
}

// Draws the axes and puts the canvas inside them; returns its side in pixels of the page.
function layOut({ centre, half, axes, title }, canvas, place) {
  const ends = index => [centre[index] - half[index], centre[index] + half[index]];
  const axis = index => pixels => makeScale({ kind: "linear", period: axes[index].wraps ? 2 * half[index] : 0 }, ends(index), pixels, 0);
  const frame = drawFrame({
    width: Math.max(160, place.clientWidth), makeX: axis(0), makeY: axis(1), xLabel: axes[0].label, yLabel: axes[1].label,
    attributes: { "aria-label": `Axes of ${title}` },
  });
  const side = frame.right - frame.left;
  canvas.setAttribute("style", `left: ${frame.left}px; top: ${frame.top}px; width: ${side}px; height: ${side}px`);
  place.replaceChildren(frame.node, canvas);
  return side;
}

function paintPlane(context, { density }, palette, level, side) {
  if (!density) return;
  const { rows, columns, log_density: values } = density;
  const raster = new OffscreenCanvas(columns, rows), small = raster.getContext("2d");
  const image = small.createImageData(columns, rows), pixels = new Uint32Array(image.data.buffer);
  values.forEach((value, index) => { pixels[index] = palette[Math.round(255 * clamp(isNumber(value) ? level(value) : 0, 0, 1))]; });
  small.putImageData(image, 0, 0);
  context.imageSmoothingQuality = "high";
  context.drawImage(raster, 0, 0, side, side);
}

function paintDots(context, { points, centre, half, density }, side, pixel) {
  const size = 1.6 * pixel, place = (value, axis) => (1 + (value - centre[axis]) / half[axis]) * side / 2;
  context.fillStyle = density ? "rgb(255 255 255 / 0.6)" : "rgb(49 104 142 / 0.7)";
  for (let index = 0; index < points.length; index += 2) {
    context.fillRect(place(points[index], 0) - size / 2, side - place(points[index + 1], 1) - size / 2, size, size);
  }
}

function paintWitness(context, { witness, centre, half }, side, pixel) {
  const place = (value, axis) => (1 + (value - centre[axis]) / half[axis]) * side / 2;
  const [x, y] = witness.centre, radius = axis => witness.width / half[axis] * side / 2;
  strokeRing(context, pixel, () => context.ellipse(place(x, 0), side - place(y, 1), radius(0), radius(1), 0, 0, 2 * Math.PI));
}
