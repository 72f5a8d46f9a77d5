"""The words that shapes, scenes and client drivers share: what a provider was asked, and what it answers.

A shape reads a wire body into `Asked` and writes an `Answer` as a wire body. Nothing here knows a wire format.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    name: str
    arguments: dict


@dataclass(frozen=True)
class Source:
    url: str
    title: str


@dataclass(frozen=True)
class Usage:
    """In OpenAI's meaning: `cached` is part of `input`, `reasoning` is part of `output`."""

    input: int = 31
    output: int = 17
    cached: int = 8
    reasoning: int = 0

    @property
    def total(self) -> int:
        return self.input + self.output


@dataclass(frozen=True)
class Answer:
    text: tuple[str, ...] = ()
    reasoning: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    sources: tuple[Source, ...] = ()
    # stop, length or content_filter; with calls it is tool_calls.
    finish: str = "stop"
    usage: Usage = Usage()

    @property
    def whole_text(self) -> str:
        return "".join(self.text)


@dataclass
class Turn:
    role: str  # user, assistant or tool
    text: str = ""
    images: list[tuple[str, bytes]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    # (name of the tool or "" where the format has none, what it said as JSON or text)
    results: list[tuple[str, object]] = field(default_factory=list)


@dataclass
class Asked:
    """A request as its provider understands it."""

    turns: list[Turn]
    system: str = ""
    # name -> JSON Schema of the arguments
    tools: dict[str, dict] = field(default_factory=dict)
    # "", auto, none, any, or the name of the one tool that must be called
    choice: str = ""
    schema: dict | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    effort: str = ""
    search: bool = False
    # Opaque state of the provider that came back (signatures, state ids), oldest first.
    states: list[str] = field(default_factory=list)

    @property
    def rounds(self) -> int:
        """How often tools were called and answered since the last real question."""
        count = 0
        for turn in self.turns:
            if turn.role == "user" and turn.text.strip():
                count = 0
            elif turn.results and turn.role == "tool":
                count += 1
        return count
