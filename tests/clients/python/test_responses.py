"""`/v1/responses` by openai-python, beyond what the table plays: the events, what is refused, and answers that break."""

from __future__ import annotations

import openai
import pytest
from gateway import BOOTSTRAP_KEY
from openai.types.responses import Response, ResponseStreamEvent
from provider_shapes import TEXT, TOOL_ARGUMENTS, TOOL_NAME
from pydantic import TypeAdapter

SAID = "Xin chào 🎉 one two"
EVENTS = TypeAdapter(ResponseStreamEvent)


def test_whole(client):
    reply = client.responses.create(model="sandbox/echo", input=SAID)
    assert (reply.output_text, reply.status, reply.object) == (SAID, "completed", "response")
    assert reply.id.startswith("resp_") and reply.created_at > 1_700_000_000 and reply.store is False
    assert reply.usage.total_tokens == reply.usage.input_tokens + reply.usage.output_tokens
    Response.model_validate(reply.to_dict(), strict=True)


def test_events(client):
    events = list(client.responses.create(model="sandbox/reasoning", input=SAID, stream=True))
    for event in events:
        # openai-python itself forgives what is missing.
        EVENTS.validate_python(event.to_dict())
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"] and kinds[-1] == "response.completed"
    assert kinds.index("response.reasoning_summary_text.delta") < kinds.index("response.output_text.delta")
    said = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(said) == SAID and len(said) > 1
    assert kinds.count("response.output_item.added") == kinds.count("response.output_item.done") == 2


def test_stream_helper(client):
    with client.responses.stream(model="sandbox/echo", input=SAID) as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        assert text == stream.get_final_response().output_text == SAID


async def test_asynchronously(edge):
    async with openai.AsyncOpenAI(base_url=f"{edge}/v1", api_key=BOOTSTRAP_KEY, max_retries=0) as client:
        stream = await client.responses.create(model="sandbox/echo", input=SAID, stream=True)
        assert "".join([event.delta async for event in stream if event.type == "response.output_text.delta"]) == SAID


@pytest.mark.parametrize("provider", ["x-ai/{}", "google/gemini-{}"])
def test_providers(client, unique, provider):
    model = provider.format(unique("text"))
    assert client.responses.create(model=model, input="hi").output_text == TEXT
    tool = {"type": "function", "name": TOOL_NAME, "parameters": {"type": "object", "properties": {}}, "strict": False}
    reply = client.responses.create(model=provider.format(unique("tools")), input="weather?", tools=[tool])
    [call] = reply.output
    assert (call.type, call.name, call.call_id != "") == ("function_call", TOOL_NAME, True)
    assert TypeAdapter(dict).validate_json(call.arguments) == TOOL_ARGUMENTS


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"background": True}, "background"),
        ({"input": []}, "input"),
        ({"tools": [{"type": "computer_use_preview"}]}, "tools[0].type"),
    ],
)
def test_what_needs_a_memory_is_refused(client, fields, param):
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(**{"model": "sandbox/echo", "input": SAID} | fields)
    assert caught.value.param == param and caught.value.type == "invalid_request_error"


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize(("model", "kind"), [("sandbox/none", openai.NotFoundError), ("sandbox/429", openai.RateLimitError)])
def test_errors_before_the_answer(client, model, kind, stream):
    with pytest.raises(kind):
        client.responses.create(model=model, input=SAID, stream=stream)


@pytest.mark.parametrize("script", ["truncated", "error-mid", "reset-mid", "bad-json-mid"])
@pytest.mark.parametrize("provider", ["x-ai/{}", "google/gemini-{}"])
def test_an_answer_that_breaks_never_looks_complete(client, unique, provider, script):
    kinds = []
    try:
        for event in client.responses.create(model=provider.format(unique(script)), input="hi", stream=True):
            kinds.append(event.type)
    except openai.APIError:
        kinds.append("error")
    assert "response.completed" not in kinds and "response.incomplete" not in kinds
    assert kinds[-1] in ("error", "response.failed") and "response.output_text.delta" in kinds, kinds
