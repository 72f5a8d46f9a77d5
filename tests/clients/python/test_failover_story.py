"""The story of keys, told from outside: which key is tried when, what a failure does to it, who is selected then, and what
the caller sees. Every scene through REST and gRPC, whole and streamed.
"""

from __future__ import annotations

import time

import pytest
from gateway import UPSTREAM_KEY
from key_desk import action_name, eventually, now, state_name
from stage import exhausted, traced, worked

FAST_MS = 50
# How a key fails -> its state then, and the class in the trace.
REFUSALS = {
    "401": ("INVALID", "CREDENTIAL"),
    "403": ("INVALID", "CREDENTIAL"),
    "wrong-key": ("INVALID", "CREDENTIAL"),
    "429": ("COOLING", "RATE_LIMIT"),
    "429:30": ("COOLING", "RATE_LIMIT"),
    "quota": ("QUOTA_EXHAUSTED", "QUOTA"),
}


def test_header_then_selected_then_the_others_in_order_then_the_environment(stage):
    stage.add(first="401", second="401", third="401", fourth="401")
    stage.select("third")
    own = stage.secret("header", "401")

    seen = stage.door.ask(own)

    order = ["header", "third", "fourth", "first", "second", "environment"]
    assert stage.shown() == order
    worked(seen, attempts=6)
    traced(seen, *[(name, "CREDENTIAL") for name in order[:-1]], ("environment", ""))
    assert stage.desk.selected() == "third", "a key that is not stored cannot become selected"
    assert set(stage.desk.states().values()) == {"INVALID"}


def test_without_a_selected_key_creation_order_holds(stage):
    stage.add(first="ok", second="ok")
    worked(stage.door.ask(), attempts=1)
    assert stage.shown() == ["first"]
    assert stage.desk.selected() == "", "a key that works is no reason to select it"


@pytest.mark.parametrize("behaviour", REFUSALS)
def test_a_refused_key_gives_way_and_the_next_becomes_selected(stage, behaviour):
    secrets = stage.add(first="ok", second=behaviour, third="ok")
    stage.select("second")
    state, failure = REFUSALS[behaviour]
    moment = now()

    seen = stage.door.ask()

    worked(seen, attempts=2)
    traced(seen, ("second", failure), ("third", ""))
    assert stage.shown() == ["second", "third"]
    keys = eventually(stage.desk.list, lambda keys: keys["third"].selected)
    assert not keys["second"].selected and not keys["first"].selected
    assert [state_name(key) for key in keys.values()] == ["ACTIVE", state, "ACTIVE"]
    second = keys["second"]
    assert second.state_reason and second.HasField("failure_class")
    assert second.HasField("state_end_time") == (state != "INVALID")
    if behaviour == "429:30":
        rest = second.state_end_time.ToMilliseconds() - second.state_start_time.ToMilliseconds()
        assert 30_000 <= rest <= 60_000, rest

    worked(stage.door.ask(), attempts=1)
    assert stage.shown() == ["third"], "the selected key first, and the resting one not at all"

    entries = stage.desk.told(moment, lambda actions: "FAILOVER" in actions and "ERROR" in actions)
    error = next(entry for entry in entries if action_name(entry) == "ERROR")
    assert (error.provider_key_name, error.failure_class) == ("second", second.failure_class)
    move = next(entry for entry in entries if action_name(entry) == "FAILOVER")
    assert (move.provider_key_name, move.next_provider_key_name) == ("second", "third")
    assert [attempt.key_alias for attempt in move.attempts] == ["second", "third"]
    assert move.request_id and move.model_id == stage.door.model and move.gateway_key_name
    assert not any(secret in str(entries) for secret in secrets.values())


def test_a_key_that_rests_when_its_owner_selects_it_stays_selected(stage):
    stage.add(first="429:30", second="ok")
    worked(stage.door.ask(), attempts=2)
    stage.select("first")
    worked(stage.door.ask(), attempts=1)
    assert stage.shown() == ["first", "second", "second"]
    time.sleep(0.3)
    assert stage.desk.selected() == "first", "it did not fail in the request that passed it over"


@pytest.mark.parametrize("behaviour", ["500", "500:503", "reset"])
def test_a_provider_that_stumbles_costs_the_key_nothing(fresh, behaviour):
    fresh.add(first=behaviour, second="ok")
    fresh.select("first")

    seen = fresh.door.ask()

    assert fresh.shown() == ["first", "first", "second"]
    worked(seen, attempts=3)
    assert fresh.desk.selected() == "first"
    assert fresh.desk.states() == {"first": "ACTIVE", "second": "ACTIVE"}


