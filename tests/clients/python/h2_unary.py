"""A unary gRPC call over bare HTTP/2, to send what grpcio does not let through (a `grpc-timeout` of one's own)."""

from __future__ import annotations

import base64
import socket
import struct
from urllib.parse import unquote

import h2.config
import h2.connection
import h2.events
from chat import Failure, explain
from google.rpc import status_pb2
from grpc_web import CODES


class StatusError(Exception):
    """A call that ended with a status other than OK."""

    def __init__(self, failure: Failure):
        super().__init__(f"{failure.code} {failure.reason}: {failure.message}")
        self.failure = failure


def call(address: str, method: str, request, metadata, grpc_timeout: str) -> bytes:
    """Returns the reply's bytes, or raises StatusError."""
    host, port = address.rsplit(":", 1)
    connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    connection.initiate_connection()
    data = request.SerializeToString()
    headers = [(":method", "POST"), (":scheme", "http"), (":path", f"/aigateway.v1.{method}"), (":authority", address)]
    headers += [("content-type", "application/grpc"), ("te", "trailers"), ("grpc-timeout", grpc_timeout), *metadata]
    connection.send_headers(1, headers)
    connection.send_data(1, struct.pack(">BI", 0, len(data)) + data, end_stream=True)
    body, trailers = b"", {}
    with socket.create_connection((host, int(port)), timeout=20) as sock:
        sock.sendall(connection.data_to_send())
        while "grpc-status" not in trailers:
            received = sock.recv(65536)
            assert received, "the connection ended before the status"
            for event in connection.receive_data(received):
                if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
                    trailers |= dict(event.headers)
                elif isinstance(event, h2.events.DataReceived):
                    body += event.data
            sock.sendall(connection.data_to_send())
    code = CODES[int(trailers["grpc-status"])]
    if trailers["grpc-status"] == "0":
        return body
    packed = trailers.get("grpc-status-details-bin", "")
    status = status_pb2.Status.FromString(base64.b64decode(packed + "=" * (-len(packed) % 4)))
    raise StatusError(explain(status, code, unquote(trailers.get("grpc-message", ""))))
