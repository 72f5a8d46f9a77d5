"""Perplexity's Agent API: Responses-like and strict; no event names, no argument deltas, usage at the end only."""

from __future__ import annotations

from words import Answer, Asked

from . import responses
from .wire import CREATED, compact, frame, fresh

TITLES = True
# Everything that the request may hold; anything else is HTTP 400 at the real service.
KNOWN = set(
    "input model models effort preset profile instructions max_output_tokens temperature top_p reasoning response_format "
    "tools tool_choice max_steps language_preference background store previous_response_id prompt_cache_key service_tier "
    "skills stream stream_options parallel_tool_calls".split()
)
SIGNATURE = "thought signature of the agent"


def read(body: dict, _upstream: object = None) -> Asked:
    assert set(body) <= KNOWN, f"unknown fields {set(body) - KNOWN}"
    asked = responses.read(body)
    form = body.get("response_format") or {}
    asked.schema = form["json_schema"]["schema"] if form else None
    return asked


def _items(answer: Answer) -> list[dict]:
    items: list[dict] = []
    if answer.sources:
        results = [
            {"id": at, "url": s.url, "title": s.title, "snippet": "", "source": "web"}
            for at, s in enumerate(answer.sources, 1)
        ]
        items.append({"type": "search_results", "queries": ["what is asked"], "results": results})
    if answer.text:
        content = [{"type": "output_text", "text": answer.whole_text, "annotations": []}]
        items.append({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content})
    for at, call in enumerate(answer.calls, 1):
        items.append(
            {"type": "function_call", "id": f"fc_{at}", "call_id": fresh("call_"), "name": call.name}
            | {"arguments": compact(call.arguments), "status": "completed", "thought_signature": f"{SIGNATURE} {at}"}
        )
    return items


def states(answer: Answer, _body: dict) -> list[str]:
    return [f"{SIGNATURE} {at}" for at, _ in enumerate(answer.calls, 1)]


def unary(answer: Answer, body: dict) -> dict:
    u = answer.usage
    usage = {"input_tokens": u.input, "output_tokens": u.output, "total_tokens": u.total}
    usage |= {"input_tokens_details": {"cache_creation_input_tokens": 0, "cache_read_input_tokens": u.cached}}
    usage |= {"cost": {"currency": "USD", "input_cost": 0.0001, "output_cost": 0.0002, "total_cost": 0.0003}}
    reason = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(answer.finish)
    reply = {"id": "resp_scene", "object": "response", "created_at": CREATED, "model": body.get("model", "perplexity/sonar")}
    reply |= {"status": "incomplete" if reason else "completed", "output": _items(answer), "usage": usage}
    return reply | ({"incomplete_details": {"reason": reason}} if reason else {})


def stream(answer: Answer, body: dict) -> list[bytes]:
    whole = unary(answer, body)
    begun = {k: v for k, v in whole.items() if k not in ("usage", "incomplete_details")} | {"status": "in_progress", "output": []}
    events: list[dict] = [{"type": "response.created", "response": begun}, {"type": "response.in_progress", "response": begun}]
    events += [{"type": "response.reasoning.started", "thought": piece} for piece in answer.reasoning]
    if answer.reasoning:
        events.append({"type": "response.reasoning.stopped"})
    for index, item in enumerate(whole["output"]):
        if item["type"] == "message":
            shell = item | {"status": "in_progress", "content": []}
            events.append({"type": "response.output_item.added", "output_index": index, "item": shell})
            at = {"item_id": item["id"], "output_index": index, "content_index": 0}
            events += [at | {"type": "response.output_text.delta", "delta": piece} for piece in answer.text]
            events.append(at | {"type": "response.output_text.done", "text": answer.whole_text})
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    events.append({"type": f"response.{whole['status']}", "response": whole})
    return [frame(event | {"sequence_number": n}) for n, event in enumerate(events)]
