"""openai-python, asynchronous: the same door, many callers at once."""

from __future__ import annotations

import asyncio

import openai
import pytest
from gateway import BOOTSTRAP_KEY
from provider_shapes import TEXT


def run(edge: str, work):
    async def inside():
        async with openai.AsyncOpenAI(base_url=f"{edge}/v1", api_key=BOOTSTRAP_KEY, max_retries=0) as client:
            return await work(client)

    return asyncio.run(inside())


async def streamed(client, model: str, text: str) -> str:
    messages = [{"role": "user", "content": text}]
    parts = []
    async for chunk in await client.chat.completions.create(model=model, messages=messages, stream=True):
        parts.append(chunk.choices[0].delta.content or "")
    return "".join(parts)


def test_plain_stream_and_helper(edge):
    async def work(client):
        messages = [{"role": "user", "content": "Xin chào các bạn"}]
        reply = await client.chat.completions.create(model="sandbox/echo", messages=messages)
        assert reply.choices[0].message.content == "Xin chào các bạn"
        assert await streamed(client, "sandbox/echo", "Xin chào các bạn") == "Xin chào các bạn"
        async with client.chat.completions.stream(model="sandbox/echo", messages=messages) as stream:
            final = await stream.get_final_completion()
        assert final.choices[0].message.content == "Xin chào các bạn"
        assert "sandbox/echo" in [m.id async for m in client.models.list()]

    run(edge, work)


def test_streams_at_once_do_not_mix(edge, unique):
    async def work(client):
        texts = [f"caller {i} says {i * 7919} and goes" for i in range(24)]
        calls = [streamed(client, "sandbox/echo", text) for text in texts]
        upstreams = [streamed(client, f"x-ai/{unique('split-utf8')}", "hi") for _ in range(8)]
        return texts, await asyncio.gather(*calls, *upstreams)

    texts, answers = run(edge, work)
    assert answers == [*texts, *[TEXT] * 8]


def test_errors(edge, unique):
    async def work(client):
        for model, kind in [
            ("sandbox/none", openai.NotFoundError),
            ("sandbox/429", openai.RateLimitError),
            ("sandbox/500", openai.InternalServerError),
            (f"x-ai/{unique('reset-mid')}", openai.APIError),
        ]:
            with pytest.raises(kind):
                await streamed(client, model, "one two three four")

    run(edge, work)


def test_a_timeout_of_the_client_closes_the_upstream_call(edge, upstream, unique):
    name = unique("hang")

    async def work(client):
        # The SDK tells the edge its timeout too, which waits a little longer so that this is what people catch.
        with pytest.raises(openai.APITimeoutError):
            messages = [{"role": "user", "content": "hi"}]
            await client.chat.completions.create(model=f"x-ai/{name}", messages=messages, timeout=0.5)

    run(edge, work)
    assert upstream.wait_for(name).wait_closed(3) is not None
