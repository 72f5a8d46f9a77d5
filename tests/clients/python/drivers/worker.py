"""A client that lives in a process of its own, for other languages and for packages that do not fit in ours: one JSON
request a line in, one JSON reply a line out.
"""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
NODE = HERE.parents[1] / "node"
LLAMAINDEX = HERE.parent / ".venv-llamaindex/bin/python"


class Worker:
    def __init__(self, command: list[str], needs: Path, how: str) -> None:
        self.command, self.needs, self.how = command, needs, how
        self.process: subprocess.Popen | None = None

    def ask(self, client: str, **request: object) -> dict:
        if self.process is None:
            if not self.needs.exists():
                raise RuntimeError(f"CANNOT RUN: {self.needs} is missing; {self.how}")
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(json.dumps({"client": client} | request) + "\n")
        self.process.stdin.flush()
        # A worker that hangs must not hang the run.
        watch = threading.Timer(45, self.process.kill)
        watch.start()
        line = self.process.stdout.readline()
        watch.cancel()
        if not line:
            status, self.process = self.process.wait(10), None
            raise RuntimeError(f"the worker {self.command[-1]} ended with {status}")
        reply = json.loads(line)
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return reply

    def stop(self) -> None:
        if self.process:
            self.process.stdin.close()
            self.process.wait(10)


WORKERS = {
    "node": Worker(
        ["node", str(NODE / "clients/worker.js")], NODE / "node_modules/ai/package.json", "run `npm ci` in tests/clients/node"
    ),
    "llamaindex": Worker(
        [str(LLAMAINDEX), str(HERE / "llamaindex.py")], LLAMAINDEX, "make it from requirements-llamaindex.txt (tests/run does)"
    ),
}
