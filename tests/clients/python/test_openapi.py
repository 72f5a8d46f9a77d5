"""The OpenAPI document against the gateway: its form, its examples, generated calls by schemathesis, and streams."""

from __future__ import annotations

import io
import json
import re
import tarfile

import httpx
import jsonschema
import openapi_spec_validator
import pytest
import schemathesis
from gateway import BOOTSTRAP_KEY, Gateway
from openapi_calls import ENDLESS, MODELS, Caller, closed, operations
from stubs import ROOT

NOWHERE = "http://127.0.0.1:1"
# Some operations have nothing that could be another way, and are called twice.
CALLS_AN_OPERATION = 190
LEAST_CALLS = 5000
AUTH = {"authorization": f"Bearer {BOOTSTRAP_KEY}"}
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082")


@pytest.fixture(scope="module")
def lonely():
    """A gateway of its own, whose providers are at an address where nobody listens: only the sandbox answers."""
    running = Gateway(NOWHERE)
    yield running
    log = running.output()
    assert running.stop() == 0 and "panicked" not in log, log
    running.forget()


@pytest.fixture(scope="module")
def rest(lonely):
    with httpx.Client(base_url=lonely.edge_url, headers=AUTH, trust_env=False, timeout=20) as client:
        yield client


@pytest.fixture(scope="module")
def document(lonely):
    reply = httpx.get(f"{lonely.edge_url}/openapi.json", trust_env=False)
    assert reply.status_code == 200 and reply.headers["content-type"] == "application/json"
    return reply.json()


@pytest.fixture(scope="module")
def strict(document):
    return closed(document)


def check(schema: dict, document: dict, value) -> None:
    """Holds a value against a schema of the document."""
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": document["components"], **schema}
    jsonschema.Draft202012Validator(whole).validate(value)


def test_the_document_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1")
    openapi_spec_validator.validate(document)
    ids = [operation["operationId"] for operation in operations(document)]
    assert len(ids) == len(set(ids)) and len(ids) > 35
    # A number at the end is how two types of one name would be told apart.
    assert [name for name in document["components"]["schemas"] if name[-1].isdigit()] == []


