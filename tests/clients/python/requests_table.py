"""Requests as clients of the REST face write them, each about one thing that providers word differently."""

from __future__ import annotations

import base64

from scenes import PERSON, PNG, TIME, WEATHER

PICTURE = "data:image/png;base64," + base64.b64encode(PNG).decode()
# The smallest document that says it is one.
PDF = "data:application/pdf;base64," + base64.b64encode(b"%PDF-1.4\n%%EOF\n").decode()
TOOLS = [{"type": "function", "function": WEATHER}, {"type": "function", "function": TIME}]
NESTED = {
    "type": "object",
    "properties": {
        "filters": {"type": "array", "items": {"type": "object", "properties": {"field": {"type": "string"}}, "required": ["field"]}},
        "mode": {"type": "string", "enum": ["all", "any"]},
        "where": {"type": "object", "properties": {"lat": {"type": "number"}, "lon": {"type": "number"}}},
    },
    "required": ["filters"],
}


def user(content: object = "Hello") -> dict:
    return {"role": "user", "content": content}


def called(*calls: tuple[str, str, str], text: str | None = None) -> dict:
    made = [{"id": i, "type": "function", "function": {"name": n, "arguments": a}} for i, n, a in calls]
    return {"role": "assistant", "content": text, "tool_calls": made}


def said(call_id: str, content: object) -> dict:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


ONE_CALL = called(("call_1", "get_weather", '{"city":"Huế","days":1}'))
TWO_CALLS = called(("call_1", "get_weather", '{"city":"Huế","days":1}'), ("call_2", "get_time", '{"city":"Huế"}'))
TEXT_AND_IMAGE = [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": PICTURE, "detail": "low"}}]

# name -> body without the model; `tag` is put into the first user message.
REQUESTS: dict[str, dict] = {
    "minimal": {"messages": [user()]},
    "streamed": {"messages": [user()], "stream": True},
    "system": {"messages": [{"role": "system", "content": "Be brief."}, user()]},
    "developer": {"messages": [{"role": "developer", "content": "Be brief."}, user()]},
    "two-systems": {
        "messages": [{"role": "system", "content": "One."}, user(), {"role": "assistant", "content": "Hm."}]
        + [{"role": "system", "content": "Two."}, user("More")]
    },
    "conversation": {"messages": [user(), {"role": "assistant", "content": "Chào!"}, user("And now?")]},
    "neighbours": {"messages": [user(), user("Again"), {"role": "assistant", "content": "Yes."}, user("Good")]},
    "sampling": {"messages": [user()], "temperature": 0.3, "top_p": 0.8, "max_tokens": 99, "seed": 7},
    "temperature-zero": {"messages": [user()], "temperature": 0},
    "max-completion-tokens": {"messages": [user()], "max_completion_tokens": 50},
    "stop": {"messages": [user()], "stop": ["END", "\n\n"]},
    "penalties": {"messages": [user()], "presence_penalty": 0.4, "frequency_penalty": -0.4},
    "logprobs": {"messages": [user()], "logprobs": True, "top_logprobs": 2},
    "name-and-user": {"messages": [user() | {"name": "bob"}], "user": "user-1", "metadata": {"a": "b"}, "store": False},
    "parts": {"messages": [user([{"type": "text", "text": "One"}, {"type": "text", "text": "Two"}])]},
    "image": {"messages": [user(TEXT_AND_IMAGE)]},
    "pdf": {"messages": [user([{"type": "text", "text": "Read"}, {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}}])]},
    "tools": {"messages": [user()], "tools": TOOLS},
    "tools-nested": {
        "messages": [user()],
        "tools": [{"type": "function", "function": {"name": "search", "description": "Searches.", "parameters": NESTED}}],
    },
    "tool-bare": {"messages": [user()], "tools": [{"type": "function", "function": {"name": "ping"}}]},
    "tool-strict": {"messages": [user()], "tools": [{"type": "function", "function": WEATHER | {"strict": True}}]},
    "choice-none": {"messages": [user()], "tools": TOOLS, "tool_choice": "none"},
    "choice-required": {"messages": [user()], "tools": TOOLS, "tool_choice": "required"},
    "choice-named": {
        "messages": [user()],
        "tools": TOOLS,
        "tool_choice": {"type": "function", "function": {"name": "get_time"}},
    },
    "not-parallel": {"messages": [user()], "tools": TOOLS, "parallel_tool_calls": False},
    "result": {"messages": [user(), ONE_CALL, said("call_1", '{"celsius":31}')], "tools": TOOLS},
    "result-text": {"messages": [user(), ONE_CALL, said("call_1", "31 °C")], "tools": TOOLS},
    "result-parts": {"messages": [user(), ONE_CALL, said("call_1", [{"type": "text", "text": "[1, 2]"}])], "tools": TOOLS},
    "results": {
        "messages": [user(), TWO_CALLS, said("call_1", '{"celsius":31}'), said("call_2", '{"time":"8:15"}')],
        "tools": TOOLS,
    },
    "results-and-more": {
        "messages": [user(), ONE_CALL | {"content": "Let me see."}, said("call_1", "{}")]
        + [{"role": "assistant", "content": "Sunny."}, user("Thanks")],
        "tools": TOOLS,
    },
    "json-object": {"messages": [user("Say it in JSON")], "response_format": {"type": "json_object"}},
    "json-schema": {
        "messages": [user()],
        "response_format": {"type": "json_schema", "json_schema": {"name": "p", "schema": PERSON, "strict": True}},
    },
    "effort-high": {"messages": [user()], "reasoning_effort": "high"},
    "effort-none": {"messages": [user()], "reasoning_effort": "none"},
    "search": {
        "messages": [user()],
        "web_search_options": {
            "search_context_size": "low",
            "user_location": {"type": "approximate", "approximate": {"country": "VN", "city": "Huế"}},
        },
    },
}
