"""Canaries: unique secrets of every kind are planted wherever secrets go, everything the gateway can do is done, errors
included, at the most talkative log level; then they are looked for in all it wrote and answered. Only the reply that
creates a gateway key may show one, and prompts and pictures only answers to the same request.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from dataclasses import dataclass

import grpc
import pytest
from aigateway.v1 import activity_service_pb2 as activity_pb
from aigateway.v1 import activity_service_pb2_grpc, chat_service_pb2_grpc, key_service_pb2_grpc, model_service_pb2_grpc
from aigateway.v1 import chat_service_pb2 as chat_pb
from aigateway.v1 import key_service_pb2 as pb
from aigateway.v1 import model_service_pb2 as model_pb
from canary import Canaries, core, files_below, letters, odd_key
from chat import prompt, stream, unary
from gateway import BIN, Gateway
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from keyed_upstream import KeyedUpstream, key_of
from postgres import Postgres, program
from stubs import PROTO
from test_openai import PNG
from witness import Witness

# What the answer to a request may repeat of it.
CONTENT = ("prompt", "picture")
FAILURES = ["401", "403", "wrong-key", "429:1", "quota", "500", "reset", "break-early", "break-late", "echo:401", "echo:400", "echo:429", "echo:500"]


@dataclass
class Planted:
    """The canaries of one run."""

    stored: str
    header: str
    environment: str
    gateway_key: str
    master_key: str
    database_password: str
    prompt: str
    picture: bytes

    @classmethod
    def make(cls) -> Planted:
        master = base64.urlsafe_b64encode(os.urandom(32)).decode()
        picture = PNG + letters(40).encode()
        gateway_key = f"sk-{letters(16)}-{letters(43)}"
        return cls(odd_key(), odd_key(), odd_key(), gateway_key, master, odd_key(), letters(30), picture)

    def canaries(self) -> Canaries:
        found = Canaries()
        found.add("stored key", core(self.stored))
        found.add("header key", core(self.header))
        found.add("environment key", core(self.environment))
        # Its public id may be seen.
        found.add("gateway key", self.gateway_key.rpartition("-")[2].encode())
        found.add("master key", self.master_key.rstrip("=").encode(), base64.urlsafe_b64decode(self.master_key))
        found.add("database password", self.database_password.encode())
        found.add("prompt", self.prompt.encode())
        found.add("picture", self.picture[len(PNG) :])
        return found


@dataclass
class Tour:
    """Everything a user can do with the gateway, with canaries in every place."""

    planted: Planted
    canaries: Canaries
    upstream: KeyedUpstream
    caller: Witness

    def __post_init__(self) -> None:
        channel = self.caller.channel
        self.chat = chat_service_pb2_grpc.ChatServiceStub(channel)
        self.keys = key_service_pb2_grpc.KeyServiceStub(channel)
        self.log = activity_service_pb2_grpc.ActivityServiceStub(channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(channel)

    def planted_key(self, kind: str = "stored key") -> str:
        """Makes one more provider key to look for."""
        key = odd_key()
        self.canaries.add(kind, core(key))
        return key

    def add(self, name: str, secret: str, provider: str = "xai") -> pb.ProviderKey | None:
        request = pb.CreateProviderKeyRequest(provider_key=pb.ProviderKey(provider=provider, name=name), secret=secret)
        reply = self.caller.rpc(self.keys.CreateProviderKey, request)
        return reply.provider_key if reply else None

    def whole(self) -> None:
        self.store_keys()
        self.import_keys()
        self.rest_routes_of_keys()
        self.talk()
        self.fail_in_every_way()
        self.test_keys()
        self.gateway_keys()
        self.speak_nonsense()
        self.look_around()

    def store_keys(self) -> None:
        first = self.add("stored", self.planted.stored)
        assert first is not None
        self.add("again", self.planted.stored)
        self.add("no such provider", self.planted_key("refused key"), provider="nobody")
        self.add("x" * 200, self.planted_key("refused key"))
        self.add("control\x00", self.planted_key("refused key") + "\x00\n")
        changed = pb.ProviderKey(id=first.id, name="renamed", parameters={"scope": "x"})
        for paths in (["name"], ["parameters"], ["secret"], ["fingerprint"], []):
            request = pb.UpdateProviderKeyRequest(provider_key=changed, update_mask={"paths": paths}, secret=self.planted_key())
            self.caller.rpc(self.keys.UpdateProviderKey, request)
        back = pb.UpdateProviderKeyRequest(provider_key=changed, update_mask={"paths": ["secret"]}, secret=self.planted.stored)
        self.caller.rpc(self.keys.UpdateProviderKey, back)
        for rpc, kind in (("GetProviderKey", pb.GetProviderKeyRequest), ("SelectProviderKey", pb.SelectProviderKeyRequest)):
            self.caller.rpc(getattr(self.keys, rpc), kind(id=first.id))
            self.caller.rpc(getattr(self.keys, rpc), kind(id="no-such-id"))
        self.caller.rpc(self.keys.ListProviderKeys, pb.ListProviderKeysRequest())
        self.caller.rpc(self.keys.UnselectProviderKey, pb.UnselectProviderKeyRequest(id=first.id))
        self.caller.watch(self.keys.WatchProviderKeys, pb.WatchProviderKeysRequest())

    def import_keys(self) -> None:
        good, bad = (lambda: self.planted_key("imported key")), (lambda: self.planted_key("refused key"))
        csv = f"provider,secret,name\nxai,{good()},csv\nnobody,{bad()},n\nxai,,{'y' * 300}\n{bad()}\nxai,{bad()},a,b,c\n\"xai,{bad()}\n"
        env = f"XAI_API_KEY={good()},{good()}\nOTHER_THING={bad()}\n={bad()}\nexport GOOGLE_AI_STUDIO_API_KEY='{good()}\n{bad()}\n"
        rows = [{"provider": "xai", "secret": good()}, {"provider": 7, "secret": bad()}, {"secret": [bad()]}, {"key": bad()}]
        lines = f"{good()}\n# {bad()}\n{bad()} {bad()}\n\x01{bad()}\n"
        texts = {
            pb.IMPORT_FORMAT_CSV: csv,
            pb.IMPORT_FORMAT_ENV: env,
            pb.IMPORT_FORMAT_JSON: json.dumps(rows),
            pb.IMPORT_FORMAT_LINES: lines,
            pb.IMPORT_FORMAT_UNSPECIFIED: json.dumps(rows)[:-2],
        }
        for format, text in texts.items():
            for flags in ({"dry_run": True}, {"all_or_nothing": True}, {}):
                request = pb.ImportProviderKeysRequest(content=text.encode(), format=format, default_provider="xai", **flags)
                self.caller.rpc(self.keys.ImportProviderKeys, request)
            self.caller.http("POST", "/api/v1/provider-keys/import", json={"content": text, "default_provider": "xai"})
            self.caller.http("POST", "/api/v1/provider-keys/import?default_provider=xai", content=text.encode())
        self.caller.rpc(self.keys.DeleteProviderKeys, pb.DeleteProviderKeysRequest(provider="google"))

    def rest_routes_of_keys(self) -> None:
        path = "/api/v1/provider-keys"
        for field in ("secret", "api_key", "key"):
            body = {"provider": "xai", "provider_name": "xai", "name": "rest", field: self.planted_key("refused key")}
            self.caller.http("POST", path, json=body)
        self.caller.http("POST", path, content=b'{"provider":"xai","secret":"' + self.planted_key("refused key").encode())
        self.caller.http("POST", path, json={"provider": "xai", "secret": {"x": self.planted_key("refused key")}})
        listed = self.caller.http("GET", path)
        for key in listed.json()[:2] if listed.status_code == 200 else ():
            self.caller.http("GET", f"{path}/{key['id']}")
            self.caller.http("PATCH", f"{path}/{key['id']}", json={"name": 7, "secret": self.planted_key("refused key")})
            self.caller.http("POST", f"{path}/{key['id']}/test")
        for other in ("/api/v1/keys", "/api/v1/activity-logs", "/api/v1/activity-logs?limit=x", "/api/v1/usage", "/api/v1/health"):
            self.caller.http("GET", other)

    def bodies(self, model: str) -> dict[str, dict]:
        url = "data:image/png;base64," + base64.b64encode(self.planted.picture).decode()
        parts = [{"type": "text", "text": self.planted.prompt}, {"type": "image_url", "image_url": {"url": url}}]
        chat = {"model": model, "messages": [{"role": "user", "content": parts}]}
        return {
            "/v1/chat/completions": chat,
            "/v1/chat/completions?streamed": chat | {"stream": True},
            "/v1/responses": {"model": model, "input": self.planted.prompt},
            "/v1/completions": {"model": model, "prompt": self.planted.prompt},
            "/v1/embeddings": {"model": model, "input": self.planted.prompt},
        }

    def say(self, model: str, headers: dict[str, str]) -> None:
        """Asks one model through every door."""
        for path, body in self.bodies(model).items():
            self.caller.http("POST", path, CONTENT, headers, json=body)
        picture = chat_pb.Part(image=chat_pb.ImagePart(source=chat_pb.MediaSource(data=self.planted.picture, mime_type="image/png")))
        for method, request in ((self.chat.CreateChatCompletion, unary), (self.chat.StreamChatCompletion, stream)):
            message = request(model, self.planted.prompt)
            message.prompt.messages[0].parts.append(picture)
            self.caller.rpc(method, message, CONTENT, **{name.replace("-", "_"): value for name, value in headers.items()})

    def talk(self) -> None:
        self.upstream.table = {self.planted.stored: "ok", self.planted.header: "ok", self.planted.environment: "ok"}
        for model in ("x-ai/grok-4.3", "google/gemini-3.8-flash"):
            self.say(model, {})
            self.say(model, {"x-xai-api-key": self.planted.header, "x-google-api-key": self.planted.header})
        for model in ("sandbox/vision", "sandbox/embed", "sandbox/401", "sandbox/503", "sandbox/reset-mid-stream", "no/such-model"):
            self.say(model, {})

    def fail_in_every_way(self) -> None:
        """Each failure with the key of the header, the stored and the environment's, so that all is lost."""
        for behaviour in FAILURES:
            secret = self.planted_key()
            self.upstream.table |= {key: behaviour for key in (secret, self.planted.header, self.planted.environment, self.planted.stored)}
            self.caller.rpc(self.keys.DeleteProviderKeys, pb.DeleteProviderKeysRequest(provider="xai"))
            self.add(f"fails with {behaviour}", secret)
            body = self.bodies("x-ai/grok-4.3")
            for path in ("/v1/chat/completions", "/v1/chat/completions?streamed"):
                self.caller.http("POST", path, CONTENT, {"x-xai-api-key": self.planted.header}, json=body[path])
            self.caller.rpc(self.chat.StreamChatCompletion, stream("x-ai/grok-4.3", self.planted.prompt), CONTENT)
            self.caller.rpc(self.chat.CreateChatCompletion, unary("x-ai/grok-4.3", self.planted.prompt), CONTENT)
        self.add("stored", self.planted.stored)

    def test_keys(self) -> None:
        for behaviour in ("ok", "echo:401", "echo:429", "echo:500", "quota", "reset"):
            self.upstream.table[self.planted.stored] = behaviour
            self.caller.rpc(self.keys.TestProviderKeys, pb.TestProviderKeysRequest(provider="xai"))
        self.caller.rpc(self.models.ListModels, model_pb.ListModelsRequest(include_upstream=True))

    def gateway_keys(self) -> None:
        created = self.caller.rpc(self.keys.CreateGatewayKey, pb.CreateGatewayKeyRequest(gateway_key=pb.GatewayKey(name="more")), ("new gateway key",))
        self.canaries.add("new gateway key", created.plaintext.rpartition("-")[2].encode())
        self.caller.rpc(self.keys.ListGatewayKeys, pb.ListGatewayKeysRequest())
        other = Witness(self.caller.edge_url, self.caller.channel, created.plaintext, self.caller.heard)
        other.rpc(self.keys.ListProviderKeys, pb.ListProviderKeysRequest())
        change = pb.UpdateGatewayKeyRequest(gateway_key=pb.GatewayKey(id=created.gateway_key.id, active=False), update_mask={"paths": ["active"]})
        self.caller.rpc(self.keys.UpdateGatewayKey, change)
        other.rpc(self.keys.ListProviderKeys, pb.ListProviderKeysRequest())
        other.http("GET", "/v1/models")
        self.caller.rpc(self.keys.DeleteGatewayKey, pb.DeleteGatewayKeyRequest(id=created.gateway_key.id))
        other.rpc(self.chat.CreateChatCompletion, unary("sandbox/echo", self.planted.prompt), CONTENT)

    def speak_nonsense(self) -> None:
        """Requests that are none, with canaries in the wrong places."""
        key = self.planted_key("refused key")
        for token in (key, f"{key} {key}", self.planted.gateway_key[:-1]):
            stranger = Witness(self.caller.edge_url, self.caller.channel, token, self.caller.heard)
            stranger.http("GET", "/v1/models", headers={"x-api-key": key})
            stranger.rpc(self.keys.ListProviderKeys, pb.ListProviderKeysRequest())
        for body in (b'{"model":"' + self.planted.prompt.encode(), json.dumps({"model": "x-ai/grok-4.3", "messages": self.planted.prompt}).encode()):
            self.caller.http("POST", "/v1/chat/completions", CONTENT, content=body)
        self.caller.rpc(self.chat.CreateChatCompletion, chat_pb.CreateChatCompletionRequest(prompt=prompt("x-ai/grok-4.3", self.planted.prompt, temperature=17.0)), CONTENT)

    def look_around(self) -> None:
        """All that can be read afterwards."""
        self.caller.rpc(self.keys.ListProviderKeys, pb.ListProviderKeysRequest(page_size=1000))
        # Entries and usage appear within a few seconds.
        time.sleep(3)
        self.caller.rpc(self.log.ListActivity, activity_pb.ListActivityRequest(page_size=1000))
        self.caller.watch(self.log.WatchActivity, activity_pb.WatchActivityRequest(after_id="0"))
        grouped = [activity_pb.USAGE_DIMENSION_GATEWAY_KEY, activity_pb.USAGE_DIMENSION_MODEL, activity_pb.USAGE_DIMENSION_DAY]
        self.caller.rpc(self.log.ListUsage, activity_pb.ListUsageRequest(page_size=1000, group_by=grouped))
        for path in ("/metrics", "/api/v1/health", "/livez", "/readyz", "/openapi.json", "/v1/models", "/api/v1/activity-logs?limit=1000", "/api/v1/provider-keys"):
            self.caller.http("GET", path)
        reflection = ProtoReflectionDescriptorDatabase(self.caller.channel)
        names = list(reflection.get_services())
        files = [reflection.FindFileByName(str(path.relative_to(PROTO))).SerializeToString() for path in PROTO.rglob("*.proto")]
        self.caller.heard.append(type(self.caller.heard[0])("reflection", "\n".join(names).encode() + b"".join(files)))


