"""pydantic-ai: an agent that runs its tools itself, and one with a structured output."""

from __future__ import annotations

import asyncio
import base64

import httpx
from openai import AsyncOpenAI
from pydantic_ai import Agent, BinaryContent, NativeOutput, Tool
from pydantic_ai.messages import ModelResponse, TextPart, ThinkingPart, ToolCallPart
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from .models import Person


def agent(ask: dict, model: str, base_url: str, key: str, stream: bool) -> dict:
    return asyncio.run(_run(ask, model, base_url, key, stream))


async def _run(ask: dict, model: str, base_url: str, key: str, stream: bool) -> dict:
    settings: dict = {k: ask[k] for k in ("max_tokens", "temperature") if ask[k]}
    if ask["effort"]:
        settings["openai_reasoning_effort"] = ask["effort"]
    if ask["search"]:
        settings["extra_body"] = {"web_search_options": {}}

    async def handler(_context, events) -> None:
        async for _ in events:
            pass

    async with AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0, http_client=httpx.AsyncClient(timeout=30)) as client:
        made = Agent(
            OpenAIChatModel(model, provider=OpenAIProvider(openai_client=client)),
            system_prompt=ask["system"] or (),
            output_type=NativeOutput(Person, strict=True) if ask["schema"] else str,
            tools=[_tool(tool, ask["results"][tool["name"]]) for tool in ask["tools"]],
            model_settings=settings,
            retries=0,
        )
        prompt: list = [ask["user"]]
        if ask["image"]:
            prompt.append(BinaryContent(base64.b64decode(ask["image"].partition(",")[2]), media_type="image/png"))
        result = await made.run(prompt, event_stream_handler=handler if stream else None)
    return _received(result, ask)


def _tool(tool: dict, result: dict) -> Tool:
    def run(**_arguments) -> dict:
        return result

    return Tool.from_schema(run, tool["name"], tool["description"], tool["parameters"], sequential=True)


def _received(result, ask: dict) -> dict:
    replies = [message for message in result.all_messages() if isinstance(message, ModelResponse)]
    last, usage = replies[-1], replies[-1].usage
    ran = [
        {"name": part.tool_name, "arguments": part.args_as_dict()}
        for reply in replies
        for part in reply.parts
        if isinstance(part, ToolCallPart)
    ]
    return {
        "text": "".join(part.content for part in last.parts if isinstance(part, TextPart)),
        "reasoning": "".join(part.content for part in last.parts if isinstance(part, ThinkingPart)),
        "calls": [],
        "ran": ran,
        "finish": {"tool_call": "tool_calls"}.get(last.finish_reason, last.finish_reason),
        "usage": {
            "input": usage.input_tokens,
            "output": usage.output_tokens,
            "total": usage.total_tokens,
            "cached": usage.cache_read_tokens,
            "reasoning": usage.details.get("reasoning_tokens", 0),
        },
        "parsed": result.output.model_dump() if ask["schema"] else None,
    }
