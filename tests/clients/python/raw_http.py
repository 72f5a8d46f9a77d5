"""HTTP by hand: an SSE reader that forgives nothing, and a POST whose socket a test can close at a chosen moment."""

from __future__ import annotations

import json
import socket
import time
from urllib.parse import urlsplit

import httpx
from gateway import BOOTSTRAP_KEY


class RawPost:
    """Sends a POST and leaves the reply on the socket."""

    def __init__(self, url: str, body: bytes, content_type: str = "application/json"):
        parts = urlsplit(url)
        head = f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\nauthorization: Bearer {BOOTSTRAP_KEY}\r\n"
        head += f"content-type: {content_type}\r\naccept: {content_type}\r\nx-grpc-web: 1\r\ncontent-length: {len(body)}\r\n\r\n"
        self.sock = socket.create_connection((parts.hostname, parts.port), timeout=10)
        self.sock.sendall(head.encode() + body)

    def read_until(self, mark: bytes) -> bytes:
        data = b""
        while mark not in data:
            more = self.sock.recv(65536)
            assert more, f"the reply ended before {mark!r}: {data!r}"
            data += more
        return data

    def hang_up(self) -> float:
        """Closes the socket; returns the moment before."""
        moment = time.monotonic()
        self.sock.close()
        return moment


class Sse:
    """A whole SSE reply, split into events by the letter of the format."""

    def __init__(self, response: httpx.Response):
        assert response.status_code == 200, (response.status_code, response.text)
        assert response.headers["content-type"].startswith("text/event-stream")
        assert "content-length" not in response.headers
        body = response.text
        assert body.endswith("\n\n"), "the last event lacks its blank line"
        self.data: list[str] = []
        for event in body.removesuffix("\n\n").split("\n\n"):
            lines = [line for line in event.split("\n") if not line.startswith(":")]
            if lines:
                # Official clients break on id:, retry: and events without data.
                assert len(lines) == 1 and lines[0].startswith("data: "), event
                self.data.append(lines[0][6:])
        self.done = bool(self.data) and self.data[-1] == "[DONE]"
        assert "[DONE]" not in self.data[:-1]
        self.chunks = [json.loads(d) for d in self.data if d != "[DONE]"]
        self.errors = [c["error"] for c in self.chunks if "error" in c]

    @property
    def text(self) -> str:
        choices = [choice for chunk in self.chunks for choice in chunk.get("choices", [])]
        return "".join(choice["delta"].get("content") or "" for choice in choices)

    @property
    def finishes(self) -> list[str]:
        choices = [choice for chunk in self.chunks for choice in chunk.get("choices", [])]
        return [choice["finish_reason"] for choice in choices if choice["finish_reason"]]


def post_chat(edge: str, model: str, stream: bool, text: str = "Hello there", **fields) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": stream} | fields
    headers = {"authorization": f"Bearer {BOOTSTRAP_KEY}"}
    return httpx.post(f"{edge}/v1/chat/completions", json=body, headers=headers, trust_env=False, timeout=30)


def sse_chat(edge: str, model: str, text: str = "Hello there", **fields) -> Sse:
    return Sse(post_chat(edge, model, True, text, **fields))
