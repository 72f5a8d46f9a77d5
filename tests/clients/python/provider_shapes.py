"""Replies in the shapes of the providers, composed by hand after their documentation (2026-11-22), not recorded."""

from __future__ import annotations

import json

# Two, three and four byte characters, so that a cut between bytes is also a cut inside a character.
TEXT_PIECES = ["Grüße ", "aus ", "Việt Nam, ", "世界 ", "🎉", "!"]
TEXT = "".join(TEXT_PIECES)
TOOL_NAME = "get_weather"
TOOL_ARGUMENTS = {"city": "Đà Nẵng", "days": 2}
USAGE = {"prompt_tokens": 7, "completion_tokens": 6, "total_tokens": 13}


def delta_chunk(delta: dict, finish: str | None = None) -> dict:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "chatcmpl-scripted", "object": "chat.completion.chunk", "created": 1795000000, "model": "scripted-1"} | {
        "choices": [choice]
    }


class OpenAi:
    """Frames and bodies in the OpenAI shape."""

    end = b"data: [DONE]\n\n"

    @staticmethod
    def text_events(pieces: list[str]) -> list[dict]:
        first = [delta_chunk({"role": "assistant", "content": ""})]
        return first + [delta_chunk({"content": piece}) for piece in pieces]

    @staticmethod
    def tool_events() -> list[dict]:
        call = {"index": 0, "id": "call_s1", "type": "function", "function": {"name": TOOL_NAME, "arguments": ""}}
        arguments = json.dumps(TOOL_ARGUMENTS, ensure_ascii=False)
        events = [delta_chunk({"role": "assistant", "content": None, "tool_calls": [call]})]
        for at in range(0, len(arguments), 5):
            more = {"index": 0, "function": {"arguments": arguments[at : at + 5]}}
            events.append(delta_chunk({"tool_calls": [more]}))
        return events

    @staticmethod
    def finish_events(reason: str) -> list[dict]:
        usage = delta_chunk({}) | {"choices": [], "usage": USAGE}
        return [delta_chunk({}, reason), usage]

    @staticmethod
    def whole(text: str | None, tool: bool) -> dict:
        message: dict = {"role": "assistant", "content": text, "refusal": None}
        if tool:
            function = {"name": TOOL_NAME, "arguments": json.dumps(TOOL_ARGUMENTS, ensure_ascii=False)}
            message["tool_calls"] = [{"id": "call_s1", "type": "function", "function": function}]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "tool_calls" if tool else "stop"}
        return {"id": "chatcmpl-scripted", "object": "chat.completion", "created": 1795000000, "model": "scripted-1"} | {
            "choices": [choice],
            "usage": USAGE,
        }

    @staticmethod
    def error(status: int, message: str) -> dict:
        kinds = {
            400: ("invalid_request_error", None),
            401: ("authentication_error", "invalid_api_key"),
            404: ("invalid_request_error", "model_not_found"),
            429: ("rate_limit_error", "rate_limit_exceeded"),
            503: ("service_unavailable_error", "server_is_overloaded"),
        }
        kind, code = kinds.get(status, ("server_error", None))
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}


class Agent:
    """Frames and bodies in the Responses shape, as Perplexity's Agent API has it: no deltas of arguments, no `[DONE]`."""

    end = b""
    error = OpenAi.error

    @staticmethod
    def response(output: list[dict], status: str = "completed") -> dict:
        usage = {"input_tokens": 7, "output_tokens": 6, "total_tokens": 13}
        head = {"id": "resp_scripted", "object": "response", "created_at": 1795000000, "model": "scripted-1"}
        return head | {"status": status, "output": output, "usage": usage}

    @classmethod
    def text_events(cls, pieces: list[str]) -> list[dict]:
        first = [{"type": "response.created", "response": cls.response([], "in_progress")}]
        return first + [{"type": "response.output_text.delta", "item_id": "msg_s1", "delta": piece} for piece in pieces]

    @classmethod
    def tool_events(cls) -> list[dict]:
        first = [{"type": "response.created", "response": cls.response([], "in_progress")}]
        return first + [{"type": "response.output_item.done", "item": item} for item in cls.items(None, True)]

    @classmethod
    def finish_events(cls, _reason: str) -> list[dict]:
        return [{"type": "response.completed", "response": cls.response([])}]

    @classmethod
    def whole(cls, text: str | None, tool: bool) -> dict:
        return cls.response(cls.items(text, tool))

    @staticmethod
    def items(text: str | None, tool: bool) -> list[dict]:
        if tool:
            arguments = json.dumps(TOOL_ARGUMENTS, ensure_ascii=False)
            call = {"type": "function_call", "id": "fc_s1", "call_id": "call_s1"}
            return [call | {"name": TOOL_NAME, "arguments": arguments, "status": "completed"}]
        content = [{"type": "output_text", "text": text, "annotations": []}]
        return [{"type": "message", "id": "msg_s1", "role": "assistant", "status": "completed", "content": content}]


class Gemini:
    """Frames and bodies in the Gemini shape."""

    end = b""

    @staticmethod
    def chunk(parts: list[dict], finish: str | None = None) -> dict:
        candidate: dict = {"content": {"role": "model", "parts": parts}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        usage = {"promptTokenCount": 7, "candidatesTokenCount": 6, "totalTokenCount": 13}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "scripted-1", "responseId": "scripted"}

    @classmethod
    def text_events(cls, pieces: list[str]) -> list[dict]:
        return [cls.chunk([{"text": piece}]) for piece in pieces]

    @classmethod
    def tool_events(cls) -> list[dict]:
        return [cls.chunk([{"functionCall": {"name": TOOL_NAME, "args": TOOL_ARGUMENTS}}])]

    @classmethod
    def finish_events(cls, _reason: str) -> list[dict]:
        return [cls.chunk([{"text": ""}], "STOP")]

    @classmethod
    def whole(cls, text: str | None, tool: bool) -> dict:
        call = {"functionCall": {"name": TOOL_NAME, "args": TOOL_ARGUMENTS}}
        return cls.chunk([call] if tool else [{"text": text}], "STOP")

    @staticmethod
    def error(status: int, message: str) -> dict:
        # A refused key arrives as 400 here; `answer_error` sends it so.
        kinds = {400: "INVALID_ARGUMENT", 401: "INVALID_ARGUMENT", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
        kinds |= {500: "INTERNAL", 503: "UNAVAILABLE"}
        details: list[dict] = []
        if status == 401:
            reason = {"reason": "API_KEY_INVALID", "domain": "googleapis.com"}
            details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo"} | reason]
        if status == 429:
            details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"}]
        code = 400 if status == 401 else status
        return {"error": {"code": code, "message": message, "status": kinds.get(status, "UNKNOWN"), "details": details}}


def event_bytes(events: list[dict], newline: bytes = b"\n") -> list[bytes]:
    """Returns each event as one `data:` frame."""
    return [b"data: " + json.dumps(e, ensure_ascii=False).encode() + newline * 2 for e in events]


def reference_stream(dialect: type[OpenAi] | type[Gemini]) -> tuple[bytes, int, int]:
    """Returns the whole text stream, where the JSON of the finish event ends, and where its frame ends."""
    frames = event_bytes(dialect.text_events(TEXT_PIECES) + dialect.finish_events("stop"))
    before_finish = b"".join(frames[: len(TEXT_PIECES) + (dialect is OpenAi)])
    finish = frames[len(TEXT_PIECES) + (dialect is OpenAi)]
    whole = b"".join(frames) + dialect.end
    return whole, len(before_finish) + len(finish) - 2, len(before_finish) + len(finish)
