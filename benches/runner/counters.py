"""Instructions: from the CPU's own counters where `perf stat` has them, and under valgrind on request."""

import functools
import os
import re
import shutil
import signal
import subprocess

from . import processes, targets
from .processes import Failed, Fleet

# `BENCH_PERF_EVENT=task-clock` shows on a machine without counters that the reading itself works.
EVENT = os.environ.get("BENCH_PERF_EVENT", "instructions")


@functools.cache
def available():
    """Says whether this machine counts instructions; many virtual machines do not."""
    if not shutil.which("perf"):
        return False
    probe = subprocess.run(["perf", "stat", "-x,", "-e", EVENT, "true"], capture_output=True, text=True, timeout=30)
    return probe.returncode == 0 and count_in(probe.stderr) is not None


def count_in(text):
    """Reads the figure from a line of `perf stat -x,`: the count comes first, or `<not supported>`."""
    match = re.search(rf"^([\d.]+),[^,]*,{re.escape(EVENT)}", text, re.M)
    return float(match[1]) if match else None


def perf(names, doors, work):
    """Counts instructions per unit for each door while `work(door)` does as many units as it returns."""
    if not available():
        return None
    counts = {}
    for name in names:
        pids = ",".join(str(pid) for pid in doors[name].pids())
        argv = ["perf", "stat", "-x,", "-e", EVENT, "-p", pids]
        meter = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            units = work(doors[name])
        finally:
            meter.send_signal(signal.SIGINT)
            text = meter.communicate(timeout=30)[1]
        count = count_in(text)
        if count is None:
            raise Failed(f"perf stat counted nothing: {text.strip()}")
        counts[name] = count / units
    return counts


def callgrind(tools, load):
    """Counts user-mode instructions under valgrind, per request and per event.

    Each figure is the difference of two runs over the difference of their sizes, so start and end cancel out.
    """
    if not shutil.which("valgrind"):
        raise Failed("valgrind is not installed")
    counts = {}
    for name in tools.names():
        if name == "nginx":
            continue  # its work happens in forked workers, and it is not what we compare with
        few, many = (counted(tools, load, name, model="bench", requests=n) for n in (200, 1_200))
        per_request = (many - few) / 1_000
        short, long = (
            counted(tools, load, name, model=f"bench-e{n}-p20", stream=True, requests=4) for n in (20, 270)
        )
        counts[name] = {"per_request": per_request, "per_event": (long - short) / (4 * 250)}
    return counts


def counted(tools, load, name, **options):
    """Runs one door under callgrind with one load and returns the instructions of its whole life."""
    with Fleet() as fleet:
        log = fleet.scratch / "valgrind.log"
        wrapper = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--log-file={log}"]
        upstream = targets.start_upstream(fleet, tools)
        door = targets.start(name, fleet, tools, upstream, wrapper=wrapper, limit=120.0)
        load(tools, door, upstream, connections=4, **options)
        processes.stop(door.process, patience=60.0)
        match = re.search(r"Collected\s*:\s*(\d+)", log.read_text())
    if not match:
        raise Failed(f"callgrind counted nothing for {name}")
    return int(match[1])
