"""What tools without our code rely on: server reflection and health, by the services' own answers."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from stubs import PROTO

SERVICES = sorted(
    f"aigateway.v1.{line.split()[1]}"
    for path in PROTO.rglob("*.proto")
    for line in path.read_text().splitlines()
    if line.startswith("service ")
)


@pytest.fixture
def reflection(channel):
    return ProtoReflectionDescriptorDatabase(channel)


def test_reflection_lists_every_service_of_the_contract(reflection):
    offered = set(reflection.get_services())
    assert set(SERVICES) <= offered, offered
    assert "grpc.health.v1.Health" in offered


def test_every_service_can_be_described(reflection):
    pool = DescriptorPool(reflection)
    for name in SERVICES:
        service = pool.FindServiceByName(name)
        assert service.methods and all(m.input_type.fields_by_name is not None for m in service.methods)


def test_calls_with_messages_from_reflection_alone(channel, reflection, auth):
    pool = DescriptorPool(reflection)
    service = pool.FindServiceByName("aigateway.v1.ChatService")
    role = pool.FindEnumTypeByName("aigateway.v1.Role").values_by_name["ROLE_USER"].number
    create, streamed = (service.methods_by_name[n] for n in ("CreateChatCompletion", "StreamChatCompletion"))
    assert streamed.server_streaming and not create.server_streaming
    classes = [GetMessageClass(t) for m in (create, streamed) for t in (m.input_type, m.output_type)]
    prompt = {"model": "sandbox/echo", "messages": [{"role": role, "parts": [{"text": {"text": "by reflection"}}]}]}
    serialize = classes[0].SerializeToString
    call = channel.unary_unary(f"/{service.full_name}/CreateChatCompletion", serialize, classes[1].FromString)
    reply = call(classes[0](prompt=prompt), metadata=auth, timeout=10)
    assert reply.completion.choices[0].message.parts[0].text.text == "by reflection"
    serialize = classes[2].SerializeToString
    call = channel.unary_stream(f"/{service.full_name}/StreamChatCompletion", serialize, classes[3].FromString)
    events = list(call(classes[2](prompt=prompt), metadata=auth, timeout=10))
    assert "".join(e.text_delta.text for e in events) == "by reflection"
    assert events[-1].WhichOneof("event") == "finished"


@pytest.mark.parametrize("service", ["", *SERVICES])
def test_health_per_service(channel, service):
    stub = health_pb2_grpc.HealthStub(channel)
    states = health_pb2.HealthCheckResponse
    reply = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
    assert reply.status == states.SERVING
    watch = stub.Watch(health_pb2.HealthCheckRequest(service=service), timeout=10)
    assert next(watch).status == states.SERVING
    watch.cancel()


def test_health_of_an_unknown_service(channel):
    with pytest.raises(grpc.RpcError) as caught:
        health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service="no.Such"), timeout=10)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_an_unknown_method_is_refused(channel, auth):
    """No policy says who may call it, so nobody may."""
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/aigateway.v1.ChatService/NoSuchMethod")(b"", metadata=auth, timeout=10)
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
