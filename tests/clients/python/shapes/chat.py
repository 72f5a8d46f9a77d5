"""OpenAI's chat completions, the common ground of several shapes. What differs is a field of `Style`."""

from __future__ import annotations

from dataclasses import dataclass

from words import Answer, Asked, Call, Turn

from .wire import CREATED, compact, data_uri, frame, fresh, halves, parse

FINISH = {"stop": "stop", "length": "length", "content_filter": "content_filter"}


@dataclass(frozen=True)
class Style:
    # xAI counts reasoning beside the completion tokens, everybody else inside.
    reasoning_apart: bool = False
    # Tool calls come whole in one delta instead of in pieces.
    whole_calls: bool = False
    # annotations (OpenAI) or citations (a list of URLs at the top)
    sources: str = "annotations"


def read(body: dict) -> Asked:
    asked = Asked(turns=[])
    names: dict[str, str] = {}
    system = []
    for message in body["messages"]:
        role, text, images = message["role"], *_content(message.get("content"))
        if role in ("system", "developer"):
            system.append(text)
        elif role == "tool":
            result = (names.get(message["tool_call_id"], ""), parse(text))
            if asked.turns and asked.turns[-1].role == "tool":
                asked.turns[-1].results.append(result)
            else:
                asked.turns.append(Turn("tool", results=[result]))
        else:
            turn = Turn(role, text, images)
            for call in message.get("tool_calls") or []:
                names[call["id"]] = call["function"]["name"]
                turn.calls.append(Call(call["function"]["name"], parse(call["function"]["arguments"])))
            asked.turns.append(turn)
    asked.system = "\n\n".join(system)
    asked.tools = {t["function"]["name"]: t["function"].get("parameters") or {} for t in body.get("tools") or []}
    choice = body.get("tool_choice") or ""
    asked.choice = choice["function"]["name"] if isinstance(choice, dict) else {"required": "any"}.get(choice, choice)
    form = body.get("response_format") or {}
    asked.schema = form["json_schema"]["schema"] if form.get("type") == "json_schema" else None
    asked.max_tokens = body.get("max_completion_tokens", body.get("max_tokens"))
    asked.temperature = body.get("temperature")
    asked.effort = body.get("reasoning_effort") or ""
    asked.search = "web_search_options" in body
    return asked


def _content(content: str | list | None) -> tuple[str, list[tuple[str, bytes]]]:
    if not isinstance(content, list):
        return content or "", []
    text = "".join(part["text"] for part in content if part["type"] == "text")
    images = [data_uri(part["image_url"]["url"]) for part in content if part["type"] == "image_url"]
    return text, images


def usage(answer: Answer, style: Style) -> dict:
    u = answer.usage
    completion = u.output - u.reasoning if style.reasoning_apart else u.output
    return {
        "prompt_tokens": u.input,
        "completion_tokens": completion,
        "total_tokens": u.total,
        "prompt_tokens_details": {"cached_tokens": u.cached},
        "completion_tokens_details": {"reasoning_tokens": u.reasoning},
    }


def _annotations(answer: Answer) -> list[dict]:
    at = len(answer.whole_text)
    return [
        {"type": "url_citation", "url_citation": {"start_index": 0, "end_index": at, "url": s.url, "title": s.title}}
        for s in answer.sources
    ]


def _calls(answer: Answer) -> list[dict]:
    return [
        {"id": fresh("call_"), "type": "function"}
        | {"function": {"name": call.name, "arguments": compact(call.arguments)}}
        for call in answer.calls
    ]


def _finish(answer: Answer) -> str:
    return "tool_calls" if answer.calls else FINISH[answer.finish]


def unary(answer: Answer, style: Style, model: str) -> dict:
    message: dict = {"role": "assistant", "content": answer.whole_text or None, "refusal": None}
    if answer.reasoning:
        message["reasoning_content"] = "".join(answer.reasoning)
    if answer.calls:
        message["tool_calls"] = _calls(answer)
    if style.sources == "annotations":
        message["annotations"] = _annotations(answer)
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}
    reply = {"id": "chatcmpl-scene", "object": "chat.completion", "created": CREATED, "model": model}
    reply |= {"choices": [choice], "usage": usage(answer, style)}
    if style.sources == "citations" and answer.sources:
        reply["citations"] = [s.url for s in answer.sources]
    return reply


def stream(answer: Answer, style: Style, model: str) -> list[bytes]:
    head = {"id": "chatcmpl-scene", "object": "chat.completion.chunk", "created": CREATED, "model": model}

    def chunk(delta: dict, finish: str | None = None, **more: object) -> dict:
        return head | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]} | more

    events = [chunk({"role": "assistant", "content": ""})]
    events += [chunk({"reasoning_content": piece}) for piece in answer.reasoning]
    events += [chunk({"content": piece}) for piece in answer.text]
    for index, call in enumerate(_calls(answer)):
        arguments = call["function"]["arguments"]
        if style.whole_calls:
            events.append(chunk({"tool_calls": [{"index": index} | call]}))
            continue
        first = {"index": index} | call | {"function": {"name": call["function"]["name"], "arguments": ""}}
        events.append(chunk({"tool_calls": [first]}))
        for piece in halves(arguments):
            events.append(chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))
    if answer.sources and style.sources == "annotations":
        events.append(chunk({"annotations": _annotations(answer)}))
    more = {"citations": [s.url for s in answer.sources]} if answer.sources and style.sources == "citations" else {}
    events.append(chunk({}, _finish(answer), **more))
    events.append(head | {"choices": [], "usage": usage(answer, style)} | more)
    return [*map(frame, events), frame("[DONE]")]