def command_line(gateway: Gateway, env: dict[str, str], canaries: Canaries) -> list[str]:
    """What the commands say, with the settings of the gateway, while it runs."""
    hits = []
    base = {"PATH": os.environ["PATH"], "HOME": gateway.home.name} | env
    for words in (["check-config"], ["check-config", "--json"], ["keys", "list"], ["keys", "list", "--json"], ["rotate-master-key"], ["--help"], ["serve", "--nonsense"]):
        done = subprocess.run([BIN, *words], env=base, cwd=gateway.home.name, capture_output=True, timeout=60)
        hits += canaries.find(f"`{' '.join(words)}`", done.stdout + done.stderr)
    return hits


def settings(planted: Planted, database: Postgres | None) -> dict[str, str | None]:
    env: dict[str, str | None] = {"AIGW_LOG": "trace", "AIGW_LOG_FORMAT": "pretty" if database else "json"}
    env |= {"AIGW_BOOTSTRAP_KEY": planted.gateway_key, "AIGW_MASTER_KEY": planted.master_key}
    env |= {"XAI_API_KEY": planted.environment, "GOOGLE_AI_STUDIO_API_KEY": planted.environment}
    return env | ({"DATABASE_URL": database.url} if database else {})


def on_disk(gateway: Gateway, database: Postgres | None) -> dict[str, bytes]:
    """Everything the gateway has written: log, data directory with the write-ahead log, and the whole of PostgreSQL."""
    found = {f"home/{name}": data for name, data in files_below(gateway.log.parent).items()}
    return found | ({f"postgres/{name}": data for name, data in files_below(database.home).items()} if database else {})


