"""The edge's plain REST routes, and how it answers what is no request at all."""

from __future__ import annotations

import httpx
import pytest
from gateway import BOOTSTRAP_KEY


@pytest.fixture
def rest(edge):
    headers = {"authorization": f"Bearer {BOOTSTRAP_KEY}"}
    with httpx.Client(base_url=edge, headers=headers, trust_env=False, timeout=20) as client:
        yield client


def test_health_needs_no_key(edge):
    reply = httpx.get(f"{edge}/api/v1/health", trust_env=False)
    assert reply.status_code == 200 and reply.json()["status"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 400), (b"", 400), (b'{"model":"sandbox/echo"}', 400), (b'{"messages":7}', 400)],
)
def test_v1_never_answers_plain_text(rest, body, status):
    reply = rest.post("/v1/chat/completions", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == status
    error = reply.json()["error"]
    assert set(error) == {"message", "type", "param", "code"} and error["type"] == "invalid_request_error"


def test_unknown_routes(rest):
    reply = rest.get("/v1/no/such/route")
    assert reply.status_code == 404 and set(reply.json()["error"]) == {"message", "type", "param", "code"}
    reply = rest.get("/api/v1/no-such-route")
    assert reply.status_code == 404 and reply.json()["detail"]


def test_api_errors_have_detail_code_and_request_id(rest):
    reply = rest.get("/api/v1/no-such-route")
    assert reply.json()["detail"] and reply.json()["code"]
    assert reply.json()["request_id"] == reply.headers["x-request-id"]


def test_models_route_takes_slashes_in_both_forms(rest):
    for path in ("/v1/models/sandbox/echo", "/v1/models/sandbox%2Fecho"):
        assert rest.get(path).json()["id"] == "sandbox/echo"
