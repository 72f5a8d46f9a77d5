"""What the scripted upstream does for each script name. One function a script; the table is at the end.

`<n>` in a name is a number: `cut-120`, `drip-10`, `flaky-503-1`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable

from provider_shapes import TEXT, TEXT_PIECES, Agent, Gemini, OpenAi, event_bytes, reference_stream
from upstream_connection import Connection, Exchange

Dialect = type[OpenAi] | type[Agent] | type[Gemini]
SSE = "text/event-stream"
HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>secret-internal-host is down</h1></body></html>"
FOR_EVER = 3600.0


async def play(exchange: Exchange, c: Connection, attempt: int) -> bool:
    """Plays the script of the exchange; `attempt` counts the requests for this model from 1."""
    dialect: Dialect = Agent if exchange.path == "/v1/agent" else OpenAi
    if "/models/" in exchange.path and ":" in exchange.path:
        dialect = Gemini
    for pattern, script in SCRIPTS:
        if found := re.fullmatch(pattern, exchange.script):
            return await script(exchange, c, dialect, attempt, *[int(g) for g in found.groups()])
    await c.json(404, dialect.error(404, f"no such model: {exchange.model}"))
    return True


def whole_stream(dialect: Dialect, newline: bytes = b"\n") -> bytes:
    events = dialect.text_events(TEXT_PIECES) + dialect.finish_events("stop")
    return b"".join(event_bytes(events, newline)) + dialect.end.replace(b"\n", newline)


async def begin(c: Connection) -> None:
    await c.head(200, SSE, {"transfer-encoding": "chunked"})


async def end(c: Connection) -> bool:
    await c.send(b"0\r\n\r\n")
    return True


async def say(e: Exchange, c: Connection, d: Dialect, pieces: list[bytes], pause: float = 0.0) -> bool:
    """Sends a stream in these pieces, or the whole text when no stream was asked for."""
    if not e.stream:
        await c.json(200, d.whole(TEXT, tool=False))
        return True
    await begin(c)
    for piece in pieces:
        await c.chunked(piece)
        if pause:
            await c.pause(pause)
    return await end(c)


async def text(e: Exchange, c: Connection, d: Dialect, _n: int) -> bool:
    events = d.text_events(TEXT_PIECES) + d.finish_events("stop")
    return await say(e, c, d, [*event_bytes(events), d.end] if d.end else event_bytes(events))


async def crlf(e: Exchange, c: Connection, d: Dialect, _n: int) -> bool:
    return await say(e, c, d, [whole_stream(d, b"\r\n")])


async def split_utf8(e: Exchange, c: Connection, d: Dialect, _n: int) -> bool:
    """Ends every write inside a character, where there is one with several bytes."""
    data, pieces, start = whole_stream(d), [], 0
    for at, byte in enumerate(data):
        if byte & 0xC0 == 0x80 and at > start:
            pieces.append(data[start:at])
            start = at
    return await say(e, c, d, [*pieces, data[start:]], pause=0.002)


async def bytewise(e: Exchange, c: Connection, d: Dialect, _n: int) -> bool:
    data = whole_stream(d)
    # A pause after each byte would take seconds; without Nagle one write is mostly one segment anyway.
    return await say(e, c, d, [data[i : i + 1] for i in range(len(data))], pause=0.0002)


async def tools(e: Exchange, c: Connection, d: Dialect, _n: int) -> bool:
    if not e.stream:
        await c.json(200, d.whole(None, tool=True))
        return True
    events = d.tool_events() + d.finish_events("tool_calls")
    return await say(e, c, d, [*event_bytes(events), d.end] if d.end else event_bytes(events))


async def drip(e: Exchange, c: Connection, d: Dialect, _n: int, count: int) -> bool:
    """`count` deltas, one every 100 ms; takes the same time without a stream."""
    words = [f"word{i} " for i in range(count)]
    if not e.stream:
        await c.pause(count * 0.1)
        await c.json(200, d.whole("".join(words), tool=False))
        return True
    frames = event_bytes(d.text_events(words) + d.finish_events("stop"))
    return await say(e, c, d, [*frames, d.end] if d.end else frames, pause=0.1)


async def hang(e: Exchange, c: Connection, d: Dialect, _n: int) -> bool:
    await c.pause(FOR_EVER)
    return False


async def hang_mid(e: Exchange, c: Connection, d: Dialect, _n: int) -> bool:
    """Three frames, or the head and half of the body, then nothing."""
    if e.stream:
        await begin(c)
        for frame in event_bytes(d.text_events(TEXT_PIECES))[:3]:
            await c.chunked(frame)
    else:
        await c.head(200, "application/json", {"content-length": "4096"})
        await c.send(json.dumps(d.whole(TEXT, tool=False)).encode()[:60])
    await c.pause(FOR_EVER)
    return False


async def reset(e: Exchange, c: Connection, d: Dialect, _n: int) -> bool:
    c.reset()
    return False


async def reset_mid(e: Exchange, c: Connection, d: Dialect, _n: int) -> bool:
    if e.stream:
        await begin(c)
        for frame in event_bytes(d.text_events(TEXT_PIECES))[:4]:
            await c.chunked(frame)
        # RST throws away what the other side has not read yet.
        await c.pause(0.15)
    else:
        await c.head(200, "application/json", {"content-length": "4096"})
        await c.send(b'{"id":')
    c.reset()
    return False


async def truncated(e: Exchange, c: Connection, d: Dialect, _n: int) -> bool:
    """Ends like a complete HTTP body, but in the middle of the answer."""
    if not e.stream:
        data = json.dumps(d.whole(TEXT, tool=False)).encode()[:80]
        await c.head(200, "application/json", {"content-length": str(len(data))})
        await c.send(data)
        return True
    await begin(c)
    for frame in event_bytes(d.text_events(TEXT_PIECES))[:4]:
        await c.chunked(frame)
    return await end(c)


async def cut(e: Exchange, c: Connection, d: Dialect, _n: int, at: int) -> bool:
    """The reference stream up to byte `at`, then a clean end of the body."""
    data, _, _ = reference_stream(d)
    await begin(c)
    if at:
        await c.chunked(data[:at])
    return await end(c)


async def abort(e: Exchange, c: Connection, d: Dialect, _n: int, at: int) -> bool:
    """The reference stream up to byte `at`, then a reset."""
    data, _, _ = reference_stream(d)
    await begin(c)
    if at:
        await c.chunked(data[:at])
        await c.pause(0.02)
    c.reset()
    return False


async def whole_cut(e: Exchange, c: Connection, d: Dialect, _n: int, at: int) -> bool:
    """The whole JSON answer cut at byte `at`, as a complete body (content-length fits) without a stream."""
    data = json.dumps(d.whole(TEXT, tool=False), ensure_ascii=False).encode()[:at]
    await c.head(200, "application/json", {"content-length": str(len(data))})
    await c.send(data)
    return True


async def error_mid(e: Exchange, c: Connection, d: Dialect, _n: int) -> bool:
    body = d.error(503, "overloaded in the middle")
    if not e.stream:
        await c.json(200, body)
        return True
    await begin(c)
    for frame in [*event_bytes(d.text_events(TEXT_PIECES))[:4], *event_bytes([body])]:
        await c.chunked(frame)
    return await end(c)


async def bad_json_mid(e: Exchange, c: Connection, d: Dialect, _n: int) -> bool:
    if not e.stream:
        await c.head(200, "application/json", {"content-length": "9"})
        await c.send(b'{"id":nul')
        return True
    await begin(c)
    for frame in [*event_bytes(d.text_events(TEXT_PIECES))[:4], b"data: {\"id\": nul\n\n"]:
        await c.chunked(frame)
    return await end(c)


async def error_in_200(e: Exchange, c: Connection, d: Dialect, _n: int) -> bool:
    await c.json(200, d.error(500, "it broke, but the status does not say so"))
    return True


async def html(e: Exchange, c: Connection, d: Dialect, _n: int) -> bool:
    await c.head(502, "text/html", {"content-length": str(len(HTML))})
    await c.send(HTML)
    return True


async def html_200(e: Exchange, c: Connection, d: Dialect, _n: int) -> bool:
    await c.head(200, "text/html", {"content-length": str(len(HTML))})
    await c.send(HTML)
    return True


async def status(e: Exchange, c: Connection, d: Dialect, _n: int, code: int) -> bool:
    sent = 400 if d is Gemini and code == 401 else code
    extra = {"retry-after": "1"} if code == 429 else {}
    await c.json(sent, d.error(code, f"scripted {code}: key sk-upstream-secret-0123456789 on purpose"), extra)
    return True


async def flaky(e: Exchange, c: Connection, d: Dialect, attempt: int, code: int, times: int) -> bool:
    """Fails `times` times with that status, then answers."""
    if attempt <= times:
        return await status(e, c, d, attempt, code)
    return await text(e, c, d, attempt)


Script = Callable[..., Awaitable[bool]]
SCRIPTS: list[tuple[str, Script]] = [
    ("text", text),
    ("crlf", crlf),
    ("split-utf8", split_utf8),
    ("bytewise", bytewise),
    ("tools", tools),
    (r"drip-(\d+)", drip),
    ("hang", hang),
    ("hang-mid", hang_mid),
    ("reset", reset),
    ("reset-mid", reset_mid),
    ("truncated", truncated),
    (r"cut-(\d+)", cut),
    (r"abort-(\d+)", abort),
    (r"whole-cut-(\d+)", whole_cut),
    ("error-mid", error_mid),
    ("bad-json-mid", bad_json_mid),
    ("error-in-200", error_in_200),
    ("html", html),
    ("html-200", html_200),
    (r"status-(\d+)", status),
    (r"flaky-(\d+)-(\d+)", flaky),
]