def test_when_nothing_is_left_the_answer_is_503_at_once(bare, record_property):
    secrets = bare.add(first="401", second="429:7", third="quota")
    moment = now()
    exhausted(bare.door.ask())
    assert bare.shown() == ["first", "second", "third"]

    again = [bare.door.ask() for _ in range(5)]

    assert bare.shown() == [], "nothing is asked that cannot answer"
    for seen in again:
        exhausted(seen)
        assert 1 <= seen.retry_seconds <= 8, "the second key is back in 7 s"
        assert not any(secret in seen.said for secret in secrets.values())
    fastest = min(seen.milliseconds for seen in again)
    record_property("exhausted_ms", fastest)
    assert fastest < FAST_MS, [seen.milliseconds for seen in again]

    entries = bare.desk.told(moment, lambda actions: "FAILOVER_EXHAUSTED" in actions)
    given_up = next(entry for entry in entries if action_name(entry) == "FAILOVER_EXHAUSTED")
    assert [attempt.key_alias for attempt in given_up.attempts] == ["first", "second", "third"]
    assert (given_up.provider_key_id, given_up.provider_key_name) == ("", "") and given_up.message
    assert not any(secret in str(entries) for secret in secrets.values())


def test_the_environments_key_does_not_hide_that_all_stored_ones_are_dead(stage):
    stage.add(first="401")
    stage.upstream.table[UPSTREAM_KEY] = "401"
    exhausted(stage.door.ask())
    assert stage.shown() == ["first", "environment"]


def test_without_stored_keys_a_limit_stays_a_limit(stage):
    stage.upstream.table[UPSTREAM_KEY] = "429:3"
    for _ in range(2):
        seen = stage.door.ask()
        assert seen.reason in ("RATE_LIMITED", "RATE_LIMIT_EXCEEDED"), seen
        assert stage.shown() == ["environment"], "it is asked each time: nobody could wake it"


def test_a_rested_key_comes_back_by_itself(bare):
    secrets = bare.add(only="429:2")
    moment = now()
    exhausted(bare.door.ask())
    bare.upstream.table[secrets["only"]] = "ok"
    exhausted(bare.door.ask())
    assert bare.shown() == ["only"], "a resting key is left alone"
    key = bare.desk.list()["only"]
    time.sleep(max(0.0, key.state_end_time.ToMilliseconds() / 1000 - time.time()) + 0.1)

    worked(bare.door.ask(), attempts=1)

    assert bare.shown() == ["only"]
    assert bare.desk.states() == {"only": "ACTIVE"}
    entries = bare.desk.told(moment, lambda actions: "RECOVERED" in actions)
    assert [action_name(entry) for entry in entries if entry.provider_key_name == "only"][-2:] == ["ERROR", "RECOVERED"]


def test_a_refused_key_comes_back_by_a_test_or_a_new_secret(bare):
    secrets = bare.add(first="401", second="401")
    exhausted(bare.door.ask())
    bare.shown()
    keys = bare.desk.list()

    bare.upstream.table[secrets["first"]] = "ok"
    assert state_name(bare.desk.test(keys["first"]).provider_key) == "ACTIVE"
    new = bare.secret("renewed", "ok")
    assert state_name(bare.desk.replace_secret(keys["second"], new)) == "ACTIVE"

    bare.shown()
    worked(bare.door.ask(), attempts=1)
    bare.desk.delete(keys["first"])
    worked(bare.door.ask(), attempts=1)
    assert bare.shown() == ["first", "renewed"]


def test_a_disabled_key_is_never_used(bare):
    bare.add(off="ok", on="ok")
    keys = bare.desk.list()
    bare.desk.select(keys["off"])
    assert state_name(bare.desk.set_active(keys["off"], False)) == "DISABLED"
    for _ in range(3):
        worked(bare.door.ask(), attempts=1)
    assert bare.shown() == ["on"] * 3
    assert state_name(bare.desk.test(keys["off"]).provider_key) == "DISABLED", "a test proves it, but switches nothing on"
    bare.shown()
    worked(bare.door.ask(), attempts=1)
    assert bare.shown() == ["on"]

    bare.desk.set_active(keys["off"], True)
    worked(bare.door.ask(), attempts=1)
    assert bare.shown() == ["off"], "back in its place at once, and still selected"


def test_a_deleted_key_is_never_used(bare):
    bare.add(gone="ok", kept="ok")
    keys = bare.desk.list()
    bare.desk.select(keys["gone"])
    worked(bare.door.ask(), attempts=1)
    bare.desk.delete(keys["gone"])
    for _ in range(3):
        worked(bare.door.ask(), attempts=1)
    assert bare.shown() == ["gone", "kept", "kept", "kept"]
    assert bare.desk.selected() == "", "nobody takes its place"


def test_keys_of_one_quota_owner_rest_together(bare):
    for name, behaviour, owner in (("first", "quota", "project"), ("second", "ok", "project"), ("third", "ok", "")):
        bare.desk.add(name, bare.secret(name, behaviour), quota_owner=owner)
    worked(bare.door.ask(), attempts=2)
    assert bare.shown() == ["first", "third"], "the second key has the same empty purse"
    assert bare.desk.states() == {"first": "QUOTA_EXHAUSTED", "second": "QUOTA_EXHAUSTED", "third": "ACTIVE"}
