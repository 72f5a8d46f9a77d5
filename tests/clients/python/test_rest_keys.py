"""Keys, activity and usage over REST, as somebody with curl has them: both arrangements of the edge."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator

import grpc_web
import httpx
import pytest
from aigateway.v1 import key_service_pb2 as pb
from gateway import BOOTSTRAP_KEY, SeparateEdge
from key_desk import eventually
from provider_shapes import TEXT

KEYS, GATEWAY_KEYS, LOG, USAGE = "/api/v1/provider-keys", "/api/v1/keys", "/api/v1/activity-logs", "/api/v1/usage"
PROVIDER, MODEL = "xai", "x-ai/grok-4.3"
KEY_MEMBERS = {"id", "provider_name", "provider", "name", "key_hint", "hint", "fingerprint", "is_active", "is_selected", "state"}
KEY_MEMBERS |= {"state_start_time", "state_end_time", "state_reason", "failure_class", "quota_owner", "parameters"}
KEY_MEMBERS |= {"created_at", "updated_at", "last_used_at"}
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def separate(bare_gateway):
    running = SeparateEdge(bare_gateway.grpc)
    yield running.edge_url
    assert running.stop() == 0
    running.forget()


@pytest.fixture(params=["inmemory", "separate"])
def origin(request, bare_gateway) -> str:
    return bare_gateway.edge_url if request.param == "inmemory" else request.getfixturevalue("separate")


@pytest.fixture
def rest(origin, keyed):
    """A caller with a good key and no provider keys stored; none are left behind."""
    with httpx.Client(base_url=origin, headers=bearer(BOOTSTRAP_KEY), trust_env=False, timeout=20) as client:
        client.delete(KEYS, params={"provider_name": PROVIDER}).raise_for_status()
        keyed.table = {}
        yield client
        client.delete(KEYS, params={"provider_name": PROVIDER}).raise_for_status()


@pytest.fixture
def add(rest, keyed):
    """Stores a key that the upstream answers as told, and returns it as shown."""

    def store(name: str, behaviour: str = "ok", **members) -> dict:
        secret = secret_of(name)
        keyed.table[secret] = behaviour
        reply = rest.post(KEYS, json={"provider_name": PROVIDER, "name": name, "api_key": secret} | members)
        assert reply.status_code == 201, reply.text
        assert reply.headers["location"] == f"{KEYS}/{reply.json()['id']}"
        return reply.json()

    return store


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def secret_of(name: str) -> str:
    return f"secret-of-{name}-{next(_numbers):08}"


def ask(rest: httpx.Client) -> httpx.Response:
    return rest.post("/v1/chat/completions", json={"model": MODEL, "messages": [{"role": "user", "content": "Hello there"}]})


def refused(reply: httpx.Response, status: int, param: str | None = None) -> dict:
    error = reply.json()
    assert reply.status_code == status, reply.text
    assert set(error) - {"param"} == {"detail", "code", "request_id"} and error.get("param") == param, error
    assert error["request_id"] == reply.headers["x-request-id"]
    return error


def events(reply: httpx.Response) -> Iterator[tuple[str, str, dict]]:
    """Reads server-sent events as name, id and data."""
    fields: dict[str, str] = {}
    for line in reply.iter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield fields["event"], fields.get("id", ""), json.loads(fields["data"])
            fields = {}


def test_the_life_of_a_provider_key(rest, add):
    work, home = add("work"), add("home", quota_owner="project-1")
    assert set(work) == KEY_MEMBERS and work["provider_name"] == PROVIDER
    assert (work["state"], work["is_active"], work["is_selected"], work["last_used_at"]) == ("active", True, False, None)
    assert work["created_at"].endswith("Z") and len(work["hint"]) == 4 and home["quota_owner"] == "project-1"
    assert [key["name"] for key in rest.get(KEYS + "/").json()] == ["work", "home"]
    at = f"{KEYS}/{work['id']}"
    assert rest.get(at).json() == work
    assert rest.head(at).status_code == 200

    changed = rest.patch(at, json={"name": "office", "is_selected": True, "quota_owner": "p"}).json()
    assert (changed["name"], changed["is_selected"], changed["quota_owner"]) == ("office", True, "p")
    assert rest.patch(at, json={"quota_owner": None}).json()["quota_owner"] is None
    assert rest.post(f"{KEYS}/{home['id']}/select").json()["is_selected"]
    assert not rest.get(at).json()["is_selected"], "two keys are selected"
    assert not rest.post(f"{KEYS}/{home['id']}/unselect", json={}).json()["is_selected"]
    assert rest.patch(at, json={"is_active": False}).json()["state"] == "disabled"
    secret = secret_of("replaced")
    replaced = rest.patch(at, json={"api_key": secret, "is_active": True}).json()
    assert replaced["fingerprint"] != work["fingerprint"] and replaced["hint"] == secret[-4:]
    assert "secret-of" not in rest.get(KEYS).text

    gone = rest.delete(at)
    assert (gone.status_code, gone.content) == (204, b"")
    refused(rest.get(at), 404, "id")
    assert rest.delete(KEYS, params={"provider_name": PROVIDER}).json() == {"deleted_count": 1}
    assert rest.get(KEYS, params={"provider": PROVIDER}).json() == []


def test_lists_have_filters_and_pages(rest, add):
    added = [add(name)["id"] for name in ("a-one", "b-two", "a-three")]
    rest.post(f"{KEYS}/{added[1]}/select")
    rest.patch(f"{KEYS}/{added[2]}", json={"is_active": False})
    for query, wanted in [
        ({"provider": PROVIDER}, added),
        ({"provider_name": "google"}, []),
        ({"text": "A-"}, [added[0], added[2]]),
        ({"text": "%"}, []),
        ({"selected": "true"}, [added[1]]),
        ({"state": "disabled"}, [added[2]]),
        ({"state": "active,disabled", "selected": "false"}, [added[0], added[2]]),
    ]:
        reply = rest.get(KEYS, params=query)
        assert [key["id"] for key in reply.json()] == wanted, query
        assert "x-next-page-token" not in reply.headers
    seen, page = [], rest.get(KEYS, params={"limit": 2, "provider": PROVIDER})
    while True:
        seen += [key["id"] for key in page.json()]
        if "next" not in page.links:
            break
        assert page.headers["x-next-page-token"] in page.links["next"]["url"]
        page = rest.get(page.links["next"]["url"])
    assert seen == added


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "param"),
    [
        ("POST", KEYS, {"provider_name": PROVIDER}, 400, "api_key"),
        ("POST", KEYS, {"api_key": "canary-secret"}, 400, "provider_name"),
        ("POST", KEYS, {"provider": "no-such", "secret": "canary-secret"}, 400, "provider"),
        ("POST", KEYS, {"provider_name": "no-such", "api_key": "canary-secret"}, 400, "provider_name"),
        ("POST", KEYS, {"provider_name": PROVIDER, "api_key": "canary secret"}, 400, "api_key"),
        ("POST", KEYS, {"provider": PROVIDER, "secret": "canary-secret", "colour": 1}, 400, "colour"),
        ("POST", KEYS, {"provider": PROVIDER, "secret": ["canary-secret"]}, 400, "secret"),
        ("POST", KEYS, {"provider": PROVIDER, "secret": "canary secret"}, 400, "secret"),
        ("POST", KEYS, {"provider": PROVIDER, "secret": "canary-secret", "name": "n" * 101}, 400, "name"),
        ("PATCH", f"{KEYS}/no-such", {}, 400, None),
        ("PATCH", f"{KEYS}/no-such", {"name": "n"}, 404, "id"),
        ("GET", f"{KEYS}?colour=red", None, 400, "colour"),
        ("GET", f"{KEYS}?state=canary-secret", None, 400, "state"),
        ("GET", f"{KEYS}?page_token=rubbish", None, 400, "page_token"),
        ("GET", f"{KEYS}?limit=0", None, 400, "limit"),
        ("GET", f"{KEYS}?text={'x' * 65}", None, 400, "text"),
        ("DELETE", KEYS, None, 400, "provider_name"),
        ("DELETE", f"{KEYS}/no-such", None, 404, "id"),
        ("PUT", KEYS, {}, 405, None),
        ("POST", GATEWAY_KEYS, {"name": ""}, 400, "name"),
        ("POST", GATEWAY_KEYS, {"name": "n", "scopes": ["root"]}, 400, "scopes"),
        ("POST", GATEWAY_KEYS, {"name": "n", "expires_at": "2001-01-01T00:00:00Z"}, 400, "expires_at"),
        ("GET", f"{GATEWAY_KEYS}/no-such", None, 404, "id"),
        ("GET", f"{LOG}?action=EXPLODE", None, 400, "action"),
        ("GET", f"{LOG}?from_date=yesterday", None, 400, "from_date"),
        ("GET", f"{USAGE}?group_by=colour", None, 400, "group_by"),
    ],
)
def test_what_is_refused(rest, method, path, body, status, param):
    reply = rest.request(method, path, json=body)
    refused(reply, status, param)
    assert "canary" not in reply.text
    if status == 405:
        assert "POST" in reply.headers["allow"]


def test_the_same_secret_twice(rest, add, keyed):
    add("first")
    [secret] = keyed.table
    error = refused(rest.post(KEYS, json={"provider": PROVIDER, "secret": secret}), 409, "secret")
    assert error["code"] == "already_exists" and secret not in error["detail"]


@pytest.mark.parametrize("path", [KEYS, f"{KEYS}/x", f"{KEYS}/watch", GATEWAY_KEYS, LOG, f"{LOG}/watch", USAGE])
def test_every_route_wants_a_key(origin, path):
    for headers in ({}, bearer("sk-wrong")):
        reply = httpx.get(origin + path, headers=headers, trust_env=False)
        assert refused(reply, 401)["code"] == "invalid_api_key"


@pytest.mark.parametrize(
    ("behaviour", "verdict", "failure", "status", "state"),
    [
        ("ok", "passed", None, 200, "active"),
        ("401", "failed", "credential", 401, "invalid"),
        ("quota", "failed", "quota", 429, "quota_exhausted"),
        ("500", "inconclusive", "server_error", 500, "active"),
    ],
)
def test_testing_a_key(rest, add, behaviour, verdict, failure, status, state):
    key = add("tested", behaviour)
    result = rest.post(f"{KEYS}/{key['id']}/test").json()
    assert (result["verdict"], result["failure_class"]) == (verdict, failure), result
    assert verdict == "passed" or result["http_status"] == status, result
    assert result["provider_key"]["state"] == state == rest.get(f"{KEYS}/{key['id']}").json()["state"]
    assert result["message"] and "secret-of" not in str(result)


def test_testing_all_keys(rest, add):
    add("good"), add("bad", "401"), add("off", is_active=False)
    results = rest.post(f"{KEYS}/test", params={"provider": PROVIDER}).json()
    told = [(result["provider_key"]["name"], result["verdict"]) for result in results]
    assert told == [("good", "passed"), ("bad", "failed"), ("off", "not_tested")]


def imports():
    csv, lines = "provider,secret,name\nxai,{a},one\nno-such,{b},two\n", "{a}\n{b}\n"
    rows = '[{{"provider":"xai","secret":"{a}"}},{{"provider":"xai","secret":"{b}"}}]'
    form = {"provider": "xai", "format": "lines"}
    yield "form-csv", csv, {"form": {}}, ["created", "unknown_provider"]
    yield "form-lines", lines, {"form": form}, ["created", "created"]
    yield "form-dry-run", csv, {"form": {"dry_run": "true"}}, ["created", "unknown_provider"]
    yield "form-all-or-nothing", csv, {"form": {"all_or_nothing": "true"}}, ["held_back", "unknown_provider"]
    yield "csv", csv, {"kind": "text/csv"}, ["created", "unknown_provider"]
    yield "json", rows, {"kind": "application/json"}, ["created", "created"]
    yield "text", lines, {"kind": "text/plain", "query": {"provider": "xai"}}, ["created", "created"]
    yield "env", "XAI_API_KEY={a},{b}\n", {"kind": "text/plain", "query": {"format": "env"}}, ["created", "created"]


@pytest.mark.parametrize(("name", "text", "how", "verdicts"), [pytest.param(*row, id=row[0]) for row in imports()])
def test_importing(rest, name, text, how, verdicts):
    text = text.format(a=secret_of("import"), b=secret_of("import"))
    if "form" in how:
        reply = rest.post(f"{KEYS}/import", files={"file": ("keys.txt", text)}, data=how["form"])
    else:
        reply = rest.post(f"{KEYS}/import", content=text, params=how.get("query"), headers={"content-type": how["kind"]})
    assert reply.status_code == 200, reply.text
    told = reply.json()
    assert [row["verdict"] for row in told["rows"]] == verdicts
    assert (told["created_count"], told["rejected_count"]) == (verdicts.count("created"), 2 - verdicts.count("created"))
    stored = [key["id"] for key in rest.get(KEYS, params={"provider": PROVIDER}).json()]
    assert stored == [row["provider_key_id"] for row in told["rows"] if row["provider_key_id"]]
    assert len(stored) == (0 if "dry_run" in str(how) else verdicts.count("created"))
    assert "secret-of" not in reply.text


def test_an_import_of_something_else(rest):
    refused(rest.post(f"{KEYS}/import", content="<a/>", headers={"content-type": "application/xml"}), 415)
    refused(rest.post(f"{KEYS}/import", data={"provider": "xai"}, files={"colour": ("x", "y")}), 400, "colour")


def test_watching_keys(rest, add):
    key = add("watched")
    with rest.stream("GET", f"{KEYS}/watch", params={"provider": PROVIDER}) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        seen = events(reply)
        assert next(seen) == ("provider_key", "", key)
        assert next(seen) == ("synced", "", {})
        with httpx.Client(base_url=rest.base_url, headers=rest.headers, trust_env=False) as other:
            other.patch(f"{KEYS}/{key['id']}", json={"name": "renamed"})
            name, _, data = next(seen)
            assert (name, data["name"]) == ("provider_key", "renamed")
            other.delete(f"{KEYS}/{key['id']}")
            assert next(seen) == ("deleted", "", {"id": key["id"], "provider_name": PROVIDER, "provider": PROVIDER})


def test_the_life_of_a_gateway_key(rest):
    body = {"name": "ci", "scopes": ["models"], "allowed_models": ["sandbox/*"], "expires_at": "2126-01-01T00:00:00Z"}
    made = rest.post(GATEWAY_KEYS, json=body)
    assert made.status_code == 201 and made.headers["cache-control"] == "no-store", made.text
    key = made.json()
    text = key.pop("api_key")
    at = f"{GATEWAY_KEYS}/{key['id']}"
    assert made.headers["location"] == at and text.startswith(f"sk-{key['public_id']}-")
    assert {name: key[name] for name in body} == body and key["last_used_at"] is None
    assert rest.get(at).json() == key and key in rest.get(GATEWAY_KEYS).json() and text not in rest.get(GATEWAY_KEYS).text

    mine = bearer(text)
    models = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "x"}]}
    chat = lambda: rest.post("/v1/chat/completions", json=models, headers=mine).status_code
    assert chat() == 200
    refused(rest.get(KEYS, headers=mine), 403)
    refused(rest.get(LOG, headers=mine), 403)
    assert not rest.patch(at, json={"is_active": False}).json()["is_active"]
    assert chat() == 401
    assert [one["id"] for one in rest.get(GATEWAY_KEYS, params={"is_active": "false"}).json()].count(key["id"]) == 1
    changed = rest.patch(at, json={"is_active": True, "name": "renamed", "expires_at": None, "allowed_models": None}).json()
    assert (changed["name"], changed["expires_at"], changed["allowed_models"]) == ("renamed", None, [])
    assert chat() == 200
    assert rest.delete(at).status_code == 204
    assert chat() == 401
    refused(rest.get(at), 404, "id")


def test_failover_is_in_the_log_and_in_the_usage(rest, add):
    before = rest.get(LOG, params={"limit": 1}).json()
    dead, good = add("dead", "401"), add("good")
    rest.post(f"{KEYS}/{dead['id']}/select")
    answer = ask(rest)
    assert answer.json()["choices"][0]["message"]["content"] == TEXT
    assert answer.headers["x-gateway-attempts"] == "2"
    assert rest.get(f"{KEYS}/{dead['id']}").json()["state"] == "invalid"

    wanted = {"ADD", "ERROR", "FAILOVER", "SELECT"}
    look = lambda: rest.get(LOG, params={"provider": PROVIDER, "limit": 20}).json()
    log = eventually(look, lambda entries: wanted <= {e["action"] for e in entries if newer(e, before)})
    mine = [entry for entry in log if newer(entry, before)]
    assert [entry["id"] for entry in log] == sorted((entry["id"] for entry in log), reverse=True), "not newest first"
    [error] = [entry for entry in mine if entry["action"] == "ERROR"]
    assert (error["key_id"], error["provider_key_name"], error["failure_class"]) == (dead["id"], "dead", "credential")
    assert error["description"] == error["message"] and error["request_id"] == answer.headers["x-request-id"]
    [moved] = [entry for entry in mine if entry["action"] == "FAILOVER"]
    assert (moved["next_provider_key_id"], [a["key_name"] for a in moved["attempts"]]) == (good["id"], ["dead", "good"])
    for query in ({"action": "failover"}, {"key": dead["id"], "action": "FAILOVER"}, {"text": "DEAD", "action": "FAILOVER"}):
        assert moved in rest.get(LOG, params=query).json(), query
    day = moved["created_at"][:10]
    assert moved in rest.get(LOG, params={"from_date": day, "to_date": day, "action": "FAILOVER"}).json()
    assert rest.get(LOG, params={"to_date": "2001-01-01"}).json() == []
    assert "secret-of" not in str(log)

    look = lambda: rest.get(USAGE, params={"group_by": "day,model,provider,key", "from_date": day, "model": MODEL}).json()
    [row] = eventually(look, lambda rows: len(rows) == 1)
    assert (row["day"], row["model"], row["provider"], bool(row["key_id"])) == (day, MODEL, PROVIDER, True)
    assert row["request_count"] >= 1 and row["attempt_count"] >= 2 and row["input_tokens"] > 0
    [total] = rest.get(USAGE).json()
    assert total["day"] is total["model"] is total["key_id"] is None and total["request_count"] >= row["request_count"]
    assert rest.get(USAGE, params={"to_date": "2001-01-01"}).json() == []


def newer(entry: dict, before: list[dict]) -> bool:
    return not before or entry["id"] > before[0]["id"]


def test_watching_activity(rest, add):
    add("before")
    [last, *_] = eventually(lambda: rest.get(LOG, params={"text": "before", "action": "ADD"}).json(), bool)
    add("after")
    for headers, query in (({"last-event-id": last["id"]}, {}), ({}, {"after_id": last["id"]})):
        query |= {"action": "ADD", "provider": PROVIDER}
        with rest.stream("GET", f"{LOG}/watch", params=query, headers=headers) as reply:
            name, id, entry = next(events(reply))
            assert (name, entry["provider_key_name"], entry["id"]) == ("activity", "after", id)


@pytest.mark.parametrize("stream", [False, True])
def test_when_all_keys_are_dead(rest, add, stream):
    add("one", "401"), add("two", "429:7")
    body = {"model": MODEL, "messages": [{"role": "user", "content": "x"}], "stream": stream}
    for _ in range(2):
        began = time.monotonic()
        reply = rest.post("/v1/chat/completions", json=body)
        took = time.monotonic() - began
        assert reply.status_code == 503, reply.text
        assert reply.json()["error"]["code"] == "provider_keys_exhausted"
        assert 1 <= int(reply.headers["retry-after"]) <= 7
    assert took < 3, "an answer that asks nobody took its time"
    actions = lambda: [entry["action"] for entry in rest.get(LOG, params={"provider": PROVIDER, "limit": 10}).json()]
    eventually(actions, lambda told: "FAILOVER_EXHAUSTED" in told)


def test_the_same_over_grpc_web(rest, add):
    key = add("web")
    origin = str(rest.base_url).rstrip("/")
    request = pb.ListProviderKeysRequest(provider=PROVIDER)
    [reply] = grpc_web.call(origin, "KeyService/ListProviderKeys", request, pb.ListProviderKeysResponse, BOOTSTRAP_KEY)
    assert [one.id for one in reply.provider_keys] == [key["id"]]

    body = grpc_web.frame(pb.WatchProviderKeysRequest(provider=PROVIDER))
    headers = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"}
    seen = b""
    with rest.stream("POST", "/aigateway.v1.KeyService/WatchProviderKeys", content=body, headers=headers) as reply:
        for piece in reply.iter_raw():
            seen += piece
            if len(messages := whole(seen)) == 2:
                break
    kinds = [pb.WatchProviderKeysResponse.FromString(message).WhichOneof("event") for message in messages]
    assert kinds == ["provider_key", "synced"]


def whole(data: bytes) -> list[bytes]:
    """Returns the messages that have come whole."""
    found = []
    while len(data) >= 5 and len(data) >= 5 + int.from_bytes(data[1:5], "big"):
        end = 5 + int.from_bytes(data[1:5], "big")
        found.append(data[5:end])
        data = data[end:]
    return found
