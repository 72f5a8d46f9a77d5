"""Replies as the official SDKs' types have them: built from the SDK's own classes with as many fields as it has words
for, sent by the upstream, and read by the gateway with nothing lost that the contract carries.

Also keeps the shapes honest: what the scripted upstream says must be readable by the same classes.
"""

from __future__ import annotations

import itertools
import json
from typing import Literal

import httpx
import pydantic
import pytest
from anthropic import types as claude
from gateway import BOOTSTRAP_KEY
from gigachat.models import chat as giga
from google.genai import types
from openai.types import chat as openai_chat
from openai.types import completion_usage, responses
from perplexity.generated import api as perplexity
from providers import PROVIDERS
from scenes import SCENES
from shapes import anthropic, gigachat, google, openai, perplexity_agent, perplexity_sonar, xai, xai_responses

_tags = itertools.count(1)
MODELS = {provider.name: provider.model for provider in PROVIDERS}
URL, TITLE = "https://a.example/hue?x=1", "Huế hôm nay"


def ask(gateway, upstream, provider: str, reply: pydantic.BaseModel | dict, **more: object) -> dict:
    """Lets the upstream answer with this reply and returns what a REST caller gets."""
    tag = f"given#{next(_tags)}"
    if isinstance(reply, pydantic.BaseModel):
        reply = reply.model_dump(mode="json", by_alias=True, exclude_none=True)
    upstream.given[tag] = reply
    body = {"model": MODELS[provider], "messages": [{"role": "user", "content": f"[[{tag}]]"}]} | more
    headers = {"authorization": f"Bearer {BOOTSTRAP_KEY}"}
    answer = httpx.post(f"{gateway.edge_url}/v1/chat/completions", json=body, headers=headers, trust_env=False, timeout=30)
    assert answer.status_code == 200, answer.text
    got = answer.json()
    # Every answer of ours is one that openai's own types take.
    openai_chat.ChatCompletion.model_validate(got, strict=True, extra="allow")
    return got


def only(got: dict) -> tuple[dict, str]:
    [choice] = got["choices"]
    return choice["message"], choice["finish_reason"]


def calls(message: dict) -> list[tuple[str, dict]]:
    return [(c["function"]["name"], json.loads(c["function"]["arguments"])) for c in message["tool_calls"]]


def sources(message: dict) -> list[tuple[str, str]]:
    return [(a["url_citation"]["url"], a["url_citation"]["title"]) for a in message["annotations"]]


def gemini(parts: list[types.Part], finish: types.FinishReason = types.FinishReason.STOP, **more: object):
    content = types.Content(role="model", parts=parts)
    detail = types.ModalityTokenCount
    usage = types.GenerateContentResponseUsageMetadata(
        prompt_token_count=40,
        tool_use_prompt_token_count=3,
        cached_content_token_count=10,
        candidates_token_count=12,
        thoughts_token_count=5,
        total_token_count=60,
        prompt_tokens_details=[detail(modality="TEXT", token_count=30), detail(modality="AUDIO", token_count=10)],
        candidates_tokens_details=[detail(modality="TEXT", token_count=12)],
    )
    candidate = types.Candidate(content=content, finish_reason=finish, index=0, **more)
    return types.GenerateContentResponse(
        candidates=[candidate], usage_metadata=usage, model_version="gemini-3.8-flash-001", response_id="resp-1"
    )


def test_gemini_thoughts_text_calls_and_usage(gateway, upstream):
    call = types.FunctionCall(id="fc-1", name="get_weather", args={"city": "Huế", "days": 2})
    parts = [
        types.Part(text="Let me think.", thought=True),
        types.Part(text="I look it up."),
        types.Part(function_call=call, thought_signature=b"signature"),
    ]
    got = ask(gateway, upstream, "google", gemini(parts))
    message, finish = only(got)
    assert (message["content"], message["reasoning_content"], finish) == ("I look it up.", "Let me think.", "tool_calls")
    assert calls(message) == [("get_weather", {"city": "Huế", "days": 2})]
    assert message["tool_calls"][0]["id"] == "fc-1"
    assert message["tool_calls"][0]["extra_content"]["google"]["thought_signature"] == "c2lnbmF0dXJl"
    assert got["model"] == "gemini-3.8-flash-001" and "resp-1" in got["id"]
    usage = got["usage"]
    # 40 asked and 3 of the tools; 12 said and 5 thought.
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (43, 17, 60)
    assert usage["prompt_tokens_details"] == {"cached_tokens": 10, "audio_tokens": 10}
    assert usage["completion_tokens_details"] == {"reasoning_tokens": 5}


