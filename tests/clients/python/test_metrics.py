"""`/metrics` as Prometheus reads it: its own parser for Python takes every line, and a failover is told as it happened."""

from __future__ import annotations

import httpx
from key_desk import eventually
from prometheus_client.parser import text_string_to_metric_families
from stage import PROVIDERS, worked

Samples = dict[tuple[str, frozenset], float]


def read(edge: str) -> Samples:
    """Reads all samples, and holds the text to its rules."""
    reply = httpx.get(f"{edge}/metrics", trust_env=False)
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == "text/plain; version=0.0.4"
    samples: Samples = {}
    for family in text_string_to_metric_families(reply.text):
        assert family.type in ("counter", "gauge", "histogram") and family.documentation, family
        for sample in family.samples:
            where = sample.name, frozenset(sample.labels.items())
            assert where not in samples, f"twice: {sample}"
            samples[where] = sample.value
    return samples


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((name, frozenset(labels.items())), 0)


def test_the_official_parser_takes_it(edge):
    assert httpx.get(f"{edge}/livez", trust_env=False).status_code == 200
    samples = read(edge)
    assert value(samples, "aigw_http_requests_total", method="GET", code="200", route="/livez") >= 1
    assert value(samples, "process_resident_memory_bytes") > 1 << 20
    [version] = [labels for name, labels in samples if name == "aigw_build_info"]
    assert dict(version)["version"]


def test_head_and_other_methods(bare_edge):
    with httpx.Client(base_url=bare_edge, trust_env=False) as client:
        head = client.head("/metrics")
        assert head.status_code == 200 and not head.content
        refused = client.post("/metrics")
        assert refused.status_code == 405 and refused.headers["allow"] == "GET,HEAD,OPTIONS"
        assert client.get("/metrics/").status_code == 200


def test_a_failover_is_told(keyed_gateway, stage, provider):
    stage.add(first="429:30", second="ok", third="401")
    stage.select("first")
    model = PROVIDERS[provider][0]
    before = read(keyed_gateway.edge_url)

    worked(stage.door.ask(), attempts=2)

    def told() -> dict[str, float]:
        after = read(keyed_gateway.edge_url)

        def more(name: str, **labels: str) -> float:
            return value(after, name, **labels) - value(before, name, **labels)

        return {
            "requests": more("aigw_requests_total", operation="chat", outcome="completed", provider=provider, model=model),
            "refused": more("aigw_attempts_total", outcome="rate_limit", provider=provider),
            "answered": more("aigw_attempts_total", outcome="completed", provider=provider),
            "failovers": more("aigw_failovers_total", reason="rate_limit", provider=provider),
            "retries": more("aigw_retries_total", reason="rate_limit", provider=provider),
            "active": value(after, "aigw_provider_keys", state="active", provider=provider),
            "cooling": value(after, "aigw_provider_keys", state="cooling", provider=provider),
        }

    wanted = {"requests": 1, "refused": 1, "answered": 1, "failovers": 1, "retries": 0, "active": 2, "cooling": 1}
    assert eventually(told, lambda counts: counts["requests"] == 1) == wanted
