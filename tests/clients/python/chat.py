"""Short words for the chat contract: prompts, calls and what an error says. Used by every gRPC test."""

from __future__ import annotations

from dataclasses import dataclass, field

import grpc
from aigateway.v1 import chat_service_pb2 as pb
from aigateway.v1 import errors_pb2, usage_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

DOMAIN = "aigateway"


def prompt(model: str, text: str = "Hello there", **fields) -> pb.ChatPrompt:
    message = pb.Message(role=pb.ROLE_USER, parts=[pb.Part(text=pb.TextPart(text=text))])
    return pb.ChatPrompt(model=model, messages=[message], **fields)


def unary(model: str, text: str = "Hello there", **fields) -> pb.CreateChatCompletionRequest:
    return pb.CreateChatCompletionRequest(prompt=prompt(model, text, **fields))


def stream(model: str, text: str = "Hello there", **fields) -> pb.StreamChatCompletionRequest:
    return pb.StreamChatCompletionRequest(prompt=prompt(model, text, **fields))


def text_of(events: list[pb.StreamChatCompletionResponse]) -> str:
    return "".join(e.text_delta.text for e in events if e.WhichOneof("event") == "text_delta")


def message_text(reply: pb.CreateChatCompletionResponse) -> str:
    parts = reply.completion.choices[0].message.parts
    return "".join(p.text.text for p in parts if p.WhichOneof("content") == "text")


def check_well_formed(events: list[pb.StreamChatCompletionResponse]) -> None:
    """What holds for every successful stream: gapless numbers, one `started` before deltas, one `finished`, last."""
    assert [e.sequence for e in events] == list(range(len(events)))
    kinds = [e.WhichOneof("event") for e in events]
    assert None not in kinds
    assert kinds.count("finished") == 1 and kinds[-1] == "finished", kinds
    assert kinds.count("started") == 1, kinds
    deltas = [i for i, kind in enumerate(kinds) if kind.endswith("_delta") or kind == "tool_call_started"]
    assert all(i > kinds.index("started") for i in deltas), kinds
    assert all(i < deltas[0] for i, kind in enumerate(kinds) if kind == "attempt" and deltas), kinds
    finished = events[-1].finished
    assert finished.reason != pb.FINISH_REASON_UNSPECIFIED
    assert finished.attempts and not finished.attempts[-1].HasField("failure_class")


@dataclass
class Failure:
    """What an error status says, taken apart."""

    code: grpc.StatusCode
    message: str
    reason: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    retry_seconds: float | None = None
    attempts: list[usage_pb2.Attempt] = field(default_factory=list)


def explain(status: status_pb2.Status, code: grpc.StatusCode, message: str) -> Failure:
    failure = Failure(code, message)
    infos = 0
    for detail in status.details:
        info, retry, details = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo(), errors_pb2.FailureDetails()
        if detail.Unpack(info):
            infos += 1
            assert info.domain == DOMAIN
            failure.reason, failure.metadata = info.reason, dict(info.metadata)
        elif detail.Unpack(retry):
            failure.retry_seconds = retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
        elif detail.Unpack(details):
            failure.attempts = list(details.attempts)
    assert infos == 1, f"{infos} ErrorInfo in {status}"
    return failure


def failure_of(error: grpc.RpcError) -> Failure:
    """Takes a client's exception apart; every error of the gateway carries exactly one ErrorInfo."""
    status = rpc_status.from_call(error)
    assert status is not None, f"no grpc-status-details-bin beside {error.code()}: {error.details()}"
    return explain(status, error.code(), error.details())
