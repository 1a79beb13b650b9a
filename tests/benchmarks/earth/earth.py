"""Points on the globe: `dualebm train apps/configs/earth.json` beside kernel and mixture densities.

Every hyperparameter of a peer is chosen by the NLL of the validation rows; test rows are looked at once. All
NLL are in nats with respect to area on the unit sphere, where the uniform density has log 4π = 2.5310. Peers:

- a von Mises-Fisher kernel at every training point, and a uniform part: width and share chosen;
- mixtures of von Mises-Fisher and of Kent densities (Kent, J. R. Stat. Soc. B 44, 1982) with a uniform part,
  by EM from two starts: number of components, start, iteration and uniform share chosen. No component is
  narrower than the narrowest bump of `gaussian_bumps`: 15 % of the test earthquakes repeat a training point,
  and spikes there would score without end.

Seconds of the program are those on the wall, from its run directory; a peer has one thread, and is timed by
the processor's clock where that shows less: having to wait for others is not slowness. Needs numpy and scipy:

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy scipy
    OMP_NUM_THREADS=1 nice -n 10 /tmp/venv/bin/python tests/benchmarks/earth/earth.py --threads 2
"""
import argparse
import json
import math
import pathlib
import shutil
import subprocess
import sys
import time
from typing import NamedTuple

try:
    import numpy
    from scipy import special
except ImportError as error:
    sys.exit(f"{error}; they come by: pip install numpy scipy")

UNIFORM = math.log(4 * math.pi)
PROGRAM = "dualebm"
NARROWEST, WIDEST = 20000.0, 1.0  # concentrations of a component: 0.4 degrees, 57 degrees
COMPONENTS = (5, 10, 25, 50, 100, 200, 400, 800)
ITERATIONS, LOOK_EVERY, PATIENCE = 200, 5, 4
BLOCK = 256  # rows at once: what all components are at them fits in a cache
SHARES = numpy.geomspace(1e-4, 0.5, 40)  # of the uniform part
ENDED = ("finished", "budget used up", "stopped early", "stopped")
NODES, WEIGHTS = numpy.polynomial.legendre.leggauss(160)


class Result(NamedTuple):
    table: str
    seed: int
    method: str
    test: float
    standard_error: float
    validation: float
    log_z_error: float
    seconds: float
    chosen: str


def read_parts(folder, table, seed):
    """Unit vectors of the training, the validation and the test rows."""
    degrees = numpy.loadtxt(folder / f"{table}.csv", delimiter=",", skiprows=1)
    latitude, longitude = numpy.radians(degrees).T
    points = numpy.stack([numpy.cos(latitude) * numpy.cos(longitude),
                          numpy.cos(latitude) * numpy.sin(longitude), numpy.sin(latitude)], axis=1)
    path = folder / "splits" / f"{table}_seed{seed}.csv"
    rows, parts = numpy.loadtxt(path, delimiter=",", skiprows=1, dtype=str).T
    rows = rows.astype(int)
    if not numpy.array_equal(numpy.sort(rows), numpy.arange(len(points))):
        raise SystemExit(f"{path}: rows are not 0 to {len(points) - 1}, each once")
    return [points[rows[parts == part]] for part in ("train", "val", "test")]


def log_normaliser(concentration, ellipticity):
    """log of ∫ exp(κ cos θ + β sin² θ cos 2φ) over the sphere, the normaliser of Kent's density; arrays.

    With u = 1 - cos θ the integral over φ is 2π I0(β u (2 - u)), and what is left is smooth in log u however
    narrow the density is; the series in Bessel functions of Kent (1982) would take some √κ terms.
    """
    kappa, beta = (numpy.asarray(value, float)[..., None] for value in (concentration, ellipticity))
    low, high = numpy.log(1e-10 / (kappa + 1)), math.log(2)
    u = numpy.exp(low + (high - low) * (NODES + 1) / 2)
    bend = beta * u * (2 - u)
    integral = (u * numpy.exp(bend - kappa * u) * special.i0e(bend)) @ WEIGHTS * (high - low)[..., 0] / 2
    return kappa[..., 0] + numpy.log(2 * math.pi * integral)


def monomials(points):
    """What log densities are linear in: coordinates, their squares, twice their products, 1; as columns."""
    x, y, z = points.T
    squares, products = (x * x, y * y, z * z), (2 * x * y, 2 * x * z, 2 * y * z)
    return numpy.stack([x, y, z, *squares, *products, numpy.ones_like(x)], axis=1)


