"""The providers of the table: the model to ask for, and what its format cannot say."""

from __future__ import annotations

from dataclasses import dataclass

# Bugs of the gateway that the table found: (scene, provider, client, mode) -> what is wrong. Their cells must fail; one
# that passes asks for its entry to be deleted.
BUGS: dict[tuple[str, str, str, str], str] = {}
# The same for requests that an SDK's types refuse: (request, provider).
REQUEST_BUGS: dict[tuple[str, str], str] = {
    ("choice-named", "perplexity-sonar"): "Sonar knows no named tool_choice",
    ("tool-bare", "perplexity-sonar"): "Sonar's functions must have a description",
}


@dataclass(frozen=True)
class Provider:
    name: str
    model: str
    # Parts of the usage that the provider does not count.
    no_usage: tuple[str, ...] = ()
    reasoning: tuple[str, ...] = ("plain", "streamed")
    # Newest models take no sampling parameters.
    sampling: bool = True
    # What stands between thoughts that the provider sends apart.
    between_thoughts: str = ""
    # Settings that this row needs; it then has a gateway of its own.
    env: tuple[tuple[str, str], ...] = ()

    def shows_reasoning(self, mode: str) -> bool:
        return mode in self.reasoning


PROVIDERS = [
    Provider("openai", "openai/any-model"),
    Provider("xai", "x-ai/grok-4.3"),
    Provider("google", "google/gemini-3.8-flash", sampling=False),
    Provider("google-2.5", "google/gemini-2.5-flash"),
    Provider(
        "perplexity-sonar",
        "perplexity/sonar-deep-research",
        no_usage=("cached", "reasoning"),
        env=(("PERPLEXITY_API", "sonar"),),
    ),
    # Reasoning tokens are not counted apart.
    Provider("gigachat", "sber/GigaChat-3-Ultra", no_usage=("reasoning",)),
    # Takes no schemas: a function that must be called stands for the answer.
    Provider("gigachat-1", "sber/GigaChat-Max"),
    Provider("anthropic", "anthropic/claude-opus-4-8", sampling=False),
    # Thinks by a budget of tokens, and takes no schemas.
    Provider("anthropic-4", "anthropic/claude-opus-4-1"),
    # Thoughts are events of a stream; a whole answer does not repeat them.
    Provider(
        "perplexity-agent",
        "perplexity/sonar",
        no_usage=("reasoning",),
        reasoning=("streamed",),
        between_thoughts="\n\n",
    ),
    Provider("xai-responses", "x-ai/grok-4.3", env=(("XAI_API", "responses"),)),
]
