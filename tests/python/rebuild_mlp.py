"""The multilayer perceptron from `dualebm export RUN --format safetensors`."""

import torch
from read_safetensors import read


def mlp_energy(path):
    """E(y) = network(y) + |y|^2 / (2 s^2) - log|det| at y = (x - mean) / deviation, for raw points x [N, d]."""
    tensors, about = read(path)
    t = lambda name: tensors["energy." + name]
    options = about["configuration"]["energy"]
    sigma = {"silu": torch.nn.SiLU, "softplus": torch.nn.Softplus, "tanh": torch.nn.Tanh,
             "gelu": torch.nn.GELU}[options["activation"]]()
    mean, deviation = (tensors.get("transform.0." + name) for name in ("mean", "deviation"))

    def energy(x):
        # The transform is float64, and so are raw points far from zero; the network has a precision of its own.
        y = h = x if mean is None else ((x.double() - mean) / deviation).to(t("layers.0.weight").dtype)
        if options["fourier_features"]:
            u = h @ t("frequencies").T
            h = torch.cat([h, u.cos(), u.sin()], 1)
        for i in range(len(options["hidden"])):
            w = t(f"layers.{i}.weight")
            if options["spectral_norm"]:
                w = w / (t(f"left_{i}") @ w @ t(f"right_{i}"))
            h = sigma(h @ w.T + t(f"layers.{i}.bias"))
        last = f"layers.{len(options['hidden'])}"
        s = options["confinement"] or float("inf")
        network = (h @ t(last + ".weight").T + t(last + ".bias")).squeeze(1)
        return network + (y**2).sum(1) / (2 * s**2) - about["log_determinant"]

    return energy
