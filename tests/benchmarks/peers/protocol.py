"""What all peers share: the problem, the check against tests/golden, and how they are timed. Standard library only.

A peer is a script with a function `prepare(problem, threads)` that returns a Peer, and ends with
`protocol.main(prepare)`.

    peer.py --check                       replays gda_d15.json and gda_d3.json in double; must agree to 1e-10
    peer.py --dimension 15 --threads 2    prints seconds per iteration
    peer.py ... --serve                   measures for as long as each line of the standard input says
"""

import argparse
import json
import pathlib
import random
import sys
import time
import typing

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "golden"
TOLERANCE = 1e-10


class Peer(typing.NamedTuple):
    name: str  # of the framework, with its version
    step: typing.Callable  # one iteration, with the noise given, or its own for None
    finish: typing.Callable  # waits until all is computed
    read: typing.Callable  # particles, neurons, weights and energies of the data, as lists


def random_problem(dimension, points, particles, neurons):
    """The sizes asked for, with the steps of the published experiment at d = 15; points uniform on the sphere."""
    assert particles % points == 0, f"--particles {particles}: a multiple of --points {points} is needed"
    source = random.Random(0)

    def on_sphere(count):
        rows = [[source.gauss(0, 1) for _ in range(dimension)] for _ in range(count)]
        return [[x / sum(y * y for y in row) ** 0.5 for x in row] for row in rows]

    return {
        "double": False, "data": on_sphere(points), "copies": particles // points,
        "initial_neurons": on_sphere(neurons), "signs": [-1] * (neurons // 2) + [1] * (neurons - neurons // 2),
        "particle_step": 0.02, "neuron_step": 0.2, "weight_step": 0.2, "total_variation_cap": 10,
    }  # fmt: skip


def distance(a, b):
    """The largest difference between two nested lists of the same shape."""
    if not isinstance(b, list):
        return abs(a - b)
    assert len(a) == len(b), f"{len(a)} rows instead of {len(b)}"
    return max(distance(x, y) for x, y in zip(a, b))


def check(prepare, plain):
    for name in ("gda_d15.json", "gda_d3.json"):
        golden = json.loads((GOLDEN / name).read_text())
        peer = prepare({**golden, "double": True, "copies": 2, "plain": plain}, 1)
        for noise in golden["noise"]:
            peer.step(noise)
        keys = ("final_particles", "final_neurons", "final_weights", "final_energy_on_data")
        error = max(distance(found, golden[key]) for found, key in zip(peer.read(), keys))
        # Not a number compares as false.
        assert error <= TOLERANCE, f"{peer.name} differs from {name} by {error:.2g}, more than {TOLERANCE:g}"
        print(f"{peer.name}: {name} agrees to {error:.1g}")


def measure(peer, seconds):
    """Times of an iteration by the clock on the wall and by the processor's, of all threads of the process together.
    Iterations are handed over in blocks, so that waiting for their end costs little."""

    def run(count):
        for _ in range(count):
            peer.step(None)
        peer.finish()

    start = time.perf_counter()
    run(1)
    block = max(1, int(0.05 / (time.perf_counter() - start)))
    count, start, processor_start = 0, time.perf_counter(), time.process_time()
    while count == 0 or time.perf_counter() - start < seconds:
        run(block)
        count += block
    processor = time.process_time() - processor_start
    return {"seconds": (time.perf_counter() - start) / count, "processor_seconds": processor / count}


def serve(peer, arguments):
    """Compiles and warms up, says that it is ready, then measures."""
    for _ in range(3):
        peer.step(None)
    measure(peer, 0.2)
    print(json.dumps({"ready": peer.name, "threads": arguments.threads}), flush=True)
    lengths = sys.stdin if arguments.serve else [arguments.seconds]
    for seconds in lengths:
        print(json.dumps(measure(peer, float(seconds))), flush=True)


def add_timing_arguments(parser):
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--serve", action="store_true")


def main(prepare):
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--plain", action="store_true", help="eager PyTorch: mean features by their definition")
    parser.add_argument("--device", default="cpu", help="eager PyTorch: cpu or cuda")
    parser.add_argument("--graph", action="store_true", help="eager PyTorch on a GPU: by a CUDA graph")
    for name, default in (("dimension", 15), ("points", 10_000), ("particles", 20_000), ("neurons", 64)):
        parser.add_argument("--" + name, type=int, default=default)
    add_timing_arguments(parser)
    arguments = parser.parse_args()
    if arguments.check:
        return check(prepare, arguments.plain)
    sizes = (arguments.dimension, arguments.points, arguments.particles, arguments.neurons)
    options = {key: getattr(arguments, key) for key in ("plain", "device", "graph")}
    serve(prepare({**random_problem(*sizes), **options}, arguments.threads), arguments)
