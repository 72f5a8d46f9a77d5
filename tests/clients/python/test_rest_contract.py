"""Every route below /api/v1 against its documented shape, member by member, in both arrangements of the edge.

The shapes are data: tests/fixtures/rest/routes.json says what the earlier gateway had and what is added.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from typing import Any

import httpx
import pytest
from gateway import BOOTSTRAP_KEY
from rest_shapes import FIXTURE, ROUTES, members, misfits, wrong

BEARER = {"authorization": f"Bearer {BOOTSTRAP_KEY}"}
_numbers = itertools.count(1)


def png() -> bytes:
    """A picture of one white pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\xff")) + chunk(b"IEND", b"")


FILE = {"file": ("page.png", png(), "image/png")}


def name_of(route: dict[str, Any]) -> str:
    return f"{route['method']} {route['path']}"


def having(*members_: str) -> list:
    return [pytest.param(route, id=name_of(route)) for route in ROUTES if any(member in route for member in members_)]


@pytest.fixture
def rest(bare_edge):
    with httpx.Client(base_url=bare_edge, headers=BEARER, trust_env=False, timeout=30) as client:
        yield client
        for key in client.get("/api/v1/keys").json():
            if key["name"].startswith("contract"):
                client.delete(f"/api/v1/keys/{key['id']}").raise_for_status()
        client.delete("/api/v1/provider-keys", params={"provider_name": "perplexity"}).raise_for_status()


@pytest.fixture
def call(rest):
    """Calls a route with a body, or the example of one; what stands in braces is made first."""
    made: dict[str, str] = {"secret": f"pplx-contract-{next(_numbers):08}"}

    def new(path: str, body: dict[str, Any]) -> str:
        reply = rest.post(path, json=body)
        assert reply.status_code == 201, reply.text
        return reply.json()["id"]

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(inner) for name, inner in value.items()}
        return made["secret"] if value == "{secret}" else value

    def send(route: dict[str, Any], body: Any = None, **more: Any) -> httpx.Response:
        path = route["path"]
        if "{provider_key}" in path and "provider_key" not in made:
            body_of_key = {"provider_name": "perplexity", "api_key": f"pplx-contract-{next(_numbers):08}"}
            made["provider_key"] = new("/api/v1/provider-keys", body_of_key)
        if "{gateway_key}" in path and "gateway_key" not in made:
            made["gateway_key"] = new("/api/v1/keys", {"name": "contract"})
        path = path.format(**made)
        body = filled(route.get("example") if body is None else body)
        if "form" in route:
            more = {"data": body, "files": FILE} | more
        elif "request" in route:
            more = {"json": body} | more
        return rest.request(route["method"], path, params=route.get("query"), **more)

    return send


def held(reply: httpx.Response, route: dict[str, Any]) -> None:
    assert reply.status_code == route["status"], reply.text
    if route["status"] == 204:
        assert reply.content == b""
        return
    assert reply.headers["content-type"] == "application/json"
    wanted = [route["lists"]] if "lists" in route else members(route)
    assert wrong(reply.json(), wanted) == []


def refused(reply: httpx.Response, status: int) -> dict[str, Any]:
    error = reply.json()
    assert reply.status_code == status, reply.text
    wanted = members(FIXTURE["error"])
    assert wrong({name: error[name] for name in error if name != "param"}, wanted) == []
    assert error["request_id"] == reply.headers["x-request-id"]
    return error


@pytest.mark.parametrize("route", having("method"))
def test_what_comes_back(call, rest, route):
    if "lists" in route and "perplexity" in route.get("query", {}).values():
        body = {"provider_name": "perplexity", "api_key": f"pplx-contract-{next(_numbers):08}", "name": "contract"}
        assert rest.post("/api/v1/provider-keys", json=body).status_code == 201
    reply = call(route)
    held(reply, route)
    if "lists" in route and not route["path"].endswith("/usage"):
        assert reply.json(), "nothing to hold to its shape"


@pytest.mark.parametrize("route", having("request", "form"))
def test_optional_members_may_be_left_out(call, route):
    """Each alone, too: a client sends what it has. What the default model is, is a matter of the configuration."""
    shape = route.get("request") or route["form"]
    required = {name[:-1] for name in shape if name.endswith("!")} - {"file"} | set(route.get("keeps", []))
    least = {name: value for name, value in route["example"].items() if name in required}
    if least or "form" in route:
        held(call(route, least), route)
    for name in set(route["example"]) - required:
        if name == "format" or (name == "name" and route["method"] == "POST"):
            continue
        held(call(route, least | {name: route["example"][name], **secret(route)}), route)


