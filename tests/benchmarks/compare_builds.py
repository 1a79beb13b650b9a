"""The iteration of every trainer in two builds, in turns: compare_builds.py BEFORE AFTER [--filter REGEX] [--turns 5]

BEFORE and AFTER are programs `benchmark`. Prints the median times and the median, least and greatest over the turns of
after / before: below 1 is faster. Rows with one thread are timed by the processor's clock, which other work on the
machine hardly moves, those with more by the clock on the wall. Rows that one of them lacks are named.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile


def rows(program, pattern):
    listing = subprocess.run([program, "--benchmark_list_tests", f"--benchmark_filter={pattern}"], check=True,
                             capture_output=True, text=True)  # fmt: skip
    return listing.stdout.split()


def microseconds(program, row, min_time):
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run([program, f"--benchmark_filter=^{re.escape(row)}$", f"--benchmark_min_time={min_time}",
                        f"--benchmark_out={file.name}"], check=True, capture_output=True)  # fmt: skip
        result = json.load(file)["benchmarks"][0]
    if result.get("error_occurred"):
        sys.exit(f"{row} in {program}: {result['error_message']}")
    return result["cpu_time" if "threads:1" in row else "real_time"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--filter", default="^trainer/.*threads:1", help="of the rows")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--min-time", type=float, default=0.05, help="seconds of one measurement")
    arguments = parser.parse_args()
    before, after = (rows(program, arguments.filter) for program in (arguments.before, arguments.after))
    for row in sorted(set(before) ^ set(after)):
        print(f"only in {'BEFORE' if row in before else 'AFTER'}: {row}")
    print("| row | before, µs | after, µs | after / before | [least, greatest] |\n|---|---|---|---|---|")
    for row in before:
        if row not in after:
            continue
        times = ([], [])
        for turn in range(arguments.turns):
            # Who goes first changes, too.
            for k in ((0, 1), (1, 0))[turn % 2]:
                times[k].append(microseconds((arguments.before, arguments.after)[k], row, arguments.min_time))
        ratios = [b / a for a, b in zip(*times)]
        medians = [statistics.median(t) for t in times]
        print(f"| {re.sub('/[a-z_/]*time$', '', row)} | {medians[0]:.0f} | {medians[1]:.0f} "
              f"| {statistics.median(ratios):.2f} | [{min(ratios):.2f}, {max(ratios):.2f}] |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
