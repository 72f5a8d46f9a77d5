"""A caller who keeps every byte the gateway answers: replies, headers, trailers, details of errors."""

from __future__ import annotations

from dataclasses import dataclass, field

import grpc
import httpx

SECONDS = 30.0


@dataclass
class Heard:
    """One answer, and the kinds of canaries that may be in it."""

    place: str
    data: bytes
    allowed: tuple[str, ...] = ()


@dataclass
class Witness:
    """Calls over HTTP and gRPC with one gateway key."""

    edge_url: str
    channel: grpc.Channel
    token: str
    heard: list[Heard] = field(default_factory=list)

    def http(self, method: str, path: str, allowed: tuple[str, ...] = (), headers: dict[str, str] | None = None, **body) -> httpx.Response:
        sent = {"authorization": f"Bearer {self.token}"} | (headers or {})
        reply = httpx.request(method, self.edge_url + path, headers=sent, trust_env=False, timeout=SECONDS, **body)
        head = "\n".join(f"{name}: {value}" for name, value in reply.headers.items())
        self.heard.append(Heard(f"HTTP {method} {path} -> {reply.status_code}", head.encode() + b"\n\n" + reply.content, allowed))
        return reply

    def rpc(self, method, request, allowed: tuple[str, ...] = (), **metadata: str):
        """Makes a call, of a stream reads the whole; returns the reply or the events, nothing after an error."""
        sent = [("authorization", f"Bearer {self.token}")] + [(name.replace("_", "-"), value) for name, value in metadata.items()]
        place = f"gRPC {type(request).__name__}"
        replies, call, outcome = [], None, None
        try:
            if isinstance(method, grpc.UnaryStreamMultiCallable):
                call = method(request, metadata=sent, timeout=SECONDS)
                replies.extend(call)
                outcome = replies
            else:
                outcome, call = method.with_call(request, metadata=sent, timeout=SECONDS)
                replies.append(outcome)
        except grpc.RpcError as error:
            call = error
        # Extended by what was said before an error.
        data = [reply.SerializeToString() for reply in replies] + [str(reply).encode() for reply in replies]
        data += [words_of(call.initial_metadata()), words_of(call.trailing_metadata()), (call.details() or "").encode()]
        self.heard.append(Heard(f"{place} -> {call.code()}", b"\n".join(data), allowed))
        return outcome

    def watch(self, method, request, seconds: float = 1.0) -> None:
        """Listens to a stream without an end for a while."""
        call = method(request, metadata=[("authorization", f"Bearer {self.token}")], timeout=seconds)
        data = b""
        try:
            for event in call:
                data += event.SerializeToString()
        except grpc.RpcError:
            pass
        self.heard.append(Heard(f"gRPC {type(request).__name__}", data + words_of(call.trailing_metadata())))


def words_of(metadata) -> bytes:
    pairs = [(name, value if isinstance(value, bytes) else value.encode()) for name, value in metadata or ()]
    return b"\n".join(name.encode() + b": " + value for name, value in pairs)
