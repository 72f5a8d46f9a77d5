"""LlamaIndex's OpenAILike, as a worker process: its own version of openai keeps it out of our environment.

Reads one request as JSON a line and writes one reply a line (drivers/worker.py).
"""

from __future__ import annotations

import base64
import json
import sys
import traceback

from llama_index.core.base.llms.types import ChatMessage, ImageBlock, MessageRole, TextBlock, ThinkingBlock
from llama_index.core.tools import FunctionTool, ToolMetadata
from llama_index.llms.openai_like import OpenAILike
from models import Person


class Schema:
    """Gives a tool its JSON Schema as it is; LlamaIndex wants a pydantic class otherwise."""

    def __init__(self, schema: dict) -> None:
        self.schema = schema

    def model_json_schema(self) -> dict:
        return dict(self.schema)


def chat(ask: dict, model: str, base_url: str, key: str, stream: bool) -> dict:
    more: dict = {"web_search_options": {}} if ask["search"] else {}
    if stream:
        more["stream_options"] = {"include_usage": True}
    fields = {k: ask[k] for k in ("max_tokens", "temperature") if ask[k]}
    if ask["effort"]:
        # Its own field goes only to models whose names it knows.
        more["reasoning_effort"] = ask["effort"]
    llm = OpenAILike(
        model=model,
        api_base=base_url,
        api_key=key,
        is_chat_model=True,
        is_function_calling_model=bool(ask["tools"]),
        should_use_structured_outputs=True,
        max_retries=0,
        timeout=30,
        additional_kwargs=more,
        **fields,
    )
    blocks: list = [TextBlock(text=ask["user"])]
    if ask["image"]:
        blocks.append(ImageBlock(image=base64.b64decode(ask["image"].partition(",")[2]), image_mimetype="image/png"))
    messages = [ChatMessage(ask["system"], role=MessageRole.SYSTEM)] if ask["system"] else []
    messages.append(ChatMessage(role=MessageRole.USER, blocks=blocks))
    if ask["schema"]:
        return _structured(llm.as_structured_llm(Person), messages, stream)
    tools = [
        FunctionTool(lambda: "", ToolMetadata(tool["description"], tool["name"], Schema(tool["parameters"])))
        for tool in ask["tools"]
    ]
    ran: list[dict] = []
    while True:
        reply = _once(llm, tools, messages, stream)
        calls = llm.get_tool_calls_from_response(reply, error_on_no_tool_call=False) if tools else []
        received = _received(reply, calls)
        if not (ask["loop"] and calls):
            return received | ({"ran": ran} if ask["loop"] else {})
        ran += received["calls"]
        messages.append(reply.message)
        for call in calls:
            said = json.dumps(ask["results"][call.tool_name])
            extra = {"tool_call_id": call.tool_id, "name": call.tool_name}
            messages.append(ChatMessage(said, role=MessageRole.TOOL, additional_kwargs=extra))


def _once(llm: OpenAILike, tools: list, messages: list[ChatMessage], stream: bool):
    if not stream:
        return llm.chat_with_tools(tools, chat_history=messages, allow_parallel_tool_calls=True) if tools else llm.chat(messages)
    begun = llm.stream_chat_with_tools(tools, chat_history=messages, allow_parallel_tool_calls=True) if tools else llm.stream_chat(messages)
    reply, finish, usage = None, None, None
    for part in begun:
        reply = part
        raw = part.raw.model_dump() if part.raw else {}
        usage = raw.get("usage") or usage
        finish = next((choice["finish_reason"] for choice in raw.get("choices") or [] if choice["finish_reason"]), finish)
    # Its last part carries the last chunk only.
    reply.additional_kwargs = {"finish": finish, "usage": usage}
    return reply


def _structured(llm, messages: list[ChatMessage], stream: bool) -> dict:
    if not stream:
        return {"parsed": llm.chat(messages).raw.model_dump()}
    last = None
    for last in llm.stream_chat(messages):
        pass
    return {"parsed": last.raw.model_dump()}


def _received(reply, calls: list) -> dict:
    raw = {} if "finish" in reply.additional_kwargs else reply.raw.model_dump()
    usage = reply.additional_kwargs.get("usage") if not raw else raw.get("usage")
    finish = reply.additional_kwargs.get("finish") if not raw else raw["choices"][0]["finish_reason"]
    prompt, completion = ((usage or {}).get(f"{part}_tokens_details") or {} for part in ("prompt", "completion"))
    return {
        "text": reply.message.content or "",
        "reasoning": "".join(b.content or "" for b in reply.message.blocks if isinstance(b, ThinkingBlock)),
        "calls": [{"name": call.tool_name, "arguments": call.tool_kwargs} for call in calls],
        "finish": finish,
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


for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = chat(*(request[name] for name in ("ask", "model", "base_url", "key", "stream")))
    except Exception:
        answer = {"error": traceback.format_exc()}
    print(json.dumps(answer), flush=True)
