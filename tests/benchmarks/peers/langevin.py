"""One unadjusted Langevin step of many particles in torchebm or ebmkit, as their manuals write it: their sampler, and an
energy of the user's own, |x|²/2 or the perceptron d-128-128-1 with SiLU and |x|²/2s², s = 4.

    langevin.py --library torchebm --energy perceptron --check TRACE    the gradient of `langevin_chain --trace TRACE`
    langevin.py --library ebmkit --particles 1024 --dimension 2 --device cuda     seconds per step
"""

import argparse
import json

import protocol
import torch

STEP = 0.01


class Quadratic(torch.nn.Module):
    def forward(self, x):
        return x.square().sum(1) / 2


class Perceptron(torch.nn.Module):
    def __init__(self, dimension):
        super().__init__()
        widths = [dimension, 128, 128, 1]
        self.layers = torch.nn.ModuleList([torch.nn.Linear(a, b) for a, b in zip(widths, widths[1:])])

    def forward(self, x):
        h = torch.nn.functional.silu(self.layers[0](x))
        h = torch.nn.functional.silu(self.layers[1](h))
        return self.layers[2](h).squeeze(1) + x.square().sum(1) / (2 * 4**2)


class Eager:
    """As twelve lines of PyTorch write it."""

    version = torch.__version__

    def __init__(self, energy, device, dtype):
        self.energy = energy

    def gradient(self, x):
        x = x.detach().requires_grad_(True)
        return torch.autograd.grad(self.energy(x).sum(), x)[0]

    def run(self, x, steps):
        for _ in range(steps):
            x = x.detach() - STEP * self.gradient(x) + (2 * STEP) ** 0.5 * torch.randn_like(x)
        return x


class Torchebm:
    def __init__(self, energy, device, dtype):
        import torchebm
        from torchebm.core import BaseModel
        from torchebm.samplers import LangevinDynamics

        class Model(BaseModel):
            def __init__(self):
                super().__init__(dtype=dtype, device=device)
                self.inner = energy

            def forward(self, x):
                return self.inner(x)

        self.version = torchebm.__version__
        self.model = Model()
        self.sampler = LangevinDynamics(self.model, step_size=STEP, dtype=dtype, device=device)

    def gradient(self, x):
        return self.model.gradient(x)

    def run(self, x, steps):
        return self.sampler.sample(x=x, n_steps=steps)


class Ebmkit:
    def __init__(self, energy, device, dtype):
        import importlib.metadata

        from ebm.samplers import LangevinDynamics

        self.version = importlib.metadata.version("ebmkit")
        self.energy, self.sampler = energy, LangevinDynamics(step_size=STEP)

    def gradient(self, x):
        return self.sampler._energy_grad(self.energy, x)[1]

    def run(self, x, steps):
        return self.sampler.sample(self.energy, x, steps=steps)


LIBRARIES = {"torch": Eager, "torchebm": Torchebm, "ebmkit": Ebmkit}


def made(arguments, dtype):
    energy = Quadratic() if arguments.energy == "quadratic" else Perceptron(arguments.dimension)
    energy = energy.to(device=arguments.device, dtype=dtype).requires_grad_(False)
    return energy, LIBRARIES[arguments.library](energy, torch.device(arguments.device), dtype)


def check(arguments):
    with open(arguments.check) as file:
        trace = json.load(file)
    double = lambda values: torch.tensor(values, dtype=torch.double, device=arguments.device)
    x = double(trace["positions"])
    arguments.dimension = x.shape[1]
    energy, library = made(arguments, torch.double)
    if arguments.energy == "perceptron":
        energy.load_state_dict({name: double(values) for name, values in trace["parameters"].items()})
    error = (library.gradient(x) - double(trace["gradient"])).abs().max().item()
    assert error <= protocol.TOLERANCE, f"{arguments.library} differs from {arguments.check} by {error:.2g}"
    print(f"{arguments.library} {library.version}: the gradient of {arguments.energy} agrees to {error:.1g}")


class Blocks:
    """Steps are counted one by one and run many at a time, as a user of these samplers does."""

    def __init__(self, library, x):
        self.library, self.x, self.wanted = library, x, 0

    def step(self, noise):
        self.wanted += 1

    def finish(self):
        self.x = self.library.run(self.x, self.wanted)
        self.wanted = 0
        if self.x.is_cuda:
            torch.cuda.synchronize()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", choices=sorted(LIBRARIES), default="torch")
    parser.add_argument("--energy", choices=("perceptron", "quadratic"), default="perceptron")
    parser.add_argument("--check", metavar="TRACE")
    parser.add_argument("--dimension", type=int, default=2)
    parser.add_argument("--particles", type=int, default=1024)
    parser.add_argument("--device", default="cpu")
    protocol.add_timing_arguments(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.check:
        return check(arguments)
    _, library = made(arguments, torch.float)
    x = torch.randn(arguments.particles, arguments.dimension, device=arguments.device)
    blocks = Blocks(library, x)
    name = {"torch": "eager PyTorch"}.get(arguments.library, arguments.library)
    protocol.serve(protocol.Peer(f"{name} {library.version}", blocks.step, blocks.finish, None), arguments)


if __name__ == "__main__":
    main()
