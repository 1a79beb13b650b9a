// From the records of runs to what a line figure draws: the median over seeds and the range of all of them.

import { clamp, extent, isNumber, median, range } from "./statistics.js";
import { transformOf } from "./scales.js";
import { hasDiverged } from "./status.js";

// The records of one run as points of one figure.
export function curveOf(run, metric, view) {
  const points = run.records
    .map(record => ({ x: record[view.axis], y: record[metric.name] }))
    .filter(({ x, y }) => isNumber(x) && isNumber(y) && (!view.logX || x > 0));
  return { run, points };
}

// All figures share the horizontal extent, whichever metrics a record has.
export function horizontalView(runs, { axis, wantsLog }) {
  const all = runs.flatMap(run => run.records.map(record => record[axis])).filter(isNumber);
  const positive = all.filter(value => value > 0);
  const logX = wantsLog && positive.length > 0;
  return { axis, logX, extent: logX ? extent(positive) : [0, Math.max(0, extent(all)[1]) || 1] };
}

// Straight segments in the drawn coordinates, so that what is read off between
// two records lies on the line the eye sees.
export function valueAt(points, at, x, y, name = "y") {
  if (points.length === 0 || at < points[0].x || at > points[points.length - 1].x) return null;
  let low = 0, high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle].x < at) low = middle + 1;
    else high = middle;
  }
  const after = points[low], before = points[low - 1];
  if (after.x === at || !before) return after[name];
  const share = (x.forward(at) - x.forward(before.x)) / (x.forward(after.x) - x.forward(before.x));
  return y.inverse(y.forward(before[name]) * (1 - share) + y.forward(after[name]) * share);
}

// The abscissae the seeds share, as they do for iterations; or an even grid
// over all of them, as is needed for seconds.
export function commonGrid(curves, x) {
  const union = [...new Set(curves.flatMap(curve => curve.points.map(point => point.x)))].sort((a, b) => a - b);
  const longest = Math.max(...curves.map(curve => curve.points.length));
  if (union.length <= 1.1 * longest + 1) return union;
  const first = union[0], last = union[union.length - 1], count = 200;
  const [from, to] = [x.forward(first), x.forward(last)];
  return range(count).map(index => clamp(x.inverse(from + (to - from) * index / (count - 1)), first, last));
}

// A point of the line needs half of the seeds: some end earlier than others.
export function aggregate(curves, x, y) {
  if (curves.length === 0) return [];
  return commonGrid(curves, x)
    .map(at => {
      const values = curves.map(curve => valueAt(curve.points, at, x, y)).filter(isNumber);
      const [low, high] = extent(values);
      return { x: at, middle: median(values), low, high, count: values.length };
    })
    .filter(point => point.count > 0 && 2 * point.count >= curves.length);
}

// What diverges may stretch the axis by a fifth, and leaves the frame beyond.
export function verticalExtent(curves, kind) {
  const { forward, inverse } = transformOf(kind);
  const heights = some => some.flatMap(curve => curve.points.map(point => forward(point.y)));
  const settled = curves.filter(curve => !hasDiverged(curve.run));
  const [low, high] = extent(heights(settled.length ? settled : curves));
  const [lowest, highest] = extent(heights(curves));
  const room = (high - low) / 5 || 1;
  return [inverse(Math.max(lowest, low - room)), inverse(Math.min(highest, high + room))];
}

export function nearestAbscissa(series, at, x) {
  const distance = point => Math.abs(x.forward(point.x) - x.forward(at));
  const points = series.flatMap(one => one.points);
  return points.length ? points.reduce((best, point) => distance(point) < distance(best) ? point : best).x : null;
}
