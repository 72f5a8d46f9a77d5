"""The four ways to ask for a chat, as one: REST and gRPC, whole and streamed. Each returns what the caller got to see."""

from __future__ import annotations

import time
from dataclasses import dataclass

import grpc
import openai
from aigateway.v1 import chat_service_pb2_grpc, usage_pb2
from chat import Failure, check_well_formed, failure_of, message_text, stream, text_of, unary
from gateway import BOOTSTRAP_KEY, Gateway

DOORS = ("rest", "rest-stream", "grpc", "grpc-stream")
QUESTION = "Hello there"


@dataclass
class Seen:
    """What a caller sees of one request."""

    text: str = ""
    # As the gateway counts them; of a stream that began, the failed ones before it are counted too.
    attempts: int = 0
    # (key alias, failure class) of each attempt; REST has none.
    trace: list[tuple[str, str]] | None = None
    # The gateway's reason, or the code of the OpenAI error in capitals; empty when it worked.
    reason: str = ""
    # Of an error: HTTP status or gRPC code, when to try again, and all that was said.
    status: object = None
    retry_seconds: float | None = None
    said: str = ""
    milliseconds: float = 0.0


class Door:
    """One of DOORS, for one gateway and model."""

    def __init__(self, name: str, gateway: Gateway, channel: grpc.Channel, model: str, key_header: str):
        self.streams = name.endswith("stream")
        self.rest = name.startswith("rest")
        self.model, self.key_header = model, key_header
        self.client = openai.OpenAI(base_url=f"{gateway.edge_url}/v1", api_key=BOOTSTRAP_KEY, max_retries=0, timeout=30)
        self.stub = chat_service_pb2_grpc.ChatServiceStub(channel)

    def ask(self, own_key: str = "", text: str = QUESTION) -> Seen:
        """Makes one request, with a provider key of its own if one is given."""
        began = time.monotonic()
        seen = self._rest(own_key, text) if self.rest else self._grpc(own_key, text)
        seen.milliseconds = (time.monotonic() - began) * 1000
        return seen

    def _rest(self, own_key: str, text: str) -> Seen:
        headers = {self.key_header: own_key} if own_key else {}
        messages = [{"role": "user", "content": text}]
        seen = Seen()
        try:
            create = self.client.chat.completions.with_raw_response.create
            raw = create(model=self.model, messages=messages, stream=self.streams, extra_headers=headers)
            seen.attempts = int(raw.headers["x-gateway-attempts"])
            if self.streams:
                self._read(raw.parse(), seen)
            else:
                seen.text = raw.parse().choices[0].message.content
        except openai.APIError as error:
            self._failed(error, seen)
        return seen

    def _read(self, chunks, seen: Seen) -> None:
        roles, finishes, ids = 0, 0, set()
        for chunk in chunks:
            ids.add(chunk.id)
            for choice in chunk.choices:
                roles += choice.delta.role is not None
                finishes += choice.finish_reason is not None
                seen.text += choice.delta.content or ""
        assert (roles, finishes, len(ids)) == (1, 1, 1), f"not one clean stream: {roles} roles, {finishes} ends, {ids}"

    def _failed(self, error: openai.APIError, seen: Seen) -> None:
        seen.reason, seen.said = (error.code or "").upper(), str(error.body)
        if isinstance(error, openai.APIStatusError):
            seen.status = error.status_code
            after = error.response.headers.get("retry-after")
            seen.retry_seconds = float(after) if after else None

    def _grpc(self, own_key: str, text: str) -> Seen:
        metadata = [("authorization", f"Bearer {BOOTSTRAP_KEY}")]
        metadata += [(self.key_header.lower(), own_key)] if own_key else []
        seen, events = Seen(), []
        try:
            if self.streams:
                for event in self.stub.StreamChatCompletion(stream(self.model, text), metadata=metadata, timeout=30):
                    events.append(event)
                check_well_formed(events)
                seen.text, trace = text_of(events), events[-1].finished.attempts
            else:
                reply = self.stub.CreateChatCompletion(unary(self.model, text), metadata=metadata, timeout=30)
                seen.text, trace = message_text(reply), reply.completion.attempts
            seen.trace = trace_of(trace)
        except grpc.RpcError as error:
            failure: Failure = failure_of(error)
            seen.reason, seen.status, seen.said = failure.reason, failure.code, failure.message
            seen.retry_seconds, seen.trace = failure.retry_seconds, trace_of(failure.attempts)
            seen.text = text_of(events)
        seen.attempts = len(seen.trace)
        return seen


def trace_of(attempts) -> list[tuple[str, str]]:
    """Returns alias and failure class of each attempt; no class when it worked."""
    name = usage_pb2.FailureClass.Name
    return [
        (a.key_alias, name(a.failure_class).removeprefix("FAILURE_CLASS_") if a.HasField("failure_class") else "") for a in attempts
    ]
