"""How the scripted upstream answers scenes: reads the request in the provider's own format, looks up what to say, and
says it in that format. A request that the format does not allow is answered with 400.
"""

from __future__ import annotations

import obedient
import shapes
from provider_shapes import TEXT_PIECES
from scenes import SCENES
from upstream_connection import Connection, Exchange
from words import Answer, Asked

SSE = "text/event-stream"


def plays_scene(exchange: Exchange) -> bool:
    """True for vectors, for tagged requests, for the obedient model, and for GigaChat, whose format the older scripts do not know."""
    if exchange.path.endswith(shapes.EMBEDDINGS):
        return True
    return bool(exchange.tag) or "obedient" in exchange.model or exchange.path.startswith("/gigachat/")


async def play_scene(exchange: Exchange, c: Connection, upstream) -> bool:
    shape = shapes.of(exchange.path)
    if hasattr(shape, "side") and (reply := shape.side(exchange, upstream.files)):
        await c.json(*reply)
        return True
    if exchange.path.endswith(shapes.EMBEDDINGS):
        await c.json(200, shape.embed(exchange.body))
        return True
    if exchange.tag in upstream.given:
        await c.json(200, upstream.given[exchange.tag])
        return True
    try:
        answer = answer_to(exchange, shape.read(exchange.body, upstream))
    except Exception as wrong:  # whatever is wrong with the body is for the test to show
        exchange.problem = f"{type(wrong).__name__}: {wrong}"
        message = f"the upstream cannot read this: {exchange.problem}"
        await c.json(400, {"error": {"message": message, "type": "invalid_request_error", "code": 400}, "message": message})
        return True
    # Gemini has the model in the path.
    body = {"model": exchange.model} | exchange.body
    if not exchange.stream:
        await c.json(200, shape.unary(answer, body))
        return True
    await c.head(200, SSE, {"transfer-encoding": "chunked"})
    for piece in shape.stream(answer, body):
        await c.chunked(piece)
    await c.send(b"0\r\n\r\n")
    return True


def answer_to(exchange: Exchange, asked: Asked) -> Answer:
    if exchange.tag:
        answers = SCENES[exchange.tag.partition("#")[0]].answers
        return answers[min(asked.rounds, len(answers) - 1)]
    if "obedient" in exchange.model:
        return obedient.answer(asked)
    return Answer(text=tuple(TEXT_PIECES))
