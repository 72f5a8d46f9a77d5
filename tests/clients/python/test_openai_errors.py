"""openai-python: errors have the right type, and its retries neither multiply nor are left out."""

from __future__ import annotations

import time

import httpx
import openai
import pytest
from gateway import BOOTSTRAP_KEY, UPSTREAM_KEY
from provider_shapes import TEXT

SECRETS = ["sk-upstream-secret-0123456789", "secret-internal-host", UPSTREAM_KEY, BOOTSTRAP_KEY]


def ask(client, model: str, stream: bool = False, **fields):
    messages = [{"role": "user", "content": "one two three four five six"}]
    reply = client.chat.completions.create(model=model, messages=messages, stream=stream, **fields)
    return list(reply) if stream else reply


def check_body(error: openai.APIStatusError) -> None:
    assert isinstance(error.body, dict) and set(error.body) >= {"message", "type", "param", "code"}, error.body
    assert error.request_id == error.response.headers["x-request-id"]
    assert not any(secret in error.response.text for secret in SECRETS), error.response.text


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize(
    ("model", "kind", "status", "code"),
    [
        ("sandbox/no-such-model", openai.NotFoundError, 404, "model_not_found"),
        ("no-such-model-anywhere", openai.NotFoundError, 404, "model_not_found"),
        ("sandbox/401", openai.InternalServerError, 502, "upstream_auth"),
        ("sandbox/429", openai.RateLimitError, 429, "rate_limit_exceeded"),
        ("sandbox/429-retry-after", openai.RateLimitError, 429, "rate_limit_exceeded"),
        ("sandbox/500", openai.InternalServerError, 502, None),
        ("sandbox/503", openai.InternalServerError, 503, "server_is_overloaded"),
        ("sandbox/reset", openai.InternalServerError, 502, None),
    ],
)
def test_typed_errors(client, model, kind, status, code, stream):
    with pytest.raises(kind) as caught:
        ask(client, model, stream)
    error = caught.value
    assert error.status_code == status
    check_body(error)
    if code:
        assert error.code == code
    if status == 429:
        assert int(error.response.headers["retry-after"]) >= 1
    if code == "upstream_auth":
        assert error.response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("key", ["wrong", "sk-00000000-0000"])
def test_a_bad_gateway_key(edge, upstream, unique, key):
    name = unique("text")
    with openai.OpenAI(base_url=f"{edge}/v1", api_key=key, max_retries=2) as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            ask(client, f"x-ai/{name}")
        assert (caught.value.type, caught.value.code) == ("authentication_error", "invalid_api_key")
        check_body(caught.value)
        with pytest.raises(openai.AuthenticationError):
            client.models.list()
    assert upstream.of(name) == []


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer"}, {"authorization": "Basic eDp5"}])
def test_no_gateway_key(edge, headers):
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "hi"}]}
    reply = httpx.post(f"{edge}/v1/chat/completions", json=body, headers=headers, trust_env=False)
    assert reply.status_code == 401 and reply.json()["error"]["code"] == "invalid_api_key"


def test_a_bad_field_names_it(client):
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, "sandbox/echo", temperature=17)
    assert caught.value.type == "invalid_request_error" and caught.value.param == "temperature"
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="sandbox/echo", messages=[])
    assert caught.value.param == "messages"


@pytest.mark.parametrize("model", ["sandbox/reset-mid-stream", "sandbox/truncated", "x-ai/reset-mid", "google/gemini-truncated"])
def test_an_answer_that_breaks_is_an_error_after_its_text(client, unique, model):
    if not model.startswith("sandbox"):
        model = unique(model)
    text = ""
    with pytest.raises(openai.APIError) as caught:
        messages = [{"role": "user", "content": "one two three four five six"}]
        for chunk in client.chat.completions.create(model=model, messages=messages, stream=True):
            assert not chunk.choices[0].finish_reason
            text += chunk.choices[0].delta.content or ""
    assert text, "the error should come after some text"
    assert not isinstance(caught.value, openai.APIConnectionError), "an error frame was expected, not a broken connection"
    assert caught.value.type and caught.value.message


def test_429_is_retried_after_the_time_the_upstream_wants(edge, upstream, unique):
    name = unique("flaky-429-2")
    with openai.OpenAI(base_url=f"{edge}/v1", api_key=BOOTSTRAP_KEY, max_retries=2) as client:
        start = time.monotonic()
        reply = ask(client, f"x-ai/{name}")
    assert reply.choices[0].message.content == TEXT
    assert len(upstream.of(name)) == 3, "one upstream request for each request of the client"
    assert time.monotonic() - start >= 2 * 0.9, "retry-after: 1 was not passed on"


@pytest.mark.parametrize("script", ["flaky-503-1", "flaky-500-1"])
def test_one_upstream_failure_is_invisible(client, upstream, unique, script):
    for stream in (False, True):
        name = unique(script)
        ask(client, f"x-ai/{name}", stream)
        assert len(upstream.of(name)) == 2


@pytest.mark.parametrize("code", [500, 503])
def test_a_lasting_failure_is_tried_a_bounded_number_of_times(client, upstream, unique, code):
    name = unique(f"status-{code}")
    with pytest.raises(openai.InternalServerError):
        ask(client, f"x-ai/{name}")
    assert 1 <= len(upstream.of(name)) <= 3


@pytest.mark.parametrize("provider", ["x-ai/{}", "google/{}"])
def test_a_refused_upstream_key_is_not_retried(edge, upstream, unique, provider):
    name = unique("gemini-status-401" if "google" in provider else "status-401")
    with openai.OpenAI(base_url=f"{edge}/v1", api_key=BOOTSTRAP_KEY, max_retries=2) as client:
        with pytest.raises(openai.InternalServerError) as caught:
            ask(client, provider.format(name))
        assert (caught.value.status_code, caught.value.code) == (502, "upstream_auth")
        assert caught.value.response.headers["x-should-retry"] == "false"
        check_body(caught.value)
        assert len(upstream.of(name)) == 1
        # The environment's key has no row to be marked in; one refusal must not lose it.
        assert ask(client, provider.format(unique("gemini-text" if "google" in provider else "text")))


def test_a_wrong_request_is_not_retried(client, upstream, unique):
    name = unique("status-400")
    with pytest.raises(openai.BadRequestError):
        ask(client, f"x-ai/{name}")
    assert len(upstream.of(name)) == 1
