"""dualebm's iteration of dual GDA beside the same in other frameworks: compare_peers.py dual_gda_iteration OUT.json

All contestants of a problem run at once, each waiting on its standard input while another is measured; start-up and
compilation come before. They take turns, so that other work on the machine meets all of them alike, and each turn waits a little for a quiet
moment. The ratio is the
median over the turns of a peer's time over ours with one thread. Before anything is timed each peer must agree with
the recorded trajectories. Standard library only.

Interpreters: EBM_PYTHON (python3-torch), EBM_TORCH_PYTHON and EBM_JAX_PYTHON (wheels, else those of `make peers`).
"""

import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import quiet

PEERS = pathlib.Path(__file__).resolve().parent / "peers"
VENV = os.environ.get("EBM_PEERS", os.path.expanduser("~/.cache/dualebm/peers"))
DEBIAN = os.environ.get("EBM_PYTHON", "/usr/bin/python3")
TORCH = os.environ.get("EBM_TORCH_PYTHON", VENV + "/bin/python")
JAX = os.environ.get("EBM_JAX_PYTHON", VENV + "/bin/python")
ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "1"}
# What dualebm asks of the C library for itself: freed memory stays with the process, for the peers with --keep-memory.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(64 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)}
SHALLOW = [
    # name, program, script, what it needs, what installs that
    ("eager PyTorch", DEBIAN, "eager_pytorch.py", "import torch", "apt-get install python3-torch"),
    ("eager PyTorch of the wheel", TORCH, "eager_pytorch.py", "import torch", "make peers"),
    ("torch.compile", TORCH, "torch_compile.py", "import torch._inductor", "make peers"),
    ("JAX jit", JAX, "jax_jit.py", "import jax", "make peers"),
    ("Octave", "octave-cli", "octave.m", None, "apt-get install octave"),
]  # fmt: skip
DEEP = [("eager PyTorch", DEBIAN, "eager_mlp.py", "import torch", "apt-get install python3-torch"),
        ("eager PyTorch of the wheel", TORCH, "eager_mlp.py", "import torch", "make peers")]  # fmt: skip


def say(text):
    print(text, file=sys.stderr, flush=True)


def is_there(program, needs):
    if not shutil.which(program):
        return False
    return needs is None or subprocess.run([program, "-c", needs], capture_output=True).returncode == 0


class Contestant:
    """A program that measures whenever it is told to."""

    def __init__(self, name, command, threads, blas_threads):
        self.name, self.threads, self.blas_threads, self.seconds = name, threads, blas_threads, []
        environment = {**os.environ, **ENVIRONMENT, "OPENBLAS_NUM_THREADS": str(blas_threads)}
        environment["OMP_NUM_THREADS"] = str(threads)
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([*command, "--threads", str(threads), "--serve"], text=True, env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)  # fmt: skip
        self.version = self.answer()["ready"]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            sys.exit(f"{self.name} ended: {self.errors.read()}")
        return json.loads(line)

    def measure(self, seconds):
        print(seconds, file=self.process.stdin, flush=True)
        self.seconds.append(self.answer()["seconds"])

    def close(self):
        self.process.kill()
        self.process.wait()


def present(peers):
    """The peers that are there; a line for each that is not."""
    found = []
    for peer in peers:
        name, program, script, needs, install = peer
        if is_there(program, needs):
            found.append(peer)
        else:
            say(f"absent: {name} ({program}); {install}")
    return found


def check(ours, shallow, deep):
    environment = {**os.environ, **ENVIRONMENT}
    with tempfile.TemporaryDirectory() as folder:
        trace = folder + "/trace.json"
        sizes = ["--points", "8", "--particles", "16"]
        subprocess.run([ours, "--energy", "mlp", *sizes, "--trace", trace], check=True)
        for peers, argument in ((shallow, []), (deep, [trace])):
            for name, program, script, _, _ in peers:
                result = subprocess.run([program, str(PEERS / script), "--check", *argument], env=environment,
                                        capture_output=True, text=True)  # fmt: skip
                if result.returncode != 0:
                    sys.exit(f"{name}: {result.stderr or result.stdout}")
                say(result.stdout.strip())


