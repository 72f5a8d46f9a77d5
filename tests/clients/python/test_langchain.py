"""LangChain's ChatOpenAI, which stands for the frameworks built on openai-python."""

from __future__ import annotations

import openai
import pytest
from gateway import BOOTSTRAP_KEY
from langchain_openai import ChatOpenAI
from provider_shapes import TEXT, TOOL_ARGUMENTS, TOOL_NAME

SAID = "Một hai ba bốn năm"
WEATHER = {"title": TOOL_NAME, "description": "Tells the weather.", "type": "object", "properties": {"city": {"type": "string"}}}


@pytest.fixture
def chat(edge):
    return lambda model, **extra: ChatOpenAI(
        model=model, base_url=f"{edge}/v1", api_key=BOOTSTRAP_KEY, max_retries=0, timeout=30, **extra
    )


@pytest.mark.parametrize("usage", [False, True])
async def test_invoke_stream_and_astream(chat, usage):
    model = chat("sandbox/echo", stream_usage=usage)
    reply = model.invoke(SAID)
    assert reply.content == SAID and reply.response_metadata["finish_reason"] == "stop"
    whole = None
    for chunk in model.stream(SAID):
        whole = chunk if whole is None else whole + chunk
    assert whole.content == SAID and whole.response_metadata["finish_reason"] == "stop"
    assert (whole.usage_metadata is not None) is usage
    if usage:
        # LangChain adds up what chunks report: usage sent twice would show here.
        assert whole.usage_metadata["total_tokens"] == reply.usage_metadata["total_tokens"]
    assert "".join([chunk.content async for chunk in model.astream(SAID)]) == SAID


@pytest.mark.parametrize("provider", ["x-ai/{}", "google/gemini-{}"])
def test_providers(chat, unique, provider):
    model = chat(provider.format(unique("text")), temperature=0, max_tokens=50)
    assert model.invoke("hi").content == TEXT
    assert "".join(chunk.content for chunk in model.stream("hi")) == TEXT


@pytest.mark.parametrize("provider", ["x-ai/{}", "google/gemini-{}"])
def test_tools(chat, unique, provider):
    model = chat(provider.format(unique("tools"))).bind_tools([WEATHER])
    [call] = model.invoke("weather?").tool_calls
    assert (call["name"], call["args"]) == (TOOL_NAME, TOOL_ARGUMENTS)
    whole = None
    for chunk in model.stream("weather?"):
        whole = chunk if whole is None else whole + chunk
    [call] = whole.tool_calls
    assert (call["name"], call["args"]) == (TOOL_NAME, TOOL_ARGUMENTS)


def test_errors(chat, unique):
    with pytest.raises(openai.NotFoundError):
        chat("sandbox/none").invoke("hi")
    with pytest.raises(openai.RateLimitError):
        chat("sandbox/429").invoke("hi")
    with pytest.raises(openai.APIError):
        list(chat(f"x-ai/{unique('truncated')}").stream("hi"))
