"""OpenAI's published schemas accept what `/v1` answers: whole replies, each chunk and event of a stream, and errors."""

from __future__ import annotations

import base64
import itertools
import json

import httpx
import pytest
from gateway import BOOTSTRAP_KEY
from openai_schemas import MISTAKES, check, check_event, validator
from providers import PROVIDERS, Provider
from scenes import PNG, SCENES, Scene

# Above those of the other files, which share the upstream.
_tags = itertools.count(100_000)
AUTH = {"authorization": f"Bearer {BOOTSTRAP_KEY}"}
IMAGE = "data:image/png;base64," + base64.b64encode(PNG).decode()


def post(edge: str, path: str, body: dict, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.post(f"{edge}{path}", json=body, headers=AUTH | (headers or {}), trust_env=False, timeout=30)


def frames(text: str) -> list[dict]:
    """The JSON of every `data:` line; `[DONE]` is none."""
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def check_stream(answer: httpx.Response, schema: str) -> None:
    """A stream that began is made of chunks, and an error at most; one that did not is an error."""
    if answer.status_code != 200:
        return check("ErrorResponse", answer.json())
    assert frames(answer.text), answer.text
    for frame in frames(answer.text):
        if schema == "ResponseStreamEvent":
            check_event(frame)
        else:
            check("ErrorResponse" if "error" in frame else schema, frame)


def chat_body(scene: Scene, tag: str) -> dict:
    content: object = f"{scene.user} [[{tag}]]"
    if scene.image:
        content = [{"type": "text", "text": content}, {"type": "image_url", "image_url": {"url": IMAGE}}]
    schema = {"name": "person", "schema": scene.schema, "strict": True}
    body = {
        "messages": [{"role": "user", "content": content}],
        "tools": [{"type": "function", "function": tool} for tool in scene.tools],
        "response_format": {"type": "json_schema", "json_schema": schema} if scene.schema else None,
        "reasoning_effort": scene.effort,
        "web_search_options": {} if scene.search else None,
        "max_completion_tokens": scene.max_tokens,
    }
    return {name: value for name, value in body.items() if value or value == {}}


def response_body(scene: Scene, tag: str) -> dict:
    content: object = f"{scene.user} [[{tag}]]"
    if scene.image:
        content = [{"type": "input_text", "text": content}, {"type": "input_image", "image_url": IMAGE}]
    schema = {"type": "json_schema", "name": "person", "schema": scene.schema, "strict": True}
    tools = [{"type": "function", "strict": True} | tool for tool in scene.tools]
    body = {
        "input": [{"role": "user", "content": content}],
        "tools": tools + ([{"type": "web_search"}] if scene.search else []),
        "text": {"format": schema} if scene.schema else None,
        "reasoning": {"effort": scene.effort, "summary": "auto"} if scene.effort else None,
        "max_output_tokens": scene.max_tokens,
        "instructions": scene.system,
    }
    return {name: value for name, value in body.items() if value}


CELLS = [
    pytest.param(scene, provider, id=f"{scene.name}-{provider.name}")
    for scene in SCENES.values()
    for provider in PROVIDERS
    if provider.name not in scene.missing
]


@pytest.mark.parametrize(("scene", "provider"), CELLS)
def test_chats_of_every_provider(edge_of, scene: Scene, provider: Provider):
    edge, body = edge_of(provider), chat_body(scene, f"{scene.name}#{next(_tags)}") | {"model": provider.model}
    whole = post(edge, "/v1/chat/completions", body)
    assert whole.status_code == 200, whole.text
    check("CreateChatCompletionResponse", whole.json())
    body |= {"stream": True, "stream_options": {"include_usage": True}}
    chunks = frames(post(edge, "/v1/chat/completions", body).text)
    assert len(chunks) > 2
    for chunk in chunks:
        check("CreateChatCompletionStreamResponse", chunk)


@pytest.mark.parametrize(("scene", "provider"), CELLS)
def test_responses_of_every_provider(edge_of, scene: Scene, provider: Provider):
    edge, body = edge_of(provider), response_body(scene, f"{scene.name}#{next(_tags)}") | {"model": provider.model}
    whole = post(edge, "/v1/responses", body)
    assert whole.status_code == 200, whole.text
    check("Response", whole.json())
    events = frames(post(edge, "/v1/responses", body | {"stream": True}).text)
    assert len(events) > 4
    for event in events:
        check_event(event)


# What no scene says: a whole reply of OpenAI's format, member by member.
TOKEN = {"token": "T", "bytes": [84], "logprob": -0.25, "top_logprobs": [{"token": "T", "bytes": [84], "logprob": -0.25}]}
CITED = {"type": "url_citation", "url_citation": {"start_index": 0, "end_index": 4, "url": "https://a.example", "title": "A"}}
SAID = {"role": "assistant", "content": "Text", "refusal": None}
CUSTOM = {"id": "call_8", "type": "custom", "custom": {"name": "run", "input": "print(1)"}}
CALL = {"id": "call_9", "type": "function", "function": {"name": "get_time", "arguments": '{"city":"Huế"}'}}
USAGE = {
    "prompt_tokens": 40,
    "completion_tokens": 17,
    "total_tokens": 57,
    "prompt_tokens_details": {"cached_tokens": 10, "audio_tokens": 2},
    "completion_tokens_details": {"reasoning_tokens": 5, "audio_tokens": 1, "accepted_prediction_tokens": 3},
}
GIVEN: dict[str, list[dict]] = {
    "logprobs": [{"message": SAID, "logprobs": {"content": [TOKEN], "refusal": None}}],
    "refused-logprobs": [{"message": SAID | {"refusal": "No."}, "logprobs": {"content": None, "refusal": [TOKEN]}}],
    "refusal": [{"message": SAID | {"content": None, "refusal": "I will not."}}],
    "both": [{"message": SAID | {"refusal": "I will not."}}],
    "empty": [{"message": SAID | {"content": ""}}],
    "nothing": [{"message": SAID | {"content": None}}],
    "citations": [{"message": SAID | {"annotations": [CITED]}}],
    "call": [{"message": SAID | {"tool_calls": [CALL]}, "finish_reason": "tool_calls"}],
    "custom": [{"message": SAID | {"content": None, "tool_calls": [CUSTOM]}, "finish_reason": "tool_calls"}],
    "audio": [{"message": SAID | {"audio": {"id": "a", "expires_at": 1795000000, "data": "AAA=", "transcript": "Hi"}}}],
    "length": [{"message": SAID, "finish_reason": "length"}],
    "filter": [{"message": SAID, "finish_reason": "content_filter"}],
    "several": [{"index": 0, "message": SAID}, {"index": 1, "message": SAID, "finish_reason": "length"}],
}
MORE = {"service_tier": "default", "system_fingerprint": "fp_1"}


@pytest.mark.parametrize("usage", [USAGE, None], ids=["usage", "no-usage"])
@pytest.mark.parametrize("name", GIVEN)
def test_what_openai_itself_can_say(gateway, upstream, name: str, usage: dict | None):
    choices = [{"index": 0, "finish_reason": "stop", "logprobs": None} | choice for choice in GIVEN[name]]
    reply = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1795000000, "model": "gpt"} | MORE
    tag = f"given#{next(_tags) + 5000}"
    upstream.given[tag] = reply | {"choices": choices} | ({"usage": usage} if usage else {})
    for path, schema, content in (
        ("/v1/chat/completions", "CreateChatCompletionResponse", {"messages": [{"role": "user", "content": f"[[{tag}]]"}]}),
        ("/v1/responses", "Response", {"input": f"[[{tag}]]"}),
        ("/v1/completions", "CreateCompletionResponse", {"prompt": f"[[{tag}]]"}),
    ):
        answer = post(gateway.edge_url, path, {"model": "openai/any-model"} | content)
        assert answer.status_code == 200, answer.text
        check(schema, answer.json())


