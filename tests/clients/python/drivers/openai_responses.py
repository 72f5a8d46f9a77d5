"""openai-python's Responses: `create` and its events added up by hand, the `.parse()` and `.stream()` helpers.

Nothing is stored at the gateway, so a history is what came: the reply's own items, then the results.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import openai

from .models import Person


def _arguments(ask: dict, model: str) -> dict:
    content: object = ask["user"]
    if ask["image"]:
        content = [{"type": "input_text", "text": ask["user"]}, {"type": "input_image", "image_url": ask["image"]}]
    arguments: dict = {"model": model, "input": [{"role": "user", "content": content}], "store": False}
    arguments["tools"] = [{"type": "function", "strict": True} | tool for tool in ask["tools"]]
    if ask["search"]:
        arguments["tools"].append({"type": "web_search"})
    if ask["schema"]:
        arguments["text"] = {"format": {"type": "json_schema", "name": "person", "schema": ask["schema"], "strict": True}}
    if ask["effort"]:
        arguments["reasoning"] = {"effort": ask["effort"], "summary": "auto"}
    for ours, theirs in (("system", "instructions"), ("max_tokens", "max_output_tokens"), ("temperature", "temperature")):
        if ask[ours]:
            arguments[theirs] = ask[ours]
    return arguments | {"include": ["reasoning.encrypted_content"]}


def _received(reply, ask: dict) -> dict:
    items = [item.model_dump() for item in reply.output]
    parts = [part for item in items if item["type"] == "message" for part in item["content"]]
    calls = [
        {"name": item["name"], "arguments": json.loads(item["arguments"])} for item in items if item["type"] == "function_call"
    ]
    why = reply.incomplete_details.reason if reply.incomplete_details else "stop"
    assert reply.status == ("completed" if why == "stop" else "incomplete") and reply.error is None
    notes = [note for part in parts for note in part.get("annotations") or []]
    received = {
        "text": reply.output_text,
        "reasoning": "".join(s["text"] for item in items if item["type"] == "reasoning" for s in item["summary"]),
        "calls": calls,
        "finish": "tool_calls" if calls else {"max_output_tokens": "length"}.get(why, why),
        "citations": [[note["url"], note["title"]] for note in notes],
        "usage": {
            "input": reply.usage.input_tokens,
            "output": reply.usage.output_tokens,
            "total": reply.usage.total_tokens,
            "cached": reply.usage.input_tokens_details.cached_tokens,
            "reasoning": reply.usage.output_tokens_details.reasoning_tokens,
        }
        if reply.usage
        else None,
    }
    return received | ({"parsed": json.loads(received["text"])} if ask["schema"] else {})


def _play(ask: dict, model: str, base_url: str, key: str, once: Callable) -> dict:
    """Asks until there is an answer without calls, answering each call."""
    ran, arguments = [], _arguments(ask, model)
    with openai.OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=30) as client:
        while True:
            reply = once(client, arguments)
            received = _received(reply, ask)
            if not (ask["loop"] and received["calls"]):
                return received | ({"ran": ran} if ask["loop"] else {})
            ran += received["calls"]
            results = [
                {"type": "function_call_output", "call_id": item.call_id, "output": json.dumps(ask["results"][item.name])}
                for item in reply.output
                if item.type == "function_call"
            ]
            arguments = arguments | {"input": [*arguments["input"], *reply.output, *results]}


def create(ask: dict, model: str, base_url: str, key: str, stream: bool) -> dict:
    def streamed(client: openai.OpenAI, arguments: dict):
        events = list(client.responses.create(**arguments, stream=True))
        _check(events)
        return events[-1].response

    def plain(client: openai.OpenAI, arguments: dict):
        return client.responses.create(**arguments)

    return _play(ask, model, base_url, key, streamed if stream else plain)


def _check(events: list) -> None:
    """The events must add up to the response at their end."""
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"], kinds
    assert [event.sequence_number for event in events] == list(range(len(events)))
    final, added = events[-1].response, {}
    for event in events:
        if event.type.endswith(".delta"):
            added[event.item_id] = added.get(event.item_id, "") + event.delta
    for item in final.output:
        match item.type:
            case "message":
                said = "".join(part.text for part in item.content)
            case "function_call":
                said = item.arguments
            case _:
                said = "".join(part.text for part in item.summary)
        assert added.get(item.id, "") == said, (item, added)
    done = [event.item for event in events if event.type == "response.output_item.done"]
    assert [item.model_dump() for item in done] == [item.model_dump() for item in final.output]


def helper(ask: dict, model: str, base_url: str, key: str, stream: bool) -> dict:
    def once(client: openai.OpenAI, arguments: dict):
        if ask["schema"]:
            arguments = {k: v for k, v in arguments.items() if k != "text"} | {"text_format": Person}
        if not stream:
            return client.responses.parse(**arguments)
        with client.responses.stream(**arguments) as events:
            last = list(events)[-1]
            # It knows of no final response that is incomplete.
            return last.response if last.type == "response.incomplete" else events.get_final_response()

    def checked(client: openai.OpenAI, arguments: dict):
        reply = once(client, arguments)
        if ask["schema"]:
            assert reply.output_parsed.model_dump() == json.loads(reply.output_text)
        return reply

    return _play(ask, model, base_url, key, checked)
