"""The scripted upstream must break exactly as promised, or the other tests prove nothing. Needs no gateway."""

from __future__ import annotations

import json
import socket
import time

import httpx
import pytest
from provider_shapes import TEXT, Gemini, OpenAi, reference_stream


def post(upstream, model: str, stream: bool = True, gemini: bool = False) -> httpx.Response:
    path, body = "/v1/chat/completions", {"model": model, "stream": stream}
    if gemini:
        path, body = f"/v1beta/models/{model}:{'streamGenerateContent?alt=sse' if stream else 'generateContent'}", {}
    return httpx.post(upstream.url + path, json=body, trust_env=False, timeout=10)


def texts(body: str) -> str:
    events = [json.loads(line[6:]) for line in body.splitlines() if line.startswith("data: {")]
    openai = [c["delta"].get("content") or "" for e in events for c in e.get("choices", [])]
    gemini = [p.get("text", "") for e in events for c in e.get("candidates", []) for p in c["content"]["parts"]]
    return "".join(openai + gemini)


@pytest.mark.parametrize("gemini", [False, True], ids=["openai", "gemini"])
@pytest.mark.parametrize("script", ["text", "crlf", "split-utf8", "bytewise"])
def test_good_streams_carry_the_text(upstream, unique, script, gemini):
    response = post(upstream, unique(f"gemini-{script}" if gemini else script), gemini=gemini)
    assert texts(response.text) == TEXT
    assert ("[DONE]" in response.text) is not gemini
    assert ("\r\n\r\n" in response.text) is (script == "crlf")


@pytest.mark.parametrize("script", ["reset", "reset-mid", "abort-200"])
def test_resets_are_errors_of_the_transport(upstream, unique, script):
    with pytest.raises(httpx.TransportError):
        post(upstream, unique(script))


def test_cuts_end_cleanly_at_the_byte(upstream, unique):
    whole, _, _ = reference_stream(OpenAi)
    for at in (0, 1, 57, len(whole) - 1, len(whole)):
        assert post(upstream, unique(f"cut-{at}")).content == whole[:at]
    assert post(upstream, unique("gemini-cut-99"), gemini=True).content == reference_stream(Gemini)[0][:99]


def test_the_finish_event_is_where_the_reference_says():
    for dialect, mark in ((OpenAi, b'"finish_reason": "stop"'), (Gemini, b'"finishReason": "STOP"')):
        whole, json_end, frame_end = reference_stream(dialect)
        assert whole[json_end - 1 : frame_end] == b"}\n\n"
        last = whole[:json_end].rpartition(b"data: ")[2]
        assert mark in last and json.loads(last)


@pytest.mark.parametrize("code", [401, 429, 500, 503])
def test_statuses(upstream, unique, code):
    response = post(upstream, unique(f"status-{code}"), stream=False)
    assert response.status_code == code and "error" in response.json()
    assert response.headers.get("retry-after") == ("1" if code == 429 else None)
    assert post(upstream, unique(f"gemini-status-{code}"), gemini=True).status_code == (400 if code == 401 else code)


def test_flaky_counts_requests_of_one_model(upstream, unique):
    model = unique("flaky-503-2")
    assert [post(upstream, model, stream=False).status_code for _ in range(3)] == [503, 503, 200]
    assert len(upstream.of(model)) == 3


def test_a_kept_connection_serves_many_requests(upstream, unique):
    with httpx.Client(trust_env=False) as client:
        for _ in range(20):
            body = {"model": unique("text"), "stream": True}
            assert texts(client.post(f"{upstream.openai_url}/chat/completions", json=body).text) == TEXT


def test_a_hang_up_is_seen_at_once(upstream, unique):
    for script in ("hang", "hang-mid", "drip-50"):
        model = unique(script)
        body = json.dumps({"model": model, "stream": True}).encode()
        with socket.create_connection(("127.0.0.1", upstream.port)) as sock:
            sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
            exchange = upstream.wait_for(model)
            time.sleep(0.05)
        left = time.monotonic()
        closed = exchange.wait_closed(2)
        assert closed is not None and closed - left < 1
