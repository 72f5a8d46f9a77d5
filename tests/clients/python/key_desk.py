"""Short words for keys, activity and usage over gRPC: what a user does with them, in one line each."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone

import grpc
from aigateway.v1 import activity_service_pb2 as activity_pb
from aigateway.v1 import activity_service_pb2_grpc, key_service_pb2_grpc
from aigateway.v1 import key_service_pb2 as pb

Metadata = tuple[tuple[str, str], ...]
# Activity and usage "appear within a few seconds".
PATIENCE_SECONDS = 5.0


class KeyDesk:
    """The keys of one user, for one provider."""

    def __init__(self, channel: grpc.Channel, auth: Metadata, provider: str):
        self.keys = key_service_pb2_grpc.KeyServiceStub(channel)
        self.log = activity_service_pb2_grpc.ActivityServiceStub(channel)
        self.auth, self.provider = auth, provider

    def call(self, rpc, request):
        return rpc(request, metadata=self.auth, timeout=20)

    def clear(self) -> None:
        self.call(self.keys.DeleteProviderKeys, pb.DeleteProviderKeysRequest(provider=self.provider))

    def add(self, name: str, secret: str, **fields) -> pb.ProviderKey:
        key = pb.ProviderKey(provider=self.provider, name=name, **fields)
        return self.call(self.keys.CreateProviderKey, pb.CreateProviderKeyRequest(provider_key=key, secret=secret)).provider_key

    def select(self, key: pb.ProviderKey) -> pb.ProviderKey:
        return self.call(self.keys.SelectProviderKey, pb.SelectProviderKeyRequest(id=key.id)).provider_key

    def set_active(self, key: pb.ProviderKey, active: bool) -> pb.ProviderKey:
        request = pb.UpdateProviderKeyRequest(provider_key=pb.ProviderKey(id=key.id, active=active), update_mask={"paths": ["active"]})
        return self.call(self.keys.UpdateProviderKey, request).provider_key

    def replace_secret(self, key: pb.ProviderKey, secret: str) -> pb.ProviderKey:
        request = pb.UpdateProviderKeyRequest(provider_key=pb.ProviderKey(id=key.id), update_mask={"paths": ["secret"]}, secret=secret)
        return self.call(self.keys.UpdateProviderKey, request).provider_key

    def delete(self, key: pb.ProviderKey) -> None:
        self.call(self.keys.DeleteProviderKey, pb.DeleteProviderKeyRequest(id=key.id))

    def test(self, key: pb.ProviderKey) -> pb.ProviderKeyTestResult:
        return self.call(self.keys.TestProviderKey, pb.TestProviderKeyRequest(id=key.id)).result

    def list(self) -> dict[str, pb.ProviderKey]:
        """Returns the provider's keys by name, in creation order."""
        reply = self.call(self.keys.ListProviderKeys, pb.ListProviderKeysRequest(provider=self.provider))
        return {key.name: key for key in reply.provider_keys}

    def selected(self) -> str:
        """Returns the name of the selected key, or nothing."""
        chosen = [name for name, key in self.list().items() if key.selected]
        assert len(chosen) <= 1, chosen
        return chosen[0] if chosen else ""

    def states(self) -> dict[str, str]:
        return {name: state_name(key) for name, key in self.list().items()}

    def since(self, moment: datetime) -> list[activity_pb.ActivityEntry]:
        """Returns what happened to the provider's keys from then on, oldest first."""
        wanted = activity_pb.ActivityFilter(provider=self.provider)
        request = activity_pb.ListActivityRequest(page_size=1000, filter=wanted, start_time=moment)
        return list(self.call(self.log.ListActivity, request).entries)[::-1]

    def told(self, moment: datetime, enough: Callable[[list[str]], bool]) -> list[activity_pb.ActivityEntry]:
        """Waits until the actions since that moment are enough, and returns the entries, oldest first."""
        return eventually(lambda: self.since(moment), lambda entries: enough([action_name(entry) for entry in entries]))

    def usage(self) -> activity_pb.UsageRow:
        """Returns the sums of the provider's requests."""
        rows = self.call(self.log.ListUsage, activity_pb.ListUsageRequest(provider=self.provider)).rows
        assert len(rows) <= 1, rows
        return rows[0] if rows else activity_pb.UsageRow()


def state_name(key: pb.ProviderKey) -> str:
    return pb.ProviderKeyState.Name(key.state).removeprefix("PROVIDER_KEY_STATE_")


def action_name(entry: activity_pb.ActivityEntry) -> str:
    return activity_pb.ActivityAction.Name(entry.action).removeprefix("ACTIVITY_ACTION_")


def now() -> datetime:
    return datetime.now(timezone.utc)


def eventually(look, good, seconds: float = PATIENCE_SECONDS):
    """Looks until what is seen is good, and returns it; says what was seen last when it never is."""
    deadline = time.monotonic() + seconds
    while not good(seen := look()):
        assert time.monotonic() < deadline, f"not so within {seconds} s: {seen}"
        time.sleep(0.05)
    return seen
