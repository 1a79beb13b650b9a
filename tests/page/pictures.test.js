// Colours and projections.
import assert from "node:assert/strict";
import test from "node:test";
import { densityScale, paletteOf, viridis } from "../../apps/report/page/colours.js";
import { withoutOverlap } from "../../apps/report/page/axes.js";
import { reading } from "../../apps/report/page/globe_panel.js";
import { neuronAreaUnit, refine } from "../../apps/report/page/globe_painting.js";
import { colourings } from "../../apps/report/page/planes.js";
import { frameOf, hammer, onSphere, orthographic, radians, rasterIndex, viewOfPeak } from "../../apps/report/page/projections.js";
import { ringOnSphere } from "../../apps/report/page/witness.js";

const near = (found, expected, tolerance = 1e-9) =>
  found.forEach((value, index) => assert.ok(Math.abs(value - expected[index]) <= tolerance, `${found} for ${expected}`));

test("the palette begins and ends with viridis, opaque", () => {
  const bytes = new Uint8Array(paletteOf(viridis).buffer);
  assert.equal(bytes.length, 1024);
  assert.deepEqual([...bytes.slice(0, 4)], [0x44, 0x01, 0x54, 255]);
  assert.deepEqual([...bytes.slice(-4)], [0xfd, 0xe7, 0x25, 255]);
  const lightness = [0, 64, 128, 192, 255].map(index => 0.2126 * bytes[4 * index] + 0.7152 * bytes[4 * index + 1] + 0.0722 * bytes[4 * index + 2]);
  assert.deepEqual([...lightness].sort((a, b) => a - b), lightness);
});

test("the first picture sets the colours, and outliers are said to be clipped", () => {
  const of = values => ({ density: { log_density: values } });
  assert.deepEqual(densityScale([of([-5, -1])]), { low: -5, high: -1, clipsLow: false, clipsHigh: false });
  assert.deepEqual(densityScale([of([-5, -1]), of([-90, 40, null])]), { low: -7, high: 1, clipsLow: true, clipsHigh: true });
  assert.deepEqual(densityScale([of([-200, -1])]), { low: -15, high: -1, clipsLow: true, clipsHigh: false });
  assert.deepEqual(densityScale([of([null])]), { low: -1, high: 0, clipsLow: false, clipsHigh: false });
  const flat = densityScale([of([2, 2])]);
  assert.ok(flat.low < flat.high);
});

test("colours of a plane: density from zero to its peak, log density over its scale", () => {
  const { density, log } = colourings([{ density: null }, { density: { log_density: [-4, Math.log(0.5)] } }]);
  assert.ok(Math.abs(density.scale.high - 0.5) < 1e-12);
  assert.ok(Math.abs(density.level(Math.log(0.25)) - 0.5) < 1e-12);
  assert.ok(Math.abs(log.level(-4)) < 1e-12 && Math.abs(log.level(Math.log(0.5)) - 1) < 1e-12);
});

test("orthographic: the hemisphere towards the viewer, there and back", () => {
  near(orthographic.forward([0.3, -0.4, Math.sqrt(0.75)]), [0.3, -0.4]);
  assert.equal(orthographic.forward([0, 0.6, -0.8]), null);
  assert.equal(orthographic.inverse(0.8, 0.7), null);
  near(orthographic.inverse(0.6, 0), [0.6, 0, 0.8]);
});

test("Hammer: there and back, centre to centre, true areas", () => {
  near(hammer.forward([0, 0, 1]), [0, 0]);
  near(hammer.forward([0, 1, 0]), [0, Math.SQRT2]);
  for (const [latitude, longitude] of [[0.3, 1], [-1.2, -2.5], [0.9, 3], [0, -1.5]]) {
    const [towards, right, up] = onSphere(latitude, longitude);
    near(hammer.inverse(...hammer.forward([right, up, towards])), [right, up, towards]);
  }
  assert.equal(hammer.inverse(2.8, 1), null);
  // Area of a small cell of latitude and longitude, on the sphere and on the map.
  const cell = (latitude, longitude, step = 1e-4) => {
    const at = (a, b) => { const [t, r, u] = onSphere(a, b); return hammer.forward([r, u, t]); };
    const [origin, east, north] = [at(latitude, longitude), at(latitude, longitude + step), at(latitude + step, longitude)];
    const [a, b] = [east, north].map(place => [place[0] - origin[0], place[1] - origin[1]]);
    return (a[0] * b[1] - a[1] * b[0]) / (step * step * Math.cos(latitude));
  };
  for (const [latitude, longitude] of [[0, 0], [0.7, 1.9], [-1.1, -2.4]]) assert.ok(Math.abs(cell(latitude, longitude) - 1) < 1e-3);
});

