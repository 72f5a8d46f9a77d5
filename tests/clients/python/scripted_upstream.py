"""A provider that fails on purpose, byte by byte: raw HTTP/1.1 over asyncio, OpenAI-shaped, Gemini and Agent paths.

The model name chooses the script: `<script>[--<anything>]`, for Gemini with `gemini-` before it. What follows `--` only
makes the name unique, so that a test can find its own requests in `ScriptedUpstream.exchanges`.

A request with `[[<scene>#<number>]]` in its text, or with "obedient" in the model's name, is answered in the shape of the
provider whose path was called: upstream_scenes.py.

Not here: what the gateway should make of it. That is in the tests.
"""

from __future__ import annotations

import asyncio
import email.parser
import email.policy
import json
import re
import threading
import time
from urllib.parse import parse_qsl

from upstream_connection import Connection, Exchange, FormPart, Hangup
from upstream_scenes import play_scene, plays_scene
from upstream_scripts import play

TAG = re.compile(rb"\[\[([a-z-]+#\d+)\]\]")


class ScriptedUpstream:
    """The server, in a thread of its own. `with ScriptedUpstream() as up: up.openai_url`."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        # Tag -> the body to answer with, for tests that bring their own.
        self.given: dict[str, dict] = {}
        # Uploaded and not yet deleted: id -> (media type, bytes).
        self.files: dict[str, tuple[str, bytes]] = {}
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scripted-upstream", daemon=True)
        self.port = 0

    def __enter__(self) -> ScriptedUpstream:
        self._thread.start()
        if not self._started.wait(10):
            raise RuntimeError("the scripted upstream did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def openai_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def provider_url(self) -> str:
        """Where it answers as OpenAI does, scenes and the obedient model included."""
        return f"{self.url}/openai/v1"

    def of(self, model: str) -> list[Exchange]:
        """Returns the requests for that model, oldest first."""
        with self._changed:
            return [e for e in self.exchanges if e.model == model]

    def of_tag(self, tag: str) -> list[Exchange]:
        """Returns the requests of that scene, oldest first."""
        with self._changed:
            return [e for e in self.exchanges if e.tag == tag]

    def wait_for(self, model: str, count: int = 1, timeout: float = 10) -> Exchange:
        """Waits until `count` requests for that model came, and returns the last one."""
        with self._changed:
            if not self._changed.wait_for(lambda: sum(e.model == model for e in self.exchanges) >= count, timeout):
                raise AssertionError(f"the upstream got no request for {model} within {timeout} s")
        return self.of(model)[-1]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 24))
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        server.close()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first: bytes | None = b""
            while first is not None:
                first = await self._one(first, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _one(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes | None:
        """Reads one request, which begins with `first`, and plays its script.

        Returns what came of the next request, or None when the connection is to be closed.
        """
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        path = head[0].split(" ")[1]
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
        exchange = self._note(path, headers, raw)
        connection = Connection(reader, writer)
        try:
            keep = await self.answer(exchange, connection)
            exchange.complete = True
        except Hangup:
            exchange.closed = time.monotonic()
            return None
        finally:
            exchange.done.set()
            early = await connection.unwatch()
        return early if keep else None

    async def answer(self, exchange: Exchange, c: Connection) -> bool:
        """Answers one request; false when the connection is to be closed."""
        if plays_scene(exchange):
            return await play_scene(exchange, c, self)
        return await play(exchange, c, len(self.of(exchange.model)))

    def _note(self, path: str, headers: dict[str, str], raw: bytes) -> Exchange:
        kind = headers.get("content-type", "")
        parts: list[FormPart] = []
        if kind.startswith("multipart/"):
            body, parts = {}, form_parts(kind, raw)
        elif kind.startswith("application/x-www-form-urlencoded"):
            body = dict(parse_qsl(raw.decode()))
        else:
            body = json.loads(raw) if raw else {}
        if ":" in path and "/models/" in path:
            model, _, method = path.split("/models/")[1].partition(":")
            stream = method.startswith("streamGenerateContent")
        else:
            model, stream = str(body.get("model", "")).removeprefix("perplexity/"), bool(body.get("stream"))
        script = model.removeprefix("gemini-").split("--")[0]
        tag = found[-1].decode() if (found := TAG.findall(raw)) else ""
        exchange = Exchange(path, model, script, stream, headers, body, time.monotonic(), parts, tag)
        with self._changed:
            self.exchanges.append(exchange)
            self._changed.notify_all()
        return exchange


def form_parts(content_type: str, raw: bytes) -> list[FormPart]:
    """Takes a multipart form apart."""
    head = f"content-type: {content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + raw)
    return [
        FormPart(
            str(part.get_param("name", header="content-disposition")),
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True) or b"",
        )
        for part in message.iter_parts()
    ]
