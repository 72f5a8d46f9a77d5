"""What the README tells people to paste does what it says: its curl, Python, Node and gRPC snippets, run as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from aigateway.v1 import chat_service_pb2
from gateway import BOOTSTRAP_KEY
from stubs import ROOT

PAGES = ("README.md", "README.vi.md", "docs/clients/README.md")
NODE = ROOT / "tests/clients/node"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
TOOLS = ("curl", "buf", "grpcurl")


def snippets():
    """Finds the commands and programs that talk to a running gateway and need no provider."""
    for page in PAGES:
        for language, block in BLOCK.findall((ROOT / page).read_text()):
            # Commands are parted by empty lines, or stand in a line each.
            parts = re.split(r"\n\n|(?<!\\)\n(?=\w)", block) if language == "sh" else [block]
            for text in map(str.strip, parts):
                tool = text.split(maxsplit=1)[0]
                runs = tool in TOOLS if language == "sh" else language in ("python", "js")
                if runs and "_API_KEY" not in text:
                    name = tool if language == "sh" else language
                    yield pytest.param(name, text, id=f"{page}-{name}-{text.split('sandbox/')[-1][:12].strip()}")


SNIPPETS = list(snippets())


def test_the_snippets_are_found():
    found = [param.values[0] for param in SNIPPETS]
    assert {*TOOLS, "python", "js"} <= set(found)
    assert all(found.count(name) >= 2 for name in (*TOOLS, "python", "js")), found


@pytest.mark.parametrize(("name", "text"), SNIPPETS)
def test_a_snippet(gateway, tmp_path: Path, name: str, text: str):
    env = {"PATH": f"{NODE / 'node_modules/.bin'}:{os.environ['PATH']}", "HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"}
    env |= {"AIGW_KEY": BOOTSTRAP_KEY, "PYTHONPATH": str(Path(chat_service_pb2.__file__).parents[2])}
    text = text.replace("http://127.0.0.1:6161", gateway.edge_url).replace("127.0.0.1:50051", gateway.grpc)
    if name == "python":
        command = [sys.executable, "-c", text]
    elif name == "js":
        if not (NODE / "node_modules/openai").is_dir():
            pytest.skip("needs `npm ci` in tests/clients/node")
        (tmp_path / "node_modules").symlink_to(NODE / "node_modules")
        (tmp_path / "hello.mjs").write_text(text)
        command = ["node", "hello.mjs"]
    else:
        if not shutil.which(name, path=env["PATH"]):
            pytest.skip(f"{name} is not installed")
        command = ["bash", "-c", text]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    if "sandbox/429" in text:
        assert " 429 " in done.stdout and "retry-after: 1" in done.stdout and "rate_limit_exceeded" in done.stdout
    elif said := re.search(r'(?:"?content"?: ?|text"?[:=] ?)"([^"]+)"', text):
        # Streams come word by word.
        assert all(word in done.stdout for word in said[1].split()), done.stdout
    else:
        assert done.stdout.strip(), done.stderr
