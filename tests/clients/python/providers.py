"""The providers of the table: the model to ask for, and what its format cannot say."""

from __future__ import annotations

from dataclasses import dataclass

# TEMPORARY, and loud: rows that the gateway cannot speak yet. Delete an entry to switch its row on; the list must be
# empty when every provider is there.
NOT_YET: dict[str, str] = {
    "gigachat": "the adapter is not connected",
    "perplexity-agent": "the Agent API is not connected",
    "xai-responses": "no setting sends xAI's chats to the Responses API; name it in the row's `env`",
}

# The same for single scenes: (scene, provider).
NOT_YET_SCENES: dict[tuple[str, str], str] = {
    ("citations", "xai"): "chat completions have no search any more, and requests with one do not go to Responses yet",
}
# Bugs of the gateway that the table found: (scene, provider, client, mode) -> what is wrong. Their cells must fail; one
# that passes asks for its entry to be deleted.
BUGS: dict[tuple[str, str, str, str], str] = {
    (scene, "google", "ai-sdk", "streamed"): "extra_content of a call comes after the delta with the call's name, where the AI "
    "SDK no longer looks: the signature is lost"
    for scene in ("parallel", "roundtrip")
}
# The same for requests that an SDK's types refuse: (request, provider).
REQUEST_BUGS: dict[tuple[str, str], str] = {
    ("image", "perplexity-sonar"): "Sonar's image_url has a url only, and is sent `detail` too",
    ("choice-named", "perplexity-sonar"): "Sonar knows no named tool_choice",
    ("tool-bare", "perplexity-sonar"): "Sonar's functions must have a description and parameters",
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
    # Refuses a history whose calls lack the signature they came with.
    signatures: bool = False
    # What stands between thoughts that the provider sends apart.
    between_thoughts: str = ""
    # Settings that this row needs; it then has a gateway of its own.
    env: tuple[tuple[str, str], ...] = ()

    def shows_reasoning(self, mode: str) -> bool:
        return mode in self.reasoning


PROVIDERS = [
    Provider("openai", "openai/any-model"),
    Provider("xai", "x-ai/grok-4.3"),
    Provider("google", "google/gemini-3.8-flash", sampling=False, signatures=True),
    Provider("google-2.5", "google/gemini-2.5-flash"),
    Provider(
        "perplexity-sonar",
        "perplexity/sonar-deep-research",
        no_usage=("cached", "reasoning"),
        env=(("PERPLEXITY_API", "sonar"),),
    ),
    # Reasoning tokens are not counted apart.
    Provider("gigachat", "sber/GigaChat-2-Pro", no_usage=("reasoning",)),
    # Thoughts are events of a stream; a whole answer does not repeat them.
    Provider(
        "perplexity-agent",
        "perplexity/sonar",
        no_usage=("reasoning",),
        reasoning=("streamed",),
        between_thoughts="\n\n",
    ),
    Provider("xai-responses", "x-ai/grok-4.3"),
]
