"""Perplexity's retired Sonar chat completions, which proxies still speak: each event repeats the text so far, and there
is no `[DONE]`. No tools.
"""

from __future__ import annotations

from words import Answer, Asked

from . import chat
from .wire import CREATED, frame

STYLE = chat.Style()
TITLES = True


def read(body: dict, _upstream: object = None) -> Asked:
    asked = chat.read(body)
    # Every answer of Sonar is grounded; only this switches it off.
    asked.search = not body.get("disable_search", False)
    return asked


def _reply(answer: Answer, text: str, delta: str, finish: str | None, kind: str) -> dict:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}
    choice["delta"] = {"role": "assistant", "content": delta}
    results = [{"title": s.title, "url": s.url, "date": None, "snippet": "", "source": "web"} for s in answer.sources]
    u = answer.usage
    usage = {"prompt_tokens": u.input, "completion_tokens": u.output, "total_tokens": u.total}
    usage |= {"search_context_size": "low", "cost": {"input_tokens_cost": 0.0, "output_tokens_cost": 0.0, "total_cost": 0.005}}
    return {"id": "7a5c0d3e-scene", "model": "sonar", "created": CREATED, "object": kind, "choices": [choice]} | {
        "usage": usage,
        "citations": [s.url for s in answer.sources],
        "search_results": results,
    }


def _shown(answer: Answer) -> list[str]:
    """The thinking of a Sonar model is part of the text."""
    thinking = ["<think>\n", *answer.reasoning, "\n</think>\n\n"] if answer.reasoning else []
    return [*thinking, *answer.text]


def unary(answer: Answer, _body: dict) -> dict:
    return _reply(answer, "".join(_shown(answer)), "", answer.finish, "chat.completion")


def stream(answer: Answer, _body: dict) -> list[bytes]:
    events, text = [], ""
    for piece in _shown(answer):
        text += piece
        events.append(_reply(answer, text, piece, None, "chat.completion.chunk"))
    events.append(_reply(answer, text, "", answer.finish, "chat.completion.done"))
    return [frame(event, "\r\n") for event in events]
