"""A separate edge in front of two gateways on one PostgreSQL, one of which is always being killed or started again."""

from __future__ import annotations

import base64
import contextlib
import os
import random
import secrets
import threading
import time

from _pytest.runner import runtestprotocol
from gateway import Gateway, SeparateEdge, free_port
from postgres import Postgres, program

# How long both replicas live between two deaths. Shorter than the first, a slow call could meet three deaths in a row,
# which is more than the edge mends; the last is long enough for the longest stream.
ALIVE_SECONDS = (0.6, 0.8, 1.2, 3.0)
# What the edge says of a stream whose replica died, on every kind of door, and what it notes of a call it sends again.
INTERRUPTED = "broke before the answer was complete"
SENT_AGAIN = "left a call without an answer"
# A stream whose replica dies is a failed test that may be played again: nobody can go on with it. The last time nobody
# dies, for streams that take longer than replicas live.
MOST_PLAYS = 4

# The modules whose tests run on replicas when nobody asks for more.
USUAL = {"test_completions", "test_embeddings", "test_grpc_web", "test_openai", "test_openai_errors", "test_rest", "test_warnings"}
# What replicas cannot show, and why.
LEFT_OUT = {
    "test_hangup": "a death closes the upstream's connection too, so nothing is measured",
    "test_a_timeout_of_the_client_closes_the_upstream_call": "the same",
    "test_a_lasting_failure_is_tried_a_bounded_number_of_times": "counts requests at the upstream; a call sent again adds its own",
    "test_429_is_retried_after_the_time_the_upstream_wants": "the same",
    "test_one_upstream_failure_is_invisible": "the same",
}


def wanted() -> str:
    """`usual`, `all` or `none`, by AIGW_TEST_REPLICAS."""
    if os.environ.get("AIGW_TEST_SKIP_POSTGRES") == "1":
        return "none"
    return os.environ.get("AIGW_TEST_REPLICAS", "usual")


def is_on_replicas(item) -> bool:
    return hasattr(item, "callspec") and "replicas" in item.callspec.params.values()


def is_left_out(item) -> bool:
    """Whether a test on replicas is not to run."""
    module = item.module.__name__
    if module in LEFT_OUT or item.originalname in LEFT_OUT:
        return True
    return wanted() == "none" or (wanted() == "usual" and module not in USUAL)


class Replicas:
    """`with Replicas(upstream.url) as r, r.dying(): ... r.edge_url`."""

    def __init__(self, upstream_url: str):
        self.upstream_url = upstream_url
        # How often a replica was killed, and how many streams ended with a typed error because of it.
        self.kills = 0
        self.interrupted = 0
        self._dying, self._ended = threading.Event(), threading.Event()
        self._failure: BaseException | None = None
        # Known for good when the edge has ended.
        self._sent_again: int | None = None

    def __enter__(self) -> Replicas:
        assert program("initdb"), "replicas need PostgreSQL; AIGW_TEST_SKIP_POSTGRES=1 runs without them"
        with contextlib.ExitStack() as stack:
            database = stack.enter_context(Postgres(secrets.token_hex(8)))
            self.env = {"DATABASE_URL": database.url, "AIGW_MASTER_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}
            self.ports = [(free_port(), free_port()) for _ in range(2)]
            self.gateways = [self._start(0), self._start(1)]
            stack.callback(self._stop_gateways)
            self.edge = SeparateEdge(*(gateway.grpc for gateway in self.gateways), log="info,gateway_edge=debug")
            stack.callback(self._stop_edge)
            self._killer = threading.Thread(target=self._kill_for_ever, name="killer", daemon=True)
            self._killer.start()
            stack.callback(self._end_killer)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        if self._failure:
            raise self._failure

    @property
    def edge_url(self) -> str:
        return self.edge.edge_url

    @property
    def sent_again(self) -> int:
        """How many calls were under way at a replica when it died, and were sent to the other."""
        if self._sent_again is not None:
            return self._sent_again
        return self.edge.log.read_text(errors="replace").count(SENT_AGAIN)

    @contextlib.contextmanager
    def dying(self):
        self._dying.set()
        try:
            yield
        finally:
            self._dying.clear()
        assert self._failure is None, self._failure

    def _start(self, which: int) -> Gateway:
        return Gateway(self.upstream_url, self.env, self.ports[which])

    def _kill_for_ever(self) -> None:
        try:
            while not self._ended.is_set():
                if not self._dying.wait(0.1):
                    continue
                time.sleep(random.choice(ALIVE_SECONDS))
                if not self._dying.is_set():
                    continue
                which = self.kills % 2
                self.gateways[which].popen.kill()
                self.gateways[which].popen.wait()
                self.kills += 1
                self.gateways[which].forget()
                self.gateways[which] = self._start(which)
        except BaseException as failure:  # noqa: BLE001 - it is raised again where tests see it
            self._failure = failure

    def _end_killer(self) -> None:
        self._ended.set()
        self._killer.join(30)

    def _stop_gateways(self) -> None:
        for gateway in self.gateways:
            log = gateway.output()
            status = gateway.stop()
            gateway.forget()
            assert status == 0 and "panicked" not in log, log

    def _stop_edge(self) -> None:
        log, status = self.edge.output(), self.edge.stop()
        assert self.edge.members() == [], "processes were left running"
        self._sent_again = self.sent_again
        self.edge.forget()
        assert status == 0 and "panicked" not in log, log


def play(item, nextitem, replicas: list[Replicas]) -> None:
    """Runs a test on replicas, and runs it again when a stream of it was interrupted."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    # Without a next test pytest would take the replicas down after each play; at the end of the run it does so anyway.
    nextitem = nextitem or item.session.items[0]
    for number in range(1, MOST_PLAYS + 1):
        item.in_peace = number == MOST_PLAYS
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        failed = [report for report in reports if report.failed]
        if number == MOST_PLAYS or not failed or not all(INTERRUPTED in report.longreprtext for report in failed):
            break
        for running in replicas:
            running.interrupted += 1
        item._initrequest()
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def summary(terminalreporter, all_of_them: list[Replicas]) -> None:
    if all_of_them:
        terminalreporter.section("replicas")
    for replicas in all_of_them:
        counts = f"{replicas.kills} deaths, {replicas.sent_again} calls sent again, {replicas.interrupted} streams interrupted"
        terminalreporter.write_line(counts)