def make_mixture(concentration, ellipticity, coefficients, masses):
    """As an array: component k adds exp(monomials(x) · mixture[:, k]) to the density; the last is uniform.

    masses: of the components and, last, of the uniform part, which keeps some for points far from all.
    """
    masses = masses / masses.sum()
    masses[-1] = max(masses[-1], 1e-4)
    normalisers = numpy.append(log_normaliser(concentration, ellipticity), UNIFORM)
    linear = numpy.column_stack([coefficients.T, numpy.zeros(9)])
    return numpy.vstack([linear, numpy.log(masses / masses.sum()) - normalisers])


def component_densities(mixture, features):
    # No largest exponent is taken out: none overflows at such widths, the uniform part keeps sums positive.
    exponents = features @ mixture
    return numpy.exp(exponents, out=exponents)


def blocks(features):
    return (features[begin:begin + BLOCK] for begin in range(0, len(features), BLOCK))


def mixture_densities(mixture, features):
    """Without the uniform part."""
    sums = [component_densities(mixture, block)[:, :-1].sum(axis=1) for block in blocks(features)]
    return numpy.concatenate(sums) / (1 - math.exp(mixture[9, -1] + UNIFORM))


def with_uniform(densities, share):
    """Logarithms, with a uniform part of this share."""
    return numpy.log((1 - share) * densities + share / (4 * math.pi))


def best_share(densities):
    """The least NLL that a uniform part brings these densities of the validation points to, and its share.

    EM has a share too, of points that no component has come to yet, and thinks too little of those to come.
    """
    values = -with_uniform(densities[:, None], SHARES).mean(axis=0)
    return values.min(), SHARES[values.argmin()]


def von_mises_fisher_step(moments):
    """Most likely κ, β = 0 and coefficients, from the means of the monomials over each component."""
    length = numpy.linalg.norm(moments[:, :3], axis=1)
    kappa = numpy.clip(length * (3 - length**2) / (1 - length**2 + 1e-12), WIDEST, NARROWEST)
    for _ in range(4):  # Newton, for coth κ - 1/κ = length
        mean = 1 / numpy.tanh(kappa) - 1 / kappa
        kappa -= (mean - length) / (1 - mean**2 - 2 * mean / kappa)
        kappa = numpy.clip(kappa, WIDEST, NARROWEST)
    linear = (kappa / length)[:, None] * moments[:, :3]
    return kappa, numpy.zeros_like(kappa), numpy.column_stack([linear, numpy.zeros((len(kappa), 6))])


def kent_step(moments):
    """κ, β, coefficients by Kent's moment estimators in their limit of large κ, from means of the monomials.

    There a component is Gaussian in the tangent plane, with κ - 2β and κ + 2β one over its variances; each is
    kept between WIDEST and NARROWEST, so that 2β < κ.
    """
    length = numpy.linalg.norm(moments[:, :3], axis=1)
    mean = moments[:, :3] / length[:, None]
    x, y, z = mean.T
    longitude, radius = numpy.arctan2(y, x), numpy.hypot(x, y)
    south = numpy.stack([z * numpy.cos(longitude), z * numpy.sin(longitude), -radius], axis=1)
    east = numpy.stack([-numpy.sin(longitude), numpy.cos(longitude), numpy.zeros_like(z)], axis=1)
    products = moments[:, 6:9] / 2
    scatter = numpy.stack([moments[:, 3], products[:, 0], products[:, 1],
                           products[:, 0], moments[:, 4], products[:, 2],
                           products[:, 1], products[:, 2], moments[:, 5]], axis=1).reshape(-1, 3, 3)

    def within(left, right):
        return numpy.einsum("ki,kij,kj->k", left, scatter, right)

    excess, shear = within(south, south) - within(east, east), 2 * within(south, east)
    turn = numpy.arctan2(shear, excess)[:, None] / 2
    major = numpy.cos(turn) * south + numpy.sin(turn) * east
    minor = numpy.cos(turn) * east - numpy.sin(turn) * south
    spread, difference = 2 - 2 * length, numpy.hypot(excess, shear)
    # Of points that repeat one another rounding may leave a variance below zero.
    along, across = (numpy.clip(2 / numpy.maximum(twice, 2 / NARROWEST), WIDEST, NARROWEST)
                     for twice in (spread + difference, spread - difference))
    kappa, beta = (along + across) / 2, (across - along) / 4
    squares = major**2 - minor**2
    mixed = major[:, [0, 0, 1]] * major[:, [1, 2, 2]] - minor[:, [0, 0, 1]] * minor[:, [1, 2, 2]]
    quadratic = beta[:, None] * numpy.column_stack([squares, mixed])
    return kappa, beta, numpy.column_stack([kappa[:, None] * mean, quadratic])


