"""Files written by reference.cpp are, in Python, the functions that C++ had: run with the folder they are in."""

import json
import pathlib
import sys

import torch
from read_safetensors import read
from rebuild_mlp import mlp_energy
from rebuild_shallow import shallow_energy

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}


def expect_close(found, expected, what):
    assert found.shape == expected.shape, f"{what}: shape {found.shape} instead of {expected.shape}"
    assert found.dtype == expected.dtype, f"{what}: {found.dtype} instead of {expected.dtype}"
    error = (found - expected).abs().max() / expected.abs().max()
    assert error <= TOLERANCE[expected.dtype], f"{what}: differs by {error:.2g} of its size"


def expect_same_function(model, reference, precision, name):
    x, energy, score = (reference[f"{precision}.{key}"] for key in ("x", "energy", "score"))
    for rows in (slice(0, 33), slice(0, 1), slice(3, 5), slice(7, 12)):
        expect_close(model(x[rows]).detach(), energy[rows], f"{name} {precision} energy")
        expect_close(model.score(x[rows]), score[rows], f"{name} {precision} score")
        with torch.no_grad():
            expect_close(model.score(x[rows]), score[rows], f"{name} {precision} score under no_grad")
            assert not torch.is_grad_enabled(), "score switches gradients on for its caller"
    assert not model.score(x).requires_grad


def expect_differentiable_twice(model, reference, name):
    """Of L = sum <v, grad E(x)>, the parameter gradients against central differences, in double."""
    x, direction = reference["float64.x"], torch.linspace(-1, 1, reference["float64.x"].numel()).double()
    direction = direction.reshape(x.shape)

    def objective(graph):
        leaf = x.clone().requires_grad_(True)
        (slope,) = torch.autograd.grad(model(leaf).sum(), [leaf], create_graph=graph)
        return (slope * direction).sum()

    trained = [p for p in model.parameters() if p.requires_grad]
    assert trained, f"{name}: no parameters"
    model.zero_grad()
    objective(True).backward()
    step, largest = 1e-6, max(float(p.grad.abs().max()) for p in trained if p.grad is not None)
    for parameter in trained:
        if parameter.grad is None:
            continue  # a bias that the gradient in x does not know
        towards = torch.randn(parameter.shape, dtype=parameter.dtype, generator=torch.Generator().manual_seed(1))
        values = []
        for sign in (1, -2):
            with torch.no_grad():
                parameter.add_(sign * step * towards)
            values.append(float(objective(False)))
        with torch.no_grad():
            parameter.add_(step * towards)
        expected = (values[0] - values[1]) / (2 * step)
        found = float((parameter.grad * towards).sum())
        assert abs(found - expected) <= 1e-6 * (1 + largest), f"{name}: second derivative {found}, not {expected}"


def expect_one(path):
    extra = {"dualebm.json": ""}
    model = torch.jit.load(str(path), _extra_files=extra)
    about = json.loads(extra["dualebm.json"])
    dtype = "float64" if path.stem.endswith("float64") else "float32"
    reference, _ = read(path.with_suffix(".reference"))
    assert about["dtype"] == dtype and about["log_z"] == -0.75 and about["format"] == "dualebm-energy-1"
    assert about["dimension"] == reference[f"{dtype}.x"].shape[1]
    assert about["base_measure"] and about["units"]["log_z"] == "nats"

    tensors, described = read(path.with_suffix(".safetensors"))
    stored = dict(model.named_parameters())
    stored.update(model.named_buffers())
    assert set(stored) == set(tensors), f"{path.name}: {sorted(stored)} and {sorted(tensors)}"
    for name, tensor in tensors.items():
        assert torch.equal(stored[name].detach(), tensor), f"{path.name}: {name}"
    assert described["configuration"] == about["configuration"]

    expect_same_function(model, reference, dtype, path.name)
    model.double()
    assert all(t.dtype == torch.float64 for t in model.state_dict().values() if t.is_floating_point())
    expect_same_function(model, reference, "float64", path.name + " in double")
    if about["trainable"]:
        expect_differentiable_twice(model, reference, path.name)
    for kind, rebuild in (("shallow", shallow_energy), ("mlp", mlp_energy)):
        if about["configuration"]["energy"]["name"] == kind:
            rebuilt = rebuild(path.with_suffix(".safetensors"))(reference[f"{dtype}.x"])
            expect_close(rebuilt, reference[f"{dtype}.energy"], path.name + " rebuilt")


def expect_the_packages_own_reader_agrees(path):
    try:
        from safetensors import safe_open
        from safetensors.torch import load_file
    except ImportError:
        print("without the package safetensors: only the reader of this folder was tried")
        return
    ours, _ = read(path)
    theirs = load_file(str(path))
    assert set(ours) == set(theirs) and all(torch.equal(ours[name], theirs[name]) for name in ours)
    with safe_open(str(path), "pt") as file:
        assert json.loads(file.metadata()["dualebm.json"])["format"] == "dualebm-energy-1"


def main(folder):
    paths = sorted(pathlib.Path(folder).glob("*.pt"))
    assert len(paths) == 18, f"expected 18 files, found {len(paths)}"
    for path in paths:
        expect_one(path)
    expect_the_packages_own_reader_agrees(paths[0].with_suffix(".safetensors"))
    print(f"{len(paths)} files read with torch {torch.__version__}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1])
