"""Dual GDA for any energy as it is written in eager PyTorch: the perceptron 2-128-128-1 with SiLU and |x|²/2s², s = 4.

The Langevin step takes the gradient in the particles by autograd, the update of the energy that of the mean energy of
the data minus that of the particles, then Adam. `--check TRACE` replays what `dual_gda_iteration --energy mlp --trace
TRACE` has written, in double.
"""

import argparse
import json
import math

import protocol
import torch


class Perceptron(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.Linear(2, 128), torch.nn.Linear(128, 128), torch.nn.Linear(128, 1)])

    def forward(self, x):
        h = torch.nn.functional.silu(self.layers[0](x))
        h = torch.nn.functional.silu(self.layers[1](h))
        return self.layers[2](h).squeeze(1) + x.square().sum(1) / (2 * 4**2)


class DualGda:
    def __init__(self, energy, data, particles, particle_step, learning_rate):
        self.energy, self.data, self.x, self.h = energy, data, particles, particle_step
        self.optimizer = torch.optim.Adam(energy.parameters(), lr=learning_rate)

    def step(self, noise=None):
        x = self.x.requires_grad_(True)
        (gradient,) = torch.autograd.grad(self.energy(x).sum(), x)
        with torch.no_grad():
            half = torch.randn(len(x) // 2, x.shape[1], dtype=x.dtype) if noise is None else noise
            self.x = x - self.h * gradient + math.sqrt(2 * self.h) * torch.cat([half, -half])
        self.optimizer.zero_grad(set_to_none=True)
        (self.energy(self.data).mean() - self.energy(self.x).mean()).backward()
        self.optimizer.step()


def check(path):
    with open(path) as file:
        trace = json.load(file)
    double = lambda values: torch.tensor(values, dtype=torch.double)
    energy = Perceptron().double()
    energy.load_state_dict({name: double(values) for name, values in trace["initial_parameters"].items()})
    game = DualGda(energy, double(trace["data"]), double(trace["initial_particles"]), trace["particle_step"],
                   trace["learning_rate"])  # fmt: skip
    for noise in trace["noise"]:
        game.step(double(noise))
    error = protocol.distance(game.x.tolist(), trace["final_particles"])
    for name, parameter in energy.named_parameters():
        error = max(error, protocol.distance(parameter.tolist(), trace["final_parameters"][name]))
    assert error <= protocol.TOLERANCE, f"the perceptron differs from {path} by {error:.2g}"
    print(f"eager PyTorch {torch.__version__}: the perceptron's trace agrees to {error:.1g}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", metavar="TRACE")
    parser.add_argument("--points", type=int, default=5_000)
    parser.add_argument("--particles", type=int, default=10_000)
    protocol.add_timing_arguments(parser)
    arguments = parser.parse_args()
    if arguments.check:
        return check(arguments.check)
    torch.set_num_threads(arguments.threads)
    game = DualGda(Perceptron(), torch.randn(arguments.points, 2), torch.randn(arguments.particles, 2), 0.02, 0.001)
    name = f"eager PyTorch {torch.__version__}"
    protocol.serve(protocol.Peer(name, game.step, lambda: None, None), arguments)


if __name__ == "__main__":
    main()
