"""A configured provider that speaks OpenAI's chat completions to the letter."""

from __future__ import annotations

from words import Answer, Asked

from . import chat

STYLE = chat.Style()
# Sources have titles; otherwise clients see the address instead.
TITLES = True


def read(body: dict, _upstream: object = None) -> Asked:
    return chat.read(body)


def unary(answer: Answer, body: dict) -> dict:
    return chat.unary(answer, STYLE, body["model"])


def stream(answer: Answer, body: dict) -> list[bytes]:
    return chat.stream(answer, STYLE, body["model"])
