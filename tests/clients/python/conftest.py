"""Fixtures: one scripted upstream, one gateway and one separate edge for the whole run."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys

# Before any client library is imported: nothing here may leave the machine or take a proxy.
os.environ |= {"NO_PROXY": "127.0.0.1,localhost", "LANGSMITH_TRACING": "false", "GRPC_VERBOSITY": "ERROR"}
for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
    os.environ.pop(name, None)

import stubs

stubs.generate()

import grpc
import openai
import pytest
from doors import DOORS
from gateway import BOOTSTRAP_KEY, Gateway, SeparateEdge
from keyed_upstream import KeyedUpstream
from scripted_upstream import ScriptedUpstream
from stage import NO_ENVIRONMENT, PROVIDERS, stage_on

_numbers = itertools.count(1)
_measured: list[tuple[str, float]] = []


@pytest.fixture(scope="session")
def upstream():
    with ScriptedUpstream() as running:
        yield running


def started(make):
    """Ends the whole run with the reason when a binary does not start: 500 equal errors help nobody."""
    try:
        return make()
    except RuntimeError as reason:
        pytest.exit(str(reason), returncode=2)


@pytest.fixture(scope="session")
def gateway(upstream):
    yield from served(upstream)


@pytest.fixture(scope="session")
def edge_of(upstream, gateway):
    """Returns the edge of a provider's row: the common one, or that of a gateway with the settings of the row."""
    others: dict[tuple, Gateway] = {}
    with contextlib.ExitStack() as stack:

        def find(provider) -> str:
            if not provider.env:
                return gateway.edge_url
            if provider.env not in others:
                others[provider.env] = stack.enter_context(contextlib.contextmanager(served)(upstream, dict(provider.env)))
            return others[provider.env].edge_url

        yield find


def served(upstream, env: dict[str, str | None] | None = None):
    running = started(lambda: Gateway(upstream.url, env))
    yield running
    log = running.output()
    status = running.stop()
    assert running.members() == [], "processes were left running"
    running.forget()
    assert status == 0, f"the gateway ended with {status}:\n{log}"
    assert "panicked" not in log, log


@pytest.fixture(scope="session")
def keyed():
    """An upstream that answers by key."""
    with KeyedUpstream() as running:
        yield running


@pytest.fixture(scope="session")
def keyed_gateway(keyed):
    yield from served(keyed)


@pytest.fixture(scope="session")
def bare_gateway(keyed):
    yield from served(keyed, NO_ENVIRONMENT)


@pytest.fixture(params=DOORS)
def door(request) -> str:
    return request.param


@pytest.fixture(params=PROVIDERS)
def provider(request) -> str:
    return request.param


@pytest.fixture
def stage(keyed_gateway, keyed, provider, door):
    """A gateway whose environment has a key too."""
    yield from stage_on(keyed_gateway, keyed, provider, door)


@pytest.fixture
def bare(bare_gateway, keyed, provider, door):
    """A gateway with no key but those that are stored."""
    yield from stage_on(bare_gateway, keyed, provider, door)


@pytest.fixture
def fresh(keyed, provider, door):
    """A gateway of its own, whose budget for repeats nobody has used."""
    for running in served(keyed):
        yield from stage_on(running, keyed, provider, door)


@pytest.fixture(scope="session")
def separate_edge(gateway):
    running = started(lambda: SeparateEdge(gateway.grpc))
    yield running
    status = running.stop()
    assert running.members() == [], "processes were left running"
    running.forget()
    assert status == 0


@pytest.fixture(scope="session", params=["inmemory", "separate"])
def edge(request, gateway) -> str:
    """The edge's address, in both arrangements."""
    if request.param == "inmemory":
        return gateway.edge_url
    return request.getfixturevalue("separate_edge").edge_url


@pytest.fixture(scope="session")
def separate_bare_edge(bare_gateway):
    running = started(lambda: SeparateEdge(bare_gateway.grpc))
    yield running
    assert running.stop() == 0
    running.forget()


@pytest.fixture(scope="session", params=["inmemory", "separate"])
def bare_edge(request, bare_gateway) -> str:
    """The same of a gateway without any key of a provider: its default model is the sandbox."""
    if request.param == "inmemory":
        return bare_gateway.edge_url
    return request.getfixturevalue("separate_bare_edge").edge_url


@pytest.fixture(scope="session")
def channel(gateway):
    with grpc.insecure_channel(gateway.grpc) as open_channel:
        yield open_channel


@pytest.fixture(scope="session")
def auth() -> tuple[tuple[str, str], ...]:
    """gRPC metadata of a good caller."""
    return (("authorization", f"Bearer {BOOTSTRAP_KEY}"),)


@pytest.fixture
def client(edge):
    """openai-python without retries of its own, so that what the gateway said is what a test sees."""
    with openai.OpenAI(base_url=f"{edge}/v1", api_key=BOOTSTRAP_KEY, max_retries=0, timeout=30) as made:
        yield made


@pytest.fixture
def unique():
    """Makes the name of a script unique: `unique("drip-10")` -> `drip-10--7`."""
    return lambda script: f"{script}--{next(_numbers)}"


@pytest.fixture
def measured(request):
    """Notes milliseconds for the summary at the end."""
    return lambda ms: _measured.append((request.node.nodeid.split("::", 1)[1], ms))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Lets fixtures see whether their test passed."""
    report = yield
    if report.when == "call":
        item.passed_call = report.passed
    return report


def pytest_terminal_summary(terminalreporter):
    conformance = sys.modules.get("test_langchain_conformance")
    if conformance and conformance.PASSED:
        terminalreporter.section("LangChain's conformance suite: tests passed")
        for name, passed in conformance.PASSED.items():
            terminalreporter.write_line(f"{len(passed):4}  {name.removeprefix('Test')}")
    if _measured:
        terminalreporter.section("measured: milliseconds until the upstream saw the hang-up (promised: 100)")
        for name, ms in _measured:
            terminalreporter.write_line(f"{ms:8.1f}  {name}{'   <-- above 100' if ms > 100 else ''}")