SANDBOX = ["echo", "reasoning", "tools"]
TOOL = {"name": "get_time", "description": "Tells the time.", "parameters": {"type": "object", "properties": {}}}
CHAT_FIELDS: dict[str, dict] = {
    "plain": {},
    "several": {"n": 3},
    "tools": {"tools": [{"type": "function", "function": TOOL}], "tool_choice": "required"},
    "functions": {"functions": [TOOL], "function_call": {"name": "get_time"}},
    "short": {"max_completion_tokens": 2},
    "logprobs": {"logprobs": True, "top_logprobs": 2},
    "warned": {"audio": {"voice": "alloy", "format": "mp3"}, "modalities": ["text", "audio"]},
}


@pytest.mark.parametrize("fields", CHAT_FIELDS)
@pytest.mark.parametrize("model", SANDBOX)
def test_chats_of_the_sandbox(edge, model: str, fields: str):
    messages = [{"role": "user", "content": "one two three"}]
    body = {"model": f"sandbox/{model}", "messages": messages} | CHAT_FIELDS[fields]
    answer = post(edge, "/v1/chat/completions", body)
    check("CreateChatCompletionResponse" if answer.status_code == 200 else "ErrorResponse", answer.json())
    for usage in (True, False):
        answer = post(edge, "/v1/chat/completions", body | {"stream": True, "stream_options": {"include_usage": usage}})
        check_stream(answer, "CreateChatCompletionStreamResponse")


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("model", ["sandbox/echo", "x-ai/text", "google/gemini-text"])
def test_text_completions(edge, unique, model: str, stream: bool):
    model = model if model.startswith("sandbox") else unique(model)
    for fields in ({}, {"echo": True}, {"logprobs": 2}, {"n": 2}, {"max_tokens": 1}, {"stream_options": {"include_usage": True}}):
        if "stream_options" in fields and not stream:
            continue
        body = {"model": model, "prompt": ["một hai ba", "bốn"], "stream": stream} | fields
        answer = post(edge, "/v1/completions", body)
        replies = frames(answer.text) if stream and answer.status_code == 200 else [answer.json()]
        for reply in replies:
            check("CreateCompletionResponse" if answer.status_code == 200 else "ErrorResponse", reply)


