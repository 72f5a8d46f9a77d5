"""Turns results into a table with goals, and into a file."""

import datetime
import json
import os
import pathlib
import platform
import subprocess

UNITS = {"plain": "request", "streams": "event"}
RATIO_GOALS = {"plain": 1.5, "streams": 1.2}
IDLE_GOAL_KB = 30 * 1024
STARTUP_GOAL_MS = 150
SLOW_GOAL_KB = 150 * 1024
SLOW_GOAL_STREAMS = 2_000


def machine(root, tools):
    """Says where and of what the figures were taken."""
    cpu = [line for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    commit = first_line(["git", "-C", str(root), "rev-parse", "--short", "HEAD"])
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "cpu": cpu[0].partition(":")[2].strip() if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
        "nginx": first_line([tools.nginx, "-v"]),
        "rustc": first_line(["rustc", "--version"]),
        "commit": commit,
        "gateway": str(tools.gateway) if tools.gateway else None,
    }


def first_line(argv):
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=10)
    except OSError:
        return "unknown"
    return ((done.stdout or done.stderr).splitlines() or ["unknown"])[0]


def rows(results):
    """Returns one row per door and measure."""
    table = []
    for name in UNITS:
        if name in results:
            table += cpu_rows(name, results[name])
    for door, kb in results.get("idle", {}).items():
        table.append(row(door, "RSS idle", mb(kb), judge(door, kb, IDLE_GOAL_KB), "≤ 30 MB"))
    for door, took in results.get("startup", {}).items():
        for key, what in (("first_ms", "first start to healthy"), ("again_ms", "later start to healthy")):
            met = judge(door, took[key], STARTUP_GOAL_MS)
            table.append(row(door, what, f"{took[key]:.0f} ms", met, "≤ 150 ms"))
    for door, peak in results.get("slow", {}).items():
        what = f"peak RSS, {peak['streams']:,} slow streams for {peak['seconds']:.0f} s"
        met = judge(door, peak["hwm_kb"], SLOW_GOAL_KB) if peak["streams"] >= SLOW_GOAL_STREAMS else None
        table.append(row(door, what, mb(peak["hwm_kb"]), met, "≤ 150 MB"))
    for door, counts in results.get("callgrind", {}).items():
        for key, goal in (("per_request", RATIO_GOALS["plain"]), ("per_event", RATIO_GOALS["streams"])):
            ratio = counts[key] / results["callgrind"]["passthrough"][key]
            what = f"user instructions {key.replace('_', ' ')} (callgrind)"
            table.append(row(door, what, f"{counts[key]:,.0f}", None, "", f"{ratio:.2f}"))
    return table


def cpu_rows(name, result):
    table = []
    for door, figures in result["doors"].items():
        goal = RATIO_GOALS[name]
        ratio = f"{figures['ratio']:.2f} ({figures['ratio_min']:.2f}–{figures['ratio_max']:.2f})"
        what = f"CPU per {UNITS[name]}"
        met = judge(door, figures["ratio"], goal)
        table.append(row(door, what, f"{figures['cpu_us']:.1f} µs", met, f"ratio ≤ {goal}", ratio))
    instructions = result["instructions"] or {}
    for door, count in instructions.items():
        ratio = count / instructions["passthrough"]
        table.append(row(door, f"instructions per {UNITS[name]}", f"{count:,.0f}", None, "", f"{ratio:.2f}"))
    return table


def row(door, what, figure, met, goal, ratio=""):
    goal = "" if met is None else goal
    return {"door": door, "what": what, "figure": figure, "ratio": ratio, "goal": goal, "met": met}


def judge(door, figure, goal):
    """Goals are the gateway's; a reference has none."""
    return figure <= goal if door == "gateway" else None


def mb(kb):
    return f"{kb / 1024:.1f} MB"


def markdown(machine, results, table, quick):
    lines = [
        f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, {machine['nginx']}, "
        f"{machine['rustc']}, commit {machine['commit']}, {machine['date']}",
        "",
        "| measure | door | figure | ratio to pass-through (min–max) | goal | met |",
        "|---|---|---|---|---|---|",
    ]
    for r in table:
        met = {None: "", True: "yes", False: "**no**"}[r["met"]]
        lines.append(f"| {r['what']} | {r['door']} | {r['figure']} | {r['ratio']} | {r['goal']} | {met} |")
    return "\n".join(lines + [""] + remarks(machine, results, quick))


def remarks(machine, results, quick):
    """Says what a reader must know before believing the table."""
    found = [f"**{name} failed**: {reason}" for name, reason in results["failed"].items()]
    if quick:
        found.append("--quick: few small rounds, so ratios are rough.")
    if machine["load_before"] > 0.3 * machine["cores"]:
        found.append(f"The machine was busy (load {machine['load_before']:.1f} before the run): trust only the ratios.")
    if machine["gateway"] and "/release/" not in machine["gateway"]:
        found.append("The gateway does not look like a release build: its figures mean nothing.")
    measured = [name for name in UNITS if name in results]
    if any(results[name]["instructions"] is None for name in measured):
        found.append("No instruction counts: this machine's CPU counters are not available to `perf stat`.")
    for name in measured:
        same = results[name]["doors"]["passthrough again"]
        found.append(
            f"Noise: two identical pass-throughs had a ratio of {same['ratio']:.2f} per {UNITS[name]} "
            f"(rounds {same['ratio_min']:.2f}–{same['ratio_max']:.2f}); a smaller difference says nothing."
        )
        mock = results[name]["mock"]
        share = mock["busiest_share_of_a_core"]
        warning = " **It was the bottleneck.**" if share > 0.8 else ""
        found.append(
            f"The mock takes {mock['cpu_us_per_unit']:.1f} µs per {UNITS[name]}, sends {mock['units_per_s']:,.0f} "
            f"a second when asked directly, and was busy at most {share:.0%} of a core.{warning}"
        )
    if "streams" in results:
        found.append(pace(results))
    return [f"- {text}" for text in found]


def pace(results):
    ideal_s = results["sizes"]["events"] * 0.010
    parts = []
    for door, reports in results["streams"]["rounds"].items():
        took = max(report["total_us_p50"] for report in reports) / 1e6
        joined = sum(r["data_lines"] for r in reports) / sum(r["body_chunks"] for r in reports)
        parts.append(f"{door} {took:.2f} s, {joined:.2f} events per chunk")
    return f"A stream of {ideal_s:.1f} s took (slowest round's median): {'; '.join(parts)}."


def save(directory, machine, results, table):
    directory.mkdir(exist_ok=True)
    path = directory / f"{machine['date'][:10]}.json"
    content = {"machine": machine, "rows": table, "results": results}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return path
