"""One dual-GDA iteration in eager PyTorch: analytic gradients as matrix products, without autograd. With `--device cuda`
on a GPU, by `--graph` as a CUDA graph that is replayed.

Source: Domingo-Enrich et al. 2022, Algorithm 1.
"""

import math

import protocol
import torch


def iteration(x, z, w, data, signs, noise, p):
    """Particles [N, d], neurons [m, d] and weights [m] one iteration later. noise: [N/2, d]"""
    h, m = p["particle_step"], len(z)
    gradient = ((x @ z.T) > 0).to(x.dtype) @ (z * (signs * w / m).unsqueeze(1))
    x = x - h * gradient + math.sqrt(2 * h) * torch.cat([noise, -noise])
    x = x / x.norm(dim=1, keepdim=True)
    direction = ((data @ z.T) > 0).to(x.dtype).T @ data / len(data) - ((x @ z.T) > 0).to(x.dtype).T @ x / len(x)
    if p.get("plain"):
        feature = torch.relu(data @ z.T).mean(0) - torch.relu(x @ z.T).mean(0)
    else:  # max(u, 0) is homogeneous: its mean follows from that of its gradient
        feature = (direction * z).sum(1)
    velocity = signs.unsqueeze(1) * direction
    moved = z - p["neuron_step"] * (velocity - (velocity * z).sum(1, keepdim=True) * z)
    w = w * torch.exp(-p["weight_step"] * signs * feature)
    w = w * torch.clamp(p["total_variation_cap"] / w.mean(), max=1)
    return x, moved / moved.norm(dim=1, keepdim=True), w


def energy(x, z, w, signs):
    return torch.relu(x @ z.T) @ (signs * w) / len(w)


@torch.no_grad()
def captured(function, state):
    """What replays the function on the state, which it changes in place, as one CUDA graph."""

    def work():
        for old, new in zip(state, function(*state)):
            old.copy_(new)

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


def prepare(problem, threads, compiled=lambda function: function):
    """compiled: what the function of a whole iteration, noise included, goes through; see torch_compile.py."""
    torch.set_num_threads(threads)
    options = {"dtype": torch.double if problem["double"] else torch.float, "device": problem.get("device", "cpu")}
    on_gpu = options["device"] != "cpu"
    data, z, signs = (torch.tensor(problem[key], **options) for key in ("data", "initial_neurons", "signs"))
    state = [data.repeat(problem["copies"], 1), z, torch.ones_like(signs)]
    half = (len(state[0]) // 2, data.shape[1])
    given = compiled(lambda x, z, w, noise: iteration(x, z, w, data, signs, noise, problem))
    drawn = compiled(lambda x, z, w: iteration(x, z, w, data, signs, torch.randn(half, **options), problem))

    @torch.no_grad()
    def step(noise):
        state[:] = drawn(*state) if noise is None else given(*state, torch.tensor(noise, **options))

    def read():
        x, z, w = state
        return x.tolist(), z.tolist(), w.tolist(), energy(data, z, w, signs).tolist()

    plain = ", plain formulas" if problem.get("plain") else ""
    finish = torch.cuda.synchronize if on_gpu else lambda: None
    if problem.get("graph"):
        replay = captured(drawn, state)
        return protocol.Peer(f"PyTorch {torch.__version__}, CUDA graph", lambda noise: replay(), finish, read)
    return protocol.Peer(f"eager PyTorch {torch.__version__}{plain}", step, finish, read)


if __name__ == "__main__":
    protocol.main(prepare)
