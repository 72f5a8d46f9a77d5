"""Embeddings: openai-python, LangChain and grpcio, against the sandbox and the formats of the providers that have them."""

from __future__ import annotations

import json

import grpc
import openai
import pytest
import tiktoken
from aigateway.v1 import embedding_service_pb2 as pb
from aigateway.v1 import embedding_service_pb2_grpc, usage_pb2
from chat import failure_of
from gateway import BOOTSTRAP_KEY
from langchain_openai import OpenAIEmbeddings
from shapes.wire import vector

TEXTS = ["Xin chào", "世界 🎉", "Xin chào"]
OPENAI = "openai/text-embedding-3-small"
MODELS = [OPENAI, "google/gemini-embedding-001", "sber/EmbeddingsGigaR"]


@pytest.fixture
def embeddings(channel):
    return embedding_service_pb2_grpc.EmbeddingServiceStub(channel)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("more", [{}, {"encoding_format": "float"}], ids=["base64", "float"])
def test_openai_python(client, model, more):
    # Unless told otherwise the client asks for base64 and unpacks it.
    reply = client.embeddings.create(model=model, input=TEXTS, **more)
    assert [one.index for one in reply.data] == [0, 1, 2] and reply.object == "list"
    assert [one.embedding for one in reply.data] == [vector(text) for text in TEXTS]
    # Google counts nothing.
    assert reply.usage is None if model.startswith("google") else reply.usage.prompt_tokens == reply.usage.total_tokens == 15


def test_what_stands_in_the_body(client):
    for form, kind in (("base64", str), ("float", list)):
        raw = client.embeddings.with_raw_response.create(model=OPENAI, input="Xin chào", encoding_format=form)
        assert isinstance(json.loads(raw.text)["data"][0]["embedding"], kind)
        assert raw.headers["x-gateway-provider"] == "openai"


def test_the_sandbox(client):
    reply = client.embeddings.create(model="sandbox/embed", input=TEXTS)
    plain = client.embeddings.create(model="sandbox/embed", input=TEXTS, encoding_format="float")
    vectors = [one.embedding for one in reply.data]
    assert vectors[0] == vectors[2] != vectors[1] and {len(v) for v in vectors} == {256}
    assert vectors == [pytest.approx(one.embedding) for one in plain.data]
    short = client.embeddings.create(model="sandbox/embed", input="a", dimensions=3)
    assert len(short.data[0].embedding) == 3 and short.usage.total_tokens == 1


async def test_asynchronously(edge):
    async with openai.AsyncOpenAI(base_url=f"{edge}/v1", api_key=BOOTSTRAP_KEY, max_retries=0) as client:
        reply = await client.embeddings.create(model=OPENAI, input="Xin chào", dimensions=5)
    assert reply.data[0].embedding == vector("Xin chào", 5)


@pytest.mark.parametrize("tokens", [[3, 1, 2], [[3, 1, 2], [7]]], ids=["one", "several"])
def test_tokens(client, tokens):
    wanted = [tokens] if isinstance(tokens[0], int) else tokens
    reply = client.embeddings.create(model=OPENAI, input=tokens)
    assert [one.embedding for one in reply.data] == [vector(one) for one in wanted]
    for model in MODELS[1:]:
        with pytest.raises(openai.BadRequestError) as caught:
            client.embeddings.create(model=model, input=tokens)
        assert caught.value.param.startswith("input")


def test_langchain(edge, monkeypatch):
    # Its way to count would be fetched from the internet; a token a byte will do.
    bytewise = tiktoken.Encoding("bytes", pat_str=r"(?s).", mergeable_ranks={bytes([b]): b for b in range(256)}, special_tokens={})
    monkeypatch.setattr(tiktoken, "encoding_for_model", lambda _name: bytewise)
    address = {"base_url": f"{edge}/v1", "api_key": BOOTSTRAP_KEY, "max_retries": 0}
    made = OpenAIEmbeddings(model=OPENAI, **address)
    tokens = [list(text.encode()) for text in TEXTS]
    # It sends tokens, and brings what comes to the length 1 where it had to cut.
    assert made.embed_documents(TEXTS) == [pytest.approx(vector(one)) for one in tokens]
    assert made.embed_query("hi") == pytest.approx(vector([104, 105]))
    texts = OpenAIEmbeddings(model=MODELS[1], check_embedding_ctx_length=False, **address)
    assert texts.embed_documents(TEXTS) == [vector(text) for text in TEXTS]


@pytest.mark.parametrize("model", MODELS)
def test_grpc(embeddings, auth, model):
    inputs = [pb.EmbeddingInput(text=text) for text in TEXTS]
    reply = embeddings.CreateEmbeddings(pb.CreateEmbeddingsRequest(model=model, inputs=inputs), metadata=auth, timeout=10)
    assert [list(one.values) for one in reply.embeddings] == [vector(text) for text in TEXTS]
    assert len(reply.attempts) == 1 and reply.attempts[0].provider == reply.provider and not reply.warnings
    if not model.startswith("google"):
        assert (reply.usage.input_tokens, reply.usage.source) == (15, usage_pb2.USAGE_SOURCE_PROVIDER)


def test_grpc_tokens(embeddings, auth):
    inputs = [pb.EmbeddingInput(tokens=pb.TokenSequence(tokens=[3, 1, 2]))]
    request = pb.CreateEmbeddingsRequest(model=OPENAI, inputs=inputs, dimensions=4)
    [one] = embeddings.CreateEmbeddings(request, metadata=auth, timeout=10).embeddings
    assert list(one.values) == vector([3, 1, 2], 4)


@pytest.mark.parametrize(
    ("fields", "code", "reason"),
    [
        ({"model": OPENAI}, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"),
        ({"inputs": [pb.EmbeddingInput(text="a")]}, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"),
        ({"model": OPENAI, "inputs": [pb.EmbeddingInput()]}, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"),
        ({"model": "sandbox/none", "inputs": [pb.EmbeddingInput(text="a")]}, grpc.StatusCode.NOT_FOUND, "MODEL_NOT_FOUND"),
    ],
)
def test_grpc_errors(embeddings, auth, fields, code, reason):
    with pytest.raises(grpc.RpcError) as caught:
        embeddings.CreateEmbeddings(pb.CreateEmbeddingsRequest(**fields), metadata=auth, timeout=10)
    failure = failure_of(caught.value)
    assert (failure.code, failure.reason) == (code, reason), failure


def test_errors(client):
    for fields in ({"input": []}, {"input": ""}, {"input": [""]}, {"input": ["a", [1]]}, {"input": "a", "dimensions": 0}):
        with pytest.raises(openai.BadRequestError) as caught:
            client.embeddings.create(model=OPENAI, **fields)
        assert caught.value.type == "invalid_request_error", fields
    with pytest.raises(openai.NotFoundError) as caught:
        client.embeddings.create(model="sandbox/none", input="a")
    assert caught.value.code == "model_not_found"


def test_what_is_dropped_is_told(client):
    # GigaChat's vectors have the length they have.
    raw = client.embeddings.with_raw_response.create(model=MODELS[2], input="a", dimensions=3)
    [warning] = json.loads(raw.text)["warnings"]
    assert (warning["field"], warning["action"]) == ("dimensions", "dropped") and raw.headers["x-gateway-warnings"] == "1"
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(model=MODELS[2], input="a", dimensions=3, extra_body={"strict": True})
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "dimensions")