def test_gemini_grounding(gateway, upstream):
    text = "Trời nắng."
    web = types.GroundingChunk(web=types.GroundingChunkWeb(uri=URL, title=TITLE))
    segment = types.Segment(start_index=0, end_index=len(text.encode()), text=text)
    support = types.GroundingSupport(segment=segment, grounding_chunk_indices=[0], confidence_scores=[0.9])
    metadata = types.GroundingMetadata(
        web_search_queries=["Huế"],
        grounding_chunks=[web],
        grounding_supports=[support],
        search_entry_point=types.SearchEntryPoint(rendered_content="<div/>"),
    )
    message, _ = only(ask(gateway, upstream, "google", gemini([types.Part(text=text)], grounding_metadata=metadata)))
    assert sources(message) == [(URL, TITLE)]
    citation = message["annotations"][0]["url_citation"]
    # Gemini counts bytes, OpenAI characters.
    assert (citation["start_index"], citation["end_index"]) == (0, len(text))


def test_gemini_logprobs(gateway, upstream):
    def one(token: str, value: float) -> types.LogprobsResultCandidate:
        return types.LogprobsResultCandidate(token=token, token_id=1, log_probability=value)

    result = types.LogprobsResult(
        chosen_candidates=[one("Hi", -0.1)],
        top_candidates=[types.LogprobsResultTopCandidates(candidates=[one("Hi", -0.1), one("Ho", -2.5)])],
    )
    got = ask(gateway, upstream, "google", gemini([types.Part(text="Hi")], logprobs_result=result))
    [token] = got["choices"][0]["logprobs"]["content"]
    assert (token["token"], token["logprob"]) == ("Hi", -0.1)
    assert [(t["token"], t["logprob"]) for t in token["top_logprobs"]] == [("Hi", -0.1), ("Ho", -2.5)]


GEMINI_FINISH = {"STOP": "stop", "MAX_TOKENS": "length", "OTHER": "stop", "LANGUAGE": "content_filter"}
GEMINI_FINISH |= dict.fromkeys(
    ["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT"], "content_filter"
)


@pytest.mark.parametrize("reason", GEMINI_FINISH)
def test_gemini_finish_reasons(gateway, upstream, reason: str):
    got = ask(gateway, upstream, "google", gemini([types.Part(text="x")], types.FinishReason(reason)))
    assert only(got)[1] == GEMINI_FINISH[reason]


@pytest.mark.parametrize("reason", ["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT"])
def test_gemini_blocked_prompts(gateway, upstream, reason: str):
    feedback = types.GenerateContentResponsePromptFeedback(block_reason=types.BlockedReason(reason))
    usage = types.GenerateContentResponseUsageMetadata(prompt_token_count=4, total_token_count=4)
    reply = types.GenerateContentResponse(prompt_feedback=feedback, usage_metadata=usage, model_version="gemini-3.8-flash")
    got = ask(gateway, upstream, "google", reply)
    assert only(got)[1] == "content_filter" and got["usage"]["prompt_tokens"] == 4


