"""xAI's chat completions: reasoning tokens beside the completion tokens, whole tool calls, citations as bare URLs."""

from __future__ import annotations

from words import Answer, Asked

from . import chat

STYLE = chat.Style(reasoning_apart=True, whole_calls=True, sources="citations")
TITLES = False


def read(body: dict, _upstream: object = None) -> Asked:
    return chat.read(body)


def unary(answer: Answer, body: dict) -> dict:
    return chat.unary(answer, STYLE, body["model"])


def stream(answer: Answer, body: dict) -> list[bytes]:
    return chat.stream(answer, STYLE, body["model"])