def wander(planted: Planted, canaries: Canaries, upstream: KeyedUpstream, database: Postgres | None) -> list[str]:
    """Goes the whole tour with one gateway and returns what was found where it may not be."""
    env = settings(planted, database)
    gateway = Gateway(upstream.url, env)
    try:
        with grpc.insecure_channel(gateway.grpc) as channel:
            tour = Tour(planted, canaries, upstream, Witness(gateway.edge_url, channel, planted.gateway_key))
            tour.whole()
        # Before it stops, while the write-ahead log is full.
        places = on_disk(gateway, database)
        said = command_line(gateway, {name: value for name, value in env.items() if value is not None}, canaries)
    finally:
        status = gateway.stop()
    assert status == 0
    after = on_disk(gateway, database)
    log = gateway.log.read_bytes()
    gateway.forget()
    assert log.count(b"\n") > 1000 and b"TRACE" in log, "the log is not as talkative as it should be"
    hits = said
    for name, data in [*places.items(), *((f"{name} (stopped)", data) for name, data in after.items())]:
        hits += canaries.find(name, data)
    for heard in tour.caller.heard:
        hits += canaries.find(heard.place, heard.data, heard.allowed)
    return hits


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_no_canary_is_seen_again(kind):
    planted = Planted.make()
    canaries = planted.canaries()
    if kind == "postgres" and program("initdb") is None:
        pytest.skip("PostgreSQL is not installed")
    with KeyedUpstream() as upstream:
        if kind == "postgres":
            with Postgres(planted.database_password) as database:
                hits = wander(planted, canaries, upstream, database)
        else:
            hits = wander(planted, canaries, upstream, None)
        shown = {key_of(exchange) for exchange in upstream.exchanges}
        asked = json.dumps([exchange.body for exchange in upstream.exchanges])
    assert {planted.stored, planted.header, planted.environment} <= shown, "the keys were not even used"
    assert planted.prompt in asked and base64.b64encode(planted.picture).decode() in asked
    assert hits == [], f"{len(hits)} canaries seen:\n" + "\n".join(hits[:40])


@pytest.mark.parametrize("before", range(4))
def test_the_search_finds_what_it_looks_for(before):
    key = odd_key()
    canaries = Canaries({"key": [core(key)]})
    around = b"\xfe" * before
    text = around + key.encode() + b"\xfe"
    for form in (text, text.hex().encode(), base64.b64encode(text), base64.urlsafe_b64encode(text)):
        assert canaries.find("here", form), form
    assert not canaries.find("here", b"nothing of the kind") and not canaries.find("here", text, ("key",))
