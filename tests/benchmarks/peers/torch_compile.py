"""The iteration of eager_pytorch.py through torch.compile. Its own generator of random numbers is slower than the one
of eager PyTorch, which it is told to call."""

import eager_pytorch
import protocol
import torch


def prepare(problem, threads):
    torch._inductor.config.fallback_random = True
    compiled = lambda function: torch.compile(function, dynamic=False)
    return eager_pytorch.prepare(problem, threads, compiled)._replace(name=f"torch.compile {torch.__version__}")


if __name__ == "__main__":
    protocol.main(prepare)
