"""The scenes: what a client asks through the gateway and what the provider answers. Providers and clients are not here."""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass, field

from words import Answer, Call, Source, Usage


def _png(width: int, height: int) -> bytes:
    """A grey picture; made here so that its bytes are known to be right."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(range(width)) for _ in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PNG = _png(32, 32)
WEATHER = {
    "name": "get_weather",
    "description": "Tells the weather of the next days.",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Name of the city"},
            "days": {"type": "integer", "description": "How many days"},
        },
        "required": ["city", "days"],
        "additionalProperties": False,
    },
}
TIME = {
    "name": "get_time",
    "description": "Tells the local time.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "description": "Name of the city"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}
# What the tools say when a client runs them.
RESULTS = {"get_weather": {"celsius": 31, "sky": "nắng"}, "get_time": {"time": "08:15"}}
WEATHER_CALL = Call("get_weather", {"city": "Đà Nẵng", "days": 2})
TIME_CALL = Call("get_time", {"city": "Đà Nẵng"})
PERSON = {
    "title": "Person",
    "description": "Somebody.",
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Name"},
        "age": {"type": "integer", "title": "Age"},
        "languages": {"type": "array", "items": {"type": "string"}, "title": "Languages"},
    },
    "required": ["name", "age", "languages"],
    "additionalProperties": False,
}
THE_PERSON = {"name": "Nguyễn Văn An", "age": 41, "languages": ["vi", "en"]}


@dataclass(frozen=True)
class Scene:
    name: str
    user: str
    # By how often tools were answered so far.
    answers: tuple[Answer, ...]
    system: str = ""
    image: bool = False
    tools: tuple[dict, ...] = ()
    schema: dict | None = None
    effort: str = ""
    search: bool = False
    # Run the tools and ask again, until there is a text.
    loop: bool = False
    max_tokens: int | None = None
    temperature: float | None = None
    # Providers that have nothing of the kind, with the reason.
    missing: dict[str, str] = field(default_factory=dict)

    def ask(self, tag: str) -> dict:
        """Returns the scene as JSON for a client driver, whatever its language."""
        return {
            "name": self.name,
            "system": self.system,
            "user": f"{self.user} [[{tag}]]",
            "image": "data:image/png;base64," + base64.b64encode(PNG).decode() if self.image else "",
            "tools": list(self.tools),
            "results": RESULTS,
            "schema": self.schema,
            "effort": self.effort,
            "search": self.search,
            "loop": self.loop,
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
        }


NO_TOOLS = {"perplexity-sonar": "Sonar has no tools"}


def _gigachat(why: str) -> dict[str, str]:
    return {"gigachat": why, "gigachat-1": why}


FINAL = Answer(("Trời ", "nắng, ", "31 độ 🌞."))
SOURCES = (Source("https://a.example/huế?x=1&y=2", "Huế hôm nay"), Source("https://b.example/time", "Time in Huế"))

SCENES: dict[str, Scene] = {
    scene.name: scene
    for scene in [
        Scene(
            "text",
            "Say something.",
            (Answer(("Xin ", "chào, ", "世界 ", "🎉!"), usage=Usage(31, 17, 8, 0)),),
            system="Be brief.",
            max_tokens=64,
            temperature=0.5,
        ),
        Scene("length", "Tell a long story.", (Answer(("Once upon", " a time"), finish="length"),), max_tokens=16),
        Scene(
            "filter",
            "Say something bad.",
            (Answer(("I rather", " not"), finish="content_filter"),),
            missing={"perplexity-sonar": "Sonar knows stop and length only"},
        ),
        Scene("tool", "What is the weather?", (Answer(calls=(WEATHER_CALL,)),), tools=(WEATHER, TIME), missing=NO_TOOLS),
        Scene(
            "parallel",
            "Weather and time?",
            (Answer(calls=(WEATHER_CALL, TIME_CALL)), FINAL),
            tools=(WEATHER, TIME),
            loop=True,
            missing=NO_TOOLS | _gigachat("GigaChat calls one function a message"),
        ),
        Scene(
            "roundtrip",
            "What is the weather, and then the time?",
            (Answer(calls=(WEATHER_CALL,)), Answer(calls=(TIME_CALL,)), FINAL),
            system="Use the tools.",
            tools=(WEATHER, TIME),
            loop=True,
            missing=NO_TOOLS,
        ),
        Scene(
            "structured",
            "Who is it?",
            (Answer(('{"name":"Nguyễn Văn An",', '"age":41,"languages":["vi","en"]}')),),
            schema=PERSON,
        ),
        Scene("image", "What is in the picture?", (Answer(("A grey ", "square.")),), image=True),
        Scene(
            "reasoning",
            "What is 3 times 101?",
            (Answer(("30", "3"), reasoning=("3 times 100 is 300, ", "and 3 more."), usage=Usage(31, 17, 8, 5)),),
            effort="low",
            missing={"gigachat-1": "GigaChat 1 does not think"},
        ),
        Scene(
            "thinking-tools",
            "What is the weather? Think first.",
            (Answer(calls=(WEATHER_CALL,), reasoning=("I need ", "the weather.")), FINAL),
            tools=(WEATHER, TIME),
            effort="low",
            loop=True,
            missing=NO_TOOLS | {"gigachat-1": "GigaChat 1 does not think"},
        ),
        Scene(
            "citations",
            "What is new in Huế?",
            (Answer(("Trời nắng[1]", " và 8 giờ[2]."), sources=SOURCES),),
            search=True,
            missing=_gigachat("GigaChat v1 has no search"),
        ),
    ]
}