def first_mixture(points, count, spread_out, random):
    """Equal round components at training points, drawn as they lie or far from each other as by k-means++."""
    if spread_out:
        chosen = [random.integers(len(points))]
        distance = numpy.maximum(1 - points @ points[chosen[0]], 0)
        while len(chosen) < count:
            chosen.append(random.choice(len(points), p=distance / distance.sum()))
            distance = numpy.clip(1 - points @ points[chosen[-1]], 0, distance)
    else:
        chosen = random.choice(len(points), count, replace=False)
        distance = 1 - (points @ points[chosen].T).max(axis=1)
    kappa = numpy.full(count, numpy.clip(1 / distance.mean(), WIDEST, NARROWEST))
    coefficients = numpy.column_stack([kappa[:, None] * points[chosen], numpy.zeros((count, 6))])
    masses = numpy.append(numpy.full(count, 0.9 / count), 0.1)
    return make_mixture(kappa, numpy.zeros(count), coefficients, masses)


def maximise(step, mixture, train, validation):
    """EM, given monomials: the least validation NLL seen, with its uniform share, mixture and iteration."""
    best, since_best = (math.inf, 0, mixture, 0), 0
    for iteration in range(1, ITERATIONS + 1):
        sums = 0
        for block in blocks(train):
            densities = component_densities(mixture, block)
            sums += densities.T @ (block / densities.sum(axis=1, keepdims=True))
        # A component with less than a thousandth of a point has no moments that rounding would leave intact.
        alive = sums[:-1, 9] > 1e-3
        masses = numpy.append(sums[:-1, 9][alive], sums[-1, 9])
        moments = sums[:-1, :9][alive] / masses[:-1, None]
        mixture = make_mixture(*step(moments), masses)
        if iteration % LOOK_EVERY == 0:
            value, share = best_share(mixture_densities(mixture, validation))
            since_best += 1
            if value < best[0]:
                best, since_best = (value, share, mixture, iteration), 0
            if since_best == PATIENCE:
                break
    return best


def mixture_peer(step, parts, seed):
    """Validation NLL, log densities of the test points, what was chosen."""
    train, validation, test = (monomials(part) for part in parts)
    random = numpy.random.default_rng(seed)
    fits = []
    for count in COMPONENTS:
        for spread_out in (False, True):
            start = first_mixture(parts[0], count, spread_out, random)
            fits.append((*maximise(step, start, train, validation), count, spread_out))
    value, share, mixture, iteration, count, spread_out = min(fits, key=lambda fit: fit[0])
    chosen = f"{count} components {'spread out' if spread_out else 'drawn'}, iteration {iteration}"
    logarithms = with_uniform(mixture_densities(mixture, test), share)
    return value, logarithms, f"{chosen}, uniform part {share:.3f}"


def kernel_densities(cosines, concentration):
    """At each row, of which cosines has those with all training points; without the uniform part."""
    return numpy.exp(concentration * cosines - log_normaliser(concentration, 0)).mean(axis=1)


def kernel_peer(parts, _):
    """Validation NLL, log densities of the test points, what was chosen."""
    train, validation, test = parts
    cosines = validation @ train.T
    tried = []
    for width in numpy.geomspace(0.1, 20, 47):
        densities = kernel_densities(cosines, numpy.radians(width) ** -2)
        tried.append((*best_share(densities), width))
    value, share, width = min(tried)
    densities = kernel_densities(test @ train.T, numpy.radians(width) ** -2)
    return value, with_uniform(densities, share), f"width {width:.2f} degrees, uniform part {share:.3f}"


PEERS = {
    "kernel density": kernel_peer,
    "von Mises-Fisher mixture": lambda parts, seed: mixture_peer(von_mises_fisher_step, parts, seed),
    "Kent mixture": lambda parts, seed: mixture_peer(kent_step, parts, seed),
}


def peer(method, parts, table, seed):
    start = time.monotonic(), time.process_time()
    validation, logarithms, chosen = PEERS[method](parts, seed)
    seconds = min(time.monotonic() - start[0], time.process_time() - start[1])
    error = logarithms.std(ddof=1) / math.sqrt(len(logarithms))
    return Result(table, seed, method, -logarithms.mean(), error, validation, math.nan, seconds, chosen)


