"""The shallow energy from `dualebm export RUN --format safetensors`."""

import torch
from read_safetensors import read


def shallow_energy(path):
    """E(x) = (1/m) sum_j e_j w_j s(<x, z_j>), for points x [N, d] on the sphere."""
    tensors, about = read(path)
    z, w, signs = (tensors["energy." + name] for name in ("neurons", "weights", "signs"))
    options = about["configuration"]["energy"]
    activations = {"relu": torch.relu, "squared_relu": lambda u: torch.relu(u) ** 2,
                   "softplus": torch.nn.functional.softplus}
    sigma = activations[options["activation"]]
    lift = (lambda x: torch.cat([x, torch.ones_like(x[:, :1])], 1)) if options["bias"] else (lambda x: x)
    return lambda x: sigma(lift(x) @ z.T) @ (signs * w) / len(w)
