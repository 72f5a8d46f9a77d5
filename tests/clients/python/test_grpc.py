"""grpcio with generated code: calls, streams, deadlines, cancellation and what errors say."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import h2_unary
import pytest
from aigateway.v1 import chat_service_pb2 as pb
from aigateway.v1 import chat_service_pb2_grpc, errors_pb2, model_service_pb2, model_service_pb2_grpc, usage_pb2
from chat import check_well_formed, failure_of, message_text, stream, text_of, unary
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from provider_shapes import TEXT, TOOL_ARGUMENTS, TOOL_NAME

SAID = "The quick brown fox says Xin chào 🎉"
PROVIDERS = ["x-ai/{}", "google/gemini-{}"]


@pytest.fixture
def chat_stub(channel):
    return chat_service_pb2_grpc.ChatServiceStub(channel)


@pytest.fixture
def models(channel):
    return model_service_pb2_grpc.ModelServiceStub(channel)


def test_unary(chat_stub, auth):
    reply = chat_stub.CreateChatCompletion(unary("sandbox/echo", SAID), metadata=auth, timeout=10)
    completion = reply.completion
    assert message_text(reply) == SAID and completion.id and completion.provider == "sandbox"
    assert completion.choices[0].finish_reason == pb.FINISH_REASON_STOP
    assert completion.choices[0].message.role == pb.ROLE_ASSISTANT
    assert completion.usage.total_tokens == completion.usage.input_tokens + completion.usage.output_tokens
    assert completion.usage.source != usage_pb2.USAGE_SOURCE_UNSPECIFIED
    assert completion.cost.basis != usage_pb2.COST_BASIS_UNSPECIFIED
    [attempt] = completion.attempts
    assert attempt.provider == "sandbox" and not attempt.HasField("failure_class")


@pytest.mark.parametrize("model", ["sandbox/echo", "sandbox/reasoning", "sandbox/slow"])
def test_stream(chat_stub, auth, model):
    events = list(chat_stub.StreamChatCompletion(stream(model, "one two three"), metadata=auth, timeout=20))
    check_well_formed(events)
    assert text_of(events) == "one two three"
    kinds = [e.WhichOneof("event") for e in events]
    assert kinds.count("text_delta") > 1
    assert ("reasoning_delta" in kinds) is (model == "sandbox/reasoning")


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("script", ["text", "crlf", "split-utf8", "bytewise"])
def test_bytes_may_arrive_in_any_way(chat_stub, auth, unique, provider, script):
    model = provider.format(unique(script))
    events = list(chat_stub.StreamChatCompletion(stream(model), metadata=auth, timeout=20))
    check_well_formed(events)
    assert text_of(events) == TEXT
    finished = events[-1].finished
    assert (finished.usage.input_tokens, finished.usage.output_tokens, finished.usage.total_tokens) == (7, 6, 13)
    assert finished.usage.source == usage_pb2.USAGE_SOURCE_PROVIDER
    assert message_text(chat_stub.CreateChatCompletion(unary(model), metadata=auth, timeout=20)) == TEXT


@pytest.mark.parametrize("model", ["sandbox/tools", *PROVIDERS])
def test_tools(chat_stub, auth, unique, model):
    scripted, model = "{}" in model, model.format(unique("tools"))
    schema = '{"type":"object","properties":{"city":{"type":"string"}}}'
    tools = [pb.Tool(function=pb.FunctionTool(name=TOOL_NAME, parameters_schema=schema))]
    events = list(chat_stub.StreamChatCompletion(stream(model, tools=tools), metadata=auth, timeout=20))
    check_well_formed(events)
    [started] = [e.tool_call_started for e in events if e.WhichOneof("event") == "tool_call_started"]
    arguments = "".join(e.tool_call_arguments_delta.arguments for e in events)
    reply = chat_stub.CreateChatCompletion(unary(model, tools=tools), metadata=auth, timeout=20)
    [call] = [p.tool_call for p in reply.completion.choices[0].message.parts if p.WhichOneof("content") == "tool_call"]
    assert started.name == call.name == TOOL_NAME and started.id and call.id
    assert json.loads(arguments) == json.loads(call.arguments)
    if scripted:
        assert json.loads(arguments) == TOOL_ARGUMENTS
    reasons = {events[-1].finished.reason, reply.completion.choices[0].finish_reason}
    assert reasons == {pb.FINISH_REASON_TOOL_CALLS}


def test_image(chat_stub, auth):
    request = unary("sandbox/vision", "What is this?")
    source = pb.MediaSource(data=b"\x89PNG\r\n\x1a\n" + bytes(60), mime_type="image/png")
    request.prompt.messages[0].parts.append(pb.Part(image=pb.ImagePart(source=source)))
    said = message_text(chat_stub.CreateChatCompletion(request, metadata=auth, timeout=10))
    assert "1 image" in said and "image/png" in said and "68" in said


def test_streams_at_once_on_one_channel(chat_stub, auth):
    def ask(number: int) -> bool:
        text = f"caller {number} says {number * 7919}"
        events = list(chat_stub.StreamChatCompletion(stream("sandbox/echo", text), metadata=auth, timeout=30))
        check_well_formed(events)
        return text_of(events) == text

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(ask, range(64)))


@pytest.mark.parametrize("script", ["hang", "hang-mid", "drip-50"])
def test_a_deadline_ends_the_call_and_the_upstreams(chat_stub, auth, upstream, unique, script):
    model = unique(script)
    start = time.monotonic()
    with pytest.raises(grpc.RpcError) as caught:
        list(chat_stub.StreamChatCompletion(stream(f"x-ai/{model}"), metadata=auth, timeout=0.6))
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - start < 5
    assert upstream.wait_for(model).wait_closed(3) is not None
    model = unique("hang")
    with pytest.raises(grpc.RpcError) as caught:
        chat_stub.CreateChatCompletion(unary(f"x-ai/{model}"), metadata=auth, timeout=0.6)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert upstream.wait_for(model).wait_closed(3) is not None


def test_the_servers_own_deadline_explains_itself(gateway, auth):
    # grpcio would end the call itself at that moment, without the server's explanation.
    with pytest.raises(h2_unary.StatusError) as caught:
        h2_unary.call(gateway.grpc, "ChatService/CreateChatCompletion", unary("sandbox/hang"), auth, "500m")
    failure = caught.value.failure
    assert (failure.code, failure.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "UPSTREAM_TIMEOUT")


def test_cancel_is_cancelled(chat_stub, auth):
    call = chat_stub.StreamChatCompletion(stream("sandbox/slow", "a b c d e f g"), metadata=auth, timeout=20)
    next(call)
    call.cancel()
    with pytest.raises(grpc.RpcError) as caught:
        list(call)
    assert caught.value.code() is grpc.StatusCode.CANCELLED


@pytest.mark.parametrize(
    "metadata",
    [(), (("authorization", "Bearer wrong"),), (("authorization", "Bearer sk-0-0"),), (("authorization", "Basic eDp5"),)],
    ids=["missing", "unknown", "key-shaped", "basic"],
)
def test_a_bad_key_gets_one_identical_answer(chat_stub, models, metadata):
    seen = set()
    for call in (
        lambda: chat_stub.CreateChatCompletion(unary("sandbox/echo"), metadata=metadata, timeout=10),
        lambda: list(chat_stub.StreamChatCompletion(stream("sandbox/echo"), metadata=metadata, timeout=10)),
        lambda: models.ListModels(model_service_pb2.ListModelsRequest(), metadata=metadata, timeout=10),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            call()
        failure = failure_of(caught.value)
        assert (failure.code, failure.reason) == (grpc.StatusCode.UNAUTHENTICATED, "GATEWAY_KEY_INVALID")
        seen.add(failure.message)
    assert len(seen) == 1


SANDBOX_FAILURES = [
    ("sandbox/none", grpc.StatusCode.NOT_FOUND, "MODEL_NOT_FOUND", None),
    ("sandbox/401", grpc.StatusCode.UNAVAILABLE, "UPSTREAM_ERROR", "CREDENTIAL"),
    ("sandbox/429", grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", "RATE_LIMIT"),
    ("sandbox/429-retry-after", grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", "RATE_LIMIT"),
    ("sandbox/500", grpc.StatusCode.UNAVAILABLE, "UPSTREAM_ERROR", "SERVER_ERROR"),
    ("sandbox/503", grpc.StatusCode.UNAVAILABLE, "UPSTREAM_ERROR", "OVERLOAD"),
    ("sandbox/reset", grpc.StatusCode.UNAVAILABLE, "UPSTREAM_ERROR", "NETWORK"),
]


@pytest.mark.parametrize(("model", "code", "reason", "failure_class"), SANDBOX_FAILURES)
def test_failures_before_output(chat_stub, auth, model, code, reason, failure_class):
    for call in (
        lambda: chat_stub.CreateChatCompletion(unary(model), metadata=auth, timeout=20),
        lambda: list(chat_stub.StreamChatCompletion(stream(model), metadata=auth, timeout=20)),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            call()
        failure = failure_of(caught.value)
        assert (failure.code, failure.reason) == (code, reason)
        if failure_class:
            assert failure.metadata["failure_class"].upper().removeprefix("FAILURE_CLASS_") == failure_class
        if reason == "RATE_LIMITED":
            assert failure.retry_seconds == pytest.approx(1, abs=0.2)


def test_an_unknown_model_names_the_closest(chat_stub, auth):
    with pytest.raises(grpc.RpcError) as caught:
        chat_stub.CreateChatCompletion(unary("sandbox/ecoh"), metadata=auth, timeout=10)
    failure = failure_of(caught.value)
    assert "sandbox/echo" in failure.metadata["closest"] + failure.message


@pytest.mark.parametrize("model", ["sandbox/reset-mid-stream", "sandbox/truncated"])
def test_failures_after_output(chat_stub, auth, model):
    events = []
    with pytest.raises(grpc.RpcError) as caught:
        for event in chat_stub.StreamChatCompletion(stream(model, "one two three four"), metadata=auth, timeout=20):
            events.append(event)
    failure = failure_of(caught.value)
    assert (failure.code, failure.reason) == (grpc.StatusCode.ABORTED, "STREAM_INTERRUPTED")
    assert text_of(events) and "finished" not in [e.WhichOneof("event") for e in events]
    found = errors_pb2.FailureDetails()
    assert any(d.Unpack(found) for d in rpc_status.from_call(caught.value).details)
    assert found.attempts and found.HasField("partial_usage")


def test_bad_fields_are_named(chat_stub, auth):
    empty = pb.CreateChatCompletionRequest(prompt=pb.ChatPrompt(model="sandbox/echo"))
    for request, field in [(empty, "messages"), (unary("sandbox/echo", temperature=17), "temperature")]:
        with pytest.raises(grpc.RpcError) as caught:
            chat_stub.CreateChatCompletion(request, metadata=auth, timeout=10)
        failure = failure_of(caught.value)
        assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
        bad = error_details_pb2.BadRequest()
        assert any(d.Unpack(bad) for d in rpc_status.from_call(caught.value).details)
        assert bad.field_violations[0].field.endswith(field)


def test_models(models, auth):
    listed, token = [], ""
    while True:
        request = model_service_pb2.ListModelsRequest(page_size=7, page_token=token)
        page = models.ListModels(request, metadata=auth, timeout=10)
        assert len(page.models) <= 7
        listed += [m.id for m in page.models]
        token = page.next_page_token
        if not token:
            break
    assert listed == sorted(set(listed)) and "sandbox/echo" in listed
    one = models.GetModel(model_service_pb2.GetModelRequest(id="sandbox/echo"), metadata=auth, timeout=10)
    assert one.model.id == "sandbox/echo" and one.model.key_available
