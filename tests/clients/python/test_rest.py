"""The edge's plain REST routes, and how it answers what is no request at all."""

from __future__ import annotations

import httpx
import pytest
from gateway import BOOTSTRAP_KEY
from scenes import PNG


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


@pytest.mark.parametrize("padding", [0, 3_000_000])
def test_pictures_are_read(rest, padding):
    # When a replica dies under an upload, the edge sends it to another one.
    for _ in range(8):
        files = {"file": ("a.png", PNG + bytes(padding), "image/png")}
        reply = rest.post("/api/v1/vision/extract-text", data={"model": "sandbox/vision"}, files=files)
        assert reply.status_code == 200, reply.text
        assert (reply.json()["filename"], reply.json()["model_used"]) == ("a.png", "vision")


OPENAI = {
    "/v1/chat/completions": "POST",
    "/v1/responses": "POST",
    "/v1/completions": "POST",
    "/v1/embeddings": "POST",
    "/v1/models": "GET",
    "/v1/models/sandbox/echo": "GET",
}


@pytest.mark.parametrize("path", OPENAI)
def test_what_holds_for_all_routes_of_openai(edge, path):
    """Methods, paths and keys, whatever the route does."""
    method = OPENAI[path]
    methods = {method, "OPTIONS"} | ({"HEAD"} if method == "GET" else set())
    members = {"message", "type", "param", "code"}
    with httpx.Client(base_url=edge, trust_env=False, timeout=20) as client:
        asked = client.options(path)
        assert (asked.status_code, set(asked.headers["allow"].split(","))) == (204, methods)
        assert not any(name.startswith("access-control-") for name in asked.headers), "CORS is off"
        reply = client.request("PUT", path)
        assert reply.status_code == 405 and set(reply.headers["allow"].replace(" ", "").split(",")) == methods
        assert set(reply.json()["error"]) == members
        for variant in (path, f"{path}/", path.replace("/v1/", "//v1///"), path.removeprefix("/v1"), f"{path}//"):
            for headers in ({}, {"authorization": "Bearer sk-wrong"}):
                # A body that is none makes no difference to who is let in.
                reply = client.request(method, variant, headers=headers, content=b"{" if method == "POST" else None)
                assert reply.status_code == 401, variant
                assert (set(reply.json()["error"]), reply.json()["error"]["code"]) == (members, "invalid_api_key")
                assert reply.headers["x-request-id"]
        key = {"authorization": f"Bearer {BOOTSTRAP_KEY}"}
        if method == "GET":
            reply = client.head(path, headers=key)
            assert (reply.status_code, reply.content) == (200, b"")
            return
        for kind, body, status in [("text/plain", b"{}", 415), ("application/json", b"{", 400), ("application/json", b"", 400)]:
            reply = client.post(path, headers=key | {"content-type": kind}, content=body)
            assert (reply.status_code, set(reply.json()["error"])) == (status, members)
        reply = client.post(path, headers=key | {"content-encoding": "gzip"}, content=b"{}")
        assert (reply.status_code, set(reply.json()["error"])) == (415, members)
