"""A stream cut anywhere before its end is an error, never a short success: every byte over gRPC, a sample elsewhere."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import grpc
import grpc_web
import pytest
from aigateway.v1 import chat_service_pb2 as pb
from aigateway.v1 import chat_service_pb2_grpc
from chat import check_well_formed, message_text, stream, text_of, unary
from gateway import BOOTSTRAP_KEY
from provider_shapes import TEXT, Gemini, OpenAi, reference_stream
from raw_http import Sse, post_chat

DIALECTS = {"openai": (OpenAi, "x-ai/{}"), "gemini": (Gemini, "google/gemini-{}")}
AT_ONCE = 48

dialects = pytest.mark.parametrize("dialect", DIALECTS)
# A cut before the first visible event is retried with pauses, so the many take their time.
pytestmark = pytest.mark.timeout(240)


def sample(dialect: str, step: int) -> list[int]:
    """Every `step`th byte, and each frame's border with the byte before and after."""
    whole, _, _ = reference_stream(DIALECTS[dialect][0])
    borders = [i + 2 for i in range(len(whole)) if whole[i : i + 2] == b"\n\n"]
    near = {b + d for b in borders for d in (-1, 0, 1)}
    return sorted(at for at in near | set(range(0, len(whole), step)) if at < len(whole))


def check_all(dialect: str, cuts: list[int], script: str, ask) -> None:
    """`ask(model)` returns the text of a success, or None for an error that was reported properly."""
    shape, pattern = DIALECTS[dialect]
    _, json_end, _ = reference_stream(shape)

    def verdict(at: int) -> str | None:
        try:
            text = ask(pattern.format(f"{script}-{at}"))
        except AssertionError as wrong:
            return f"{at}: {wrong}"
        if text is not None and at < json_end:
            return f"{at}: cut before the finish event at {json_end}, but a success with {text!r}"
        return f"{at}: a success with {text!r}" if text not in (None, TEXT) else None

    with ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = [v for v in pool.map(verdict, cuts) if v]
    assert not wrong, f"{len(wrong)} of {len(cuts)} cuts:\n" + "\n".join(wrong[:20])


@pytest.fixture
def ask_grpc(channel, auth):
    stub = chat_service_pb2_grpc.ChatServiceStub(channel)

    def ask(model: str) -> str | None:
        events = []
        try:
            for event in stub.StreamChatCompletion(stream(model), metadata=auth, timeout=60):
                events.append(event)
        except grpc.RpcError as error:
            assert error.code() in (grpc.StatusCode.ABORTED, grpc.StatusCode.UNAVAILABLE), error.code()
            assert (error.code() is grpc.StatusCode.ABORTED) is bool(text_of(events)), (error.code(), text_of(events))
            assert TEXT.startswith(text_of(events))
            return None
        check_well_formed(events)
        return text_of(events)

    return ask


@dialects
def test_grpc_every_byte(ask_grpc, dialect):
    whole, _, _ = reference_stream(DIALECTS[dialect][0])
    check_all(dialect, list(range(len(whole))), "cut", ask_grpc)
    assert ask_grpc(DIALECTS[dialect][1].format(f"cut-{len(whole)}")) == TEXT


@dialects
def test_grpc_resets(ask_grpc, dialect):
    check_all(dialect, sample(dialect, 17), "abort", ask_grpc)


@dialects
@pytest.mark.parametrize(("script", "step"), [("cut", 13), ("abort", 41)])
def test_sse(edge, dialect, script, step):
    def ask(model: str) -> str | None:
        response = post_chat(edge, model, stream=True)
        if response.status_code != 200:
            assert response.status_code in (502, 503), response.status_code
            return None
        reply = Sse(response)
        if reply.errors:
            assert len(reply.errors) == 1 and "error" in reply.chunks[-1] and not reply.done and not reply.finishes
            assert TEXT.startswith(reply.text)
            return None
        assert reply.done and reply.finishes == ["stop"], reply.data
        return reply.text

    check_all(dialect, sample(dialect, step), script, ask)


@dialects
@pytest.mark.parametrize(("script", "step"), [("cut", 23), ("abort", 61)])
def test_grpc_web(edge, dialect, script, step):
    def ask(model: str) -> str | None:
        method, reply = "ChatService/StreamChatCompletion", pb.StreamChatCompletionResponse
        try:
            events = grpc_web.call(edge, method, stream(model), reply, BOOTSTRAP_KEY)
        except grpc_web.WebError as error:
            assert error.failure.code in (grpc.StatusCode.ABORTED, grpc.StatusCode.UNAVAILABLE), error
            return None
        check_well_formed(events)
        return text_of(events)

    check_all(dialect, sample(dialect, step), script, ask)


@dialects
def test_whole_answers_cut(channel, auth, edge, dialect):
    shape, pattern = DIALECTS[dialect]
    length = len(json.dumps(shape.whole(TEXT, tool=False), ensure_ascii=False).encode())
    stub = chat_service_pb2_grpc.ChatServiceStub(channel)

    def ask(at: int) -> str | None:
        model = pattern.format(f"whole-cut-{at}")
        response = post_chat(edge, model, stream=False)
        if response.status_code not in (502, 503):
            return f"{at}: HTTP {response.status_code} {response.text}"
        try:
            reply = stub.CreateChatCompletion(unary(model), metadata=auth, timeout=60)
        except grpc.RpcError as error:
            return None if error.code() is grpc.StatusCode.UNAVAILABLE else f"{at}: {error.code()}"
        return f"{at}: a success with {message_text(reply)!r}"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = [v for v in pool.map(ask, range(0, length, 9)) if v]
    assert not wrong, "\n".join(wrong[:20])