def secret(route: dict[str, Any]) -> dict[str, str]:
    """The same secret is stored once."""
    wants = "api_key" in route["example"]
    return {"api_key": f"pplx-contract-{next(_numbers):08}"} if wants else {}


@pytest.mark.parametrize("route", having("request", "form"))
def test_what_is_missing_is_named(call, route):
    shape = route.get("request") or route["form"]
    for name in (name[:-1] for name in shape if name.endswith("!")):
        less = {member: value for member, value in route["example"].items() if member != name}
        more = {"files": {"prompt": (None, "x")}, "data": None} if name == "file" else {}
        error = refused(call(route, less, **more), 400)
        assert error["param"] == name and error["param"] in error["detail"]


@pytest.mark.parametrize("route", having("request"))
def test_wrong_types_are_named(call, route):
    for name, wanted in route["request"].items():
        for value in misfits(wanted):
            error = refused(call(route, route["example"] | {name.strip("!"): value}), 400)
            assert error["param"].split("[")[0].split(".")[0] == name.strip("!"), (name, value, error)
            assert "canary" not in error["detail"]


@pytest.mark.parametrize("route", having("request", "form"))
def test_unknown_members_are_named(call, route):
    assert refused(call(route, route["example"] | {"colour": "canary"}), 400)["param"] == "colour"


@pytest.mark.parametrize("route", having("method"))
def test_query_parameters(call, route):
    if "query" in route:
        for name, value in (route["query"] | route.get("also", {})).items():
            held(call(route | {"query": {name: value}}), route)
    if route.get("open"):
        return
    error = refused(call(route | {"query": {"colour": "canary"}}), 400)
    assert error["param"] == "colour" and "canary" not in error["detail"]


@pytest.mark.parametrize("route", having("duplicate"))
def test_duplicates(call, route):
    held(call(route), route)
    refused(call(route), route["duplicate"])


@pytest.mark.parametrize("route", having("method"))
def test_methods_paths_and_keys(bare_edge, route):
    """What holds for every route, whatever it does."""
    methods = {other["method"] for other in ROUTES if other["path"] == route["path"]}
    methods |= {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    path = route["path"].replace("{provider_key}", "no-such").replace("{gateway_key}", "no-such")
    with httpx.Client(base_url=bare_edge, trust_env=False, timeout=30) as client:
        allowed = lambda reply: set(reply.headers["allow"].replace(" ", "").split(","))
        asked = client.options(path)
        assert (asked.status_code, allowed(asked)) == (204, methods)
        error = client.request("PUT", path, headers=BEARER)
        assert (refused(error, 405)["detail"] != "", allowed(error)) == (True, methods)
        assert not any(name.startswith("access-control-") for name in asked.headers), "CORS is off"
        variants = [path, f"{path}/", path.replace("/v1/", "//v1///"), f"{path}//"]
        if route.get("open"):
            assert {client.get(variant).status_code for variant in variants} == {200}
            assert client.head(path).content == b""
            return
        for variant in variants:
            for headers in ({}, {"authorization": "Bearer sk-wrong"}, {"x-api-key": "sk-wrong"}):
                error = refused(client.request(route["method"], variant, headers=headers), 401)
                assert error["code"] == "invalid_api_key"
        if "no-such" in path and "request" not in route:
            assert refused(client.request(route["method"], path, headers=BEARER), 404)["code"] == "not_found"


@pytest.mark.parametrize("route", having("request", "form"))
def test_bodies_that_are_none(bare_edge, route):
    path = route["path"].replace("{provider_key}", "no-such").replace("{gateway_key}", "no-such")
    json_, form = "application/json", "multipart/form-data; boundary=x"
    takes_text = path.endswith("/import")
    with httpx.Client(base_url=bare_edge, headers=BEARER, trust_env=False, timeout=30) as client:
        send = lambda kind, body, **headers: client.request(
            route["method"], path, content=body, headers={"content-type": kind} | headers
        )
        kind = form if "form" in route else json_
        refused(send("application/xml", b"<a/>"), 415)
        refused(send(kind, b"{}", **{"content-encoding": "gzip"}), 415)
        if takes_text:
            refused(send(json_, b'{"content":'), 400)
            return
        refused(send("text/plain", b"{}"), 415)
        refused(send(kind, b""), 400)
        if "request" in route:
            for body in (b"{", b"[1", b"null", b"7", b'"x"', b"\xff", b'{"a":1}{"a":1}', b'{"a":NaN}'):
                refused(send(json_, body), 400)
        else:
            for body in (b"{}", b"--x\r\n", b"--x\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nhalf"):
                refused(send(form, body), 400)
