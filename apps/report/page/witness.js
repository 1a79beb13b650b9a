// Where model and data differ most: a ring on the pictures, and what is to be said of it under them.

import { html } from "./elements.js";
import { onSphere } from "./projections.js";
import { clamp, range } from "./statistics.js";

export const witnessColour = "#ff3bd4";

// Points on a circle about a place of the unit sphere, closed; the radius is a chord.
export function ringOnSphere([x, y, z], chord) {
  const latitude = Math.asin(clamp(z, -1, 1)), longitude = Math.atan2(y, x);
  const north = onSphere(latitude + Math.PI / 2, longitude), east = [-Math.sin(longitude), Math.cos(longitude), 0];
  const angle = 2 * Math.asin(Math.min(1, chord / 2)), centre = [x, y, z];
  return range(73).map(step => {
    const turn = 2 * Math.PI * step / 72, [along, up, across] = [Math.cos(angle), Math.sin(angle) * Math.sin(turn), Math.sin(angle) * Math.cos(turn)];
    return centre.map((value, axis) => along * value + up * north[axis] + across * east[axis]);
  });
}

export function strokeRing(context, pixel, draw) {
  context.beginPath();
  draw();
  context.lineWidth = 2 * pixel;
  context.strokeStyle = witnessColour;
  context.stroke();
}

// One line for each picture that has a witness; null where none has.
export function witnessNotes(pictures) {
  const shown = pictures.filter(picture => picture.witness);
  if (shown.length === 0) return null;
  return html("div", { class: "caption after" },
    html("p", null, html("span", { class: "ring", style: `border-color: ${witnessColour}` }), "Where model and data differ most:"),
    html("ul", null, shown.map(({ title, witness }) => html("li", null, `${title}: ${witness.text}`))));
}