def test_the_document_is_kept_by_browsers(rest):
    first = rest.get("/openapi.json")
    again = rest.get("/openapi.json", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_examples_fit_their_schemas(strict):
    seen = 0
    for operation in operations(strict):
        bodies = [operation.get("requestBody", {})] + [r for r in operation["responses"].values() if "$ref" not in r]
        for content in (media for body in bodies for media in body.get("content", {}).values()):
            for example in content.get("examples", {}).values():
                check(content["schema"], strict, example["value"])
                seen += 1
    for response in strict["components"]["responses"].values():
        content = response["content"]["application/json"]
        check(content["schema"], strict, content["example"])
        seen += 1
    assert seen > 70


def test_examples_work(rest, document):
    sent = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "{" in path:
                continue
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                for name, example in content.get("examples", {}).items():
                    value = example["value"] if isinstance(example["value"], str) else json.dumps(example["value"])
                    reply = rest.request(method, path, content=value, headers={"content-type": kind})
                    assert reply.status_code in (200, 201), f"{method} {path}, {name}: {reply.text}"
                    sent += 1
    assert sent > 12


def test_every_parameter_is_documented(rest, document):
    asked = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if not path.startswith("/api/v1/") or path == "/api/v1/health":
                continue
            reply = rest.request(method, path.replace("{id}", "x"), params={"nonsense": 1}, json={} if "requestBody" in operation else None)
            if reply.status_code != 400 or "known here: " not in reply.json()["detail"]:
                continue
            known = set(reply.json()["detail"].split("known here: ")[1].rstrip(".").split(", ")) - {"none"}
            said = [p for p in operation.get("parameters", []) if p["in"] == "query"]
            others = {name for p in said for name in re.findall(r"`(\w+)`", p["description"].partition("May be written")[2])}
            assert known == {p["name"] for p in said} | others, f"{method} {path}"
            asked += 1
    assert asked > 15


@pytest.mark.timeout(600)
def test_generated_calls(lonely, strict):
    schema = schemathesis.openapi.from_dict(strict)
    caller = Caller(lonely.edge_url, BOOTSTRAP_KEY)
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.definition.raw["operationId"] not in ENDLESS:
            caller.all(operation, CALLS_AN_OPERATION)
    calls = sum(sum(counter.values()) for counter in caller.statuses.values())
    for name, counter in caller.statuses.items():
        print(f"{name:24}", dict(sorted(counter.items())))
    print(f"{calls} calls of {len(caller.statuses)} operations")
    assert caller.wrong == [], f"{len(caller.wrong)} wrong:\n\n" + "\n\n".join(caller.wrong[:20])
    expected = {operation["operationId"] for operation in operations(strict)} - ENDLESS
    assert set(caller.statuses) == expected and calls >= LEAST_CALLS


def test_without_a_key_there_is_nothing(lonely, strict):
    with httpx.Client(base_url=lonely.edge_url, trust_env=False, timeout=20) as stranger:
        for path, methods in strict["paths"].items():
            for method, operation in methods.items():
                reply = stranger.request(method, path.replace("{id}", "x").replace("{file}", "x"))
                if operation.get("security") == []:
                    assert reply.status_code != 401, path
                else:
                    assert reply.status_code == 401, f"{method} {path}: {reply.text}"
                    name = operation["responses"]["401"]["$ref"].rpartition("/")[2]
                    content = strict["components"]["responses"][name]["content"]["application/json"]
                    check(content["schema"], strict, reply.json())


def data_of(schema: dict) -> dict:
    """Returns the schema of the JSON in an event's data."""
    data = schema["properties"]["data"]
    return data.get("anyOf", [data])[-1]["contentSchema"]


def events(reply):
    """Reads the data of server-sent events."""
    for line in reply.iter_lines():
        if line.startswith("data: ") and line != "data: [DONE]":
            yield json.loads(line.removeprefix("data: "))


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/completions"])
@pytest.mark.parametrize("model", MODELS)
def test_streams_fit_their_schemas(rest, strict, path, model):
    body = {"model": model, "stream": True, "stream_options": {"include_usage": True}}
    if path == "/v1/chat/completions":
        body |= {"messages": [{"role": "user", "content": "hello there"}]}
        body |= {"tools": [{"type": "function", "function": {"name": "weather"}}]}
    elif path == "/v1/responses":
        body |= {"input": "hello there", "tools": [{"type": "function", "name": "weather"}]}
    else:
        body |= {"prompt": "hello there"}
    with rest.stream("POST", path, json=body) as reply:
        if reply.status_code != 200:
            assert model not in ("sandbox/echo", "sandbox/tools", "sandbox/reasoning")
            return
        schema = strict["paths"][path]["post"]["responses"]["200"]["content"]["text/event-stream"]["schema"]
        seen = 0
        for event in events(reply):
            check(data_of(schema), strict, event)
            seen += 1
        assert seen


@pytest.mark.parametrize(("path", "act"), [("/api/v1/provider-keys/watch", "POST"), ("/api/v1/activity-logs/watch", "POST")])
def test_watches_fit_their_schemas(rest, strict, path, act):
    schema = strict["paths"][path]["get"]["responses"]["200"]["content"]["text/event-stream"]["schema"]
    with rest.stream("GET", path) as reply:
        assert reply.status_code == 200
        body = {"provider_name": "google", "api_key": f"AIza-of-{path.split('/')[3]}"}
        assert rest.request(act, "/api/v1/provider-keys", json=body).status_code == 201
        check(data_of(schema), strict, next(events(reply)))


def test_a_picture_is_read_as_the_document_says(rest, strict):
    reply = rest.post("/api/v1/vision/extract-text", files={"model": (None, "sandbox/vision"), "file": ("a.png", PNG, "image/png")})
    assert reply.status_code == 200, reply.text
    answer = strict["paths"]["/api/v1/vision/extract-text"]["post"]["responses"]["200"]["content"]["application/json"]
    check(answer["schema"], strict, reply.json())


def test_the_contract_can_be_downloaded(lonely):
    with httpx.Client(base_url=lonely.edge_url, trust_env=False, timeout=20) as anybody:
        index = anybody.get("/proto").json()
        names = [path.removeprefix("/proto/") for path in index["files"]]
        proto = ROOT / "proto"
        assert sorted(names) == sorted(str(file.relative_to(proto)) for file in proto.rglob("*.proto"))
        packed = anybody.get(index["archive"]).content
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            for name in names:
                text = (proto / name).read_bytes()
                reply = anybody.get(f"/proto/{name}")
                assert reply.headers["content-type"].startswith("text/plain") and reply.content == text
                assert archive.extractfile(f"proto/{name}").read() == text
        assert anybody.get("/proto/aigateway/v1/none.proto").status_code == 404


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_pages_ask_nobody_else(lonely, path):
    with httpx.Client(base_url=lonely.edge_url, trust_env=False, timeout=20) as anybody:
        page = anybody.get(path)
        assert page.status_code == 200 and "default-src 'self'" in page.headers["content-security-policy"]
        assert "<script>" not in page.text and "http" not in page.text.replace('http-equiv', "")
        addresses = [part.split('"')[0] for part in page.text.split('="docs/')[1:]]
        assert len(addresses) > 1, page.text
        for address in addresses:
            small = anybody.get(f"/docs/{address}", headers={"accept-encoding": "gzip"})
            large = anybody.get(f"/docs/{address}", headers={"accept-encoding": "identity"})
            assert (small.status_code, small.content) == (200, large.content), address
            assert "content-encoding" not in large.headers
