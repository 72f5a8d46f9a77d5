"""LangChain's ChatOpenAI: messages, bind_tools, with_structured_output."""

from __future__ import annotations

import json

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI


def chat(ask: dict, model: str, base_url: str, key: str, stream: bool) -> dict:
    extra: dict = {}
    for ours, theirs in (("effort", "reasoning_effort"), ("max_tokens", "max_tokens"), ("temperature", "temperature")):
        if ask[ours]:
            extra[theirs] = ask[ours]
    if ask["search"]:
        extra["model_kwargs"] = {"web_search_options": {}}
    llm = ChatOpenAI(model=model, base_url=base_url, api_key=key, max_retries=0, timeout=30, stream_usage=True, **extra)
    content: object = ask["user"]
    if ask["image"]:
        content = [{"type": "text", "text": ask["user"]}, {"type": "image_url", "image_url": {"url": ask["image"]}}]
    messages: list[BaseMessage] = [SystemMessage(ask["system"])] if ask["system"] else []
    messages.append(HumanMessage(content))
    if ask["schema"]:
        structured = llm.with_structured_output(ask["schema"], method="json_schema", include_raw=True, strict=True)
        return _structured(structured, messages, stream)
    runnable = llm.bind_tools([{"type": "function", "function": tool} for tool in ask["tools"]]) if ask["tools"] else llm
    ran: list[dict] = []
    while True:
        reply = _once(runnable, messages, stream)
        received = _received(reply)
        if not (ask["loop"] and reply.tool_calls):
            return received | ({"ran": ran} if ask["loop"] else {})
        ran += received["calls"]
        results = [ToolMessage(json.dumps(ask["results"][c["name"]]), tool_call_id=c["id"]) for c in reply.tool_calls]
        messages = [*messages, reply, *results]


def _once(runnable, messages: list[BaseMessage], stream: bool) -> AIMessage:
    if not stream:
        return runnable.invoke(messages)
    whole = None
    for chunk in runnable.stream(messages):
        whole = chunk if whole is None else whole + chunk
    return whole


def _structured(runnable, messages: list[BaseMessage], stream: bool) -> dict:
    if not stream:
        reply = runnable.invoke(messages)
    else:
        reply = None
        for part in runnable.stream(messages):
            reply = part if reply is None else reply | {k: reply[k] + v if k == "raw" and k in reply else v for k, v in part.items()}
    assert reply["parsing_error"] is None, reply["parsing_error"]
    return _received(reply["raw"]) | {"parsed": reply["parsed"]}


def _received(reply: AIMessage) -> dict:
    usage = reply.usage_metadata
    return {
        "text": reply.text,
        "calls": [{"name": call["name"], "arguments": call["args"]} for call in reply.tool_calls],
        "finish": reply.response_metadata.get("finish_reason"),
        "usage": {
            "input": usage["input_tokens"],
            "output": usage["output_tokens"],
            "total": usage["total_tokens"],
            "cached": usage.get("input_token_details", {}).get("cache_read") or 0,
            "reasoning": usage.get("output_token_details", {}).get("reasoning") or 0,
        }
        if usage
        else None,
    }