test("a viewer sees his place in the middle, north up, and the other one the antipode", () => {
  const view = { latitude: radians(40), longitude: radians(-70) }, here = onSphere(view.latitude, view.longitude);
  near(frameOf(view, false).toView(here), [0, 0, 1]);
  near(frameOf(view, true).toView(here.map(value => -value)), [0, 0, 1]);
  const [right, up] = frameOf(view, false).toView(onSphere(view.latitude + 0.1, view.longitude));
  near([right, up], [0, Math.sin(0.1)]);
  assert.ok(frameOf(view, false).toView(onSphere(view.latitude, view.longitude + 0.1))[0] > 0);
  near(frameOf(view, true).toWorld(frameOf(view, true).toView([0.6, 0, 0.8])), [0.6, 0, 0.8]);
});

test("rasters: rows from the north pole, columns eastwards from -180°", () => {
  assert.equal(rasterIndex([0, 0, 1], 90, 180) < 180, true);
  assert.equal(Math.floor(rasterIndex([0, 0, -1], 90, 180) / 180), 89);
  assert.equal(rasterIndex(onSphere(radians(1), radians(-179)), 90, 180), 44 * 180);
  assert.equal(rasterIndex(onSphere(radians(-1), radians(179)), 90, 180), 45 * 180 + 179);
  const raster = { rows: 90, columns: 180, log_density: Array(16200).fill(-9) };
  raster.log_density[30 * 180 + 100] = -1;
  const { latitude, longitude } = viewOfPeak(raster);
  near([latitude, longitude], [radians(90 - 61), radians(-180 + 201)], 1e-9);
  assert.equal(reading(raster, onSphere(latitude, longitude)), "latitude 29°, longitude 21°: −1.00 nats");
});

test("a refined raster keeps levels, and a lost value has the lowest", () => {
  const { levels } = refine({ rows: 2, columns: 4, log_density: [0, 0, 0, 0, 1, 1, 1, null] }, { low: 0, high: 1 });
  assert.equal(levels.length, 360 * 720);
  assert.equal(levels[0], 0);
  assert.equal(levels[359 * 720 + 270], 255);
  assert.ok(levels[359 * 720 + 630] <= 1);
});

test("dots of neurons leave most of a globe free", () => {
  const globe = weights => ({ neurons: weights.map(weight => ({ weight })) });
  assert.ok(Math.abs(neuronAreaUnit([globe([10])]) - 0.002) < 1e-15);
  assert.ok(Math.abs(neuronAreaUnit([globe(Array(1000).fill(-1))]) - 0.0007) < 1e-15);
  assert.ok(Number.isFinite(neuronAreaUnit([globe([])])));
});

test("labels that would touch are left out, and those without a text too", () => {
  const scale = { position: value => value };
  const ticks = [{ value: 0, label: "1000" }, { value: 20, label: "2000" }, { value: 30, label: null }, { value: 60, label: "3000" }];
  assert.deepEqual(withoutOverlap(ticks, scale).map(tick => tick.label), ["1000", "3000"]);
});

test("a ring lies at its chord from its centre, all the way round, also about a pole", () => {
  for (const centre of [[0, 0, 1], onSphere(0.3, 2), onSphere(-1, -3)]) {
    const ring = ringOnSphere(centre, 0.5);
    for (const point of ring) {
      near([Math.hypot(...point)], [1]);
      near([Math.hypot(...point.map((value, axis) => value - centre[axis]))], [0.5]);
    }
    near(ring[0], ring[72]);
    assert.ok(Math.hypot(...ring[0].map((value, axis) => value - ring[36][axis])) > 0.9);
  }
});