def play(ours, peers, arguments, repetitions, seconds, patience):
    """Times everyone on one problem. arguments: of our program; peers know the sizes among them."""
    sizes = [word for word in arguments if word not in ("--energy", "mlp")]
    contestants = [Contestant("dualebm", [ours, *arguments], threads, 1) for threads in (1, 2)]
    for name, program, script, _, _ in peers:
        # Threads of PyTorch and of its BLAS are two pools: they may be on their own.
        torch = script.startswith("eager")
        for threads, blas in ((1, 1), (2, 2), (2, 1)) if torch else ((1, 1), (2, 2)):
            say(f"  starting {name}, {threads} threads")
            contestants.append(Contestant(name, [program, str(PEERS / script), *sizes], threads, blas))
    loads = []
    for turn in range(repetitions):
        loads.append(quiet.wait(patience))
        for k in range(len(contestants)):
            contestants[(turn + k) % len(contestants)].measure(seconds)
        say(f"  turn {turn + 1} of {repetitions}: " + ", ".join(f"{c.seconds[-1] * 1e3:.3g}" for c in contestants) + " ms")
    rows = []
    for c in contestants:
        c.close()
        rows.append({
            "name": c.name, "version": c.version, "threads": c.threads, "blas_threads": c.blas_threads,
            "median": statistics.median(c.seconds), "least": min(c.seconds), "greatest": max(c.seconds),
            "ratio": statistics.median(t / o for t, o in zip(c.seconds, contestants[0].seconds)),
            "seconds": c.seconds, "load_of_others": loads,
        })  # fmt: skip
    return rows


def processor():
    text = pathlib.Path("/proc/cpuinfo").read_text() if os.path.exists("/proc/cpuinfo") else ""
    model = re.search(r"model name\s*: (.*)", text)
    return f"{os.cpu_count()} cores of {model[1] if model else platform.processor()}"


def markdown(title, rows):
    lines = [f"| {title} | threads | ms | [least, greatest] | times ours |", "|---|---|---|---|---|"]
    for row in rows:
        threads = f"{row['threads']}, BLAS 1" if row["blas_threads"] != row["threads"] and row["name"] != "dualebm" else row["threads"]
        ms = [row[key] * 1e3 for key in ("median", "least", "greatest")]
        lines.append(f"| {row['version']} | {threads} | {ms[0]:.3g} | [{ms[1]:.3g}, {ms[2]:.3g}] | {row['ratio']:.2f} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ours", help="the program dual_gda_iteration")
    parser.add_argument("out", help="results as JSON")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="of one measurement")
    parser.add_argument("--patience", type=float, default=10, help="seconds to wait before a turn for others to rest")
    parser.add_argument("--only", default="", help="problems whose title has this in it")
    parser.add_argument("--keep-memory", action="store_true", help="the allocator of dualebm for the peers too")
    arguments = parser.parse_args()
    if arguments.keep_memory:
        ENVIRONMENT.update(KEEP_MEMORY)
    shallow, deep = present(SHALLOW), present(DEEP)
    check(arguments.ours, shallow, deep)
    problems = [(f"d = {d}, n = 10⁴, N = 2·10⁴, m = 64", shallow,
                 ["--dimension", str(d), "--points", "10000", "--particles", "20000", "--neurons", "64"])
                for d in (15, 3)]  # fmt: skip
    for particles in (1_000, 10_000, 100_000):
        sizes = ["--points", str(particles // 2), "--particles", str(particles)]
        problems.append((f"perceptron 2-128-128-1, N = {particles}", deep, ["--energy", "mlp", *sizes]))
    results = {"processor": processor(), "keep_memory": arguments.keep_memory, "load_before": os.getloadavg(), "problems": {}}
    allocator = ", allocator of dualebm for all" if arguments.keep_memory else ""
    print(f"{results['processor']}; load {os.getloadavg()[0]:.1f} at the start{allocator}\n")
    for title, peers, sizes in problems:
        if arguments.only not in title:
            continue
        say(title)
        rows = play(arguments.ours, peers, sizes, arguments.repetitions, arguments.seconds,
                    arguments.patience)  # fmt: skip
        results["problems"][title] = rows
        print(markdown(title, rows), flush=True)
    results["load_after"] = os.getloadavg()
    pathlib.Path(arguments.out).write_text(json.dumps(results, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
