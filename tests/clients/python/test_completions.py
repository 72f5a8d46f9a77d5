"""`/v1/completions`, the text interface before chats, by openai-python."""

from __future__ import annotations

import openai
import pytest
from provider_shapes import TEXT

SAID = "Một hai ba"


def test_whole(client):
    reply = client.completions.create(model="sandbox/echo", prompt=SAID)
    [choice] = reply.choices
    assert (reply.object, choice.text, choice.finish_reason, choice.index) == ("text_completion", SAID, "stop", 0)
    assert reply.id.startswith("cmpl-") and reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens


def test_several_prompts(client):
    reply = client.completions.create(model="sandbox/echo", prompt=["một", "hai", "ba"], echo=True)
    assert [(choice.index, choice.text) for choice in reply.choices] == [(0, "mộtmột"), (1, "haihai"), (2, "baba")]


@pytest.mark.parametrize("prompts", [SAID, [SAID, "bốn năm"]], ids=["one", "two"])
def test_stream(client, prompts):
    options = {"include_usage": True}
    chunks = list(client.completions.create(model="sandbox/echo", prompt=prompts, stream=True, stream_options=options))
    wanted = [prompts] if isinstance(prompts, str) else prompts
    for index, prompt in enumerate(wanted):
        mine = [choice for chunk in chunks for choice in chunk.choices if choice.index == index]
        assert "".join(choice.text for choice in mine) == prompt and len(mine) > 2
        assert [choice.finish_reason for choice in mine if choice.finish_reason] == ["stop"]
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0
    assert all(chunk.usage is None for chunk in chunks[:-1])


@pytest.mark.parametrize("provider", ["x-ai/{}", "google/gemini-{}"])
def test_providers(client, unique, provider):
    model = provider.format(unique("text"))
    assert client.completions.create(model=model, prompt="hi", max_tokens=50).choices[0].text == TEXT
    streamed = client.completions.create(model=model, prompt="hi", stream=True)
    assert "".join(chunk.choices[0].text for chunk in streamed) == TEXT


def test_errors(client, unique):
    with pytest.raises(openai.NotFoundError) as caught:
        client.completions.create(model="sandbox/none", prompt="hi")
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as caught:
        client.completions.create(model="sandbox/echo", prompt=[])
    assert caught.value.param == "prompt"
    with pytest.raises(openai.APIError):
        list(client.completions.create(model=f"x-ai/{unique('truncated')}", prompt="hi", stream=True))
