"""A run on standardised data, exported both ways, has in Python the likelihood it had: test_run.py PROGRAM FOLDER."""

import json
import os
import pathlib
import random
import subprocess
import sys

import torch
from rebuild_mlp import mlp_energy


def main(program, folder):
    generator = random.Random(2)
    points = [(generator.gauss(2.5e6, 0.05), generator.gauss(-3, 0.2)) for _ in range(200)]
    (folder / "points.csv").write_text("".join(["x0,x1\n", *(f"{a},{b}\n" for a, b in points)]))
    (folder / "config.json").write_text(json.dumps({
        "domain": {"name": "euclidean", "dimension": 2},
        "dataset": {"name": "points_csv", "path": "points.csv"},
        "transforms": [{"name": "standardise"}],
        "energy": {"name": "mlp", "hidden": [8, 8]},
        "trainer": {"name": "score_matching"},
        "optimizer": {"name": "adam"},
        "loop": {"iterations": 10},
        "metrics": {"every": 10, "resolution": 40},
    }))

    def run(*arguments):
        done = subprocess.run([program, *arguments], cwd=folder, text=True, capture_output=True, check=False)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    run("train", "config.json", "--out", "run")
    values = json.loads(run("evaluate", "run", "--data", "points.csv", "--json"))
    run("export", "run", "-o", "model.pt")
    run("export", "run", "-o", "model.safetensors", "--format", "safetensors")

    extra = {"dualebm.json": ""}
    model = torch.jit.load(str(folder / "model.pt"), _extra_files=extra)
    about = json.loads(extra["dualebm.json"])
    x = torch.tensor(points, dtype=torch.float64)
    energies = model(x)
    likelihood = float(energies.mean()) + about["log_z"]
    assert abs(likelihood - values["nll_data"]) < 2e-5, f"{likelihood} in Python, {values['nll_data']} here"
    assert about["log_z_error"] < 0.1 and about["manifest"]["status"] == "finished"
    rebuilt = mlp_energy(folder / "model.safetensors")(x)
    assert (rebuilt - energies).abs().max() < 1e-5 * energies.abs().max()
    print("a run on standardised data has the same likelihood in Python")


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve())
