// Paints densities, points and neurons on a globe, pixel by pixel.

import { hammer, frameOf, onSphere, orthographic, radians, rasterIndex } from "./projections.js";
import { clamp, isNumber, range } from "./statistics.js";
import { ringOnSphere, strokeRing } from "./witness.js";

export const neuronFill = sign => sign < 0 ? "#ffffff" : "#ff6b35";

// The palette index on a finer raster, interpolated once, so that painting a
// frame is one look-up per pixel.
export function refine({ rows, columns, log_density: values }, { low, high }) {
  const factor = Math.max(1, Math.round(360 / rows));
  const texture = { rows: rows * factor, columns: columns * factor };
  const level = (row, column) => {
    const value = values[clamp(row, 0, rows - 1) * columns + (column + columns) % columns];
    return clamp(((isNumber(value) ? value : low) - low) / (high - low), 0, 1) * 255;
  };
  texture.levels = Uint8Array.from({ length: texture.rows * texture.columns }, (_, index) => {
    const row = (Math.floor(index / texture.columns) + 0.5) / factor - 0.5;
    const column = (index % texture.columns + 0.5) / factor - 0.5;
    const top = Math.floor(row), left = Math.floor(column), down = row - top, across = column - left;
    const upper = level(top, left) * (1 - across) + level(top, left + 1) * across;
    const lower = level(top + 1, left) * (1 - across) + level(top + 1, left + 1) * across;
    return Math.round(upper * (1 - down) + lower * down);
  });
  return texture;
}

// Where the panels of one globe lie on its canvas, in its own pixels.
export function panelsFor(mode, width, pixel) {
  if (mode === "map") {
    const scale = (width / 2 - 2 * pixel) / hammer.extent[0];
    return { height: Math.ceil(2 * hammer.extent[1] * scale + 8 * pixel), panels: [{ projection: hammer, centre: width / 2, scale, isBehind: false }] };
  }
  const radius = width / 4 - 4 * pixel;
  const panel = isBehind => ({ projection: orthographic, centre: isBehind ? width - radius - 2 * pixel : radius + 2 * pixel, scale: radius, isBehind });
  return { height: Math.ceil(2 * radius + 8 * pixel), panels: [panel(false), panel(true)] };
}

// For each pixel of the canvas the place in the raster, or -1: worked out once
// a frame for all globes, which share view, size and (as a rule) raster.
export function lookupTable({ panels, width, height, view }, { rows, columns }) {
  const table = new Int32Array(width * height).fill(-1);
  for (const { projection, centre, scale, isBehind } of panels) {
    const { toWorld } = frameOf(view, isBehind);
    const [reach] = projection.extent;
    const first = Math.max(0, Math.floor(centre - reach * scale)), last = Math.min(width, Math.ceil(centre + reach * scale));
    for (let row = 0; row < height; row++) {
      for (let column = first; column < last; column++) {
        const point = projection.inverse((column + 0.5 - centre) / scale, (height / 2 - row - 0.5) / scale);
        if (point) table[row * width + column] = rasterIndex(toWorld(point), rows, columns);
      }
    }
  }
  return table;
}

export function paintDensity(context, texture, table, palette) {
  const { width, height } = context.canvas;
  const image = context.createImageData(width, height), pixels = new Uint32Array(image.data.buffer);
  for (let index = 0; index < pixels.length; index++) {
    if (table[index] >= 0) pixels[index] = palette[texture.levels[table[index]]];
  }
  context.putImageData(image, 0, 0);
}

const graticule = (() => {
  const arc = count => range(count + 1).map(index => index / count);
  const meridian = longitude => arc(60).map(share => onSphere(radians(-90 + 180 * share), radians(longitude)));
  const parallel = latitude => arc(120).map(share => onSphere(radians(latitude), radians(-180 + 360 * share)));
  return [...range(12).map(index => meridian(30 * index)), ...range(5).map(index => parallel(-60 + 30 * index))];
})();

export function paintOverlay(context, globe, scene, panel, show) {
  const { centre, scale, projection } = panel, { pixel, height } = scene;
  const { toView } = frameOf(scene.view, panel.isBehind);
  const place = point => {
    const plane = projection.forward(toView(point));
    return plane && [centre + plane[0] * scale, height / 2 - plane[1] * scale];
  };
  paintGraticule(context, place, scale, pixel);
  if (show.points) paintPoints(context, globe.places, place, pixel);
  if (show.neurons) paintNeurons(context, globe, place, pixel, scene.neuronArea * scale * scale);
  if (show.witness && globe.witness) {
    strokeRing(context, pixel, () => traceLine(context, ringOnSphere(globe.witness.centre, globe.witness.width), place, scale));
  }
  context.beginPath();
  context.ellipse(centre, height / 2, projection.extent[0] * scale, projection.extent[1] * scale, 0, 0, 2 * Math.PI);
  context.lineWidth = 1.5 * pixel;
  context.strokeStyle = "#70757b";
  context.stroke();
}

function traceLine(context, line, place, scale) {
  let before = null;
  for (const point of line) {
    const here = place(point);
    // A jump means that the line has left the map at one edge and come back at the other.
    if (here && before && Math.hypot(here[0] - before[0], here[1] - before[1]) < scale / 2) context.lineTo(...here);
    else if (here) context.moveTo(...here);
    before = here;
  }
}

function paintGraticule(context, place, scale, pixel) {
  context.beginPath();
  for (const line of graticule) traceLine(context, line, place, scale);
  context.lineWidth = 0.75 * pixel;
  context.strokeStyle = "rgb(255 255 255 / 0.28)";
  context.stroke();
}

function paintPoints(context, places, place, pixel) {
  const size = 1.5 * pixel;
  context.fillStyle = "rgb(0 0 0 / 0.55)";
  for (const point of places) {
    const here = place(point);
    if (here) context.fillRect(here[0] - size / 2, here[1] - size / 2, size, size);
  }
}

function paintNeurons(context, globe, place, pixel, area) {
  context.lineWidth = 0.8 * pixel;
  context.strokeStyle = "#111";
  for (const { position, weight, sign } of globe.neurons) {
    const here = place(position);
    if (!here) continue;
    context.beginPath();
    context.arc(...here, Math.max(1.2 * pixel, Math.sqrt(area * Math.abs(weight) / Math.PI)), 0, 2 * Math.PI);
    context.fillStyle = neuronFill(sign);
    context.fill();
    context.stroke();
  }
}

// Area of a dot per unit of weight on a sphere of radius one: the largest dot
// stays a dot, and all dots of a globe together leave most of it free.
export function neuronAreaUnit(globes) {
  const weights = globes.map(globe => globe.neurons.map(neuron => Math.abs(neuron.weight)));
  const largest = Math.max(1e-12, ...weights.flat());
  const total = Math.max(1e-12, ...weights.map(some => some.reduce((sum, weight) => sum + weight, 0)));
  return Math.min(0.02 / largest, 0.7 / total);
}
