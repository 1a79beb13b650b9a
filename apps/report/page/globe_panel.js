// One globe of the page: it turns with pointer and arrow keys, and reads off the density under the pointer.

import { html } from "./elements.js";
import { fixed } from "./numbers.js";
import { degrees, frameOf, radians, rasterIndex } from "./projections.js";
import { clamp, isNumber } from "./statistics.js";

export function reading({ rows, columns, log_density: values }, place) {
  const [x, y, z] = place, value = values[rasterIndex(place, rows, columns)];
  return `latitude ${fixed(degrees(Math.asin(clamp(z, -1, 1))), 0)}°, longitude ${fixed(degrees(Math.atan2(y, x)), 0)}°: ${isNumber(value) ? `${fixed(value, 2)} nats` : "no finite value"}`;
}

export function globePanel(globe, sceneNow, turn, read, isAlone) {
  const canvas = html("canvas", { tabindex: 0, role: "img", "aria-label": `Density on the sphere: ${globe.title}. Arrow keys turn it.` });
  const readout = html("output", { class: "note readout" });
  let grip = null;
  const panelAt = event => {
    const scene = sceneNow(), ratio = scene.width / canvas.clientWidth;
    const [x, y] = [event.offsetX * ratio, event.offsetY * ratio];
    const panel = scene.panels.length === 2 && x > scene.width / 2 ? scene.panels[1] : scene.panels[0];
    return { ...panel, ratio, scene, plane: [(x - panel.centre) / panel.scale, (scene.height / 2 - y) / panel.scale] };
  };
  const placeAt = event => {
    const { projection, plane, scene, isBehind } = panelAt(event);
    const point = projection.inverse(...plane);
    return point && frameOf(scene.view, isBehind).toWorld(point);
  };
  const move = event => {
    if (!grip) return read(placeAt(event));
    const { ratio, scale } = grip.panel;
    const east = (event.clientX - grip.x) * ratio / scale, north = (event.clientY - grip.y) * ratio / scale;
    Object.assign(grip, { x: event.clientX, y: event.clientY });
    turn(-east, grip.panel.isBehind ? -north : north);
  };
  const steps = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const release = () => { grip = null; };
  const listeners = {
    pointerdown: event => { grip = { panel: panelAt(event), x: event.clientX, y: event.clientY }; canvas.setPointerCapture(event.pointerId); },
    pointermove: move,
    pointerup: release,
    pointercancel: release,
    pointerleave: () => read(null),
    keydown: event => {
      if (!steps[event.key]) return;
      event.preventDefault();
      turn(...steps[event.key].map(step => step * radians(10)));
    },
  };
  for (const [name, listener] of Object.entries(listeners)) canvas.addEventListener(name, listener);
  const figure = html("figure", { class: isAlone ? "globe alone" : "globe" }, html("figcaption", null, html("h3", null, globe.title)), canvas, readout);
  return { canvas, readout, figure };
}
