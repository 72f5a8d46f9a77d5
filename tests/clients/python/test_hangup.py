"""A caller that goes away takes the upstream call with it: 100 ms are promised, a busy machine gets three seconds."""

from __future__ import annotations

import time

import grpc
import pytest
from aigateway.v1 import chat_service_pb2_grpc
from chat import stream, unary
from grpc_web import frame
from provider_shapes import TEXT_PIECES
from raw_http import RawPost

HARD_LIMIT_SECONDS = 3.0
# Before anything came back, and in the middle of the answer.
SCRIPTS = ["hang", "hang-mid"]
# Its first letters, which no JSON escapes.
FIRST_WORD = TEXT_PIECES[0][:2].encode()
DIALECTS = {"openai": ("x-ai/", ""), "gemini": ("google/", "gemini-")}

dialects = pytest.mark.parametrize("dialect", DIALECTS)
scripts = pytest.mark.parametrize("script", SCRIPTS)


@pytest.fixture
def closes(upstream, unique, measured):
    """Runs `begin(model) -> hang_up()` and measures until the upstream's connection is closed."""

    def check(dialect: str, script: str, begin) -> None:
        prefix, before = DIALECTS[dialect]
        name = unique(before + script)
        hang_up = begin(prefix + name)
        exchange = upstream.wait_for(name)
        # Until the gateway waits for the upstream's answer.
        time.sleep(0.1)
        assert exchange.closed is None, "the gateway gave up by itself"
        left = hang_up()
        closed = exchange.wait_closed(HARD_LIMIT_SECONDS)
        assert closed is not None, f"still open {HARD_LIMIT_SECONDS} s after the caller left"
        measured((closed - left) * 1000)
        time.sleep(0.05)
        assert len(upstream.of(name)) == 1, "a caller that left is no reason to try again"

    return check


@pytest.fixture
def chat_stub(channel):
    return chat_service_pb2_grpc.ChatServiceStub(channel)


def cancel(call) -> float:
    moment = time.monotonic()
    call.cancel()
    return moment


@dialects
@scripts
def test_grpc_stream(chat_stub, auth, closes, dialect, script):
    def begin(model):
        call = chat_stub.StreamChatCompletion(stream(model), metadata=auth, timeout=30)
        if script == "hang-mid":
            next(event for event in call if event.WhichOneof("event") == "text_delta")
        return lambda: cancel(call)

    closes(dialect, script, begin)


@dialects
@scripts
def test_grpc_unary(chat_stub, auth, closes, dialect, script):
    def begin(model):
        call = chat_stub.CreateChatCompletion.future(unary(model), metadata=auth, timeout=30)
        return lambda: cancel(call)

    closes(dialect, script, begin)


@scripts
def test_grpc_connection_lost(gateway, auth, closes, script):
    def begin(model):
        channel = grpc.insecure_channel(gateway.grpc, options=[("grpc.use_local_subchannel_pool", 1)])
        stub = chat_service_pb2_grpc.ChatServiceStub(channel)
        call = stub.StreamChatCompletion(stream(model), metadata=auth, timeout=30)

        def leave():
            moment = time.monotonic()
            channel.close()
            return moment

        # A call nobody holds is cancelled by grpcio.
        leave.call = call
        return leave

    closes("openai", script, begin)


def raw(url: str, path: str, body: bytes, kind: str, mark: bytes):
    post = RawPost(url + path, body, kind)
    if mark:
        post.read_until(mark)
    return post.hang_up


@dialects
@scripts
def test_sse(edge, closes, dialect, script):
    def begin(model):
        body = b'{"model":"%s","stream":true,"messages":[{"role":"user","content":"hi"}]}' % model.encode()
        mark = FIRST_WORD if script == "hang-mid" else b""
        return raw(edge, "/v1/chat/completions", body, "application/json", mark)

    closes(dialect, script, begin)


@dialects
@scripts
def test_json(edge, closes, dialect, script):
    def begin(model):
        body = b'{"model":"%s","messages":[{"role":"user","content":"hi"}]}' % model.encode()
        return raw(edge, "/v1/chat/completions", body, "application/json", b"")

    closes(dialect, script, begin)


@dialects
@scripts
def test_grpc_web_stream(edge, closes, dialect, script):
    def begin(model):
        mark = FIRST_WORD if script == "hang-mid" else b""
        path = "/aigateway.v1.ChatService/StreamChatCompletion"
        return raw(edge, path, frame(stream(model)), "application/grpc-web+proto", mark)

    closes(dialect, script, begin)


@scripts
def test_grpc_web_on_the_grpc_port(gateway, closes, script):
    def begin(model):
        mark = FIRST_WORD if script == "hang-mid" else b""
        path = "/aigateway.v1.ChatService/StreamChatCompletion"
        return raw(f"http://{gateway.grpc}", path, frame(stream(model)), "application/grpc-web+proto", mark)

    closes("openai", script, begin)


def test_grpc_web_unary(edge, closes):
    def begin(model):
        path = "/aigateway.v1.ChatService/CreateChatCompletion"
        return raw(edge, path, frame(unary(model)), "application/grpc-web+proto", b"")

    closes("openai", "hang", begin)