def has_ended(folder):
    manifest = folder / "manifest.json"
    return manifest.exists() and json.loads(manifest.read_text())["status"].split(":")[0] in ENDED


def kept_record(folder):
    """The evaluation of the model that the run ended with: its last, or where that was kept its best.

    Of an early_stop_metric that is better lower, which every NLL is.
    """
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    records = [line for line in lines if "recovery" not in line]
    loop = json.loads((folder / "config.json").read_text())["loop"]
    if loop["early_stop_metric"] and loop["early_stop_keep_best"]:
        return min(records, key=lambda record: record.get(loop["early_stop_metric"], math.inf))
    return records[-1]


def ours(options, table, seed):
    folder = options.out / f"{table}_seed{seed}"
    if options.force or not has_ended(folder):
        more = [word for assignment in options.set for word in ("--set", assignment)]
        train = subprocess.run(
            [options.program, "train", options.config, "--out", folder, "--force",
             "--threads", str(options.threads),
             "--set", f"dataset.path={options.data / f'{table}.csv'}",
             "--set", f"dataset.split={options.data / 'splits' / f'{table}_seed{seed}.csv'}", *more],
            capture_output=True, text=True)
        if train.returncode != 0:
            raise SystemExit(train.stderr)
    else:
        command = json.loads((folder / "manifest.json").read_text())["command"]
        print(f"{folder} is kept, which is of: {command}", file=sys.stderr, flush=True)
    record = kept_record(folder)
    if "nll_test" not in record:
        print(f"{folder}: log Z is not known; raise metrics.most_nodes", file=sys.stderr, flush=True)
    found = [record.get(name, math.nan)
             for name in ("nll_test", "nll_test_standard_error", "nll_validation", "quadrature_error")]
    seconds = json.loads((folder / "manifest.json").read_text())["seconds"]
    return Result(table, seed, PROGRAM, *found, seconds, f"iteration {record['iteration']}")


def row(result):
    log_z_error = "" if math.isnan(result.log_z_error) else f"{result.log_z_error:.1g}"
    return (f"| {result.table} | {result.seed} | {result.method} "
            f"| {result.test:.3f} ± {result.standard_error:.3f} | {result.validation:.3f} | {log_z_error} "
            f"| {result.seconds:.1f} | {result.chosen} |")


def show(results):
    print("| set | method | test NLL, median [least, greatest] | mean | gain over uniform, nats an event "
          "| s a split |")
    print("|---|---|---|---|---|---|")
    for table, method in dict.fromkeys((result.table, result.method) for result in results):
        own = [result for result in results if (result.table, result.method) == (table, method)]
        values = numpy.array([result.test for result in own])
        print(f"| {table} | {method} | {numpy.median(values):.3f} [{values.min():.3f}, {values.max():.3f}] "
              f"| {values.mean():.3f} | {UNIFORM - values.mean():.3f} "
              f"| {numpy.median([result.seconds for result in own]):.1f} |")
    print("\n| set | split | method | test NLL | validation NLL | error of log Z | s | chosen |")
    print("|---|---|---|---|---|---|---|---|")
    for result in results:
        print(row(result))


def globe_rule(rings):
    """Points and weights of a quadrature over the sphere that knows nothing of where a density lies."""
    heights, weights = numpy.polynomial.legendre.leggauss(rings)
    longitudes = 2 * math.pi * numpy.arange(2 * rings) / (2 * rings)
    height, longitude = (grid.ravel() for grid in numpy.meshgrid(heights, longitudes, indexing="ij"))
    radius = numpy.sqrt(1 - height**2)
    points = numpy.stack([radius * numpy.cos(longitude), radius * numpy.sin(longitude), height], axis=1)
    return points, numpy.repeat(weights * math.pi / rings, 2 * rings)


def series(kappa, beta):
    """log_normaliser of numbers by the series of Kent (1982)."""
    j = numpy.arange(3000)
    with numpy.errstate(divide="ignore"):
        bessel = numpy.log(special.ive(2 * j + 0.5, kappa))
    gammas = special.gammaln(j + 0.5) - special.gammaln(j + 1)
    terms = gammas + special.xlogy(2 * j, 2 * beta / kappa) + bessel
    return kappa + math.log(2 * math.pi) - math.log(kappa / 2) / 2 + special.logsumexp(terms)


