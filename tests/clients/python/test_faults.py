"""Each way an upstream can fail, on every face. One table: script -> what gRPC says -> what HTTP says."""

from __future__ import annotations

import grpc
import grpc_web
import pytest
from aigateway.v1 import chat_service_pb2 as pb
from aigateway.v1 import chat_service_pb2_grpc
from chat import failure_of, stream, text_of, unary
from gateway import BOOTSTRAP_KEY
from provider_shapes import TEXT
from raw_http import post_chat, sse_chat

UNAVAILABLE = (grpc.StatusCode.UNAVAILABLE, "UPSTREAM_ERROR")
BEFORE_OUTPUT = {
    "status-400": ((grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"), {400}),
    "status-401": (UNAVAILABLE, {502}),
    "status-429": ((grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED"), {429}),
    "status-500": (UNAVAILABLE, {502}),
    "status-503": (UNAVAILABLE, {503}),
    "reset": (UNAVAILABLE, {502}),
    "html": (UNAVAILABLE, {502}),
    "html-200": (UNAVAILABLE, {502}),
    "error-in-200": (UNAVAILABLE, {502}),
}
AFTER_OUTPUT = ["reset-mid", "truncated", "error-mid", "bad-json-mid"]
INTERRUPTED = (grpc.StatusCode.ABORTED, "STREAM_INTERRUPTED")
LEAKS = ("sk-upstream-secret-0123456789", "secret-internal-host")

providers = pytest.mark.parametrize("provider", ["x-ai/{}", "google/gemini-{}"], ids=["openai", "gemini"])
before_output = pytest.mark.parametrize("script", BEFORE_OUTPUT)
after_output = pytest.mark.parametrize("script", AFTER_OUTPUT)


@pytest.fixture
def chat_stub(channel):
    return chat_service_pb2_grpc.ChatServiceStub(channel)


def no_leaks(text: str) -> None:
    assert not any(leak in text for leak in LEAKS), text


@providers
@before_output
def test_grpc_before_output(chat_stub, auth, unique, provider, script):
    expected, _ = BEFORE_OUTPUT[script]
    with pytest.raises(grpc.RpcError) as caught:
        chat_stub.CreateChatCompletion(unary(provider.format(unique(script))), metadata=auth, timeout=30)
    failure = failure_of(caught.value)
    assert (failure.code, failure.reason) == expected
    no_leaks(failure.message + str(failure.metadata))
    with pytest.raises(grpc.RpcError) as caught:
        list(chat_stub.StreamChatCompletion(stream(provider.format(unique(script))), metadata=auth, timeout=30))
    failure = failure_of(caught.value)
    assert (failure.code, failure.reason) == expected
    if script == "status-429":
        assert failure.retry_seconds and failure.retry_seconds >= 0.9
    if script in ("status-401", "status-503", "reset"):
        assert "failure_class" in failure.metadata


@providers
@after_output
def test_grpc_after_output(chat_stub, auth, unique, provider, script):
    events = []
    with pytest.raises(grpc.RpcError) as caught:
        for event in chat_stub.StreamChatCompletion(stream(provider.format(unique(script))), metadata=auth, timeout=30):
            events.append(event)
    failure = failure_of(caught.value)
    assert (failure.code, failure.reason) == INTERRUPTED
    assert text_of(events) and TEXT.startswith(text_of(events))
    with pytest.raises(grpc.RpcError) as caught:
        chat_stub.CreateChatCompletion(unary(provider.format(unique(script))), metadata=auth, timeout=30)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@providers
@before_output
@pytest.mark.parametrize("streamed", [False, True], ids=["json", "sse"])
def test_http_before_output(edge, unique, provider, script, streamed):
    _, statuses = BEFORE_OUTPUT[script]
    response = post_chat(edge, provider.format(unique(script)), streamed)
    assert response.status_code in statuses, response.text
    assert response.headers["content-type"].startswith("application/json")
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}
    no_leaks(response.text)


@providers
@after_output
def test_sse_after_output(edge, unique, provider, script):
    reply = sse_chat(edge, provider.format(unique(script)))
    assert reply.text and TEXT.startswith(reply.text)
    assert not reply.done and not reply.finishes, reply.data
    [error] = reply.errors
    assert "error" in reply.chunks[-1] and set(error) == {"message", "type", "param", "code"}
    assert isinstance(error["message"], str) and error["message"]
    no_leaks(str(error))


@providers
@after_output
def test_json_that_breaks(edge, unique, provider, script):
    response = post_chat(edge, provider.format(unique(script)), stream=False)
    assert response.status_code in {502, 503}, response.text


@providers
@after_output
def test_grpc_web_after_output(edge, unique, provider, script):
    request = stream(provider.format(unique(script)))
    with pytest.raises(grpc_web.WebError) as caught:
        grpc_web.call(edge, "ChatService/StreamChatCompletion", request, pb.StreamChatCompletionResponse, BOOTSTRAP_KEY)
    assert (caught.value.failure.code, caught.value.failure.reason) == INTERRUPTED
    assert TEXT.startswith(text_of(caught.value.messages))


@providers
@pytest.mark.parametrize("script", ["crlf", "split-utf8", "bytewise"])
def test_sse_bytes_may_arrive_in_any_way(edge, unique, provider, script):
    reply = sse_chat(edge, provider.format(unique(script)))
    assert not reply.errors, reply.errors
    assert (reply.text, reply.done, reply.finishes) == (TEXT, True, ["stop"])
