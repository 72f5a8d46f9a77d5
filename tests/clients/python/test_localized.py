"""Errors in the caller's language: over gRPC, and over REST in both shapes, whole and streamed."""

from __future__ import annotations

import json

import grpc
import httpx
import pytest
from aigateway.v1 import chat_service_pb2_grpc, key_service_pb2, key_service_pb2_grpc
from chat import stream, unary
from gateway import BOOTSTRAP_KEY
from google.rpc import error_details_pb2
from grpc_status import rpc_status

BROWSER = "vi-VN,vi;q=0.9,en-US;q=0.6,en;q=0.5"
CHAT = {"model": "sandbox/none", "messages": [{"role": "user", "content": "hi"}]}
UNKNOWN_MODEL = "Mô hình `sandbox/none` không tồn tại hoặc không còn được cung cấp."


def ask(edge: str, path: str, body: dict | None, language: str | None, key: str = BOOTSTRAP_KEY) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"} | ({"accept-language": language} if language else {})
    method = "POST" if body is not None else "GET"
    return httpx.request(method, f"{edge}{path}", json=body, headers=headers, trust_env=False, timeout=30)


ROWS = [
    ("/v1/chat/completions", CHAT, "sk-wrong", "Thiếu khóa gateway hoặc khóa không hợp lệ."),
    ("/v1/chat/completions", CHAT, "", UNKNOWN_MODEL),
    ("/v1/chat/completions", CHAT | {"stream": True}, "", UNKNOWN_MODEL),
    ("/v1/responses", {"model": "sandbox/none", "input": "hi"}, "", UNKNOWN_MODEL),
    ("/v1/completions", {"model": "sandbox/none", "prompt": "hi"}, "", UNKNOWN_MODEL),
    ("/v1/embeddings", {"model": "sandbox/none", "input": "hi"}, "", UNKNOWN_MODEL),
    ("/v1/models/none/at/all", None, "", "Mô hình `none/at/all` không tồn tại"),
    ("/v1/chat/completions", CHAT | {"model": "sandbox/echo", "top_p": 9}, "", "Yêu cầu không hợp lệ: trường `top_p`"),
    ("/v1/chat/completions", {"model": "sandbox/echo"}, "", "Thiếu tham số bắt buộc `messages`."),
    ("/v1/chat/completions", CHAT | {"model": "sandbox/429-retry-after"}, "", "Có quá nhiều yêu cầu tới nhà cung cấp sandbox."),
    ("/v1/chat/completions", CHAT | {"model": "sandbox/401"}, "", "Nhà cung cấp sandbox từ chối khóa được dùng."),
    ("/v1/chat/completions", CHAT | {"model": "sandbox/500"}, "", "Máy chủ của nhà cung cấp sandbox gặp lỗi"),
    ("/api/v1/chat/generate-text", {"message": "hi", "model": "sandbox/none"}, "", UNKNOWN_MODEL),
    ("/api/v1/chat/generate-text", {}, "", "Thiếu tham số bắt buộc"),
    ("/api/v1/vision/extract-text", {}, "", "Nội dung yêu cầu có định dạng không được nhận ở đây."),
    ("/v1/nothing", None, "", "Không có gì ở đường dẫn này."),
    ("/api/v1/nothing", None, "", "Không có gì ở đường dẫn này."),
    ("/api/v1/provider-keys/none", None, "", "Không có mục nào mang id này"),
    ("/api/v1/provider-keys", {"provider_name": "none", "api_key": "x"}, "", "Yêu cầu không hợp lệ: trường `provider"),
    ("/api/v1/provider-keys?what=1", None, "", "Có tham số không tồn tại ở đây: `what`."),
]


@pytest.mark.parametrize(("path", "body", "key", "start"), ROWS, ids=range(len(ROWS)))
def test_rest(edge, path, body, key, start):
    key = key or BOOTSTRAP_KEY
    english, vietnamese = ask(edge, path, body, None, key), ask(edge, path, body, BROWSER, key)
    assert english.status_code == vietnamese.status_code >= 400
    assert (english.headers["content-language"], vietnamese.headers["content-language"]) == ("en", "vi")
    assert "accept-language" in vietnamese.headers["vary"]
    told = {"en": english.json(), "vi": vietnamese.json()}
    for json_body in told.values():
        json_body.pop("request_id", None)
    holder, member = (("", "detail") if path.startswith("/api") else ("error", "message"))
    texts = {name: (value[holder] if holder else value).pop(member) for name, value in told.items()}
    # The sentence and nothing else.
    assert told["en"] == told["vi"]
    assert texts["vi"].startswith(start), texts
    if "Chi tiết: " in texts["vi"]:
        assert texts["vi"].endswith(f"Chi tiết: {texts['en']}")


