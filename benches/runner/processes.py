"""Starts processes, waits until they answer, and ends exactly those it started."""

import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time


class Failed(Exception):
    """Something went wrong that makes the figures worthless."""


class Fleet:
    """Processes and a scratch directory that live as long as a `with` block."""

    def __init__(self):
        self._started = []
        self.scratch = None

    def __enter__(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="aigw-bench-"))
        return self

    def __exit__(self, *_):
        for process in reversed(self._started):
            stop(process)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def start(self, name, argv, env=None, cwd=None):
        """Starts a process whose output goes to a file in the scratch directory."""
        log_path = self.scratch / f"{name}-{len(self._started)}.log"
        with open(log_path, "wb") as log:
            process = subprocess.Popen(
                [str(word) for word in argv],
                env=env,
                cwd=cwd or self.scratch,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        process.log_path = log_path
        self._started.append(process)
        return process


def stop(process, patience=10.0):
    """Asks the process to end, and ends it if it does not."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tail(process):
    """Returns the last lines a process wrote, for an error message; keys are left out."""
    text = process.log_path.read_text(errors="replace")[-2000:]
    return re.sub(r"sk-\S+", "sk-…", text).strip()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(process, ready, limit=20.0, every=0.001):
    """Waits until `ready()` and returns the seconds it took."""
    start = time.monotonic()
    while not ready():
        if process.poll() is not None:
            raise Failed(f"{process.args[0]} ended with {process.returncode}:\n{tail(process)}")
        if time.monotonic() - start > limit:
            raise Failed(f"{process.args[0]} did not answer within {limit:.0f} s:\n{tail(process)}")
        time.sleep(every)
    return time.monotonic() - start


def accepts(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def answers_200(port, path):
    """Says whether one GET is answered with 200; made by hand, since http.client costs a millisecond."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as conn:
            conn.sendall(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n".encode())
            return conn.recv(64).startswith((b"HTTP/1.1 200", b"HTTP/1.0 200"))
    except OSError:
        return False


def family(pid):
    """Returns the process and its children, for servers that work in worker processes."""
    members = [pid]
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue  # it ended while we looked
        if parent == pid:
            members.append(int(stat.parent.name))
    return members


def memory_kb(pids, field):
    """Returns VmRSS or VmHWM of the processes together."""
    total = 0
    for pid in pids:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        total += int(re.search(rf"^{field}:\s+(\d+) kB", status, re.M)[1])
    return total
