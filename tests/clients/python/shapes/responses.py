"""Items of OpenAI's Responses API, the common ground of xAI's and Perplexity's: what a request holds."""

from __future__ import annotations

from words import Asked, Call, Turn

from .wire import data_uri, parse


def read(body: dict) -> Asked:
    asked = Asked(turns=[])
    system = [body["instructions"]] if body.get("instructions") else []
    names: dict[str, str] = {}
    items = body["input"]
    for item in [{"role": "user", "content": items}] if isinstance(items, str) else items:
        kind = item.get("type", "message")
        if kind == "message" and item["role"] in ("system", "developer"):
            system.append(_content(item["content"])[0])
        elif kind == "message":
            asked.turns.append(Turn(item["role"], *_content(item["content"])))
        elif kind == "function_call":
            names[item["call_id"]] = item["name"]
            if not asked.turns or asked.turns[-1].role != "assistant":
                asked.turns.append(Turn("assistant"))
            asked.turns[-1].calls.append(Call(item["name"], parse(item["arguments"])))
            asked.states += [item["thought_signature"]] if item.get("thought_signature") else []
        elif kind == "function_call_output":
            output = item["output"]
            result = (names[item["call_id"]], parse(output if isinstance(output, str) else _content(output)[0]))
            if asked.turns[-1].role == "tool":
                asked.turns[-1].results.append(result)
            else:
                asked.turns.append(Turn("tool", results=[result]))
        elif kind == "reasoning":
            asked.states += [item["encrypted_content"]] if item.get("encrypted_content") else []
        else:
            raise AssertionError(f"an item of the type {kind}")
    asked.system = "\n\n".join(system)
    for tool in body.get("tools") or []:
        asked.search = asked.search or tool["type"] == "web_search"
        if tool["type"] == "function":
            asked.tools[tool["name"]] = tool.get("parameters") or {}
    choice = body.get("tool_choice") or ""
    asked.choice = choice.get("name", "any") if isinstance(choice, dict) else {"required": "any"}.get(choice, choice)
    asked.max_tokens, asked.temperature = body.get("max_output_tokens"), body.get("temperature")
    asked.effort = (body.get("reasoning") or {}).get("effort") or ""
    return asked


def _content(content: str | list) -> tuple[str, list[tuple[str, bytes]]]:
    if isinstance(content, str):
        return content, []
    text = "".join(part["text"] for part in content if part["type"] in ("input_text", "output_text"))
    images = [data_uri(part["image_url"]) for part in content if part["type"] == "input_image"]
    return text, images
