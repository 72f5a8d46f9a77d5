"""What the gateway sends is what the providers' official SDKs would send: each captured body is parsed by the SDK's own
request types, unknown members refused, written again by the SDK, and must be the same body.
"""

from __future__ import annotations

import copy
import itertools

import httpx
import pytest
import shapes
from gateway import BOOTSTRAP_KEY
from providers import PROVIDERS, REQUEST_BUGS, Provider
from requests_table import REQUESTS
from sdk_types import PARSE, canonical
from shapes import anthropic, gigachat, google, openai, perplexity_agent, perplexity_sonar, xai, xai_responses
from upstream_connection import Exchange

# Far from the numbers of the table, which plays the same scene.
_tags = itertools.count(1_000_000)
# Some providers have two formats; the one that was spoken decides who judges.
JUDGES = {openai: "openai", xai: "xai", xai_responses: "xai-responses", google: "google", gigachat: "gigachat"}
JUDGES[anthropic] = "anthropic"
JUDGES |= {perplexity_sonar: "perplexity-sonar", perplexity_agent: "perplexity-agent"}
# Refused by the gateway on purpose: the provider has nothing of the kind, and an answer without it would be another one.
REFUSED = {"pdf": {"xai", "xai-responses", "perplexity-agent"}}
CASES = [
    pytest.param(
        name,
        provider,
        id=f"{name}-{provider.name}",
        marks=[pytest.mark.xfail(reason=f"BUG: {REQUEST_BUGS[name, provider.name]}", strict=True)]
        if (name, provider.name) in REQUEST_BUGS
        else [],
    )
    for name in REQUESTS
    for provider in PROVIDERS
]


def sent(edge: str, upstream, name: str, provider: Provider) -> tuple[httpx.Response, Exchange | None]:
    """Sends the request and returns the reply with what the provider got."""
    tag = f"text#{next(_tags)}"
    body = copy.deepcopy(REQUESTS[name]) | {"model": provider.model}
    first = next(message for message in body["messages"] if message["role"] == "user")
    if isinstance(first["content"], str):
        first["content"] += f" [[{tag}]]"
    else:
        first["content"][0]["text"] += f" [[{tag}]]"
    headers = {"authorization": f"Bearer {BOOTSTRAP_KEY}"}
    reply = httpx.post(f"{edge}/v1/chat/completions", json=body, headers=headers, trust_env=False, timeout=30)
    exchanges = upstream.of_tag(tag)
    return reply, exchanges[-1] if exchanges else None


@pytest.mark.parametrize(("name", "provider"), CASES)
def test_request(edge_of, upstream, name: str, provider: Provider):
    reply, exchange = sent(edge_of(provider), upstream, name, provider)
    if provider.name in REFUSED.get(name, ()):
        assert (reply.status_code, exchange) == (415, None), reply.text
        assert reply.json()["error"]["type"] == "invalid_request_error", reply.text
        return
    assert reply.status_code == 200, reply.text
    body, judge = exchange.body, JUDGES[shapes.of(exchange.path)]
    again = PARSE[judge](copy.deepcopy(body))
    if judge == "google":
        again, body = sorted_tools(again), sorted_tools(canonical(body))
    assert again == body


def sorted_tools(body: dict) -> dict:
    """The SDK for Gemini writes its tools in an order of its own; it means nothing."""
    return body | ({"tools": sorted(body["tools"], key=str)} if "tools" in body else {})


@pytest.mark.parametrize("name", PARSE)
def test_the_judges_bite(name: str):
    """A judge that accepts everything proves nothing."""
    texts = {"messages": [{"role": "user", "content": "x"}]}
    bodies = dict.fromkeys(PARSE, {"model": "m"} | texts)
    bodies |= {"google": {"contents": [{"role": "user", "parts": [{"text": "x"}]}]}}
    bodies |= {"anthropic": {"model": "m", "max_tokens": 1} | texts}
    bodies |= {"perplexity-agent": {"model": "m", "input": "x"}, "xai-responses": {"model": "m", "input": "x"}}
    body = bodies[name]
    assert PARSE[name](dict(body)) == body
    for bad in (body | {"frobnicate": 1}, body | {"temperature": "hot", "generationConfig": {"temperature": "hot"}}):
        try:
            assert PARSE[name](dict(bad)) != bad
        except ValueError:
            pass
        except AssertionError as refused:
            assert "frobnicate" in str(refused)
