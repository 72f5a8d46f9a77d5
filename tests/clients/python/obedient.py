"""A model that does what it is told: a small, honest reader of instructions for suites that expect a real model.

It looks at the request alone, never at who asks: tools that are offered are called with what the question says, results
are repeated, schemas are filled in, a limit of tokens cuts the answer. It says the same in every provider's format.
"""

from __future__ import annotations

import json
import re

from words import Answer, Asked, Call, Turn, Usage

NUMBER_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}


def answer(asked: Asked) -> Answer:
    question = next((turn for turn in reversed(asked.turns) if turn.role == "user"), Turn("user"))
    last = asked.turns[-1]
    if last.role == "tool":
        return _say(asked, _about_results(last))
    if asked.tools and asked.choice != "none" and (calls := _calls(asked, question.text)):
        return Answer(calls=calls, usage=_usage(asked, 12))
    if asked.schema:
        return _say(asked, json.dumps(_fill(asked.schema, asked.schema, question.text), ensure_ascii=False))
    if keys := _json_keys(question.text):
        return _say(asked, json.dumps(dict.fromkeys(keys, question.text), ensure_ascii=False))
    if question.images:
        kinds = ", ".join(sorted({kind for kind, _ in question.images}))
        return _say(asked, f"I see {len(question.images)} picture(s) of the type {kinds}.")
    return _say(asked, f"Hello! You said: {question.text}")


def _json_keys(text: str) -> list[str]:
    """Reads "as a JSON with 'a' and 'b' keys"."""
    told = re.search(r"JSON with (.*?) keys", text)
    return re.findall(r"'(\w+)'", told[1]) if told else []


def _about_results(turn: Turn) -> str:
    said = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for _, value in turn.results]
    return "The tools say: " + "; ".join(said)


def _calls(asked: Asked, question: str) -> tuple[Call, ...]:
    """Calls the tool it must call, else each one whose name or description shares a word with the question."""
    names = list(asked.tools)
    if asked.choice in asked.tools:
        names = [asked.choice]
    elif asked.choice != "any":
        # A single tool is there to be used; of several, those that are spoken of.
        spoken = [name for name in names if set(re.findall("[a-z]+", name.lower())) & set(re.findall("[a-z]+", question.lower()))]
        names = spoken if spoken or len(names) > 1 else names
    return tuple(Call(name, _fill(asked.tools[name], asked.tools[name], question)) for name in names[:2])


def _fill(schema: dict, root: dict, text: str) -> object:
    """Returns a value of the schema with the numbers and words of the text."""
    if ref := schema.get("$ref"):
        target = root
        for step in ref.removeprefix("#/").split("/"):
            target = target[step]
        return _fill(target, root, text)
    for key in ("anyOf", "oneOf", "allOf"):
        if options := schema.get(key):
            return _fill(next((o for o in options if o.get("type") != "null"), options[0]), root, text)
    if "enum" in schema:
        return next((v for v in schema["enum"] if str(v).lower() in text.lower()), schema["enum"][0])
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = next((k for k in kind if k != "null"), "null") if isinstance(kind, list) else kind
    kind = kind.lower()
    if kind == "object":
        return {name: _fill(inner, root, text) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [_fill(schema.get("items", {}), root, text)]
    if kind in ("integer", "number"):
        found = re.findall(r"-?\d+", text)
        words = [n for word, n in NUMBER_WORDS.items() if word in text.lower()]
        return int(found[0]) if found else words[0] if words else 1
    return {"boolean": True, "null": None}.get(kind, text or "something")


def _usage(asked: Asked, output: int) -> Usage:
    heard = sum(len(turn.text.split()) + 4 for turn in asked.turns) + len(asked.system.split())
    return Usage(input=heard + 5, output=max(output, 1), cached=0)


def _say(asked: Asked, text: str) -> Answer:
    pieces = tuple(re.findall(r"\S+\s*|\s+", text))
    finish = "stop"
    if asked.max_tokens and len(pieces) > asked.max_tokens:
        pieces, finish = pieces[: asked.max_tokens], "length"
    return Answer(pieces or ("",), finish=finish, usage=_usage(asked, len(pieces)))
