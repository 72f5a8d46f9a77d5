"""What had to be changed for a provider is told over REST, and refused with `strict`."""

from __future__ import annotations

import json

import openai
import pytest

# Google takes no biases; the other providers of the tests neither.
ASKED = {"logit_bias": {"50256": -100}, "messages": [{"role": "user", "content": "hi"}]}
STRICT = [
    pytest.param({"extra_body": {"strict": True}}, id="member"),
    pytest.param({"extra_body": {"gateway": {"strict": True}}}, id="object"),
    pytest.param({"extra_headers": {"x-gateway-strict": "true"}}, id="header"),
]


@pytest.fixture
def model(unique) -> str:
    return f"google/gemini-{unique('text')}"


def test_a_whole_answer(client, model):
    raw = client.chat.completions.with_raw_response.create(model=model, **ASKED)
    [warning] = json.loads(raw.text)["warnings"]
    assert (warning["field"], warning["action"]) == ("logit_bias", "dropped") and warning["message"]
    assert raw.headers["x-gateway-warnings"] == "1"
    # Clients that do not know the member keep working, and may read it.
    assert raw.parse().model_extra["warnings"] == [warning]


def test_a_stream_tells_in_the_last_chunk_with_a_choice(client, model):
    options = {"include_usage": True}
    chunks = list(client.chat.completions.create(model=model, stream=True, stream_options=options, **ASKED))
    telling = [at for at, chunk in enumerate(chunks) if (chunk.model_extra or {}).get("warnings")]
    assert telling == [max(at for at, chunk in enumerate(chunks) if chunk.choices)]
    assert chunks[telling[0]].choices[0].finish_reason == "stop"
    assert chunks[telling[0]].model_extra["warnings"][0]["field"] == "logit_bias"


def test_nothing_changed_is_nothing_told(client, model):
    raw = client.chat.completions.with_raw_response.create(model=model, messages=ASKED["messages"])
    assert "warnings" not in json.loads(raw.text) and "x-gateway-warnings" not in raw.headers


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("strict", STRICT)
def test_strict_refuses_before_anybody_is_asked(client, upstream, model, strict, stream):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=model, stream=stream, **ASKED, **strict)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "logit_bias")
    assert upstream.of(model.removeprefix("google/")) == []
    kept = client.chat.completions.create(model=model, messages=ASKED["messages"], **strict)
    assert kept.choices[0].finish_reason == "stop"


def test_in_the_words_of_responses(client, unique):
    model = f"google/gemini-{unique('text')}"
    asked = {"model": model, "input": "hi", "metadata": {"a": "b"}}
    reply = client.responses.create(**asked)
    assert [one["field"] for one in reply.model_extra["warnings"]] == ["metadata"]
    last = list(client.responses.create(**asked, stream=True))[-1].response
    assert last.model_extra["warnings"] == reply.model_extra["warnings"]
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(**asked, extra_body={"strict": True})
    assert caught.value.param == "metadata"