RESPONSE_FIELDS: dict[str, dict] = {
    "plain": {},
    "tools": {"tools": [{"type": "function"} | TOOL], "tool_choice": "required", "parallel_tool_calls": False},
    "told": {"instructions": "Be brief.", "metadata": {"a": "b"}, "user": "u", "top_p": 0.5, "temperature": 1, "store": False},
    "json": {"text": {"format": {"type": "json_object"}, "verbosity": "low"}},
    "schema": {"text": {"format": {"type": "json_schema", "name": "p", "schema": {"type": "object"}, "strict": True}}},
    "named": {"tools": [{"type": "function"} | TOOL], "tool_choice": {"type": "function", "name": "get_time"}},
    "search": {"tools": [{"type": "web_search", "search_context_size": "low"}]},
    "custom": {"tools": [{"type": "custom", "name": "run", "description": "Runs it."}]},
    "effort": {"reasoning": {"effort": "low", "summary": "auto"}, "truncation": "disabled", "max_output_tokens": 500},
    "short": {"max_output_tokens": 16},
}


@pytest.mark.parametrize("fields", RESPONSE_FIELDS)
@pytest.mark.parametrize("model", SANDBOX)
def test_responses_of_the_sandbox(edge, model: str, fields: str):
    body = {"model": f"sandbox/{model}", "input": "one two three"} | RESPONSE_FIELDS[fields]
    answer = post(edge, "/v1/responses", body)
    check("Response" if answer.status_code == 200 else "ErrorResponse", answer.json())
    check_stream(post(edge, "/v1/responses", body | {"stream": True}), "ResponseStreamEvent")


