"""One dual-GDA iteration in JAX, compiled as a whole by jit, noise included; the arithmetic of eager_pytorch.py."""

import os
import sys

import protocol

threads = sys.argv[sys.argv.index("--threads") + 1] if "--threads" in sys.argv else "1"
os.environ["NPROC"] = threads  # the size of XLA's pool, read when it starts
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402


def iteration(x, z, w, data, signs, noise, p):
    """Particles [N, d], neurons [m, d] and weights [m] one iteration later. noise: [N/2, d]"""
    h, m = p["particle_step"], len(z)
    gradient = ((x @ z.T) > 0).astype(x.dtype) @ (z * (signs * w / m)[:, None])
    x = x - h * gradient + (2 * h) ** 0.5 * jnp.concatenate([noise, -noise])
    x = x / jnp.linalg.norm(x, axis=1, keepdims=True)
    # The feature max(u, 0) is homogeneous: its mean follows from that of its gradient.
    moment = lambda points: ((points @ z.T) > 0).astype(x.dtype).T @ points / len(points)
    direction = moment(data) - moment(x)
    feature = (direction * z).sum(1)
    velocity = signs[:, None] * direction
    moved = z - p["neuron_step"] * (velocity - (velocity * z).sum(1, keepdims=True) * z)
    w = w * jnp.exp(-p["weight_step"] * signs * feature)
    w = w * jnp.minimum(p["total_variation_cap"] / w.mean(), 1)
    return x, moved / jnp.linalg.norm(moved, axis=1, keepdims=True), w


def prepare(problem, threads):
    jax.config.update("jax_enable_x64", problem["double"])
    jax.config.update("jax_default_prng_impl", os.environ.get("EBM_JAX_GENERATOR", "rbg"))
    dtype = jnp.float64 if problem["double"] else jnp.float32
    data, z, signs = (jnp.array(problem[key], dtype) for key in ("data", "initial_neurons", "signs"))
    state = [jnp.tile(data, (problem["copies"], 1)), z, jnp.ones_like(signs)]
    half = (len(state[0]) // 2, data.shape[1])
    key = [jax.random.key(0)]

    @jax.jit
    def given(x, z, w, noise):
        return iteration(x, z, w, data, signs, noise, problem)

    @jax.jit
    def drawn(x, z, w, key):
        key, now = jax.random.split(key)
        return *iteration(x, z, w, data, signs, jax.random.normal(now, half, dtype), problem), key

    def step(noise):
        if noise is None:
            *state[:], key[0] = drawn(*state, key[0])
        else:
            state[:] = given(*state, jnp.array(noise, dtype))

    def read():
        x, z, w = state
        energy = jnp.maximum(data @ z.T, 0) @ (signs * w) / len(w)
        return x.tolist(), z.tolist(), w.tolist(), energy.tolist()

    return protocol.Peer(f"JAX jit {jax.__version__}", step, lambda: state[0].block_until_ready(), read)


if __name__ == "__main__":
    protocol.main(prepare)
