"""Two replicas, one of which is always dying: no whole answer fails, and no stream ends short of its end without saying so."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections import Counter

import grpc_web
import httpx
import openai
import pytest
import replicas as on_replicas
from aigateway.v1 import chat_service_pb2 as pb
from chat import message_text, unary
from gateway import BOOTSTRAP_KEY
from stubs import ROOT

pytestmark = pytest.mark.skipif(on_replicas.wanted() == "none", reason="AIGW_TEST_SKIP_POSTGRES=1 or AIGW_TEST_REPLICAS=none")

DEATHS = 10
WORKERS = 8
# Long enough to be under way when a replica dies.
SLOW = "drip-3"
SLOW_TEXT = "word0 word1 word2 "
STREAM = "drip-10"
STREAM_TEXT = "".join(f"word{i} " for i in range(10))


class Load:
    """Workers that call until enough replicas have died. Whatever a call raises is kept."""

    def __init__(self, replicas):
        self.replicas = replicas
        self.counts: Counter[str] = Counter()
        self.failures: list[BaseException] = []

    def run(self, *calls) -> None:
        deaths = self.replicas.kills + DEATHS
        deadline = time.monotonic() + 50

        def work(number: int) -> None:
            call = calls[number % len(calls)]
            while self.replicas.kills < deaths and time.monotonic() < deadline:
                try:
                    self.counts[call()] += 1
                except BaseException as failure:  # noqa: BLE001 - the test raises it
                    self.failures.append(failure)

        threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(WORKERS)]
        with self.replicas.dying():
            [thread.start() for thread in threads]
            [thread.join(60) for thread in threads]
        assert self.replicas.kills >= deaths, "replicas did not die as often as they should"


@pytest.fixture
def client(replicas):
    with openai.OpenAI(base_url=f"{replicas.edge_url}/v1", api_key=BOOTSTRAP_KEY, max_retries=0, timeout=30) as made:
        yield made


def test_no_whole_answer_fails(replicas, client, unique, record_property):
    messages = [{"role": "user", "content": "hi"}]

    def chat() -> str:
        answer = client.chat.completions.create(model=f"x-ai/{unique(SLOW)}", messages=messages)
        assert answer.choices[0].message.content == SLOW_TEXT
        return "chat"

    def responses() -> str:
        assert client.responses.create(model=f"x-ai/{unique(SLOW)}", input="hi").output_text == SLOW_TEXT
        return "responses"

    def browser() -> str:
        model = f"x-ai/{unique(SLOW)}"
        path, reply = "ChatService/CreateChatCompletion", pb.CreateChatCompletionResponse
        [answer] = grpc_web.call(replicas.edge_url, path, unary(model), reply, BOOTSTRAP_KEY)
        assert message_text(answer) == SLOW_TEXT
        return "grpc-web"

    def short() -> str:
        assert client.models.list().data
        assert client.embeddings.create(model="sandbox/embed", input="x").data
        return "models and embeddings"

    load, before = Load(replicas), replicas.sent_again
    load.run(chat, responses, browser, short)
    sent_again = replicas.sent_again - before
    record_property("calls", dict(load.counts))
    print(f"{sum(load.counts.values())} answers, {sent_again} calls sent again: {dict(load.counts)}")
    assert not load.failures, f"{len(load.failures)} of {sum(load.counts.values())} failed: {load.failures[0]!r}"
    assert set(load.counts) == {"chat", "responses", "grpc-web", "models and embeddings"}
    assert sent_again >= DEATHS / 2, "nobody was calling when the replicas died"


def test_a_stream_is_whole_or_ends_in_a_typed_error(replicas, client, unique):
    messages = [{"role": "user", "content": "hi"}]

    def stream() -> str:
        text, finish = "", None
        try:
            for chunk in client.chat.completions.create(model=f"x-ai/{unique(STREAM)}", messages=messages, stream=True):
                for choice in chunk.choices:
                    text += choice.delta.content or ""
                    finish = choice.finish_reason or finish
        except openai.APIError as error:
            assert on_replicas.INTERRUPTED in str(error) and error.code == "upstream_error", repr(error)
            assert finish is None and STREAM_TEXT.startswith(text), (finish, text)
            return "interrupted"
        assert (text, finish) == (STREAM_TEXT, "stop")
        return "whole"

    load = Load(replicas)
    load.run(stream)
    replicas.interrupted += load.counts["interrupted"]
    print(dict(load.counts))
    assert not load.failures, f"{len(load.failures)} streams ended otherwise: {load.failures[0]!r}"
    assert load.counts["whole"] > 0 and load.counts["interrupted"] > 0, load.counts


def test_readiness_does_not_waver(replicas):
    """One replica is enough for the edge to be ready."""
    statuses: Counter[int] = Counter()
    deaths = replicas.kills + 4
    with replicas.dying(), httpx.Client(base_url=replicas.edge_url, trust_env=False) as http:
        while replicas.kills < deaths:
            statuses[http.get("/readyz").status_code] += 1
            time.sleep(0.02)
    assert set(statuses) == {200}, statuses


@pytest.mark.timeout(120)
def test_node_clients(replicas):
    """The tests of the Node suite that know an edge by its address only."""
    env = os.environ | {"AIGW_TEST_REPLICAS_URL": replicas.edge_url, "AIGW_TEST_KEY": BOOTSTRAP_KEY}
    command = ["node", "--test", "--test-concurrency=1", r"--test-name-pattern=\(replicas\)", "test/openai.test.js", "test/connect.test.js"]
    deaths = replicas.kills
    with replicas.dying():
        for _ in range(2):
            run = subprocess.run(command, cwd=ROOT / "tests/clients/node", env=env, capture_output=True, text=True, timeout=50)
            assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
    assert replicas.kills > deaths
