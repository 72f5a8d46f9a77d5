"""Starts and stops the binaries under test. Knows their settings, nothing of their answers."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import httpx
from stubs import ROOT

BIN = Path(os.environ.get("AIGW_BIN", ROOT / "target/debug/ai-model-gateway")).absolute()
EDGE_BIN = Path(os.environ.get("AIGW_EDGE_BIN", BIN.with_name("gateway-edge"))).absolute()
READY_SECONDS = 20
# Not the real shape on purpose: the bootstrap key may be any token.
BOOTSTRAP_KEY = f"client-tests-{secrets.token_hex(16)}"
UPSTREAM_KEY = "upstream-key-of-the-environment"
# base64 of a client id and a secret, as GigaChat's cabinet gives it.
GIGACHAT_KEY = base64.b64encode(f"{uuid.uuid4()}:{uuid.uuid4()}".encode()).decode()
# OpenAI itself as a configured provider: its preset, at another address.
CONFIG = """
providers:
  - name: openai
    base_url: {url}/openai/v1
    api_key: {key}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A started binary with its output in a file."""

    def __init__(self, name: str, command: list[str], env: dict[str, str], ready_url: str):
        if not Path(command[0]).is_file():
            raise RuntimeError(f"{command[0]} is not there: build it, or name it in AIGW_BIN and AIGW_EDGE_BIN")
        self.name, self.ready_url = name, ready_url
        # A directory of its own, so that no .env of the checkout is read.
        self.home = tempfile.TemporaryDirectory(prefix="aigw-client-tests-")
        self.log = Path(self.home.name) / "log"
        base = {"PATH": os.environ["PATH"], "HOME": self.home.name}
        if "LLVM_PROFILE_FILE" in os.environ:
            base["LLVM_PROFILE_FILE"] = os.environ["LLVM_PROFILE_FILE"]
        with self.log.open("wb") as log:
            self.popen = subprocess.Popen(
                command, env=base | env, cwd=self.home.name, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        with httpx.Client(trust_env=False, timeout=2) as client:
            while time.monotonic() < deadline:
                if self.popen.poll() is not None:
                    raise RuntimeError(f"{self.name} ended with {self.popen.returncode} at start:\n{self.output()}")
                try:
                    if client.get(self.ready_url).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                time.sleep(0.05)
        raise RuntimeError(f"{self.name}: {self.ready_url} is not 200 after {READY_SECONDS} s:\n{self.output()}")

    def output(self) -> str:
        return self.log.read_text(errors="replace")[-8000:]

    def terminate(self) -> None:
        self.popen.send_signal(signal.SIGTERM)

    def members(self) -> list[int]:
        """Returns every live process of the binary's session: itself and whatever it started."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            state, session = fields[0], int(fields[3])
            if session == self.popen.pid and state != "Z":
                found.append(int(entry.name))
        return found

    def stop(self, seconds: float = 15) -> int:
        """Ends the process and returns its exit status; raises when SIGTERM was not enough."""
        if self.popen.poll() is None:
            self.terminate()
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise RuntimeError(f"{self.name} did not end within {seconds} s of SIGTERM:\n{self.output()}") from None

    def forget(self) -> None:
        self.home.cleanup()


class Gateway(Process):
    """`ai-model-gateway serve` with every provider pointed at one upstream."""

    def __init__(self, upstream_url: str, extra_env: dict[str, str | None] | None = None, ports: tuple[int, int] | None = None):
        grpc, rest = ports or (free_port(), free_port())
        self.grpc = f"127.0.0.1:{grpc}"
        edge = f"127.0.0.1:{rest}"
        self.edge_url = f"http://{edge}"
        env = {"AIGW_GRPC_ADDR": self.grpc, "AIGW_EDGE_ADDR": edge, "AIGW_BOOTSTRAP_KEY": BOOTSTRAP_KEY}
        # Paths that no two providers share: they tell the upstream whose format to answer in.
        env |= {"XAI_API_BASE_URL": f"{upstream_url}/xai/v1", "XAI_API_KEY": UPSTREAM_KEY}
        env |= {"GOOGLE_AI_STUDIO_BASE_URL": upstream_url, "GOOGLE_AI_STUDIO_API_KEY": UPSTREAM_KEY}
        # Relative to the working directory, which is temporary.
        env |= {"AIGW_DATA_DIR": "data"}
        env |= {"PERPLEXITY_API_BASE_URL": upstream_url, "PERPLEXITY_API_KEY": UPSTREAM_KEY}
        env |= {"ANTHROPIC_BASE_URL": upstream_url, "ANTHROPIC_API_KEY": UPSTREAM_KEY}
        giga = f"{upstream_url}/gigachat/api"
        env |= {"GIGACHAT_AUTH_KEY": GIGACHAT_KEY, "GIGACHAT_TOKEN_URL": f"{giga}/v2/oauth"}
        env |= {"GIGACHAT_CHAT_URL": f"{giga}/v1/chat/completions", "GIGACHAT_FILES_URL": f"{giga}/v1/files"}
        self.config = tempfile.NamedTemporaryFile("w", prefix="aigw-client-tests-", suffix=".yaml")
        self.config.write(CONFIG.format(url=upstream_url, key=UPSTREAM_KEY))
        self.config.flush()
        env |= {"AIGW_CONFIG": self.config.name}
        # None takes a variable out.
        env = {name: value for name, value in (env | (extra_env or {})).items() if value is not None}
        super().__init__("gateway", [str(BIN), "serve"], env, f"{self.edge_url}/api/v1/health")


class SeparateEdge(Process):
    """`gateway-edge` alone, in front of a running gateway or of its replicas."""

    def __init__(self, *grpc: str, log: str = "info"):
        edge = f"127.0.0.1:{free_port()}"
        self.edge_url = f"http://{edge}"
        urls = ",".join(f"http://{address}" for address in grpc)
        command = [str(EDGE_BIN), "--edge-addr", edge, "--gateway-url", urls, "--log", log]
        super().__init__("gateway-edge", command, {}, f"{self.edge_url}/api/v1/health")
