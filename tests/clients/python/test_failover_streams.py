"""Failover of streams: unseen before the first word, a typed error after it; and callers who hang up are counted."""

from __future__ import annotations

import time

import grpc
import pytest
from chat import stream
from key_desk import eventually
from provider_shapes import TEXT
from stage import worked

streamed = pytest.mark.parametrize("door", ["rest-stream", "grpc-stream"], indirect=True)


@streamed
def test_a_stream_that_breaks_before_its_first_word_is_mended_unseen(fresh):
    fresh.add(first="break-early", second="ok")
    # The door itself checks that the stream is one: one role, one end, one id, gapless numbers.
    worked(fresh.door.ask(), attempts=3)
    assert fresh.shown() == ["first", "first", "second"]


@streamed
def test_a_stream_that_breaks_after_its_first_word_ends_in_a_typed_error(stage, door):
    stage.add(first="break-late", second="ok")
    seen = stage.door.ask()
    assert stage.shown() == ["first"], "what was said cannot be unsaid, so nothing is tried again"
    assert seen.text and TEXT.startswith(seen.text) and seen.text != TEXT, seen
    if door == "grpc-stream":
        assert (seen.reason, seen.status) == ("STREAM_INTERRUPTED", grpc.StatusCode.ABORTED), seen
    else:
        assert seen.reason and seen.status is None, seen
    assert stage.desk.states() == {"first": "ACTIVE", "second": "ACTIVE"}


@streamed
def test_a_caller_who_hangs_up_is_counted_as_cancelled(stage, door):
    stage.add(first="hang-late")
    before = stage.desk.usage()
    if door == "rest-stream":
        chunks = stage.door.client.chat.completions.create(
            model=stage.door.model, messages=[{"role": "user", "content": "hi"}], stream=True
        )
        next(chunk for chunk in chunks if chunk.choices and chunk.choices[0].delta.content)
        leave = chunks.close
    else:
        call = stage.door.stub.StreamChatCompletion(stream(stage.door.model), metadata=stage.desk.auth, timeout=30)
        next(event for event in call if event.WhichOneof("event") == "text_delta")
        leave = call.cancel
    exchange = stage.upstream.peek()[-1]
    left = time.monotonic()
    leave()
    closed = exchange.wait_closed(3)
    assert closed is not None and closed - left < 3

    after = eventually(stage.desk.usage, lambda row: row.cancelled_request_count > before.cancelled_request_count)
    assert after.cancelled_request_count == before.cancelled_request_count + 1
    assert after.request_count == before.request_count + 1
    assert after.failed_request_count == before.failed_request_count
