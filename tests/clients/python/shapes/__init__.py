"""Wire formats of the providers, one module each, as the provider speaks them: written after public documentation
(2026-11-22), not recorded.

Every module has `read(body, upstream) -> Asked`, `unary(answer, body) -> dict` and `stream(answer, body) -> list[bytes]`;
those whose provider wants its opaque state back have `states(answer, body) -> list[str]`: what a history with this answer
must hold. Those that make vectors have `embed(body) -> dict`.
`of(path)` finds the module by the path that the gateway called.
"""

from __future__ import annotations

from types import ModuleType

from . import anthropic, gigachat, google, openai, perplexity_agent, perplexity_sonar, xai, xai_responses

# First that fits wins. No two providers of the tests share a path (gateway.py).
PATHS: list[tuple[str, str, ModuleType]] = [
    ("/gigachat/", "", gigachat),
    ("/v1beta/models/", "", google),
    ("/xai/", "/responses", xai_responses),
    ("/xai/", "", xai),
    ("/openai/", "", openai),
    ("/v1/messages", "", anthropic),
    # Perplexity has the root.
    ("/v1/agent", "", perplexity_agent),
    ("/v1/responses", "", perplexity_agent),
    ("/chat/completions", "", perplexity_sonar),
]


# Ends of the paths that are asked for vectors.
EMBEDDINGS = ("/embeddings", ":batchEmbedContents")


def of(path: str) -> ModuleType:
    path = path.partition("?")[0]
    for prefix, suffix, module in PATHS:
        if path.startswith(prefix) and path.endswith(suffix):
            return module
    raise LookupError(f"no provider of the tests is at {path}")