def completion(message: openai_chat.ChatCompletionMessage, finish: str = "stop", **more: object) -> openai_chat.ChatCompletion:
    usage = completion_usage.CompletionUsage(
        prompt_tokens=40,
        completion_tokens=17,
        total_tokens=57,
        prompt_tokens_details=completion_usage.PromptTokensDetails(cached_tokens=10, audio_tokens=2),
        completion_tokens_details=completion_usage.CompletionTokensDetails(
            reasoning_tokens=5, audio_tokens=1, accepted_prediction_tokens=3, rejected_prediction_tokens=4
        ),
    )
    choice = openai_chat.chat_completion.Choice(index=0, message=message, finish_reason=finish, **more)
    return openai_chat.ChatCompletion(
        id="chatcmpl-sdk", object="chat.completion", created=1795000000, model="gpt-5.2-2026", choices=[choice], usage=usage
    )


def test_openai_everything(gateway, upstream):
    cited = openai_chat.chat_completion_message.AnnotationURLCitation(start_index=0, end_index=4, url=URL, title=TITLE)
    note = openai_chat.chat_completion_message.Annotation(type="url_citation", url_citation=cited)
    function = openai_chat.chat_completion_message_function_tool_call.Function(name="get_time", arguments='{"city":"Huế"}')
    call = openai_chat.ChatCompletionMessageFunctionToolCall(id="call_9", type="function", function=function)
    top = openai_chat.chat_completion_token_logprob.TopLogprob(token="T", bytes=[84], logprob=-0.25)
    token = openai_chat.ChatCompletionTokenLogprob(token="T", bytes=[84], logprob=-0.25, top_logprobs=[top])
    logprobs = openai_chat.chat_completion.ChoiceLogprobs(content=[token], refusal=None)
    message = openai_chat.ChatCompletionMessage(role="assistant", content="Text", annotations=[note], tool_calls=[call])
    got = ask(gateway, upstream, "openai", completion(message, "tool_calls", logprobs=logprobs))
    said, finish = only(got)
    assert (said["content"], finish, got["id"], got["model"]) == ("Text", "tool_calls", "chatcmpl-sdk", "gpt-5.2-2026")
    assert calls(said) == [("get_time", {"city": "Huế"})] and said["tool_calls"][0]["id"] == "call_9"
    assert said["annotations"] == [note.model_dump()]
    assert got["choices"][0]["logprobs"]["content"] == [token.model_dump()]
    usage = got["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (40, 17, 57)
    assert usage["prompt_tokens_details"] == {"cached_tokens": 10, "audio_tokens": 2}
    assert usage["completion_tokens_details"] == {
        "reasoning_tokens": 5,
        "audio_tokens": 1,
        "accepted_prediction_tokens": 3,
        "rejected_prediction_tokens": 4,
    }


def test_openai_refusal(gateway, upstream):
    message = openai_chat.ChatCompletionMessage(role="assistant", content=None, refusal="I will not.")
    said, finish = only(ask(gateway, upstream, "openai", completion(message)))
    assert (said["content"], said["refusal"], finish) == (None, "I will not.", "stop")


def test_openai_custom_tool_call(gateway, upstream):
    custom = openai_chat.chat_completion_message_custom_tool_call.Custom(name="run", input="print(1)\n")
    call = openai_chat.ChatCompletionMessageCustomToolCall(id="call_8", type="custom", custom=custom)
    message = openai_chat.ChatCompletionMessage(role="assistant", content=None, tool_calls=[call])
    said, _ = only(ask(gateway, upstream, "openai", completion(message, "tool_calls")))
    assert said["tool_calls"] == [call.model_dump()]


@pytest.mark.parametrize("finish", ["stop", "length", "tool_calls", "content_filter", "function_call"])
def test_openai_finish_reasons(gateway, upstream, finish: str):
    message = openai_chat.ChatCompletionMessage(role="assistant", content="x")
    expected = {"function_call": "tool_calls"}.get(finish, finish)
    assert only(ask(gateway, upstream, "openai", completion(message, finish)))[1] == expected


def giga_reply(message: giga.Messages, finish: str) -> giga.ChatCompletion:
    usage = giga.Usage(prompt_tokens=40, completion_tokens=17, total_tokens=57, precached_prompt_tokens=10)
    choice = giga.Choices(message=message, index=0, finish_reason=finish)
    return giga.ChatCompletion(
        choices=[choice], created=1795000000, model="GigaChat-2-Pro:2.0.28.2", usage=usage, object="chat.completion"
    )


def test_gigachat_call_and_usage(gateway, upstream):
    call = giga.FunctionCall(name="get_weather", arguments={"city": "Осло", "days": 2})
    message = giga.Messages(
        role="assistant", content="", function_call=call, functions_state_id=gigachat.STATE, reasoning_content="Думаю."
    )
    got = ask(gateway, upstream, "gigachat", giga_reply(message, "function_call"))
    said, finish = only(got)
    assert calls(said) == [("get_weather", {"city": "Осло", "days": 2})] and finish == "tool_calls"
    assert said["tool_calls"][0]["id"] == f"call_{gigachat.STATE}" and said["reasoning_content"] == "Думаю."
    assert got["model"] == "GigaChat-2-Pro:2.0.28.2"
    usage = got["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (40, 17, 57)
    assert usage["prompt_tokens_details"]["cached_tokens"] == 10


@pytest.mark.parametrize(("reason", "finish"), [("stop", "stop"), ("length", "length"), ("blacklist", "content_filter")])
def test_gigachat_finish_reasons(gateway, upstream, reason: str, finish: str):
    got = ask(gateway, upstream, "gigachat", giga_reply(giga.Messages(role="assistant", content="Да"), reason))
    assert only(got)[1] == finish and only(got)[0]["content"] == "Да"


def test_perplexity_agent(gateway, upstream):
    reply = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1795000000,
        "model": "perplexity/sonar",
        "status": "completed",
        "output": [
            {"type": "search_results", "queries": ["q"], "results": [{"id": 1, "url": URL, "title": TITLE, "snippet": "s"}]},
            {
                "type": "message",
                "id": "msg_1",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": "Nắng[1].", "annotations": []}],
            },
            {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "get_time", "status": "completed"}
            | {"arguments": '{"city":"Huế"}', "thought_signature": "sig"},
        ],
        "usage": {
            "input_tokens": 40,
            "output_tokens": 17,
            "total_tokens": 57,
            "input_tokens_details": {"cache_creation_input_tokens": 4, "cache_read_input_tokens": 10},
            "cost": {"currency": "USD", "input_cost": 0.1, "output_cost": 0.2, "total_cost": 0.3},
        },
    }
    got = ask(gateway, upstream, "perplexity-agent", perplexity.ResponsesResponseOutput.model_validate(reply))
    said, finish = only(got)
    assert (said["content"], finish) == ("Nắng[1].", "tool_calls") and calls(said) == [("get_time", {"city": "Huế"})]
    assert sources(said) == [(URL, TITLE)]
    usage = got["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (40, 17, 57)
    assert usage["prompt_tokens_details"] == {"cached_tokens": 10, "cache_write_tokens": 4}


CLAUDE_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}


def claude_reply(content: list, finish: str) -> claude.Message:
    usage = claude.Usage(
        input_tokens=26,
        cache_creation_input_tokens=4,
        cache_read_input_tokens=10,
        output_tokens=17,
        output_tokens_details=claude.OutputTokensDetails(thinking_tokens=5),
        service_tier="standard",
    )
    return claude.Message(
        id="msg_1", type="message", role="assistant", model="claude-opus-4-8", content=content, stop_reason=finish, usage=usage
    )


def test_anthropic_everything(gateway, upstream):
    place = claude.CitationsWebSearchResultLocation(
        type="web_search_result_location", url=URL, title=TITLE, cited_text="Nắng", encrypted_index="x"
    )
    content = [
        claude.ThinkingBlock(type="thinking", thinking="Let me think.", signature="c2lnbmVk"),
        claude.RedactedThinkingBlock(type="redacted_thinking", data="c2VjcmV0"),
        claude.TextBlock(type="text", text="Tôi xem: "),
        claude.TextBlock(type="text", text="nắng.", citations=[place]),
        claude.ToolUseBlock(type="tool_use", id="toolu_1", name="get_time", input={"city": "Huế"}),
    ]
    got = ask(gateway, upstream, "anthropic", claude_reply(content, "tool_use"))
    said, finish = only(got)
    assert (said["content"], said["reasoning_content"], finish) == ("Tôi xem: nắng.", "Let me think.", "tool_calls")
    assert calls(said) == [("get_time", {"city": "Huế"})] and said["tool_calls"][0]["id"] == "toolu_1"
    assert sources(said) == [(URL, TITLE)]
    citation = said["annotations"][0]["url_citation"]
    assert said["content"][citation["start_index"] : citation["end_index"]] == "nắng."
    assert got["model"] == "claude-opus-4-8" and got["id"] == "msg_1"
    usage = got["usage"]
    # What was read from the cache and written to it is counted apart there.
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (40, 17, 57)
    assert usage["prompt_tokens_details"] == {"cached_tokens": 10, "cache_write_tokens": 4}
    assert usage["completion_tokens_details"] == {"reasoning_tokens": 5}


@pytest.mark.parametrize("reason", CLAUDE_FINISH)
def test_anthropic_finish_reasons(gateway, upstream, reason: str):
    reply = claude_reply([claude.TextBlock(type="text", text="x")], reason)
    assert only(ask(gateway, upstream, "anthropic", reply))[1] == CLAUDE_FINISH[reason]


# The shapes themselves.


def _gemini(body: dict) -> None:
    types.GenerateContentResponse.model_validate(body)


def _of(kind: object):
    adapter = pydantic.TypeAdapter(kind)
    # Perplexity's unions name their members as text.
    adapter.rebuild(raise_errors=True, _types_namespace=vars(perplexity))
    return lambda body: adapter.validate_python(body)


def _openai_responses(kind: object):
    check = _of(kind)

    def checked(body: dict) -> None:
        # OpenAI counts written tokens; xAI, whose reply this is, does not.
        if usage := body.get("response", body).get("usage"):
            usage["input_tokens_details"]["cache_write_tokens"] = 0
        check(body)

    return checked


class Ping(pydantic.BaseModel):
    """Sent between events; the SDK passes over it."""

    type: Literal["ping"]


SHAPES = {
    "openai": (openai, _of(openai_chat.ChatCompletion), _of(openai_chat.ChatCompletionChunk)),
    "xai": (xai, _of(openai_chat.ChatCompletion), _of(openai_chat.ChatCompletionChunk)),
    "google": (google, _gemini, _gemini),
    "anthropic": (anthropic, _of(claude.Message), _of(claude.RawMessageStreamEvent | Ping)),
    "gigachat": (gigachat, _of(giga.ChatCompletion), _of(giga.ChatCompletionChunk)),
    "perplexity-sonar": (perplexity_sonar, _of(perplexity.CompletionResponseOutput), _of(perplexity.CompletionResponseOutput)),
    "perplexity-agent": (
        perplexity_agent,
        _of(perplexity.ResponsesResponseOutput),
        _of(perplexity.ResponseStreamEventOutput),
    ),
    "xai-responses": (xai_responses, _openai_responses(responses.Response), _openai_responses(responses.ResponseStreamEvent)),
}
# Documented, and not yet in the SDK's types.
NOT_TYPED = {("perplexity-agent", "length"), ("perplexity-agent", "filter")}


@pytest.mark.parametrize("name", SHAPES)
def test_the_shapes_are_what_the_sdks_read(name: str):
    shape, unary, event = SHAPES[name]
    for scene in SCENES.values():
        if name in scene.missing or (name, scene.name) in NOT_TYPED:
            continue
        for answer in scene.answers:
            unary(json.loads(json.dumps(shape.unary(answer, {"model": "m"}))))
            frames = b"".join(shape.stream(answer, {"model": "m"})).decode().replace("\r\n", "\n").split("\n\n")
            for frame in filter(None, frames):
                data = frame.rpartition("data: ")[2]
                if data != "[DONE]":
                    event(json.loads(data))
