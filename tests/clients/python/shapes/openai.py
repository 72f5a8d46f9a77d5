"""A configured provider that speaks OpenAI's chat completions to the letter."""

from __future__ import annotations

import base64
import struct

from words import Answer, Asked

from . import chat
from .wire import vector

STYLE = chat.Style()
# Sources have titles; otherwise clients see the address instead.
TITLES = True


def read(body: dict, _upstream: object = None) -> Asked:
    return chat.read(body)


def unary(answer: Answer, body: dict) -> dict:
    return chat.unary(answer, STYLE, body["model"])


def stream(answer: Answer, body: dict) -> list[bytes]:
    return chat.stream(answer, STYLE, body["model"])


def embed(body: dict) -> dict:
    said = body["input"]
    inputs = [said] if isinstance(said, str) or isinstance(said[0], int) else said
    vectors = [vector(one, body.get("dimensions", 8)) for one in inputs]
    if body.get("encoding_format") == "base64":
        vectors = [base64.b64encode(struct.pack(f"<{len(v)}f", *v)).decode() for v in vectors]
    data = [{"object": "embedding", "index": at, "embedding": one} for at, one in enumerate(vectors)]
    usage = {"prompt_tokens": 5 * len(inputs), "total_tokens": 5 * len(inputs)}
    # In no order: the index counts.
    return {"object": "list", "data": data[::-1], "model": body["model"], "usage": usage}