def self_test():
    points, weights = globe_rule(1500)
    x, y, z = points.T
    for kappa, beta in ((1, 0), (1, 0.4), (10, 4.9), (100, 0), (300, 149), (5000, 2490), (NARROWEST, 0),
                        ((NARROWEST + WIDEST) / 2, (NARROWEST - WIDEST) / 4)):
        value = log_normaliser(kappa, beta)
        brute = kappa + math.log(weights @ numpy.exp(kappa * (z - 1) + beta * (x * x - y * y)))
        print(f"log normaliser of κ {kappa}, β {beta}: {value:.9f}, by quadrature {brute - value:+.1e}, "
              f"by the series {series(kappa, beta) - value:+.1e}")
        assert abs(brute - value) < 1e-8 and abs(series(kappa, beta) - value) < 1e-8

    points, weights = globe_rule(400)
    features = monomials(points)
    # Three axes in no special position: mean, major and minor one of the density whose moments are taken.
    axes = numpy.linalg.qr(numpy.random.default_rng(0).normal(size=(3, 3)))[0].T
    along = points @ axes.T
    for step, kappa, beta, tolerance in (
            (von_mises_fisher_step, 5, 0, 1e-6), (von_mises_fisher_step, 900, 0, 1e-6),
            (kent_step, 900, 300, 0.01), (kent_step, 900, 0, 0.01)):
        exponents = kappa * along[:, 0] + beta * (along[:, 1] ** 2 - along[:, 2] ** 2)
        moments = (weights * numpy.exp(exponents - log_normaliser(kappa, beta))) @ features[:, :9]
        found_kappa, found_beta, coefficients = step(moments[None])
        print(f"{step.__name__} on moments of κ {kappa}, β {beta}: {found_kappa[0]:.4f}, {found_beta[0]:.4f}")
        assert abs(found_kappa[0] / kappa - 1) < tolerance and abs(found_beta[0] - beta) < tolerance * kappa
        found = features[:, :9] @ coefficients[0] - log_normaliser(found_kappa, found_beta)
        divergence = weights @ (numpy.exp(exponents - log_normaliser(kappa, beta))
                                * (exponents - log_normaliser(kappa, beta) - found))
        assert abs(divergence) < 1e-4

    random = numpy.random.default_rng(1)
    angles = random.uniform(0, 2, 300)
    belt = numpy.stack([numpy.cos(angles), numpy.sin(angles), 0.4 + 0 * angles], axis=1)
    belt += 0.05 * random.normal(size=belt.shape)
    belt /= numpy.linalg.norm(belt, axis=1, keepdims=True)
    total = weights @ kernel_densities(points @ belt[:30].T, 2000.0)
    print(f"a kernel density has the mass {total:.9f}")
    assert abs(total - 1) < 1e-8
    for step in (von_mises_fisher_step, kent_step):
        start = first_mixture(belt, 5, True, random)
        _, share, mixture, iteration = maximise(step, start, monomials(belt[:200]), monomials(belt[200:]))
        total = weights @ numpy.exp(with_uniform(mixture_densities(mixture, features), share))
        print(f"a mixture by {step.__name__} has the mass {total:.9f} after {iteration} iterations")
        assert iteration > 0 and abs(total - 1) < 1e-8


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/bin/dualebm")
    parser.add_argument("--config", default="apps/configs/earth.json")
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("../shared/data/earth"))
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("runs/earth"),
                        help="folder of the run directories; one that has ended is not trained again")
    parser.add_argument("--tables", nargs="*", default=["earthquake", "flood"])
    parser.add_argument("--seeds", type=int, default=5, help="splits, from 0 on")
    parser.add_argument("--threads", type=int, default=0, help="of the program; 0: all cores")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                        help="more for the program, as in optimizer.weight_decay=0.1")
    parser.add_argument("--force", action="store_true", help="train again what has ended")
    parser.add_argument("--only-peers", action="store_true")
    parser.add_argument("--self-test", action="store_true", help="only check the densities of the peers")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    if not options.only_peers and not shutil.which(options.program):
        raise SystemExit(f"{options.program}: there is no such program; build it, or give --only-peers")
    results = []
    for table in options.tables:
        for seed in range(options.seeds):
            parts = read_parts(options.data, table, seed)
            for method in (*([] if options.only_peers else [PROGRAM]), *PEERS):
                found = ours(options, table, seed) if method == PROGRAM else peer(method, parts, table, seed)
                print(row(found), file=sys.stderr, flush=True)
                results.append(found)
    show(results)


if __name__ == "__main__":
    main()