@pytest.mark.parametrize("script", ["tools", "truncated", "reset-mid", "cut-120", "error-mid", "bad-json-mid", "html-200"])
@pytest.mark.parametrize("provider", ["x-ai/{}", "google/gemini-{}"])
def test_streams_that_break(edge, unique, provider: str, script: str):
    body = {"model": provider.format(unique(script)), "stream": True, "input": "hi"}
    check_stream(post(edge, "/v1/responses", body), "ResponseStreamEvent")
    body = {"model": provider.format(unique(script)), "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    check_stream(post(edge, "/v1/chat/completions", body), "CreateChatCompletionStreamResponse")


@pytest.mark.parametrize("form", ["float", "base64"])
@pytest.mark.parametrize(
    "model", ["sandbox/embed", "openai/text-embedding-3-small", "google/gemini-embedding-001", "sber/EmbeddingsGigaR"]
)
def test_embeddings(edge, model: str, form: str):
    answer = post(edge, "/v1/embeddings", {"model": model, "input": ["Xin chào", "世界"], "encoding_format": form})
    assert answer.status_code == 200, answer.text
    reply = answer.json()
    if model.startswith("google/"):
        # Ours, on purpose: Google counts nothing, and a number nobody knows is left out rather than made up.
        assert "usage" not in reply
        reply |= {"usage": {"prompt_tokens": 0, "total_tokens": 0}}
    check("CreateEmbeddingResponse", reply)


@pytest.mark.parametrize("query", ["", "?include_upstream=true", "?capabilities=embeddings"])
def test_models(edge, query: str):
    answer = httpx.get(f"{edge}/v1/models{query}", headers=AUTH, trust_env=False, timeout=30).json()
    if "error" in answer:
        return check("ErrorResponse", answer)
    check("ListModelsResponse", answer)
    for model in answer["data"][:40]:
        check("Model", httpx.get(f"{edge}/v1/models/{model['id']}", headers=AUTH, trust_env=False, timeout=30).json())


CHAT = {"messages": [{"role": "user", "content": "hi"}]}
ERRORS = [
    ("/v1/chat/completions", {}),
    ("/v1/chat/completions", {"model": "sandbox/echo", "messages": []}),
    ("/v1/chat/completions", {"model": "sandbox/echo", "messages": [{"role": "user", "content": 1}]}),
    *[("/v1/chat/completions", CHAT | {"model": f"sandbox/{n}"}) for n in ("none", "401", "402", "429", "500", "503", "reset")],
    ("/v1/chat/completions", CHAT | {"model": "sandbox/echo", "top_p": 7}),
    ("/v1/chat/completions", CHAT | {"model": "google/gemini-3.8-flash", "strict": True, "logit_bias": {"1": 1}}),
    ("/v1/responses", {"model": "sandbox/echo"}),
    ("/v1/responses", {"model": "sandbox/echo", "input": "hi", "previous_response_id": "r"}),
    ("/v1/responses", {"model": "sandbox/429", "input": "hi"}),
    ("/v1/completions", {"model": "sandbox/none", "prompt": "hi"}),
    ("/v1/completions", {"model": "sandbox/echo", "prompt": "hi", "suffix": "x"}),
    ("/v1/embeddings", {"model": "sandbox/echo", "input": "hi"}),
    ("/v1/embeddings", {"model": "sandbox/embed", "input": []}),
    ("/v1/nothing", {}),
    ("/v1/models", {}),
]


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize(("path", "body"), ERRORS, ids=range(len(ERRORS)))
def test_errors(edge, path: str, body: dict, language: str):
    answer = post(edge, path, body, {"accept-language": language})
    assert answer.status_code >= 400
    check("ErrorResponse", answer.json())
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_errors_of_strangers(edge):
    for key in ("none", "sk-wrong"):
        answer = post(edge, "/v1/chat/completions", CHAT | {"model": "sandbox/echo"}, {"authorization": f"Bearer {key}"})
        assert answer.status_code == 401
        check("ErrorResponse", answer.json())


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.schema)
def test_each_mistake_is_one(mistake):
    """The published schema refuses what shows the mistake, and the corrected one takes it."""
    assert not validator(mistake.schema, published=True).is_valid(mistake.shown_by), mistake.why
    check(mistake.schema, mistake.shown_by)


@pytest.mark.parametrize(
    ("schema", "wrong"),
    [
        ("ErrorResponse", {"error": {"message": "x", "type": "y", "param": None}}),
        ("CreateChatCompletionResponse", {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}),
        ("CreateChatCompletionStreamResponse", {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": []}),
        ("Model", {"id": "m", "object": "model", "created": "1", "owned_by": "o"}),
        ("Response", {"id": "resp_1", "object": "response"}),
    ],
)
def test_the_judge_refuses_what_is_wrong(schema: str, wrong: dict):
    assert not validator(schema).is_valid(wrong)
