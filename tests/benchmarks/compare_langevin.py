"""An unadjusted Langevin step beside torchebm, ebmkit and eager PyTorch: compare_langevin.py langevin_chain OUT.json

The same particles, energy and steps for all; they take turns as in compare_peers.py, and each must first agree with
the gradient that ours writes in double. On a GPU: `--device cuda`, where ours runs by a CUDA graph and without.
The interpreter is EBM_TORCH_PYTHON, else that of `make peers`; torchebm and ebmkit are left out where it has none.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import quiet
from compare_peers import ENVIRONMENT, PEERS, TORCH, Contestant, is_there, processor, say

SIZES = [(64, 8), (256, 32), (1024, 128), (1_000_000, 2)]  # particles, dimension
LIBRARIES = [("torch", "torch"), ("torchebm", "torchebm"), ("ebmkit", "ebm")]
SCRIPT = str(PEERS / "langevin.py")


def check(ours, libraries, energy):
    with tempfile.TemporaryDirectory() as folder:
        trace = folder + "/trace.json"
        subprocess.run([ours, "--energy", energy, "--particles", "32", "--dimension", "5", "--trace", trace], check=True)
        for library in libraries:
            result = subprocess.run([TORCH, SCRIPT, "--library", library, "--energy", energy, "--check", trace],
                                    env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True)  # fmt: skip
            if result.returncode != 0:
                sys.exit(f"{library}: {result.stderr or result.stdout}")
            say(result.stdout.strip())


def contestants(ours, libraries, sizes, device):
    if device == "cpu":
        for threads in (1, 2):
            yield Contestant("dualebm", [ours, *sizes], threads, 1)
        for library in libraries:
            for threads in (1, 2):
                yield Contestant(library, [TORCH, SCRIPT, "--library", library, *sizes], threads, threads)
    else:
        words = [*sizes, "--device", device]
        yield Contestant("dualebm", [ours, *words, "--graph"], 1, 1)
        yield Contestant("dualebm", [ours, *words], 1, 1)
        for library in libraries:
            yield Contestant(library, [TORCH, SCRIPT, "--library", library, *words], 1, 1)


def play(ours, libraries, sizes, arguments):
    players = list(contestants(ours, libraries, sizes, arguments.device))
    for turn in range(arguments.repetitions):
        quiet.wait(arguments.patience)
        for k in range(len(players)):
            players[(turn + k) % len(players)].measure(arguments.seconds)
    rows = []
    for player in players:
        player.close()
        rows.append({
            "version": player.version, "threads": player.threads, "seconds": player.seconds,
            "median": statistics.median(player.seconds), "least": min(player.seconds), "greatest": max(player.seconds),
            "ratio": statistics.median(t / o for t, o in zip(player.seconds, players[0].seconds)),
        })  # fmt: skip
    return rows


def markdown(title, rows):
    lines = [f"| {title} | threads | µs | [least, greatest] | times ours |", "|---|---|---|---|---|"]
    for row in rows:
        us = [row[key] * 1e6 for key in ("median", "least", "greatest")]
        lines.append(f"| {row['version']} | {row['threads']} | {us[0]:.4g} | [{us[1]:.4g}, {us[2]:.4g}] | {row['ratio']:.2f} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ours", help="the program langevin_chain")
    parser.add_argument("out", help="results as JSON")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="of one measurement")
    parser.add_argument("--patience", type=float, default=5, help="seconds to wait before a turn for others to rest")
    arguments = parser.parse_args()
    libraries = [library for library, module in LIBRARIES if is_there(TORCH, f"import {module}")]
    for library, _ in LIBRARIES:
        if library not in libraries:
            say(f"absent: {library} ({TORCH}); make peers")
    results = {"machine": processor(), "device": arguments.device, "problems": {}}
    for energy in ("perceptron", "quadratic"):
        check(arguments.ours, libraries, energy)
        for particles, dimension in SIZES:
            title = f"{energy}, {particles} particles in {dimension} dimensions"
            say(title)
            sizes = ["--energy", energy, "--particles", str(particles), "--dimension", str(dimension)]
            results["problems"][title] = play(arguments.ours, libraries, sizes, arguments)
            print(markdown(title, results["problems"][title]), flush=True)
    pathlib.Path(arguments.out).write_text(json.dumps(results, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
