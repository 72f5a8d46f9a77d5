"""gRPC-Web, byte by byte: on the edge's origin in all arrangements, and on the gRPC port itself."""

from __future__ import annotations

import grpc
import grpc_web
import pytest
from aigateway.v1 import chat_service_pb2 as pb
from aigateway.v1 import model_service_pb2
from chat import check_well_formed, message_text, stream, text_of, unary
from gateway import BOOTSTRAP_KEY
from provider_shapes import TEXT

SAID = "Xin chào from the web 🎉"
UNARY, STREAM = "ChatService/CreateChatCompletion", "ChatService/StreamChatCompletion"


@pytest.fixture(params=["inmemory", "separate", "replicas", "grpc-port"])
def origin(request, gateway) -> str:
    if request.param == "grpc-port":
        return f"http://{gateway.grpc}"
    if request.param == "inmemory":
        return gateway.edge_url
    return request.getfixturevalue("replicas" if request.param == "replicas" else "separate_edge").edge_url


@pytest.fixture(params=[False, True], ids=["proto", "text"])
def call(request, origin):
    """Calls the method with a good key, in the binary or the base64 form of gRPC-Web."""
    replies = {UNARY: pb.CreateChatCompletionResponse, STREAM: pb.StreamChatCompletionResponse}
    return lambda method, message, token=BOOTSTRAP_KEY: grpc_web.call(
        origin, method, message, replies[method], token, text=request.param
    )


def test_unary(call):
    [reply] = call(UNARY, unary("sandbox/echo", SAID))
    assert message_text(reply) == SAID


def test_stream(call):
    events = call(STREAM, stream("sandbox/echo", SAID))
    check_well_formed(events)
    assert text_of(events) == SAID


@pytest.mark.parametrize("script", ["split-utf8", "bytewise"])
@pytest.mark.parametrize("provider", ["x-ai/{}", "google/gemini-{}"])
def test_bytes_may_arrive_in_any_way(call, unique, provider, script):
    events = call(STREAM, stream(provider.format(unique(script))))
    check_well_formed(events)
    assert text_of(events) == TEXT


@pytest.mark.parametrize(
    ("model", "token", "code", "reason"),
    [
        ("sandbox/echo", None, grpc.StatusCode.UNAUTHENTICATED, "GATEWAY_KEY_INVALID"),
        ("sandbox/echo", "wrong", grpc.StatusCode.UNAUTHENTICATED, "GATEWAY_KEY_INVALID"),
        ("sandbox/none", BOOTSTRAP_KEY, grpc.StatusCode.NOT_FOUND, "MODEL_NOT_FOUND"),
        ("sandbox/429", BOOTSTRAP_KEY, grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED"),
        ("sandbox/500", BOOTSTRAP_KEY, grpc.StatusCode.UNAVAILABLE, "UPSTREAM_ERROR"),
    ],
)
def test_errors(call, model, token, code, reason):
    for method, message in ((UNARY, unary(model)), (STREAM, stream(model))):
        with pytest.raises(grpc_web.WebError) as caught:
            call(method, message, token)
        assert (caught.value.failure.code, caught.value.failure.reason) == (code, reason)
        assert caught.value.messages == []


def test_an_answer_that_breaks(call):
    with pytest.raises(grpc_web.WebError) as caught:
        call(STREAM, stream("sandbox/reset-mid-stream", "one two three four"))
    assert (caught.value.failure.code, caught.value.failure.reason) == (grpc.StatusCode.ABORTED, "STREAM_INTERRUPTED")
    assert text_of(caught.value.messages)
    assert "finished" not in [e.WhichOneof("event") for e in caught.value.messages]


def test_other_services(origin):
    request, reply = model_service_pb2.ListModelsRequest(page_size=1000), model_service_pb2.ListModelsResponse
    [page] = grpc_web.call(origin, "ModelService/ListModels", request, reply, BOOTSTRAP_KEY)
    assert "sandbox/echo" in [m.id for m in page.models]
