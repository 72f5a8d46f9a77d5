"""GigaChat: a token for the key, files uploaded first, `functions` instead of tools, arguments as objects, one call a
message with a state id that wants to come back.
"""

from __future__ import annotations

import time
import uuid

from words import Answer, Asked, Call, Turn

from .wire import CREATED, frame, parse, vector

TITLES = True
STATE = "0f3c1d52-7a7e-4a55-9d61-2f1d5f6b8a01"
TOKEN = "scene-access-token-of-gigachat"
FINISH = {"stop": "stop", "length": "length", "content_filter": "blacklist"}


def side(exchange, files: dict[str, tuple[str, bytes]]) -> tuple[int, dict] | None:
    """Answers what comes before a chat: the token and the files. None for the chat itself."""
    path, headers = exchange.path.partition("?")[0], exchange.headers
    if path.endswith("/oauth"):
        good = headers.get("authorization", "").startswith("Basic ") and exchange.body.get("scope") == "GIGACHAT_API_PERS"
        if not good or str(uuid.UUID(headers["rquid"])) != headers["rquid"].lower():
            return 400, {"code": 5, "message": "scope is empty"}
        return 200, {"access_token": TOKEN, "expires_at": int((time.time() + 1800) * 1000)}
    if headers.get("authorization") != f"Bearer {TOKEN}":
        return 401, {"status": 401, "message": "Unauthorized"}
    if path.endswith("/files"):
        form = {part.name: part for part in exchange.parts}
        if "file" not in form or form["purpose"].data != b"general" or not form["file"].filename:
            return 422, {"status": 422, "message": "Invalid params: file or purpose"}
        made = str(uuid.uuid4())
        files[made] = (form["file"].content_type, form["file"].data)
        about = {"id": made, "object": "file", "bytes": len(form["file"].data), "created_at": CREATED}
        return 200, about | {"filename": form["file"].filename, "purpose": "general", "access_policy": "private"}
    if path.endswith("/delete"):
        return 200, {"id": path.split("/")[-2], "deleted": files.pop(path.split("/")[-2], None) is not None}
    return None


def read(body: dict, upstream=None) -> Asked:
    files = upstream.files if upstream else {}
    asked = Asked(turns=[])
    for at, message in enumerate(body["messages"]):
        role, content = message["role"], message["content"]
        assert isinstance(content, str), "content is always a plain string"
        if role == "system":
            assert at == 0, "system message must be the first message"
            asked.system = content
        elif role == "function":
            said = parse(content)
            assert isinstance(said, dict), "a result is a string with a JSON object"
            result = said["result"] if list(said) == ["result"] else said
            asked.turns.append(Turn("tool", results=[(message["name"], result)]))
        else:
            turn = Turn(role, content, [files[i] for i in message.get("attachments", []) if i in files])
            if call := message.get("function_call"):
                assert isinstance(call["arguments"], dict), "arguments are an object"
                turn.calls.append(Call(call["name"], call["arguments"]))
            if state := message.get("functions_state_id"):
                asked.states.append(state)
            asked.turns.append(turn)
    asked.tools = {f["name"]: f["parameters"] for f in body.get("functions", [])}
    choice = body.get("function_call", "")
    asked.choice = choice["name"] if isinstance(choice, dict) else choice
    asked.schema = body.get("response_format", {}).get("schema")
    asked.max_tokens, asked.temperature = body.get("max_tokens"), body.get("temperature")
    if body.get("top_p") == 0 and asked.temperature is None:
        # There is no temperature 0; this means it.
        asked.temperature = 0
    asked.effort = body.get("reasoning_effort", "")
    return asked


def _call(answer: Answer, body: dict) -> Call | None:
    """Returns the call; a JSON answer becomes one where a function is forced, which is how schemas are asked for."""
    forced = body.get("function_call")
    if not answer.calls and isinstance(forced, dict) and isinstance(said := parse(answer.whole_text), dict):
        return Call(forced["name"], said)
    assert len(answer.calls) <= 1, "GigaChat calls one function a message"
    return answer.calls[0] if answer.calls else None


def _usage(answer: Answer) -> dict:
    u = answer.usage
    usage = {"prompt_tokens": u.input, "completion_tokens": u.output, "total_tokens": u.total}
    return usage | {"precached_prompt_tokens": u.cached}


def _said(call: Call) -> dict:
    return {"function_call": {"name": call.name, "arguments": call.arguments}, "functions_state_id": STATE}


def _head(body: dict) -> dict:
    return {"created": CREATED, "model": f"{body['model']}:2.0.28.2", "object": "chat.completion"}


def states(answer: Answer, _body: dict) -> list[str]:
    return [STATE] if answer.calls else []


def unary(answer: Answer, body: dict) -> dict:
    call = _call(answer, body)
    message: dict = {"role": "assistant", "content": "" if call else answer.whole_text}
    if answer.reasoning:
        message["reasoning_content"] = "".join(answer.reasoning)
    message |= _said(call) if call else {}
    finish = "function_call" if call else FINISH[answer.finish]
    return _head(body) | {
        "choices": [{"message": message, "index": 0, "finish_reason": finish}],
        "usage": _usage(answer),
    }


def stream(answer: Answer, body: dict) -> list[bytes]:
    call = _call(answer, body)

    def chunk(delta: dict, **more: object) -> dict:
        return {"choices": [{"delta": delta, "index": 0} | more]} | _head(body)

    deltas: list[dict] = [{"content": "", "reasoning_content": piece} for piece in answer.reasoning]
    deltas += [_said(call) | {"content": ""}] if call else [{"content": piece} for piece in answer.text]
    for first in deltas[:1]:
        first["role"] = "assistant"
    events = [chunk(delta) for delta in deltas]
    last = chunk({"content": ""}, finish_reason="function_call" if call else FINISH[answer.finish])
    events.append(last | {"usage": _usage(answer)})
    return [*map(frame, events), frame("[DONE]")]


def embed(body: dict) -> dict:
    kind = {"object": "embedding", "usage": {"prompt_tokens": 5}}
    data = [kind | {"index": at, "embedding": vector(text)} for at, text in enumerate(body["input"])]
    return {"object": "list", "data": data, "model": body["model"]}
