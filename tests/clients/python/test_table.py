"""The table: every scene with every provider, through every client, plain and streamed.

Each cell asks two questions. Did the client receive what the provider said? And did the provider get, in its own wire
format, what the client asked?
"""

from __future__ import annotations

import itertools
import json

import pytest
import shapes
from drivers import DRIVERS, Driver
from drivers.worker import WORKERS
from gateway import BOOTSTRAP_KEY
from providers import BUGS, PROVIDERS, Provider
from scenes import PNG, RESULTS, SCENES, Scene
from upstream_connection import Exchange
from words import Answer, Call

_tags = itertools.count(1)


def _marks(*cell: str) -> list:
    return [pytest.mark.xfail(reason=f"BUG: {BUGS[cell]}", strict=True)] if cell in BUGS else []


CELLS = [
    pytest.param(scene, provider, client, mode, id="-".join(cell), marks=_marks(*cell))
    for scene in SCENES.values()
    for provider in PROVIDERS
    if provider.name not in scene.missing
    for client, driver in DRIVERS.items()
    if scene.name not in driver.cannot
    for mode in ("plain", "streamed")
    if (cell := (scene.name, provider.name, client, mode))
]


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    for worker in WORKERS.values():
        worker.stop()


@pytest.mark.parametrize(("scene", "provider", "client", "mode"), CELLS)
def test_cell(edge_of, upstream, scene: Scene, provider: Provider, client: str, mode: str):
    driver = DRIVERS[client]
    tag = f"{scene.name}#{next(_tags)}"
    try:
        received = driver.play(scene.ask(tag), provider.model, f"{edge_of(provider)}/v1", BOOTSTRAP_KEY, mode == "streamed")
    except Exception:
        for exchange in upstream.of_tag(tag):
            print(exchange.path, exchange.problem, json.dumps(exchange.body, ensure_ascii=False)[:3000])
        raise
    exchanges = upstream.of_tag(tag)
    assert len(exchanges) == len(scene.answers), [e.path for e in exchanges]
    titles = shapes.of(exchanges[-1].path).TITLES
    check_received(received, scene, provider, driver, mode, titles)
    for round_, exchange in enumerate(exchanges):
        check_asked(exchange, scene, provider, round_, mode, upstream)


def check_received(received: dict, scene: Scene, provider: Provider, driver: Driver, mode: str, titles: bool) -> None:
    final = scene.answers[-1]
    expected: dict = {"finish": "tool_calls" if final.calls else final.finish, "calls": as_json(final.calls)}
    if scene.schema:
        expected["parsed"] = json.loads(final.whole_text)
    else:
        expected["text"] = final.whole_text
    if scene.loop:
        expected["ran"] = [call for answer in scene.answers for call in as_json(answer.calls)]
    if final.reasoning and provider.shows_reasoning(mode):
        expected["reasoning"] = provider.between_thoughts.join(final.reasoning)
    if final.sources:
        expected["citations"] = [[s.url, s.title if titles else s.url] for s in final.sources]
    if not scene.loop:
        u = final.usage
        expected["usage"] = {"input": u.input, "output": u.output, "total": u.total, "cached": u.cached, "reasoning": u.reasoning}
        for unknown in provider.no_usage:
            expected["usage"][unknown] = 0
    if received.get("finish") == "length" and "text" not in received:
        # A helper that refuses a cut answer said so, and nothing more.
        expected = {"finish": "length"}
    if "finish" not in received and "ran" in received:
        expected.pop("finish"), expected.pop("calls")
    if set(received) == {"parsed"}:
        expected = {"parsed": expected["parsed"]}
    compared = {key: value for key, value in expected.items() if key in driver.sees}
    assert {key: received.get(key) for key in compared} == compared


def as_json(calls: tuple[Call, ...]) -> list[dict]:
    return [{"name": call.name, "arguments": call.arguments} for call in calls]


def check_asked(exchange: Exchange, scene: Scene, provider: Provider, round_: int, mode: str, upstream) -> None:
    assert not exchange.problem, exchange.problem
    assert exchange.stream is (mode == "streamed")
    assert BOOTSTRAP_KEY not in json.dumps(exchange.headers)
    asked = shapes.of(exchange.path).read(exchange.body, upstream)
    assert asked.system == scene.system
    assert asked.turns[0].role == "user" and asked.turns[0].text.startswith(scene.user)
    assert [data for _, data in asked.turns[0].images] == ([PNG] if scene.image else [])
    assert [kind for kind, _ in asked.turns[0].images] == (["image/png"] if scene.image else [])
    if scene.tools:
        wanted = {tool["name"]: tool["parameters"] for tool in scene.tools}
        assert {name: essence(schema) for name, schema in asked.tools.items()} == {n: essence(s) for n, s in wanted.items()}
        assert asked.choice in ("", "auto")
    if scene.schema:
        schema = asked.schema or asked.tools.get(asked.choice)
        assert schema and essence(schema) == essence(scene.schema)
    if scene.effort:
        assert asked.effort == scene.effort
    assert asked.search or not scene.search
    assert asked.max_tokens == scene.max_tokens or not scene.max_tokens
    assert asked.temperature == (scene.temperature if provider.sampling else None) or not scene.temperature
    check_history(asked, exchange, scene, round_)


def essence(schema: dict) -> object:
    """What of a schema every provider keeps: types, names and what is required."""
    kind = str(schema.get("type", "")).lower()
    properties = {name: essence(inner) for name, inner in schema.get("properties", {}).items()}
    return kind, properties, sorted(schema.get("required", [])), essence(schema["items"]) if "items" in schema else None


def check_history(asked, exchange: Exchange, scene: Scene, round_: int) -> None:
    """Every call so far and its result stand in the history, in order, and the provider's opaque state came back."""
    earlier = scene.answers[:round_]
    calls = [(call.name, call.arguments) for answer in earlier for call in answer.calls]
    assert [(call.name, call.arguments) for turn in asked.turns for call in turn.calls] == calls
    results = [(name, value) for turn in asked.turns for name, value in turn.results]
    assert results == [(name, RESULTS[name]) for name, _ in calls]
    # Whether the client sends it back or not: the gateway remembers.
    states = getattr(shapes.of(exchange.path), "states", lambda _answer, _body: [])
    assert asked.states == [state for answer in earlier for state in states(answer, exchange.body)]


def test_the_table_says_what_it_leaves_out():
    """Prints the cells that are missing on purpose."""
    for scene in SCENES.values():
        for name, reason in scene.missing.items():
            print(f"no {scene.name} with {name}: {reason}")
    for client, driver in DRIVERS.items():
        for scene, reason in driver.cannot.items():
            print(f"no {scene} with {client}: {reason}")
    names = {provider.name for provider in PROVIDERS}
    assert all(set(scene.missing) <= names for scene in SCENES.values())
    assert all(set(driver.cannot) <= set(SCENES) for driver in DRIVERS.values())
    assert all(isinstance(answer, Answer) for scene in SCENES.values() for answer in scene.answers)
