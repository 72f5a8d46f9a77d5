"""The official SDKs as judges: `PARSE[provider](body)` parses a request body with the provider's own types, refusing
what they do not know, and returns it as the SDK writes it. Equal to the body, or the gateway sends something odd.
"""

from __future__ import annotations

import base64
import collections.abc
import os
import re
import types as types_of_python
from collections.abc import Callable
from typing import IO, Union, get_args, get_origin, get_type_hints

import anthropic
import pydantic
from gigachat.api.chat import _build_request_json
from gigachat.models.chat import Chat
from google.genai import Client, _common, models, types
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params
from perplexity.generated import api as perplexity
from typing_extensions import NotRequired, Required, TypedDict, is_typeddict

_GEMINI = Client(api_key="not used")._api_client
# What the SDK says in snake case where the service takes both.
_SNAKE = re.compile(r"_([a-z])")
# Members whose content is the caller's own and has no names of the API.
_FREE = {"args", "response", "parametersJsonSchema", "responseJsonSchema", "responseSchema", "parameters"}


def google(body: dict) -> dict:
    config = {k: v for k, v in body.items() if k not in ("contents", "generationConfig")} | body.get("generationConfig", {})
    parameters = types._GenerateContentParameters(
        model="gemini",
        contents=[types.Content.model_validate(content) for content in body["contents"]],
        config=types.GenerateContentConfig.model_validate(config),
    )
    sent = models._GenerateContentParameters_to_mldev(_GEMINI, parameters)
    sent = _common.encode_unserializable_types(_common.convert_to_dict(sent))
    sent.pop("_url")
    return canonical({k: v for k, v in sent.items() if v not in (None, {}) or k == "contents"})


def canonical(value: object) -> object:
    """One of the spellings that the Gemini API takes: camel case, standard base64, enum values in capitals."""
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = {_SNAKE.sub(lambda m: m[1].upper(), key): inner for key, inner in value.items()}
    return {key: inner if key in _FREE else _value(key, canonical(inner)) for key, inner in named.items()}


def _value(key: str, value: object) -> object:
    if key in ("data", "thoughtSignature") and isinstance(value, str):
        return base64.b64encode(base64.urlsafe_b64decode(value.replace("+", "-").replace("/", "_"))).decode()
    return str(getattr(value, "value", value)).upper() if key == "thinkingLevel" else value


def gigachat(body: dict) -> dict:
    sent = _build_request_json(Chat.model_validate(body))
    for function, ours in zip(sent.get("functions", []), body.get("functions", [])):
        # Its model of a schema keeps a part of it only; it must be able to read ours.
        assert set(function["parameters"].get("properties", {})) == set(ours["parameters"].get("properties", {}))
        function["parameters"] = ours["parameters"]
        if function.get("description") == "" and "description" not in ours:
            del function["description"]
    for form in [sent.get("response_format") or {}]:
        if "schema_" in form:
            form["schema"] = form.pop("schema_")
    return plain(sent)


def plain(value: object) -> object:
    """Enums as their values, as JSON has them."""
    return pydantic.TypeAdapter(object).dump_python(value, mode="json")


def _strict(kind: object, made: dict[object, object] | None = None) -> object:
    """Returns openai's request type with unknown members refused, and lists where it says Iterable: pydantic would read
    those lazily, and with them whatever stands inside.
    """
    made = {} if made is None else made
    if is_typeddict(kind):
        if kind not in made:
            fields: dict[str, object] = {}
            # Known before it is complete, for types that contain themselves.
            made[kind] = pydantic.JsonValue
            for name, hint in get_type_hints(kind, include_extras=True).items():
                inner = get_args(hint)[0] if get_origin(hint) in (Required, NotRequired) else hint
                needed = Required if name in kind.__required_keys__ else NotRequired
                fields[name] = needed[_strict(inner, made)]
            strict = TypedDict(kind.__name__, fields)
            made[kind] = pydantic.with_config(pydantic.ConfigDict(extra="forbid"))(strict)
        return made[kind]
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (collections.abc.Iterable, list):
        return list[_strict(inner[0], made)]
    if origin in (Union, types_of_python.UnionType):
        return Union[tuple(_strict(one, made) for one in inner if not _is_python(one))]
    return kind


def _is_python(kind: object) -> bool:
    """What a union offers to programs only: open files, paths, and replies that the SDK turns into requests itself."""
    kind = get_origin(kind) or kind
    return isinstance(kind, type) and issubclass(kind, (IO, os.PathLike, pydantic.BaseModel))


def _typed_dict(*kinds: object) -> Callable[[dict], dict]:
    adapter = pydantic.TypeAdapter(Union[tuple(_strict(kind) for kind in kinds)])
    return lambda body: adapter.dump_python(adapter.validate_python(body), mode="json", warnings=False)


def _model(kind: type[pydantic.BaseModel]) -> Callable[[dict], dict]:
    def parse(body: dict) -> dict:
        parsed = kind.model_validate(body)
        _no_extras(parsed)
        return parsed.model_dump(mode="json", by_alias=True, exclude_unset=True)

    return parse


def _no_extras(value: object) -> None:
    if isinstance(value, perplexity.ParameterSpecInput):
        return  # the caller's own schema
    if isinstance(value, pydantic.BaseModel):
        assert not value.model_extra, f"{type(value).__name__} has no {sorted(value.model_extra)}"
        value = dict(value)
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        _no_extras(inner)


CHAT = (
    completion_create_params.CompletionCreateParamsNonStreaming,
    completion_create_params.CompletionCreateParamsStreaming,
)
RESPONSES = (
    response_create_params.ResponseCreateParamsNonStreaming,
    response_create_params.ResponseCreateParamsStreaming,
)
_MESSAGES = _typed_dict(
    anthropic.types.message_create_params.MessageCreateParamsNonStreaming,
    anthropic.types.message_create_params.MessageCreateParamsStreaming,
)
# Gone from the SDK with the models that took them; the API has them still, for those models.
_OLDER = re.compile(r"claude-(3|.*-4-[0-6])")
_SAMPLING = ("temperature", "top_p", "top_k")


def anthropic_messages(body: dict) -> dict:
    sampling = {name: body[name] for name in _SAMPLING if name in body and _OLDER.match(body["model"])}
    assert all(isinstance(value, int | float) for value in sampling.values())
    return _MESSAGES({k: v for k, v in body.items() if k not in sampling}) | sampling


PARSE: dict[str, Callable[[dict], dict]] = {
    "openai": _typed_dict(*CHAT),
    "xai": _typed_dict(*CHAT),
    "google": google,
    "gigachat": gigachat,
    "anthropic": anthropic_messages,
    "perplexity-sonar": _model(perplexity.ApiChatCompletionsRequestInput),
    "perplexity-agent": _model(perplexity.ResponsesRequestInput),
    "xai-responses": _typed_dict(*RESPONSES),
}
