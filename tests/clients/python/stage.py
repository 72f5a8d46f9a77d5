"""The stage of the story of keys: a gateway in front of an upstream that answers by key, and what every scene looks at."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import grpc
from doors import Door, Seen
from gateway import BOOTSTRAP_KEY, UPSTREAM_KEY
from key_desk import KeyDesk
from keyed_upstream import KeyedUpstream
from provider_shapes import TEXT

# Provider -> (model, header that carries a key).
PROVIDERS = {"xai": ("x-ai/grok-4.3", "X-xAI-API-Key"), "google": ("google/gemini-3.8-flash", "X-Google-API-Key")}
# What takes the keys of those providers out of the environment.
NO_ENVIRONMENT = {"XAI_API_KEY": None, "GOOGLE_AI_STUDIO_API_KEY": None}
_numbers = itertools.count(1)


@dataclass
class Stage:
    """One gateway, one provider, one door, and keys of their own for each scene."""

    upstream: KeyedUpstream
    desk: KeyDesk
    door: Door

    def secret(self, name: str, behaviour: str) -> str:
        """Makes a key that the upstream will answer so."""
        made = f"secret-of-{name}-{next(_numbers):08}"
        self.upstream.table[made] = behaviour
        return made

    def add(self, **behaviours: str) -> dict[str, str]:
        """Stores keys with these names and behaviours, in this order; returns the secret of each."""
        secrets = {name: self.secret(name, behaviour) for name, behaviour in behaviours.items()}
        for name, secret in secrets.items():
            self.desk.add(name, secret)
        return secrets

    def select(self, name: str) -> None:
        self.desk.select(self.desk.list()[name])

    def shown(self) -> list[str]:
        """Returns the names of the keys the upstream was shown since the last time, in order."""
        return [name_of(secret) for secret in self.upstream.shown()]


def name_of(secret: str) -> str:
    """`secret-of-first-00000017` -> `first`."""
    return "environment" if secret == UPSTREAM_KEY else secret.removeprefix("secret-of-").rpartition("-")[0]


def stage_on(gateway, upstream: KeyedUpstream, provider: str, door: str):
    """Yields a stage without stored keys, and leaves none."""
    with grpc.insecure_channel(gateway.grpc) as channel:
        desk = KeyDesk(channel, (("authorization", f"Bearer {BOOTSTRAP_KEY}"),), provider)
        desk.clear()
        upstream.table = {UPSTREAM_KEY: "ok"}
        upstream.shown()
        yield Stage(upstream, desk, Door(door, gateway, channel, *PROVIDERS[provider]))
        desk.clear()


def worked(seen: Seen, attempts: int) -> None:
    assert (seen.reason, seen.text, seen.attempts) == ("", TEXT, attempts), seen


def traced(seen: Seen, *expected: tuple[str, str]) -> None:
    """The trace names every attempt; REST only counts them."""
    assert seen.trace == list(expected) or (seen.trace is None and seen.attempts in (0, len(expected))), seen


def exhausted(seen: Seen) -> None:
    assert seen.reason == "PROVIDER_KEYS_EXHAUSTED", seen
    assert seen.status in (503, grpc.StatusCode.UNAVAILABLE), seen
    assert seen.retry_seconds and seen.retry_seconds >= 1, seen
