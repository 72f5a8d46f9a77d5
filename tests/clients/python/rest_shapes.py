"""Holds JSON to the shapes of tests/fixtures/rest/routes.json, member by member."""

from __future__ import annotations

import json
import re
from typing import Any

from stubs import ROOT

FIXTURE = json.loads((ROOT / "tests/fixtures/rest/routes.json").read_text())
ROUTES: list[dict[str, Any]] = FIXTURE["routes"]
TYPES: dict[str, Any] = FIXTURE["types"]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def members(shape: dict[str, Any]) -> dict[str, Any]:
    """All members of a shape, those of the earlier gateway and those that are added."""
    if "is" in shape:
        return members(TYPES[shape["is"]]) | shape.get("added", {})
    if "earlier" in shape:
        return shape["earlier"] | shape.get("added", {})
    return shape


def wrong(value: Any, wanted: Any, at: str = "") -> list[str]:
    """Says what is wrong with a value, and where; nothing when it is as wanted."""
    if isinstance(wanted, str) and wanted.endswith("?"):
        return [] if value is None else wrong(value, wanted[:-1], at)
    if isinstance(wanted, str) and wanted in TYPES:
        return wrong(value, members(TYPES[wanted]), at)
    if isinstance(wanted, list):
        if not isinstance(value, list):
            return [f"{at}: no list but {value!r}"]
        return [line for n, item in enumerate(value) for line in wrong(item, wanted[0], f"{at}[{n}]")]
    if isinstance(wanted, dict):
        return wrong_object(value, wanted, at)
    if not fits(value, wanted):
        return [f"{at}: {value!r} is not {wanted}"]
    return []


def wrong_object(value: Any, wanted: dict[str, Any], at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at}: no object but {value!r}"]
    if "*" in wanted:
        return [line for name, inner in value.items() for line in wrong(inner, wanted["*"], f"{at}.{name}")]
    lines = [f"{at}.{name} is missing" for name in wanted if name not in value]
    lines += [f"{at}.{name} is not documented" for name in value if name not in wanted]
    return lines + [line for name in wanted if name in value for line in wrong(value[name], wanted[name], f"{at}.{name}")]


def fits(value: Any, wanted: str) -> bool:
    match wanted:
        case "string":
            return isinstance(value, str)
        case "text":
            return isinstance(value, str) and value != ""
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "time":
            return isinstance(value, str) and TIME.fullmatch(value) is not None
        case _:
            return value in wanted.split("|")


def misfits(wanted: Any) -> list[Any]:
    """Values that a request must not have there."""
    if isinstance(wanted, list | dict) or wanted in TYPES:
        return ["canary", 7, True]
    if wanted in ("boolean", "integer"):
        return ["canary", [True], {"a": 1}]
    odd: list[Any] = [7, True, ["canary"], {"canary": 1}]
    return odd + (["canary"] if wanted == "time" or "|" in wanted else [])
