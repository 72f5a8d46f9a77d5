"""Small helpers of the shapes: frames, data URIs, JSON in strings."""

from __future__ import annotations

import base64
import itertools
import json
import zlib

CREATED = 1_795_000_000
_numbers = itertools.count(1)


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def frame(event: dict | str, newline: str = "\n", kind: str = "") -> bytes:
    data = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
    head = f"event: {kind}{newline}" if kind else ""
    return f"{head}data: {data}{newline}{newline}".encode()


def parse(text: object) -> object:
    """Reads JSON in a string; what is no JSON stays text."""
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text


def data_uri(uri: str) -> tuple[str, bytes]:
    if not uri.startswith("data:"):
        return uri, b""
    head, _, data = uri.removeprefix("data:").partition(",")
    return head.removesuffix(";base64"), base64.b64decode(data)


def fresh(kind: str) -> str:
    """An id nobody has seen, as providers give to every call: what a client says of one call says nothing of another."""
    return f"{kind}scene{next(_numbers)}"


def halves(text: str) -> list[str]:
    """Cuts a text in two, so that a stream has something to join."""
    middle = len(text) // 2
    return [part for part in (text[:middle], text[middle:]) if part]


def vector(said: str | list[int], length: int = 8) -> list[float]:
    """A vector that only this text or these tokens have; its numbers are exact, however they are written."""
    return [zlib.crc32(f"{at} {said}".encode()) % 64 / 32 - 1 for at in range(length)]
