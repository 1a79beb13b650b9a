"""How the time of an iteration of dual GDA grows: growth.py dual_gda_iteration OUT.json

Each of N, n, m and d runs over two decades while the others stay small enough for it to dominate. Printed are the slope
of log time (one thread, by the processor's clock) over log size by least squares, and the steepest step between neighbours; 1 is linear.
"""

import json
import math
import pathlib
import statistics
import subprocess
import sys

BASE = {"dimension": 15, "points": 1_000, "particles": 1_000, "neurons": 64}
SWEEPS = {
    "N": ("particles", [1_000, 3_162, 10_000, 31_622, 100_000], {}),
    "n": ("points", [1_000, 3_162, 10_000, 31_622, 100_000], {}),
    "m": ("neurons", [16, 50, 160, 500, 1_600], {"points": 10_000, "particles": 10_000}),
    "d": ("dimension", [3, 10, 30, 100, 300], {"points": 10_000, "particles": 10_000}),
}


def seconds(program, sizes):
    words = [word for name, size in sizes.items() for word in ("--" + name, str(size))]
    output = subprocess.run([program, *words, "--seconds", "0.2"], check=True, capture_output=True, text=True).stdout
    return json.loads(output.splitlines()[-1])["processor_seconds"]


def slope(x, y):
    mean_x, mean_y = statistics.mean(x), statistics.mean(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y)) / sum((a - mean_x) ** 2 for a in x)


def main():
    program, out = sys.argv[1:]
    results = {}
    print("| grows with | exponent | steepest | ms at each size |\n|---|---|---|---|")
    for letter, (name, values, others) in SWEEPS.items():
        # The least of three, each time over all sizes: what other work on the machine adds is no growth.
        turns = [[seconds(program, {**BASE, **others, name: value}) for value in values] for _ in range(3)]
        times = [min(turn[i] for turn in turns) for i in range(len(values))]
        x, y = [math.log(v) for v in values], [math.log(t) for t in times]
        steepest = max((y[i + 1] - y[i]) / (x[i + 1] - x[i]) for i in range(len(x) - 1))
        results[letter] = {"sizes": values, "seconds": times, "exponent": slope(x, y), "steepest": steepest}
        listing = ", ".join(f"{v}: {t * 1e3:.3g}" for v, t in zip(values, times))
        print(f"| {letter} | {slope(x, y):.2f} | {steepest:.2f} | {listing} |", flush=True)
    pathlib.Path(out).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
