"""Anomaly detection by `dualebm fit` and `dualebm score` at their defaults, beside nearest neighbours and isolation forest.

Protocol (Livernoche et al., ICLR 2024): train on half of the normal rows, test on the other normals and all anomalies,
standardised by the training part, five seeds. Tables are not resampled. Needs numpy and scikit-learn:

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install scikit-learn
    /tmp/venv/bin/python tests/benchmarks/anomaly/anomaly.py --program build/bin/dualebm --data ../shared/data/anomaly
"""
import argparse
import json
import pathlib
import subprocess
import tempfile
import time

import numpy
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors


def split(table, seed):
    """Half of the normal rows, and the rest with the anomalies behind it, as indices."""
    normal = numpy.random.default_rng(seed).permutation(numpy.where(table[:, -1] == 0)[0])
    half = len(normal) // 2
    return normal[:half], numpy.concatenate([normal[half:], numpy.where(table[:, -1] == 1)[0]])


def peers(train, test, labels, seed):
    mean, deviation = train.mean(0), train.std(0)
    deviation[deviation == 0] = 1
    train, test = (train - mean) / deviation, (test - mean) / deviation
    distances = NearestNeighbors(n_neighbors=5).fit(train).kneighbors(test)[0].mean(1)
    forest = IsolationForest(random_state=seed).fit(train)
    return {"knn": roc_auc_score(labels, distances), "forest": roc_auc_score(labels, -forest.score_samples(test))}


def ours(options, folder, header, train, test, seed):
    for name, rows, columns in (("train", train[:, :-1], header[:-1]), ("test", test, header)):
        numpy.savetxt(folder / f"{name}.csv", rows, delimiter=",", header=",".join(columns), comments="", fmt="%.17g")
    more = [word for assignment in options.set for word in ("--set", assignment)]
    start = time.monotonic()
    fit = subprocess.run([options.program, "fit", folder / "train.csv", "--out", folder / "run", "--minutes", str(options.minutes),
                          "--threads", str(options.threads), "--seed", str(seed), "--force", *more],
                         capture_output=True, text=True)
    seconds = time.monotonic() - start
    if fit.returncode not in (0, 3):
        raise SystemExit(fit.stderr)
    score = subprocess.run([options.program, "score", folder / "run", folder / "test.csv", "--label", header[-1], "--json",
                            "-o", folder / "scores.csv"], capture_output=True, text=True)
    if score.returncode != 0:
        raise SystemExit(score.stderr)
    return {"dualebm": json.loads(score.stdout)["auroc"]["value"], "seconds": seconds, "trusted": fit.returncode == 0}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default="build/bin/dualebm")
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("../shared/data/anomaly"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tables", nargs="*")
    parser.add_argument("--set", action="append", default=[])
    options = parser.parse_args()
    names = options.tables or sorted(path.stem for path in options.data.glob("*.csv"))
    columns = ("dualebm", "knn", "forest")
    totals = {name: [] for name in columns}
    print("| table | training rows | columns | dualebm fit | nearest neighbours (5) | isolation forest | trusted | s a fit |")
    print("|---|---|---|---|---|---|---|---|")
    for name in names:
        path = options.data / f"{name}.csv"
        header = path.read_text().splitlines()[0].split(",")
        table = numpy.loadtxt(path, delimiter=",", skiprows=1)
        found = []
        for seed in range(options.seeds):
            train, test = split(table, seed)
            with tempfile.TemporaryDirectory() as folder:
                row = ours(options, pathlib.Path(folder), header, table[train], table[test], seed)
            row.update(peers(table[train][:, :-1], table[test][:, :-1], table[test][:, -1], seed))
            found.append(row)
        cells = []
        for column in columns:
            values = [100 * row[column] for row in found]
            totals[column].append(numpy.mean(values))
            cells.append(f"{numpy.mean(values):.2f} [{min(values):.1f}, {max(values):.1f}]")
        trusted = sum(row["trusted"] for row in found)
        print(f"| {name} | {len(train)} | {len(header) - 1} | " + " | ".join(cells) +
              f" | {trusted} of {len(found)} | {numpy.median([row['seconds'] for row in found]):.0f} |", flush=True)
    print("| mean | | | " + " | ".join(f"{numpy.mean(totals[column]):.2f}" for column in columns) + " | | |")


if __name__ == "__main__":
    main()
