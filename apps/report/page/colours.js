// Colours of densities: viridis, and the range of log densities it stands for.

import { extent, isNumber, range } from "./statistics.js";

export const viridis = ["#440154", "#482878", "#3e4a89", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];

// 256 colours as the bytes of canvas pixels: red, green, blue, opaque.
export function paletteOf(colours) {
  const channels = colours.map(colour => [1, 3, 5].map(start => parseInt(colour.slice(start, start + 2), 16)));
  const bytes = range(256).flatMap(index => {
    const place = index / 255 * (channels.length - 1), below = Math.min(Math.floor(place), channels.length - 2);
    return [...channels[below].map((low, channel) => low + (channels[below + 1][channel] - low) * (place - below)), 255];
  });
  return new Uint32Array(Uint8ClampedArray.from(bytes).buffer);
}

// One scale for all pictures, set by the first (the teacher): a student with a
// spike or a hole must not take the contrast from the others.
export function densityScale(pictures) {
  const extents = pictures.map(picture => extent(picture.density.log_density)).filter(([low]) => isNumber(low));
  if (extents.length === 0) return { low: -1, high: 0, clipsLow: false, clipsHigh: false };
  const lowest = Math.min(...extents.map(([low]) => low)), highest = Math.max(...extents.map(([, high]) => high));
  const [first, last] = extents[0];
  const high = Math.min(highest, last + 2);
  const low = Math.max(lowest, first - 2, high - 14);
  return { low: Math.min(low, high - 1e-3), high, clipsLow: lowest < low, clipsHigh: highest > high };
}
