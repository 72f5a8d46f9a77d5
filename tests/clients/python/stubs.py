"""Generates the Python client code from the repository's `proto/` into a temporary folder and puts it on the path."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[3]
PROTO = ROOT / "proto"


def generate() -> Path:
    out = Path(tempfile.mkdtemp(prefix="aigw-stubs-"))
    atexit.register(shutil.rmtree, out, ignore_errors=True)
    sources = sorted(str(p) for p in PROTO.rglob("*.proto"))
    well_known = files("grpc_tools") / "_proto"
    flags = [f"-I{PROTO}", f"-I{well_known}", f"--python_out={out}", f"--grpc_python_out={out}"]
    if protoc.main(["protoc", *flags, *sources]) != 0:
        raise RuntimeError(f"the contract in {PROTO} does not compile")
    sys.path.insert(0, str(out))
    return out
