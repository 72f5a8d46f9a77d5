"""OpenAI's published schemas as judges of a reply, and the list of where they are wrong."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from functools import cache

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from stubs import ROOT

PUBLISHED = json.loads((ROOT / "tests/fixtures/openai-schemas/schemas.json").read_text())["components"]["schemas"]
URI = "urn:openai"


@dataclass(frozen=True)
class Mistake:
    """One place where a published schema refuses what is right."""

    schema: str
    # The way to the place, and what must stand there.
    path: tuple[str | int, ...]
    becomes: object
    why: str
    # A value of the schema that shows it: refused as published, right in truth.
    shown_by: object


_CHOICE = {"index": 0, "text": "Hi", "logprobs": None, "finish_reason": None}
_CHUNK = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m"}
MISTAKES: list[Mistake] = [
    Mistake(
        schema="Embedding",
        path=("properties", "embedding"),
        becomes={"anyOf": [PUBLISHED["Embedding"]["properties"]["embedding"], {"type": "string"}]},
        why="a request with `encoding_format: base64` is answered with text, and OpenAI's own libraries ask so",
        shown_by={"object": "embedding", "index": 0, "embedding": "AACAvg=="},
    ),
    Mistake(
        schema="CreateCompletionResponse",
        path=("properties", "choices", "items", "properties", "finish_reason"),
        becomes={"enum": ["stop", "length", "content_filter", None]},
        why="the chunks of a stream have the same schema, and only the last one of a choice is finished",
        shown_by=_CHUNK | {"choices": [_CHOICE]},
    ),
    Mistake(
        schema="CreateCompletionResponse",
        path=("properties", "usage"),
        becomes={"anyOf": [PUBLISHED["CreateCompletionResponse"]["properties"]["usage"], {"type": "null"}]},
        why="with `include_usage` every chunk but the last has it as null, as the documentation of the option says",
        shown_by=_CHUNK | {"choices": [], "usage": None},
    ),
]


def corrected(mistakes: list[Mistake]) -> dict:
    schemas = copy.deepcopy(PUBLISHED)
    for mistake in mistakes:
        node = schemas[mistake.schema]
        for step in mistake.path[:-1]:
            node = node[step]
        node[mistake.path[-1]] = mistake.becomes
    return nulls_allowed(schemas)


def nulls_allowed(node: object) -> object:
    """Reads `nullable`, a word of OpenAPI 3.0 that is left in the document and that version 3.1 does not know."""
    if isinstance(node, list):
        return [nulls_allowed(item) for item in node]
    if not isinstance(node, dict):
        return node
    read = {key: nulls_allowed(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [read, {"type": "null"}]} if node.get("nullable") is True else read


@cache
def validator(name: str, published: bool = False) -> Draft202012Validator:
    schemas = corrected([] if published else MISTAKES)
    resource = Resource.from_contents({"components": {"schemas": schemas}}, default_specification=DRAFT202012)
    registry = Registry().with_resource(URI, resource)
    return Draft202012Validator({"$ref": f"{URI}#/components/schemas/{name}"}, registry=registry)


@cache
def events() -> dict[str, str]:
    """The schema of each event of a streamed response, by its type."""
    names = [choice["$ref"].rpartition("/")[2] for choice in PUBLISHED["ResponseStreamEvent"]["anyOf"]]
    return {kind: name for name in names for kind in PUBLISHED[name]["properties"]["type"]["enum"]}


def check(name: str, value: object) -> None:
    """Fails with the deepest reasons when the schema refuses the value."""
    errors = [f"{name}{error.json_path[1:]}: {deepest(error)}" for error in validator(name).iter_errors(value)]
    assert not errors, "\n".join([*errors, json.dumps(value, ensure_ascii=False)[:3000]])


def deepest(error) -> str:
    """Says why the alternative failed that came furthest."""
    while error.context:
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    return f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"


def check_event(value: dict) -> None:
    assert value["type"] in events(), f"no such event is published: {value['type']}"
    check(events()[value["type"]], value)
