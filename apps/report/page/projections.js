// The sphere on paper. A projection takes the viewer's frame (right, up, towards) to the
// plane and back, with null for what it does not show.

import { clamp } from "./statistics.js";

export const degrees = angle => angle * 180 / Math.PI;
export const radians = angle => angle * Math.PI / 180;

export const onSphere = (latitude, longitude) => [
  Math.cos(latitude) * Math.cos(longitude),
  Math.cos(latitude) * Math.sin(longitude),
  Math.sin(latitude),
];

export const orthographic = {
  extent: [1, 1],
  forward: ([right, up, towards]) => towards < 0 ? null : [right, up],
  inverse: (u, v) => {
    const rest = 1 - u * u - v * v;
    return rest < 0 ? null : [u, v, Math.sqrt(rest)];
  },
};

// Hammer's projection shows the whole sphere with true areas.
export const hammer = {
  extent: [2 * Math.SQRT2, Math.SQRT2],
  forward: ([right, up, towards]) => {
    const half = Math.atan2(right, towards) / 2, flat = Math.hypot(right, towards);
    const stretch = Math.SQRT2 / Math.sqrt(1 + flat * Math.cos(half));
    return [2 * stretch * flat * Math.sin(half), stretch * up];
  },
  inverse: (u, v) => {
    const square = 1 - u * u / 16 - v * v / 4;
    if (square < 0.5) return null;
    const z = Math.sqrt(square), longitude = 2 * Math.atan2(z * u, 2 * (2 * square - 1)), up = z * v;
    const flat = Math.sqrt(1 - up * up);
    return [flat * Math.sin(longitude), up, flat * Math.cos(longitude)];
  },
};

// Turns between the world and the frame of a viewer above a place, or of one above its antipode.
export function frameOf({ latitude, longitude }, isBehind) {
  const side = isBehind ? -1 : 1;
  const right = [-Math.sin(longitude), Math.cos(longitude), 0];
  const towards = onSphere(latitude, longitude);
  const up = [-Math.sin(latitude) * Math.cos(longitude), -Math.sin(latitude) * Math.sin(longitude), Math.cos(latitude)];
  const axes = [right.map(value => side * value), up, towards.map(value => side * value)];
  return {
    toView: point => axes.map(axis => axis[0] * point[0] + axis[1] * point[1] + axis[2] * point[2]),
    toWorld: ([a, b, c]) => [
      a * axes[0][0] + b * axes[1][0] + c * axes[2][0],
      a * axes[0][1] + b * axes[1][1] + c * axes[2][1],
      a * axes[0][2] + b * axes[1][2] + c * axes[2][2],
    ],
  };
}

// Rasters go by rows from the north pole and by columns eastwards from longitude -180°.
export function rasterIndex([x, y, z], rows, columns) {
  const row = Math.min(rows - 1, Math.floor(Math.acos(clamp(z, -1, 1)) / Math.PI * rows));
  const column = Math.min(columns - 1, Math.floor((Math.atan2(y, x) + Math.PI) / (2 * Math.PI) * columns));
  return row * columns + column;
}

export function viewOfPeak({ rows, columns, log_density: values }) {
  const peak = values.reduce((best, value, index) => Number.isFinite(value) && !(value <= values[best]) ? index : best, 0);
  const latitude = Math.PI / 2 - (Math.floor(peak / columns) + 0.5) * Math.PI / rows;
  // Short of the poles, where the graticule tells least about the direction.
  return { latitude: clamp(latitude, -0.8, 0.8), longitude: -Math.PI + (peak % columns + 0.5) * 2 * Math.PI / columns };
}
