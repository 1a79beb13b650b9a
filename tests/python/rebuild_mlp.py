"""The multilayer perceptron from `dualebm export RUN --format safetensors`."""

import torch
from read_safetensors import read


def mlp_energy(path):
    """E(y) = network(y) + |y|^2 / (2 s^2) - log|det| at y = (x - mean) / deviation, for raw points x [N, d]."""
    tensors, about = read(path)
    options = about["configuration"]["energy"]
    sigma = {"silu": torch.nn.SiLU, "softplus": torch.nn.Softplus, "tanh": torch.nn.Tanh,
             "gelu": torch.nn.GELU}[options["activation"]]
    linear = lambda i: (tensors[f"energy.layers.{i}.weight"], tensors[f"energy.layers.{i}.bias"])
    mean, deviation = (tensors.get("transform.0." + name) for name in ("mean", "deviation"))

    def energy(x):
        y = h = x if mean is None else (x - mean) / deviation
        for i in range(len(options["hidden"])):
            h = sigma()(torch.nn.functional.linear(h, *linear(i)))
        network = torch.nn.functional.linear(h, *linear(len(options["hidden"]))).squeeze(1)
        s = options["confinement"] or float("inf")
        return network + (y**2).sum(1) / (2 * s**2) - about["log_determinant"]

    return energy
