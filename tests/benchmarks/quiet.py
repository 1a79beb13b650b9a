"""Waits for a moment in which nobody else works on the machine, where /proc/stat says so; see compare_peers.py."""

import sys
import time


def busy(seconds=0.25):
    """How much of all cores was in use, or stolen by the host, while this process slept."""

    def counts():
        with open("/proc/stat") as file:
            numbers = [int(word) for word in file.readline().split()[1:9]]
        return sum(numbers), numbers[3] + numbers[4]

    try:
        all_before, idle_before = counts()
        time.sleep(seconds)
        all_after, idle_after = counts()
    except OSError:
        return 0.0
    return 1 - (idle_after - idle_before) / max(1, all_after - all_before)


def wait(patience, limit=0.1):
    """Returns the load found in the end: below the limit, or what it was when patience ran out."""
    end = time.monotonic() + patience
    while (load := busy()) > limit and time.monotonic() < end:
        time.sleep(0.5)
    if load > limit and patience > 0:
        print(f"  not alone: {load:.0%} of the cores are in use", file=sys.stderr, flush=True)
    return load
