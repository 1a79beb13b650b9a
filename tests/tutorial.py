"""Runs the tutorial as it stands: writes its files into an empty folder and executes its commands.

A fenced block after a line that is a file name in backquotes is that file; a block of `sh` is a command. The program and
the package must be installed under the folder that the tutorial calls $PREFIX.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

page, prefix, work = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
blocks = re.findall(r"(?:^`([\w.]+)`[^\n]*:\n\n)?^```(\w+)\n(.*?)^```", page.read_text(), re.M | re.S)
environment = dict(os.environ, PREFIX=str(prefix), MPLBACKEND="Agg", PATH=f"/usr/bin:{os.environ['PATH']}")
for name, language, body in blocks:
    if name:
        (work / name).write_text(body)
    elif language == "sh":
        print(body, flush=True)
        subprocess.run(["bash", "-euo", "pipefail", "-c", body], cwd=work, env=environment, check=True)
assert {name for name, _, _ in blocks} >= {"bumps.cpp", "CMakeLists.txt", "moons.json", "plot.py"}, "blocks are missing"

# Trained at all: the entropy of the moons is near 2 nats, and an untrained energy is a nat and more away.
last = json.loads((work / "run" / "metrics.jsonl").read_text().splitlines()[-1])
assert last["kl"] < 0.3, last

picture = work / "moons.png"
assert picture.stat().st_size > 10000, "the plot is missing or empty"
