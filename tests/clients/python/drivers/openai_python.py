"""openai-python: `create` and its chunks, the `.parse()` and `.stream()` helpers."""

from __future__ import annotations

import json

import openai

from .models import Person


def _client(base_url: str, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=30)


def _arguments(ask: dict, model: str) -> dict:
    content: object = ask["user"]
    if ask["image"]:
        content = [{"type": "text", "text": ask["user"]}, {"type": "image_url", "image_url": {"url": ask["image"]}}]
    messages = [{"role": "system", "content": ask["system"]}] if ask["system"] else []
    arguments: dict = {"model": model, "messages": [*messages, {"role": "user", "content": content}]}
    if ask["tools"]:
        arguments["tools"] = [{"type": "function", "function": tool} for tool in ask["tools"]]
    if ask["schema"]:
        form = {"name": "person", "schema": ask["schema"], "strict": True}
        arguments["response_format"] = {"type": "json_schema", "json_schema": form}
    for ours, theirs in (("effort", "reasoning_effort"), ("max_tokens", "max_completion_tokens"), ("temperature", "temperature")):
        if ask[ours]:
            arguments[theirs] = ask[ours]
    if ask["search"]:
        arguments["web_search_options"] = {}
    return arguments


def _loop(ask: dict, arguments: dict, once) -> dict:
    """Runs `once` until there is an answer without calls, answering each call."""
    ran = []
    while True:
        received, message = once(arguments)
        if not (ask["loop"] and received["calls"]):
            return received | ({"ran": ran} if ask["loop"] else {})
        ran += received["calls"]
        answers = [
            {"role": "tool", "tool_call_id": call["id"], "content": json.dumps(ask["results"][call["function"]["name"]])}
            for call in message["tool_calls"]
        ]
        arguments = arguments | {"messages": [*arguments["messages"], message, *answers]}


def _received(message: dict, finish: str | None, usage: dict | None) -> dict:
    prompt, completion = ((usage or {}).get(f"{part}_tokens_details") or {} for part in ("prompt", "completion"))
    calls = [
        {"name": call["function"]["name"], "arguments": json.loads(call["function"]["arguments"])}
        for call in message.get("tool_calls") or []
    ]
    notes = [note["url_citation"] for note in message.get("annotations") or []]
    return {
        "text": message.get("content") or "",
        "reasoning": message.get("reasoning_content") or "",
        "calls": calls,
        "finish": finish,
        "citations": [[note["url"], note["title"]] for note in notes],
        "usage": {
            "input": usage["prompt_tokens"],
            "output": usage["completion_tokens"],
            "total": usage["total_tokens"],
            "cached": prompt.get("cached_tokens") or 0,
            "reasoning": completion.get("reasoning_tokens") or 0,
        }
        if usage
        else None,
    }


def create(ask: dict, model: str, base_url: str, key: str, stream: bool) -> dict:
    """`create`, whole or chunk by chunk; histories are the reply's own message, as its users write it."""
    with _client(base_url, key) as client:

        def plain(arguments: dict) -> tuple[dict, dict]:
            reply = client.chat.completions.create(**arguments)
            [choice] = reply.choices
            usage = reply.usage.model_dump() if reply.usage else None
            return _received(choice.message.model_dump(), choice.finish_reason, usage), choice.message.model_dump(exclude_none=True)

        def streamed(arguments: dict) -> tuple[dict, dict]:
            message: dict = {"role": "assistant", "content": ""}
            finish = usage = None
            for chunk in client.chat.completions.create(**arguments, stream=True, stream_options={"include_usage": True}):
                assert not (usage and chunk.usage), "usage came twice"
                usage = chunk.usage.model_dump() if chunk.usage else usage
                for choice in chunk.choices:
                    assert finish is None, "something after the finish reason"
                    finish = choice.finish_reason
                    _add(message, choice.delta.model_dump(exclude_none=True))
            received = _received(message, finish, usage)
            return received, {k: v for k, v in message.items() if v not in (None, "", [])}

        received = _loop(ask, _arguments(ask, model), streamed if stream else plain)
    return received | ({"parsed": json.loads(received["text"])} if ask["schema"] else {})


def _add(message: dict, delta: dict) -> None:
    for key in ("content", "reasoning_content"):
        if delta.get(key):
            message[key] = (message.get(key) or "") + delta[key]
    message.setdefault("annotations", []).extend(delta.get("annotations") or [])
    if "extra_content" in delta:
        message["extra_content"] = delta["extra_content"]
    calls = message.setdefault("tool_calls", [])
    for piece in delta.get("tool_calls") or []:
        at = piece.pop("index")
        if at == len(calls):
            calls.append(piece | {"function": {"arguments": ""} | piece["function"]})
            continue
        calls[at]["function"]["arguments"] += piece.get("function", {}).get("arguments") or ""
        if "extra_content" in piece:
            calls[at]["extra_content"] = piece["extra_content"]


def helper(ask: dict, model: str, base_url: str, key: str, stream: bool) -> dict:
    """`.parse()` with a pydantic model, and the accumulating `.stream()`."""
    with _client(base_url, key) as client:

        def once(arguments: dict) -> tuple[dict, dict]:
            arguments = arguments | ({"response_format": Person} if ask["schema"] else {})
            if ask["tools"]:
                # It takes strict tools only.
                arguments["tools"] = [{"type": "function", "function": tool | {"strict": True}} for tool in ask["tools"]]
            try:
                if stream:
                    with client.chat.completions.stream(**arguments, stream_options={"include_usage": True}) as events:
                        reply = events.get_final_completion()
                else:
                    reply = client.chat.completions.parse(**arguments)
            except openai.LengthFinishReasonError as ended:
                # These helpers refuse such answers on purpose.
                reply = ended.completion
            except openai.ContentFilterFinishReasonError:
                return {"finish": "content_filter", "calls": []}, {}
            [choice] = reply.choices
            usage = reply.usage.model_dump() if reply.usage else None
            received = _received(choice.message.model_dump(), choice.finish_reason, usage)
            if ask["schema"]:
                received["parsed"] = choice.message.parsed.model_dump()
            message = choice.message.model_dump(exclude_none=True, exclude={"parsed"})
            for call in message.get("tool_calls") or []:
                call["function"].pop("parsed_arguments", None)
            return received, message

        return _loop(ask, _arguments(ask, model), once)
