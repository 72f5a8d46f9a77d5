"""xAI's Responses API: named events, reasoning as summaries with an encrypted twin, argument deltas, no `[DONE]`."""

from __future__ import annotations

from words import Answer, Asked

from . import responses
from .wire import CREATED, compact, frame, fresh, halves

TITLES = True
ENCRYPTED = "encrypted reasoning of the scene"


def read(body: dict, _upstream: object = None) -> Asked:
    asked = responses.read(body)
    form = (body.get("text") or {}).get("format") or {}
    asked.schema = form["schema"] if form.get("type") == "json_schema" else None
    return asked


def _items(answer: Answer) -> list[dict]:
    items: list[dict] = []
    if answer.reasoning:
        summary = [{"type": "summary_text", "text": "".join(answer.reasoning)}]
        items.append({"id": "rs_1", "type": "reasoning", "summary": summary, "encrypted_content": ENCRYPTED, "status": "completed"})
    if answer.text:
        end = len(answer.whole_text)
        notes = [
            {"type": "url_citation", "start_index": 0, "end_index": end, "url": s.url, "title": s.title}
            for s in answer.sources
        ]
        content = [{"type": "output_text", "text": answer.whole_text, "annotations": notes, "logprobs": []}]
        items.append({"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": content})
    for at, call in enumerate(answer.calls, 1):
        items.append(
            {"id": f"fc_{at}", "type": "function_call", "call_id": fresh("call_"), "name": call.name}
            | {"arguments": compact(call.arguments), "status": "completed"}
        )
    return items


def states(answer: Answer, _body: dict) -> list[str]:
    return [ENCRYPTED] if answer.reasoning else []


def unary(answer: Answer, body: dict) -> dict:
    u = answer.usage
    reason = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(answer.finish)
    usage = {"input_tokens": u.input, "output_tokens": u.output, "total_tokens": u.total}
    usage |= {"input_tokens_details": {"cached_tokens": u.cached}}
    usage |= {"output_tokens_details": {"reasoning_tokens": u.reasoning}}
    return {
        "id": "resp_scene",
        "object": "response",
        "created_at": CREATED,
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "error": None,
        "model": "grok-4.3",
        "output": _items(answer),
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": body.get("tools") or [],
        "store": False,
        "usage": usage,
    }


def stream(answer: Answer, body: dict) -> list[bytes]:
    whole = unary(answer, body)
    begun = whole | {"status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    events: list[dict] = [{"type": "response.created", "response": begun}, {"type": "response.in_progress", "response": begun}]
    for index, item in enumerate(whole["output"]):
        at = {"output_index": index, "item_id": item["id"]}
        shell = item | {"status": "in_progress"} | {k: type(item[k])() for k in ("content", "summary", "arguments") if k in item}
        events.append({"type": "response.output_item.added", "output_index": index, "item": shell})
        events += _pieces(answer, item, at)
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    events.append({"type": f"response.{whole['status']}", "response": whole})
    return [frame(event | {"sequence_number": n}, kind=event["type"]) for n, event in enumerate(events)]


def _pieces(answer: Answer, item: dict, at: dict) -> list[dict]:
    if item["type"] == "reasoning":
        at = at | {"summary_index": 0}
        done = {"type": "summary_text", "text": item["summary"][0]["text"]}
        events = [at | {"type": "response.reasoning_summary_part.added", "part": {"type": "summary_text", "text": ""}}]
        events += [at | {"type": "response.reasoning_summary_text.delta", "delta": piece} for piece in answer.reasoning]
        events.append(at | {"type": "response.reasoning_summary_text.done", "text": done["text"]})
        return [*events, at | {"type": "response.reasoning_summary_part.done", "part": done}]
    if item["type"] == "message":
        at, part = at | {"content_index": 0}, item["content"][0]
        empty = part | {"text": "", "annotations": []}
        events = [at | {"type": "response.content_part.added", "part": empty}]
        events += [at | {"type": "response.output_text.delta", "delta": piece, "logprobs": []} for piece in answer.text]
        for n, note in enumerate(part["annotations"]):
            events.append(at | {"type": "response.output_text.annotation.added", "annotation_index": n, "annotation": note})
        events.append(at | {"type": "response.output_text.done", "text": part["text"], "logprobs": []})
        return [*events, at | {"type": "response.content_part.done", "part": part}]
    events = [at | {"type": "response.function_call_arguments.delta", "delta": piece} for piece in halves(item["arguments"])]
    return [*events, at | {"type": "response.function_call_arguments.done", "arguments": item["arguments"]}]
