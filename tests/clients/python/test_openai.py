"""openai-python, synchronous: what its users rely on, in both arrangements of the edge."""

from __future__ import annotations

import base64
import json

import openai
import pytest
from gateway import BOOTSTRAP_KEY
from provider_shapes import TEXT, TOOL_ARGUMENTS, TOOL_NAME

SAID = "The quick brown fox says Xin chào 🎉"
# 1x1 transparent PNG.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WEATHER = {
    "type": "function",
    "function": {
        "name": TOOL_NAME,
        "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
PROVIDERS = ["x-ai/{}", "google/gemini-{}"]


def user(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


def test_plain(client):
    reply = client.chat.completions.create(model="sandbox/echo", messages=user(SAID))
    assert reply.object == "chat.completion" and reply.id and reply.created > 1_700_000_000
    [choice] = reply.choices
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", SAID, "stop")
    assert "refusal" in choice.message.model_fields_set and "logprobs" in choice.model_fields_set
    assert choice.message.tool_calls is None
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 0


def test_stream(client):
    chunks = list(client.chat.completions.create(model="sandbox/echo", messages=user(SAID), stream=True))
    assert {c.object for c in chunks} == {"chat.completion.chunk"}
    assert len({c.id for c in chunks}) == 1 and len({c.created for c in chunks}) == 1
    deltas = [c.choices[0].delta for c in chunks]
    assert "".join(d.content or "" for d in deltas) == SAID
    assert sum(bool(d.content) for d in deltas) > 1, "one delta is no stream"
    assert [d.role for d in deltas if "role" in d.model_fields_set] == ["assistant"] and deltas[0].role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks if c.choices[0].finish_reason] == ["stop"]
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(c.usage is None for c in chunks)


def test_stream_with_usage(client):
    options = {"include_usage": True}
    chunks = list(
        client.chat.completions.create(model="sandbox/echo", messages=user(SAID), stream=True, stream_options=options)
    )
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0
    assert all(c.usage is None and len(c.choices) == 1 for c in chunks[:-1])


def test_stream_helper(client):
    with client.chat.completions.stream(model="sandbox/echo", messages=user(SAID)) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_completion()
    assert "content.delta" in kinds and "content.done" in kinds
    assert (final.choices[0].message.content, final.choices[0].message.role) == (SAID, "assistant")
    assert final.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_providers_text(client, unique, provider):
    model = provider.format(unique("text"))
    reply = client.chat.completions.create(model=model, messages=user("hi"))
    assert reply.choices[0].message.content == TEXT
    usage = reply.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (7, 6, 13)
    with client.chat.completions.stream(model=model, messages=user("hi")) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.content == TEXT


def test_perplexity_goes_to_its_upstream(client, upstream, unique):
    name = unique("text")
    reply = client.chat.completions.create(model=f"perplexity/{name}", messages=user("hi"))
    assert reply.choices[0].message.content == TEXT
    stream = client.chat.completions.create(model=f"perplexity/{name}", messages=user("hi"), stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == TEXT
    assert [exchange.path for exchange in upstream.of(name)] == ["/v1/agent", "/v1/agent"]


def test_the_callers_key_never_goes_upstream(client, upstream, unique):
    xai, gemini = unique("text"), unique("gemini-text")
    for model in (f"x-ai/{xai}", f"google/{gemini}"):
        client.chat.completions.create(model=model, messages=user("hi"))
    for exchange in [*upstream.of(xai), *upstream.of(gemini)]:
        assert BOOTSTRAP_KEY not in json.dumps(exchange.headers)
        assert not any(name.startswith("x-stainless") for name in exchange.headers)


def test_a_key_in_the_header_is_the_one_shown_upstream(client, upstream, unique):
    name = unique("text")
    headers = {"X-xAI-API-Key": "key-of-this-request"}
    client.chat.completions.create(model=f"x-ai/{name}", messages=user("hi"), extra_headers=headers)
    assert upstream.of(name)[0].headers["authorization"] == "Bearer key-of-this-request"
    name = unique("gemini-text")
    headers = {"X-Google-API-Key": "key-of-this-request"}
    client.chat.completions.create(model=f"google/{name}", messages=user("hi"), extra_headers=headers)
    assert upstream.of(name)[0].headers["x-goog-api-key"] == "key-of-this-request"


def test_tools_in_the_sandbox(client):
    asked = user("What is the weather?")
    first = client.chat.completions.create(model="sandbox/tools", messages=asked, tools=[WEATHER])
    choice = first.choices[0]
    assert choice.finish_reason == "tool_calls" and "content" in choice.message.model_fields_set
    [call] = choice.message.tool_calls
    assert (call.type, call.function.name) == ("function", TOOL_NAME) and json.loads(call.function.arguments)
    answer = {"role": "tool", "tool_call_id": call.id, "content": "22 degrees"}
    turns = [*asked, choice.message.model_dump(exclude_none=True), answer]
    second = client.chat.completions.create(model="sandbox/tools", messages=turns, tools=[WEATHER])
    assert "22 degrees" in second.choices[0].message.content and second.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("model", ["sandbox/tools", *PROVIDERS])
def test_tools_streamed(client, unique, model):
    scripted = "{}" in model
    model = model.format(unique("tools"))
    with client.chat.completions.stream(model=model, messages=user("weather?"), tools=[WEATHER]) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].finish_reason == "tool_calls"
    [call] = final.choices[0].message.tool_calls
    assert call.id and call.function.name == TOOL_NAME
    arguments = json.loads(call.function.arguments)
    assert arguments == TOOL_ARGUMENTS if scripted else arguments


@pytest.mark.parametrize("provider", PROVIDERS)
def test_tools_plain(client, unique, provider):
    model = provider.format(unique("tools"))
    reply = client.chat.completions.create(model=model, messages=user("weather?"), tools=[WEATHER])
    assert reply.choices[0].finish_reason == "tool_calls" and reply.choices[0].message.content is None
    [call] = reply.choices[0].message.tool_calls
    assert call.id and json.loads(call.function.arguments) == TOOL_ARGUMENTS


def test_image_data_url(client):
    url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    reply = client.chat.completions.create(model="sandbox/vision", messages=[{"role": "user", "content": parts}])
    said = reply.choices[0].message.content
    assert "1 image" in said and "image/png" in said and str(len(PNG)) in said


def test_image_reaches_the_upstreams(client, upstream, unique):
    data = base64.b64encode(PNG).decode()
    url = f"data:image/png;base64,{data}"
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    for prefix, name in (("x-ai", unique("text")), ("google", unique("gemini-text"))):
        client.chat.completions.create(model=f"{prefix}/{name}", messages=[{"role": "user", "content": parts}])
        sent = json.dumps(upstream.of(name)[0].body)
        assert data in sent and "image/png" in sent


def test_models(client):
    models = {m.id: m for m in client.models.list()}
    assert "sandbox/echo" in models and models["sandbox/echo"].object == "model"
    assert all("/" in m.id and m.owned_by and isinstance(m.created, int) for m in models.values())
    assert any(name.startswith("google/") for name in models)
    one = client.models.retrieve("sandbox/echo")
    assert one.id == "sandbox/echo"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("sandbox/no-such-model")
    assert caught.value.code == "model_not_found"


def test_raw_response_headers(client):
    raw = client.chat.completions.with_raw_response.create(model="sandbox/echo", messages=user(SAID))
    assert raw.headers["x-request-id"] and raw.headers["content-type"].startswith("application/json")
    parsed = raw.parse()
    assert parsed._request_id == raw.headers["x-request-id"] and parsed.choices[0].message.content == SAID
    other = client.chat.completions.with_raw_response.create(model="sandbox/echo", messages=user(SAID))
    assert other.headers["x-request-id"] != raw.headers["x-request-id"]


def test_base_url_with_a_trailing_slash(edge):
    with openai.OpenAI(base_url=f"{edge}/v1/", api_key=BOOTSTRAP_KEY, max_retries=0) as client:
        assert client.chat.completions.create(model="sandbox/echo", messages=user("a")).choices[0].message.content == "a"


def test_the_clients_timeout_is_one_between_two_reads(edge, unique):
    # The SDK announces it in x-stainless-read-timeout; a stream that keeps coming may last longer.
    with openai.OpenAI(base_url=f"{edge}/v1", api_key=BOOTSTRAP_KEY, max_retries=0, timeout=1) as client:
        stream = client.chat.completions.create(model=f"x-ai/{unique('drip-20')}", messages=user("hi"), stream=True)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert text.endswith("word19 ")
