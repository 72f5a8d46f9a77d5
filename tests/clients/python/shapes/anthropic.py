"""Anthropic's Messages API: content blocks in both directions, tools with `input_schema`, input counted in three parts
that do not overlap, named events without `[DONE]`.
"""

from __future__ import annotations

import base64

from words import Answer, Asked, Call, Turn

from .wire import compact, frame, fresh, halves, parse

TITLES = True
# Signed thinking must come back before the call it led to.
SIGNATURE = base64.b64encode(b"signature of a thought").decode()
# Older models are given a number of tokens instead of an effort.
BUDGETS = {2048: "low", 8192: "medium", 16384: "high"}
FINISH = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


def read(body: dict, _upstream: object = None) -> Asked:
    asked = Asked(turns=[], system=_text(body.get("system", "")), max_tokens=body["max_tokens"])
    names: dict[str, str] = {}
    speakers = [message["role"] for message in body["messages"]]
    assert speakers[0] == "user" and all(a != b for a, b in zip(speakers, speakers[1:])), speakers
    for message in body["messages"]:
        turn = Turn(message["role"])
        for block in _blocks(message["content"]):
            _add(block, turn, names, asked)
        asked.turns.append(turn)
    for tool in body.get("tools", []):
        if tool.get("type", "custom") == "custom":
            asked.tools[tool["name"]] = tool["input_schema"]
        asked.search = asked.search or tool.get("type", "").startswith("web_search_")
    choice = body.get("tool_choice", {})
    asked.choice = choice.get("name") or choice.get("type", "")
    output = body.get("output_config", {})
    asked.schema = output.get("format", {}).get("schema")
    asked.effort = output.get("effort") or BUDGETS.get(body.get("thinking", {}).get("budget_tokens"), "")
    asked.temperature = body.get("temperature")
    return asked


def _blocks(content: str | list) -> list[dict]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _text(content: str | list) -> str:
    return "".join(block["text"] for block in _blocks(content) if block["type"] == "text")


def _add(block: dict, turn: Turn, names: dict[str, str], asked: Asked) -> None:
    match block["type"]:
        case "text":
            assert block["text"], "texts must not be empty"
            turn.text += block["text"]
        case "image":
            source = block["source"]
            turn.images.append((source["media_type"], base64.b64decode(source["data"])))
        case "tool_use":
            names[block["id"]] = block["name"]
            turn.calls.append(Call(block["name"], block["input"]))
        case "tool_result":
            assert not turn.text, "results stand before words"
            turn.role = "tool"
            turn.results.append((names[block["tool_use_id"]], parse(_text(block["content"]))))
        case "thinking":
            assert not turn.calls, "a thought stands before its call"
            asked.states.append(block["signature"])
        case "document":
            pass
        case other:
            raise AssertionError(f"a block of the type {other}")


def _content(answer: Answer, body: dict) -> list[dict]:
    calls = answer.calls
    forced = body.get("tool_choice", {}).get("name")
    if forced and not calls and isinstance(said := parse(answer.whole_text), dict):
        # A schema may be asked for as a tool that must be called.
        answer, calls = Answer(), (Call(forced, said),)
    blocks: list[dict] = []
    if answer.reasoning or (calls and body.get("thinking")):
        blocks.append({"type": "thinking", "thinking": "".join(answer.reasoning), "signature": SIGNATURE})
    if answer.sources:
        search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "what is asked"}}
        found = [
            {"type": "web_search_result", "url": s.url, "title": s.title, "encrypted_content": "x", "page_age": None}
            for s in answer.sources
        ]
        blocks += [search, {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": found}]
    if answer.text:
        blocks.append({"type": "text", "text": answer.whole_text, "citations": _citations(answer) or None})
    for call in calls:
        blocks.append({"type": "tool_use", "id": fresh("toolu_"), "name": call.name, "input": call.arguments})
    return blocks


def _citations(answer: Answer) -> list[dict]:
    kind = {"type": "web_search_result_location", "cited_text": "", "encrypted_index": "x"}
    return [kind | {"url": s.url, "title": s.title} for s in answer.sources]


def _usage(answer: Answer) -> dict:
    u = answer.usage
    usage = {"input_tokens": u.input - u.cached, "cache_creation_input_tokens": 0, "cache_read_input_tokens": u.cached}
    return usage | {"output_tokens": u.output, "output_tokens_details": {"thinking_tokens": u.reasoning}}


def states(answer: Answer, body: dict) -> list[str]:
    return [SIGNATURE] if answer.calls and body.get("thinking") else []


def unary(answer: Answer, body: dict) -> dict:
    content = _content(answer, body)
    called = any(block["type"] == "tool_use" for block in content)
    return {
        "id": "msg_scene",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": content,
        "stop_reason": "tool_use" if called else FINISH[answer.finish],
        "stop_sequence": None,
        "usage": _usage(answer),
    }


def stream(answer: Answer, body: dict) -> list[bytes]:
    whole = unary(answer, body)
    begun = whole | {"content": [], "stop_reason": None, "usage": whole["usage"] | {"output_tokens": 1}}
    events: list[dict] = [{"type": "message_start", "message": begun}, {"type": "ping"}]
    for index, block in enumerate(whole["content"]):
        shell, deltas = _pieces(answer, block)
        events.append({"type": "content_block_start", "index": index, "content_block": shell})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    events += [{"type": "message_delta", "delta": delta, "usage": whole["usage"]}, {"type": "message_stop"}]
    return [frame(event, kind=event["type"]) for event in events]


def _pieces(answer: Answer, block: dict) -> tuple[dict, list[dict]]:
    """Returns a block as it begins, and what is added to it."""
    if block["type"] == "text":
        deltas: list[dict] = [{"type": "text_delta", "text": piece} for piece in answer.text]
        deltas += [{"type": "citations_delta", "citation": one} for one in block["citations"] or []]
        return {"type": "text", "text": "", "citations": [] if answer.sources else None}, deltas
    if block["type"] == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in answer.reasoning]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
        return block | {"thinking": "", "signature": ""}, deltas
    if "input" in block:
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in halves(compact(block["input"]))]
        return block | {"input": {}}, deltas
    return block, []
