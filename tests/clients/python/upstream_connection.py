"""What a script of the scripted upstream works with: the request as it came, and the socket to answer on."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from dataclasses import dataclass, field

REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
REASONS |= {429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}


@dataclass(frozen=True)
class FormPart:
    name: str
    filename: str | None
    content_type: str
    data: bytes


@dataclass
class Exchange:
    """One request as the upstream saw it. Times are `time.monotonic()` seconds."""

    path: str
    model: str
    script: str
    stream: bool
    headers: dict[str, str]
    body: dict
    started: float
    # Of a multipart form.
    parts: list[FormPart] = field(default_factory=list)
    # `tool#17` of a request that plays a scene.
    tag: str = ""
    # Why the shape could not read the body, if so.
    problem: str = ""
    closed: float | None = None
    complete: bool = False
    done: threading.Event = field(default_factory=threading.Event, repr=False)

    def wait_closed(self, timeout: float) -> float | None:
        """Returns when the gateway closed the connection, or None if it did not within `timeout`."""
        self.done.wait(timeout)
        return self.closed


class Hangup(Exception):
    """The gateway closed the connection."""


class Connection:
    """Writes one reply, and notices at once when the other side closes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.reader, self.writer = reader, writer
        # Between request and reply the client has nothing to say; whatever ends this read is its hang-up.
        self.gone = asyncio.ensure_future(reader.read(1))

    async def unwatch(self) -> bytes:
        """Ends the watch. Returns the byte of the next request it may have taken."""
        self.gone.cancel()
        await asyncio.wait([self.gone])
        return b"" if self.gone.cancelled() or self.gone.exception() else self.gone.result()

    async def pause(self, seconds: float) -> None:
        """Waits that long, or until the gateway hangs up."""
        done, _ = await asyncio.wait([self.gone], timeout=seconds)
        if done:
            raise Hangup

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        try:
            await self.writer.drain()
        except ConnectionError as lost:
            raise Hangup from lost

    async def head(self, status: int, content_type: str, extra: dict[str, str] | None = None) -> None:
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}", f"content-type: {content_type}"]
        lines += [f"{name}: {value}" for name, value in (extra or {}).items()]
        await self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def json(self, status: int, body: dict, extra: dict[str, str] | None = None) -> None:
        data = json.dumps(body, ensure_ascii=False).encode()
        await self.head(status, "application/json", (extra or {}) | {"content-length": str(len(data))})
        await self.send(data)

    async def chunked(self, data: bytes) -> None:
        await self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def reset(self) -> None:
        sock = self.writer.get_extra_info("socket")
        # Lingering for zero seconds makes close() send RST instead of FIN.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
