"""A provider that answers by the key it is shown, whatever is asked: a table from key to behaviour.

It notes which keys it was shown, in order. OpenAI-shaped paths (xAI's errors) and Gemini's. A key that is not in the table
is refused.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from provider_shapes import TEXT, TEXT_PIECES, Gemini, OpenAi, event_bytes
from scripted_upstream import ScriptedUpstream
from upstream_connection import Connection, Exchange
from upstream_scripts import FOR_EVER, begin, end

# What a provider might repeat of a request in its error.
ECHO = "you sent the key {key} with {body}"
GEMINI_KEY_INVALID = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
GEMINI_DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
GEMINI_QUOTA = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": GEMINI_DAY}]}


class KeyedUpstream(ScriptedUpstream):
    """`with KeyedUpstream() as up: up.table = {"secret-a": "401", "secret-b": "ok"}`."""

    def __init__(self) -> None:
        super().__init__()
        # Key -> behaviour: a name in BEHAVIOURS, with `:<number>` behind it where that takes one.
        self.table: dict[str, str] = {}
        self._read_from = 0

    def shown(self) -> list[str]:
        """Returns the keys that were shown since the last time, in order."""
        new = self.exchanges[self._read_from :]
        self._read_from += len(new)
        return [key_of(exchange) for exchange in new]

    def peek(self) -> list[Exchange]:
        """Returns the requests since `shown` was last called."""
        return self.exchanges[self._read_from :]

    async def answer(self, exchange: Exchange, c: Connection) -> bool:
        name, _, number = self.table.get(key_of(exchange), "wrong-key").partition(":")
        dialect = Gemini if exchange.path.startswith("/v1beta") else OpenAi
        return await BEHAVIOURS[name](exchange, c, dialect, *([int(number)] if number else []))


def key_of(exchange: Exchange) -> str:
    """Returns the key of a request, wherever the provider's format puts it."""
    headers = exchange.headers
    return headers.get("x-goog-api-key") or headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")


async def ok(e: Exchange, c: Connection, d: type) -> bool:
    """The whole text; a list of models or what is known of the key where no model is asked."""
    if not e.body:
        models = {"object": "list", "data": [{"id": "model-1", "object": "model"}], "models": [{"name": "models/model-1"}]}
        await c.json(200, models | {"api_key_blocked": False, "api_key_disabled": False, "team_blocked": False})
        return True
    if not e.stream:
        await c.json(200, d.whole(TEXT, tool=False))
        return True
    await begin(c)
    for piece in event_bytes(d.text_events(TEXT_PIECES) + d.finish_events("stop")):
        await c.chunked(piece)
    if d.end:
        await c.chunked(d.end)
    return await end(c)


async def refuse(c: Connection, d: type, code: int, words: str, status: str, details: list[dict], after: int | None = None) -> bool:
    """An error in the provider's form: Gemini's, or xAI's flat one."""
    if d is Gemini:
        delay = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{after}s"}] if after else []
        body = {"error": {"code": code, "message": words, "status": status, "details": details + delay}}
        await c.json(code, body)
        return True
    await c.json(code, {"code": status, "error": words}, {"retry-after": str(after)} if after else {})
    return True


async def wrong_key(e: Exchange, c: Connection, d: type) -> bool:
    """400, as Gemini and xAI answer a key that does not exist."""
    words = "API key not valid. Please pass a valid API key." if d is Gemini else "Incorrect API key provided: xa***9Z."
    status = "INVALID_ARGUMENT" if d is Gemini else "Client specified an invalid argument"
    return await refuse(c, d, 400, words, status, [GEMINI_KEY_INVALID])


async def unauthorized(e: Exchange, c: Connection, d: type) -> bool:
    return await refuse(c, d, 401, "This key was revoked.", "UNAUTHENTICATED", [])


async def forbidden(e: Exchange, c: Connection, d: type) -> bool:
    return await refuse(c, d, 403, "This key has no permission to use the model.", "PERMISSION_DENIED", [])


async def limited(e: Exchange, c: Connection, d: type, after: int | None = None) -> bool:
    status = "RESOURCE_EXHAUSTED" if d is Gemini else "Some resource has been exhausted"
    return await refuse(c, d, 429, "Too many requests, limit 60 per minute.", status, [], after)


async def quota(e: Exchange, c: Connection, d: type) -> bool:
    if d is Gemini:
        return await refuse(c, d, 429, "You exceeded your current quota.", "RESOURCE_EXHAUSTED", [GEMINI_QUOTA])
    words = "Team has used all available credits or reached its monthly spending limit."
    return await refuse(c, d, 429, words, "Some resource has been exhausted", [])


async def echo(e: Exchange, c: Connection, d: type, code: int = 401) -> bool:
    """An error that repeats key and request."""
    words = ECHO.format(key=key_of(e), body=json.dumps(e.body))
    return await refuse(c, d, code, words, "INVALID_ARGUMENT" if code == 400 else "UNAUTHENTICATED", [])


async def broken(e: Exchange, c: Connection, d: type, code: int = 500) -> bool:
    return await refuse(c, d, code, "It broke.", "INTERNAL", [])


async def reset(e: Exchange, c: Connection, d: type) -> bool:
    c.reset()
    return False


async def break_early(e: Exchange, c: Connection, d: type) -> bool:
    """A stream that begins and breaks before it has said anything."""
    await begin(c)
    if d is OpenAi:
        await c.chunked(event_bytes(d.text_events([]))[0])
    await c.pause(0.05)
    c.reset()
    return False


async def break_late(e: Exchange, c: Connection, d: type) -> bool:
    """A stream that breaks after some text."""
    await begin(c)
    for piece in event_bytes(d.text_events(TEXT_PIECES))[:4]:
        await c.chunked(piece)
    # RST throws away what the other side has not read yet.
    await c.pause(0.15)
    c.reset()
    return False


async def hang_late(e: Exchange, c: Connection, d: type) -> bool:
    """A stream that falls silent after some text."""
    await begin(c)
    for piece in event_bytes(d.text_events(TEXT_PIECES))[:4]:
        await c.chunked(piece)
    await c.pause(FOR_EVER)
    return False


BEHAVIOURS: dict[str, Callable[..., Awaitable[bool]]] = {
    "ok": ok,
    "wrong-key": wrong_key,
    "401": unauthorized,
    "403": forbidden,
    "429": limited,
    "quota": quota,
    "echo": echo,
    "500": broken,
    "reset": reset,
    "break-early": break_early,
    "break-late": break_late,
    "hang-late": hang_late,
}