@pytest.mark.parametrize("language", ["en", "fr", "*", "vi;q=0", "x" * 5000])
def test_other_languages_get_the_exact_english_text(edge, language):
    assert ask(edge, "/v1/chat/completions", CHAT, language).json() == ask(edge, "/v1/chat/completions", CHAT, None).json()


def last_frame(text: str) -> dict:
    return json.loads([line for line in text.splitlines() if line.startswith("data: {")][-1].removeprefix("data: "))


@pytest.mark.parametrize("script", ["truncated", "reset-mid"])
def test_streams_that_break(edge, unique, script):
    body = CHAT | {"model": f"x-ai/{unique(script)}", "stream": True}
    error = last_frame(ask(edge, "/v1/chat/completions", body, BROWSER).text)["error"]
    assert error["message"].startswith("Câu trả lời bị ngắt giữa chừng"), error
    body = {"model": f"x-ai/{unique(script)}", "stream": True, "input": "hi"}
    failed = last_frame(ask(edge, "/v1/responses", body, "vi").text)
    # An answer that was cut ends with the event `error`, others with `response.failed`.
    told = failed if failed["type"] == "error" else failed["response"]["error"]
    assert told["message"].startswith("Câu trả lời bị ngắt giữa chừng"), failed


def localized(error: grpc.RpcError) -> tuple[str, str] | None:
    text = error_details_pb2.LocalizedMessage()
    found = [detail for detail in rpc_status.from_call(error).details if detail.Unpack(text)]
    assert len(found) <= 1
    return (text.locale, text.message) if found else None


def failing(channel, auth, language: str | None) -> list[grpc.RpcError]:
    """Errors of a unary call, of a stream and of a service that answers in its head."""
    chat = chat_service_pb2_grpc.ChatServiceStub(channel)
    keys = key_service_pb2_grpc.KeyServiceStub(channel)
    metadata = (*auth, *([("accept-language", language)] if language else []))
    calls = [
        lambda: chat.CreateChatCompletion(unary("sandbox/none"), metadata=metadata, timeout=10),
        lambda: list(chat.StreamChatCompletion(stream("sandbox/none"), metadata=metadata, timeout=10)),
        lambda: keys.GetProviderKey(key_service_pb2.GetProviderKeyRequest(id="none"), metadata=metadata, timeout=10),
        lambda: chat.CreateChatCompletion(unary("sandbox/echo"), metadata=metadata[1:], timeout=10),
    ]
    errors = []
    for call in calls:
        with pytest.raises(grpc.RpcError) as caught:
            call()
        errors.append(caught.value)
    return errors


def test_grpc(channel, auth):
    plain = failing(channel, auth, None)
    starts = [UNKNOWN_MODEL, UNKNOWN_MODEL, "Không có mục nào", "Thiếu khóa gateway"]
    for error, exact, start in zip(failing(channel, auth, BROWSER), plain, starts, strict=True):
        locale, text = localized(error)
        assert locale == "vi" and text.startswith(start), text
        # What developers read, and programs decide by, stays.
        assert (error.code(), error.details()) == (exact.code(), exact.details())
        assert "Chi tiết" not in text and localized(exact) is None
    assert [localized(error)[0] for error in failing(channel, auth, "fr, en;q=0.1")] == ["en"] * 4
    assert [localized(error) for error in failing(channel, auth, "fr")] == [None] * 4


def test_a_stream_that_breaks_over_grpc(channel, auth, unique):
    chat = chat_service_pb2_grpc.ChatServiceStub(channel)
    with pytest.raises(grpc.RpcError) as caught:
        metadata = (*auth, ("accept-language", "vi"))
        list(chat.StreamChatCompletion(stream(f"x-ai/{unique('truncated')}"), metadata=metadata, timeout=20))
    assert localized(caught.value)[1].startswith("Câu trả lời bị ngắt giữa chừng")
