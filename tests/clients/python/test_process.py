"""The processes: they start with nothing configured, finish what they began when asked to stop, and leave nothing."""

from __future__ import annotations

import socket
import threading
import time

import grpc
import pytest
from aigateway.v1 import chat_service_pb2_grpc
from chat import check_well_formed, stream, text_of
from gateway import Gateway, SeparateEdge
from raw_http import sse_chat

WORDS = "".join(f"word{i} " for i in range(15))


@pytest.fixture
def own_gateway(upstream):
    running = Gateway(upstream.url)
    yield running
    if running.popen.poll() is None:
        running.stop()
    running.forget()


def in_thread(work):
    """Runs `work` in a thread; returns a function that waits for its result."""
    result: list = []

    def run():
        try:
            result.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the test's own thread
            result.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def join():
        thread.join(30)
        assert result, "still running"
        if isinstance(result[0], BaseException):
            raise result[0]
        return result[0]

    return join


def refuses(address: str) -> bool:
    host, port = address.removeprefix("http://").rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return True
    return False


def test_sigterm_finishes_open_streams(own_gateway, upstream, unique, auth):
    over_grpc, over_sse = unique("drip-15"), unique("drip-15")

    def grpc_stream():
        with grpc.insecure_channel(own_gateway.grpc) as channel:
            stub = chat_service_pb2_grpc.ChatServiceStub(channel)
            return list(stub.StreamChatCompletion(stream(f"x-ai/{over_grpc}"), metadata=auth, timeout=30))

    events = in_thread(grpc_stream)
    reply = in_thread(lambda: sse_chat(own_gateway.edge_url, f"x-ai/{over_sse}"))
    upstream.wait_for(over_grpc)
    upstream.wait_for(over_sse)
    time.sleep(0.4)
    own_gateway.terminate()
    time.sleep(0.3)
    assert refuses(own_gateway.grpc) or own_gateway.popen.poll() is None
    check_well_formed(events())
    assert text_of(events()) == WORDS
    assert (reply().text, reply().done) == (WORDS, True)
    assert own_gateway.popen.wait(10) == 0, own_gateway.output()
    assert own_gateway.members() == []
    assert refuses(own_gateway.grpc) and refuses(own_gateway.edge_url)


def test_sigterm_of_the_separate_edge_finishes_open_streams(gateway, upstream, unique):
    edge = SeparateEdge(gateway.grpc)
    name = unique("drip-15")
    reply = in_thread(lambda: sse_chat(edge.edge_url, f"x-ai/{name}"))
    upstream.wait_for(name)
    time.sleep(0.4)
    edge.terminate()
    assert (reply().text, reply().done) == (WORDS, True)
    assert edge.popen.wait(10) == 0, edge.output()
    assert edge.members() == []
    edge.forget()


def test_an_idle_gateway_ends_at_once(own_gateway):
    with socket.create_connection(tuple(own_gateway.grpc.rsplit(":", 1))):
        start = time.monotonic()
        assert own_gateway.stop() == 0
        assert time.monotonic() - start < 5, "an idle connection must not hold the process"
    assert own_gateway.members() == []


def test_a_second_start_on_the_same_port_says_why(own_gateway, upstream):
    with pytest.raises(RuntimeError) as caught:
        Gateway(upstream.url, {"AIGW_GRPC_ADDR": own_gateway.grpc})
    assert own_gateway.grpc in str(caught.value) and "panicked" not in str(caught.value)


def test_the_log_names_no_secret(own_gateway, auth):
    from gateway import BOOTSTRAP_KEY, UPSTREAM_KEY

    sse_chat(own_gateway.edge_url, "sandbox/echo", "a private sentence")
    own_gateway.stop()
    log = own_gateway.output()
    assert not any(secret in log for secret in (BOOTSTRAP_KEY, UPSTREAM_KEY, "a private sentence")), log
