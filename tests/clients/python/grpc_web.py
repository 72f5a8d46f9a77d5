"""A gRPC-Web client in a few lines, so that every byte of the framing is looked at and nothing is forgiven."""

from __future__ import annotations

import base64
import struct
from urllib.parse import unquote

import grpc
import httpx
from chat import Failure, explain
from google.rpc import status_pb2

CODES = {code.value[0]: code for code in grpc.StatusCode}


class WebError(Exception):
    """A call that ended with a status other than OK. `messages` holds what came before."""

    def __init__(self, failure: Failure, messages: list):
        super().__init__(f"{failure.code} {failure.reason}: {failure.message}")
        self.failure, self.messages = failure, messages


def frame(message) -> bytes:
    data = message.SerializeToString()
    return struct.pack(">BI", 0, len(data)) + data


def call(origin: str, method: str, request, reply_type, token: str | None, text: bool = False) -> list:
    """Calls `method` (`Service/Rpc`) and returns all messages; raises WebError unless the status is OK."""
    kind = "application/grpc-web-text" if text else "application/grpc-web+proto"
    headers = {"content-type": kind, "accept": kind, "x-grpc-web": "1"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    body = frame(request)
    url = f"{origin}/aigateway.v1.{method}"
    response = httpx.post(url, content=base64.b64encode(body) if text else body, headers=headers, trust_env=False, timeout=30)
    assert response.status_code == 200, (response.status_code, response.text)
    assert response.headers["content-type"].startswith(kind.removesuffix("+proto")), response.headers
    data = decode_text(response.content) if text else response.content
    messages, trailers = parse(data, reply_type)
    # A call that failed at once may carry its status in the response head.
    if trailers is None:
        trailers = {k: v for k, v in response.headers.items() if k.startswith("grpc-")}
    assert "grpc-status" in trailers, "the call ended without a status"
    code = CODES[int(trailers["grpc-status"])]
    if code is grpc.StatusCode.OK:
        return messages
    packed = trailers.get("grpc-status-details-bin", "")
    status = status_pb2.Status.FromString(base64.b64decode(packed + "=" * (-len(packed) % 4)))
    raise WebError(explain(status, code, unquote(trailers.get("grpc-message", ""))), messages)


def decode_text(body: bytes) -> bytes:
    """Joins base64 pieces, each padded on its own."""
    return b"".join(base64.b64decode(body[i : i + 4]) for i in range(0, len(body), 4))


def parse(data: bytes, reply_type) -> tuple[list, dict[str, str] | None]:
    messages, trailers = [], None
    while data:
        assert trailers is None, "bytes after the trailers"
        flag, length = struct.unpack(">BI", data[:5])
        payload, data = data[5 : 5 + length], data[5 + length :]
        assert len(payload) == length, "a frame was cut"
        if flag & 0x80:
            lines = [line.partition(":") for line in payload.decode().split("\r\n") if line]
            trailers = {name.strip().lower(): value.strip() for name, _, value in lines}
        else:
            messages.append(reply_type.FromString(payload))
    return messages, trailers
