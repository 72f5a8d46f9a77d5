"""What is measured, in which order, and how the figures of one round become one result."""

import dataclasses
import json
import statistics
import subprocess
import sys
import time

from . import counters, processes, targets
from .processes import Failed, Fleet
from .targets import KEY

NAMES = ("plain", "streams", "idle", "startup", "slow")
REFERENCE = "passthrough"
# The same program a second time: how far its ratio is from 1.00 shows what the machine's noise does to all ratios.
CONTROL = "passthrough again"


@dataclasses.dataclass
class Sizes:
    """How much is done; every count has an end."""

    rounds: int = 7
    requests: int = 20_000
    connections: int = 32
    streams: int = 200
    events: int = 200
    starts: int = 5
    slow_streams: int = 2_000
    slow_events: int = 24

    @staticmethod
    def choose(quick, rounds):
        sizes = Sizes(rounds=2, requests=5_000, events=100, starts=3, slow_events=10) if quick else Sizes()
        return dataclasses.replace(sizes, rounds=rounds) if rounds else sizes


def run(tools, sizes, only, callgrind):
    """Makes the chosen measures and returns their results by name."""
    results = {"sizes": dataclasses.asdict(sizes), "failed": {}}
    steps = {"plain": plain, "streams": streams, "idle": idle, "startup": startup, "slow": slow}
    chosen = {name: steps[name] for name in NAMES if name in only}
    if callgrind:
        chosen["callgrind"] = lambda tools, _sizes: counters.callgrind(tools, load)
    for name, step in chosen.items():
        note(f"{name} …")
        try:
            results[name] = step(tools, sizes)
        except Failed as failure:  # the other measures still say something; the run as a whole has failed
            note(f"{name} failed: {failure}")
            results["failed"][name] = str(failure)
    return results


def note(text):
    print(text, file=sys.stderr, flush=True)


def load(tools, target, upstream, **options):
    """Runs the client against one door. One error fails everything."""
    argv = [tools.load, "--addr", f"127.0.0.1:{target.port}", "--key", KEY, "--upstream-pid", upstream.process.pid]
    options["model"] = target.model_prefix + options["model"]
    if "warmup_model" in options:
        options["warmup_model"] = target.model_prefix + options["warmup_model"]
    for name, value in options.items():
        argv += [f"--{name.replace('_', '-')}"] + ([] if value is True else [value])
    for pid in target.pids():
        argv += ["--pid", pid]
    limit = options.get("max_seconds", 300) + 30
    argv = [str(word) for word in argv]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=limit, env=targets.base_env())
    if done.returncode != 0:
        raise Failed(f"{target.name}: {done.stderr.strip()}\n{processes.tail(target.process)}")
    report = json.loads(done.stdout)
    if report["errors"]:
        raise Failed(f"{target.name}: {report['errors']} errors, the first: {report['first_error']}")
    return report


def plain(tools, sizes):
    def call(target, upstream, requests=sizes.requests, warmup=sizes.requests // 10):
        options = {"connections": sizes.connections, "requests": requests, "warmup": warmup}
        return load(tools, target, upstream, model="bench", **options)

    return interleaved(tools, sizes, call, lambda report: report["requests"])


def streams(tools, sizes):
    def call(target, upstream, warmup=sizes.streams):
        options = {"connections": sizes.streams, "requests": sizes.streams, "warmup": warmup, "ramp_ms": 200}
        options |= {"model": f"bench-e{sizes.events}-p10", "warmup_model": "bench-e20-p10", "stream": True}
        return load(tools, target, upstream, **options)

    return interleaved(tools, sizes, call, lambda report: report["requests"] * sizes.events)


def interleaved(tools, sizes, call, units):
    """Measures every door once per round, in rotating order, so that a slow minute of the machine hits all of them.

    A ratio is taken inside each round, and the median of these is the result.
    """
    names = [*tools.names(), CONTROL]
    rounds = {name: [] for name in names}
    with Fleet() as fleet:
        upstream = targets.start_upstream(fleet, tools)
        doors = {name: targets.start(name, fleet, tools, upstream) for name in names}
        direct = call(targets.Target("upstream", upstream.port, upstream.process), upstream)
        for i in range(sizes.rounds):
            for name in names[i % len(names) :] + names[: i % len(names)]:
                note(f"  round {i + 1}: {name}")
                report = call(doors[name], upstream)
                report["cpu_us_per_unit"] = report["cpu_us"] / units(report)
                rounds[name].append(report)
        instructions = counters.perf(names, doors, lambda door: units(call(door, upstream, warmup=0)))
        after = {name: processes.memory_kb(doors[name].pids(), "VmRSS") for name in names}
    busiest = max(r["upstream_cpu_us"] / (r["wall_ms"] * 1000) for reports in rounds.values() for r in reports)
    return {
        "doors": {name: summary(rounds[name], rounds[REFERENCE], after[name]) for name in names},
        "rounds": rounds,
        "mock": {
            "cpu_us_per_unit": direct["upstream_cpu_us"] / units(direct),
            "units_per_s": units(direct) * 1000 / direct["wall_ms"],
            "busiest_share_of_a_core": busiest,
        },
        "instructions": instructions,
    }


def summary(reports, references, rss_after_kb):
    ratios = [own["cpu_us_per_unit"] / ref["cpu_us_per_unit"] for own, ref in zip(reports, references)]
    return {
        "cpu_us": statistics.median(report["cpu_us_per_unit"] for report in reports),
        "ratio": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "p50_us": statistics.median(report["total_us_p50"] for report in reports),
        "p99_us": statistics.median(report["total_us_p99"] for report in reports),
        "rss_after_kb": rss_after_kb,
    }


def idle(tools, _sizes):
    """Resident memory two seconds after the first healthy answer, with no request made but that one."""
    rss = {}
    with Fleet() as fleet:
        upstream = targets.start_upstream(fleet, tools)
        doors = [targets.start(name, fleet, tools, upstream) for name in tools.names()]
        time.sleep(2)
        for door in doors:
            rss[door.name] = processes.memory_kb(door.pids(), "VmRSS")
    return rss


def startup(tools, sizes):
    """Milliseconds from exec to the first healthy answer: into an empty data directory, and into one that is set up."""
    times = {}
    for name in tools.names():
        if name == "nginx":
            continue  # it has no health route of its own; its start is not what we compare with
        first, again = [], []
        for _ in range(sizes.starts):
            with Fleet() as fleet:
                upstream = targets.start_upstream(fleet, tools)
                data_dir = fleet.scratch / "data"
                for times_ms in (first, again):
                    door = targets.start(name, fleet, tools, upstream, data_dir=data_dir)
                    times_ms.append(door.startup_s * 1000)
                    processes.stop(door.process)
        times[name] = {"first_ms": statistics.median(first), "again_ms": statistics.median(again)}
    return times


def slow(tools, sizes):
    """Peak memory of a fresh process that carries many slow streams at the same time."""
    peaks = {}
    for name in tools.names():
        note(f"  {name}")
        with Fleet() as fleet:
            upstream = targets.start_upstream(fleet, tools)
            door = targets.start(name, fleet, tools, upstream)
            count = sizes.slow_streams
            model = f"bench-e{sizes.slow_events}-p500"
            report = load(
                tools, door, upstream, model=model, stream=True, connections=count, requests=count, ramp_ms=2_000
            )
        events = count * sizes.slow_events
        peaks[name] = {
            "hwm_kb": report["hwm_kb"],
            "streams": report["requests"],
            "seconds": report["wall_ms"] / 1000,
            "cpu_us_per_event": report["cpu_us"] / events,
        }
    return peaks
