"""The clients of the table. A driver plays one scene: `play(ask, model, base_url, key, stream) -> received`.

`sees` names what a client shows its users; it must show it then. `cannot` names scenes that are no use of this client.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from . import langchain, openai_python, openai_responses, pydantic_agent
from .worker import WORKERS

ALL = frozenset({"text", "reasoning", "calls", "finish", "usage", "citations", "parsed", "ran"})


@dataclass(frozen=True)
class Driver:
    play: Callable[..., dict]
    sees: frozenset[str] = ALL
    cannot: dict[str, str] = field(default_factory=dict)


def _in(worker: str, client: str) -> Callable[..., dict]:
    def play(ask: dict, model: str, base_url: str, key: str, stream: bool) -> dict:
        return WORKERS[worker].ask(client, ask=ask, model=model, base_url=base_url, key=key, stream=stream)

    return play


LOOPS = {"tool": "it answers calls by itself; `roundtrip` shows them"}
REFUSES = {"filter": "it raises an error by design"}

DRIVERS: dict[str, Driver] = {
    "openai-python": Driver(openai_python.create),
    "openai-python-helpers": Driver(openai_python.helper, cannot=REFUSES),
    "openai-node": Driver(_in("node", "openai")),
    "responses-python": Driver(openai_responses.create),
    "responses-python-helpers": Driver(openai_responses.helper),
    "responses-node": Driver(_in("node", "responses")),
    # runTools sends calls back without what it does not know; stream() keeps only the last piece of such members.
    "openai-node-helpers": Driver(_in("node", "openai-helpers"), cannot=LOOPS | REFUSES, sees=ALL - {"calls", "reasoning"}),
    "langchain": Driver(langchain.chat, sees=ALL - {"reasoning", "citations"}),
    "llamaindex": Driver(_in("llamaindex", "chat"), sees=ALL - {"reasoning", "citations"}),
    "ai-sdk": Driver(_in("node", "ai-sdk"), sees=ALL - {"citations"}),
    "ai-sdk-responses": Driver(_in("node", "ai-sdk-responses")),
    "pydantic-ai": Driver(pydantic_agent.agent, cannot=LOOPS | REFUSES, sees=ALL - {"citations"}),
}
