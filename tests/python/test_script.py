"""Energies made in Python are trained by the program and come back: test_script.py PROGRAM FOLDER."""

import json
import os
import pathlib
import random
import subprocess
import sys

import torch


class Radial(torch.nn.Module):
    """What tracing in Python would not see through: a loop over layers and a size taken from the batch."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.Linear(2, 16), torch.nn.Linear(16, 16)])
        self.head = torch.nn.Linear(16, 1)
        self.register_buffer("scale", torch.tensor([3.0, 2.0]))

    def forward(self, x):
        h = x / self.scale
        for layer in self.layers:
            h = torch.nn.functional.silu(layer(h))
        return self.head(h) + (x / self.scale).pow(2).sum(1, keepdim=True)


class Flat(Radial):
    def forward(self, x):
        return Radial.forward(self, x).squeeze(1)


class Pair(torch.nn.Module):
    def forward(self, x):
        return torch.cat([x, x], 1)


class Mean(torch.nn.Module):
    def forward(self, x):
        return x.pow(2).sum()


class Tuple(torch.nn.Module):
    def forward(self, x):
        return x.sum(1), x


class Step(torch.nn.Module):
    def forward(self, x):
        return x.detach().sum(1)


class Mute(torch.nn.Module):
    @torch.jit.export
    def energy(self, x):
        return x.sum(1)


class Wide(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(7, 1)

    def forward(self, x):
        return self.layer(x)


def run(program, *arguments, cwd, code=0):
    words = [program, *map(str, arguments)]
    done = subprocess.run(words, cwd=cwd, text=True, capture_output=True, check=False)
    assert done.returncode == code, f"{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def configuration(folder, path, dtype):
    generator = random.Random(1)
    lines = [f"{generator.gauss(1, 0.5)},{generator.gauss(-1, 0.3)}" for _ in range(300)]
    (folder / "points.csv").write_text("\n".join(["x0,x1", *lines]) + "\n")
    content = {
        "dtype": dtype,
        "domain": {"name": "euclidean", "dimension": 2},
        "dataset": {"name": "points_csv", "path": "points.csv", "test_share": 0.2, "validation_share": 0},
        "energy": {"name": "script", "path": path, "trust": True},
        "trainer": {"name": "maximum_likelihood", "particle_step": 0.01},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "loop": {"iterations": 40, "checkpoint_every": 20},
        "metrics": {"every": 40, "resolution": 20},
    }
    (folder / "config.json").write_text(json.dumps(content))
    return folder / "config.json"


def expect_trained_and_returned(program, folder, path, dtype, tolerance):
    """The way there and back: the program's weights, put into the Python model, give the exported energies."""
    name = f"{path.stem}_{dtype}"
    configuration(folder, path.name, dtype)  # relative to where the program is started
    run(program, "train", "config.json", "--out", name, cwd=folder)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    values = json.loads(run(program, "evaluate", folder / name, "--json", "--trust-script", cwd=elsewhere).stdout)
    records = [json.loads(line) for line in (folder / name / "metrics.jsonl").read_text().splitlines()]
    assert records[-1]["nll_test"] < records[0]["nll_test"] - 0.01, "training does not lower the likelihood's loss"
    assert abs(values["nll_test"] - records[-1]["nll_test"]) < 1e-5 * (1 + abs(values["nll_test"]))
    run(program, "train", "--resume", name, "--set", "loop.iterations=50", "--trust-script", cwd=folder)
    run(program, "export", name, "--trust-script", cwd=folder)

    original = torch.jit.load(str(path)).to(torch.float64 if dtype == "float64" else torch.float32)
    returned = torch.jit.load(str(folder / name / "export.pt"))
    before = dict(original.named_parameters())
    after = dict(returned.named_parameters())
    assert {"energy." + key for key in before} == set(after), f"{sorted(before)} {sorted(after)}"
    assert all(parameter.requires_grad for parameter in after.values())
    assert set(dict(returned.named_buffers())) == {"energy.scale"}
    with torch.no_grad():
        for key, parameter in before.items():
            if key != "head.bias":  # a constant added to an energy has no gradient
                assert not torch.equal(parameter, after["energy." + key]), f"{key} was not trained"
            parameter.copy_(after["energy." + key])
    x = torch.randn(9, 2, dtype=after["energy.head.weight"].dtype, generator=torch.Generator().manual_seed(3))
    error = (original(x).reshape(-1) - returned(x)).abs().max()
    assert error <= tolerance, f"{name}: energies differ by {error}"
    leaf = x.clone().requires_grad_(True)
    original(leaf).sum().backward()
    assert (leaf.grad + returned.score(x)).abs().max() <= 10 * tolerance


def expect_refused(program, folder, path, part):
    configuration(folder, path.name, "float32")
    done = run(program, "train", "config.json", "--out", "refused", cwd=folder, code=2)
    assert part in done.stderr, f"{path.name}: {part!r} is not in {done.stderr!r}"
    assert str(path.name) in done.stderr and done.stderr.count("\n") == 1 and not done.stdout, done.stderr
    assert not (folder / "refused").exists(), "an energy that cannot be made must not leave a folder"


def main(program, folder):
    torch.manual_seed(0)
    script, trace = folder / "scripted.pt", folder / "traced.pt"
    torch.jit.script(Radial()).save(str(script))
    torch.jit.trace(Flat(), torch.randn(3, 2)).save(str(trace))
    expect_trained_and_returned(program, folder, script, "float32", 1e-5)
    expect_trained_and_returned(program, folder, trace, "float64", 1e-12)

    for model, part in ((Pair(), "[N] and [N, 1] are allowed"), (Mean(), "[N] and [N, 1] are allowed"),
                        (Tuple(), "instead of a tensor"), (Step(), "not differentiable"),
                        (Mute(), "has no forward"), (Wide(), "forward fails on points [1, 2]")):
        path = folder / f"{type(model).__name__.lower()}.pt"
        torch.jit.script(model).save(str(path))
        expect_refused(program, folder, path, part)
    (folder / "text.pt").write_text("no model at all\n")
    expect_refused(program, folder, folder / "text.pt", "not a TorchScript file")
    torch.save(Radial().state_dict(), str(folder / "state.pt"))
    expect_refused(program, folder, folder / "state.pt", "not a TorchScript file")
    whole = script.read_bytes()
    (folder / "short.pt").write_bytes(whole[: len(whole) // 2])
    expect_refused(program, folder, folder / "short.pt", "not a TorchScript file")
    expect_refused(program, folder, folder / "absent.pt", "no such file")
    print(f"scripts made with torch {torch.__version__} were trained and came back")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve())
