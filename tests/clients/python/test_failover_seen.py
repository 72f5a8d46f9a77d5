"""What users see of failover beside the answer: the activity log, the watched keys, and that a storm stays small."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest
from aigateway.v1 import activity_service_pb2 as activity_pb
from aigateway.v1 import key_service_pb2 as pb
from gateway import BOOTSTRAP_KEY, UPSTREAM_KEY
from key_desk import action_name, eventually, now, state_name
from provider_shapes import TEXT
from stage import exhausted, worked

over_grpc = pytest.mark.parametrize("door", ["grpc"], indirect=True)
over_rest = pytest.mark.parametrize("door", ["rest"], indirect=True)
of_xai = pytest.mark.parametrize("provider", ["xai"], indirect=True)


def test_the_log_tells_the_whole_story_in_order(bare):
    moment = now()
    secrets = bare.add(work="401", home="429:1", spare="quota")
    bare.select("work")
    exhausted(bare.door.ask())
    bare.upstream.table[secrets["home"]] = "ok"
    time.sleep(1.5)
    worked(bare.door.ask(), attempts=1)
    bare.desk.delete(bare.desk.list()["spare"])

    entries = bare.desk.told(moment, lambda actions: "RECOVERED" in actions and "DELETE" in actions)

    told = [(action_name(entry), entry.provider_key_name) for entry in entries]
    story = [("ADD", "work"), ("ADD", "home"), ("ADD", "spare"), ("SELECT", "work")]
    story += [("ERROR", "work"), ("ERROR", "home"), ("ERROR", "spare"), ("FAILOVER_EXHAUSTED", "")]
    story += [("RECOVERED", "home"), ("DELETE", "spare")]
    rest = iter(told)
    assert all(step in rest for step in story), told
    assert [entry.id for entry in entries] == sorted(entry.id for entry in entries)
    assert not any(secret in str(entries) for secret in secrets.values())


@over_grpc
def test_fifty_callers_meet_a_dead_key_at_once(stage):
    stage.add(first="401", second="ok", third="ok")
    stage.select("first")
    with ThreadPoolExecutor(50) as pool:
        seen = list(pool.map(lambda _: stage.door.ask(), range(50)))
    assert all(one.text == TEXT for one in seen), [one for one in seen if one.text != TEXT][:3]
    assert eventually(stage.desk.selected, lambda name: name == "second")
    shown = stage.shown()
    assert shown.count("second") == 50 and "third" not in shown


@over_grpc
def test_a_storm_stays_small_upstream(fresh, record_property):
    fresh.upstream.table[UPSTREAM_KEY] = "500"
    fresh.add(first="500")
    requests = 200
    begin = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        seen = list(pool.map(lambda _: fresh.door.ask(), range(requests)))
    seconds = time.monotonic() - begin
    assert all(one.reason == "UPSTREAM_ERROR" for one in seen), seen[0]
    attempts = len(fresh.shown())
    record_property("attempts_per_request", attempts / requests)
    # 20 at once, one for every ten requests, and two a second: a slow machine earns some more.
    assert requests <= attempts <= 20 + 1.1 * requests + 2 * seconds + 1


@over_grpc
@of_xai
def test_a_storm_is_told_once(bare):
    moment = now()
    bare.add(first="429:30", second="429:30")
    with ThreadPoolExecutor(20) as pool:
        for seen in pool.map(lambda _: bare.door.ask(), range(60)):
            exhausted(seen)
    bare.desk.told(moment, lambda actions: "FAILOVER_EXHAUSTED" in actions)
    time.sleep(0.5)
    told = [action_name(entry) for entry in bare.desk.since(moment)]
    assert told.count("FAILOVER_EXHAUSTED") == 1, told


@over_rest
@of_xai
def test_openai_python_waits_as_long_as_it_is_told(bare):
    """Its own retries take the 503 for what it is: they wait for `retry-after` and succeed."""
    secrets = bare.add(only="429:2")
    exhausted(bare.door.ask())
    bare.upstream.table[secrets["only"]] = "ok"
    patient = openai.OpenAI(base_url=bare.door.client.base_url, api_key=BOOTSTRAP_KEY, max_retries=2, timeout=30)
    reply = patient.chat.completions.create(model=bare.door.model, messages=[{"role": "user", "content": "hi"}])
    assert reply.choices[0].message.content == TEXT


@over_grpc
@of_xai
def test_watched_keys_show_a_failover_as_it_happens(bare):
    bare.add(first="401", second="ok")
    bare.select("first")
    watch = bare.desk.keys.WatchProviderKeys(pb.WatchProviderKeysRequest(provider="xai"), metadata=bare.desk.auth, timeout=20)
    next(event for event in watch if event.WhichOneof("event") == "synced")
    bare.door.ask()
    latest: dict[str, tuple[str, bool]] = {}
    while latest != {"first": ("INVALID", False), "second": ("ACTIVE", True)}:
        event = next(watch)
        if event.WhichOneof("event") == "provider_key":
            latest[event.provider_key.name] = (state_name(event.provider_key), event.provider_key.selected)
    watch.cancel()


@over_grpc
@of_xai
def test_watched_activity_resumes_where_it_stopped(bare):
    moment = now()
    bare.add(first="ok")
    seen = bare.desk.told(moment, lambda actions: "ADD" in actions)[-1]
    bare.add(second="ok", third="ok")
    request = activity_pb.WatchActivityRequest(filter=activity_pb.ActivityFilter(provider="xai"), after_id=seen.id)
    watch = bare.desk.log.WatchActivity(request, metadata=bare.desk.auth, timeout=10)
    entries = (event.entry for event in watch if event.WhichOneof("event") == "entry")
    assert [next(entries).provider_key_name for _ in range(2)] == ["second", "third"]
    watch.cancel()
