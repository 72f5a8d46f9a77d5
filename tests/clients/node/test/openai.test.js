// The official OpenAI client for Node against the edge, in all arrangements.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import OpenAI from "openai";
import { ARRANGEMENTS, collect, KEY, playedOn, startGateway } from "../support.js";

const SAID = "The quick brown fox says Xin chào 🎉";
const messages = [{ role: "user", content: SAID }];
const WEATHER = {
  type: "function",
  function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};
let gateway;
before(async () => (gateway = await startGateway()));
after(() => gateway?.stop());

for (const arrangement of ARRANGEMENTS) {
  const make = (extra = {}) =>
    new OpenAI({ baseURL: `${gateway.edges[arrangement]}/v1`, apiKey: KEY, maxRetries: 0, timeout: 20_000, ...extra });
  const it = (name, work) => test(`${name} (${arrangement})`, { timeout: 30_000 }, playedOn(arrangement, work));

  it("plain", async () => {
    const { data, response, request_id } = await make()
      .chat.completions.create({ model: "sandbox/echo", messages })
      .withResponse();
    assert.equal(data.choices[0].message.content, SAID);
    assert.equal(data.choices[0].finish_reason, "stop");
    assert.equal(request_id, response.headers.get("x-request-id"));
    assert.ok(request_id);
  });

  it("stream", async () => {
    const options = { model: "sandbox/echo", messages, stream: true, stream_options: { include_usage: true } };
    const chunks = await collect(await make().chat.completions.create(options));
    const deltas = chunks.flatMap((c) => c.choices.map((choice) => choice.delta.content ?? ""));
    assert.equal(deltas.join(""), SAID);
    assert.ok(deltas.filter(Boolean).length > 1);
    assert.deepEqual(chunks.filter((c) => c.usage).map((c) => c.choices.length), [0]);
  });

  it("stream helper", async () => {
    const stream = make().chat.completions.stream({ model: "sandbox/echo", messages });
    let seen = "";
    stream.on("content", (delta) => (seen += delta));
    const final = await stream.finalChatCompletion();
    assert.equal(final.choices[0].message.content, SAID);
    assert.equal(seen, SAID);
  });

  it("tool call", async () => {
    const ask = { model: "sandbox/tools", messages, tools: [WEATHER] };
    const plain = await make().chat.completions.create(ask);
    const final = await make().chat.completions.stream(ask).finalChatCompletion();
    for (const reply of [plain, final]) {
      assert.equal(reply.choices[0].finish_reason, "tool_calls");
      const [call] = reply.choices[0].message.tool_calls;
      assert.equal(call.function.name, "get_weather");
      assert.ok(JSON.parse(call.function.arguments));
    }
  });

  it("models", async () => {
    const ids = (await collect(make().models.list())).map((m) => m.id);
    assert.ok(ids.includes("sandbox/echo"));
    assert.equal((await make().models.retrieve("sandbox/echo")).id, "sandbox/echo");
  });

  it("responses", async () => {
    const ask = { model: "sandbox/reasoning", input: SAID };
    const plain = await make().responses.create(ask);
    assert.equal(plain.output_text, SAID);
    const events = await collect(await make().responses.create({ ...ask, stream: true }));
    assert.equal(events.at(-1).response.error?.message, undefined);
    assert.deepEqual(events.map((e) => e.sequence_number), events.map((_, i) => i));
    const said = (kind) => events.filter((e) => e.type === `response.${kind}.delta`).map((e) => e.delta);
    assert.equal(said("output_text").join(""), SAID);
    assert.ok(said("reasoning_summary_text").join(""));
    const last = events.at(-1);
    assert.equal(last.type, "response.completed");
    assert.deepEqual(last.response.usage, plain.usage);
    const final = await make().responses.stream(ask).finalResponse();
    assert.equal(final.error?.message, undefined);
    assert.equal(final.output_text, SAID);
    await assert.rejects(make().responses.create({ ...ask, previous_response_id: "resp_1" }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.equal(error.param, "previous_response_id");
      return true;
    });
  });

  it("embeddings", async () => {
    const ask = { model: "sandbox/embed", input: ["Xin chào", "世界 🎉"], dimensions: 16 };
    // Unless told otherwise the client asks for base64 and unpacks it.
    const [packed, plain] = [await make().embeddings.create(ask), await make().embeddings.create({ ...ask, encoding_format: "float" })];
    assert.deepEqual(packed.data.map((d) => [d.index, d.embedding.length]), [[0, 16], [1, 16]]);
    packed.data.forEach((one, i) => one.embedding.forEach((x, j) => assert.ok(Math.abs(x - plain.data[i].embedding[j]) < 1e-6)));
    assert.ok(packed.usage.total_tokens > 0);
  });

  it("text completions", async () => {
    const ask = { model: "sandbox/echo", prompt: SAID };
    assert.equal((await make().completions.create(ask)).choices[0].text, SAID);
    const chunks = await collect(await make().completions.create({ ...ask, stream: true }));
    assert.equal(chunks.map((c) => c.choices[0].text).join(""), SAID);
    assert.equal(chunks.at(-1).choices[0].finish_reason, "stop");
  });

  it("typed errors", async () => {
    const cases = [
      ["sandbox/none", OpenAI.NotFoundError, 404, "model_not_found"],
      ["sandbox/401", OpenAI.InternalServerError, 502, "upstream_auth"],
      ["sandbox/429", OpenAI.RateLimitError, 429, "rate_limit_exceeded"],
      ["sandbox/500", OpenAI.InternalServerError, 502, undefined],
      ["sandbox/503", OpenAI.InternalServerError, 503, "server_is_overloaded"],
    ];
    for (const [model, kind, status, code] of cases) {
      for (const stream of [false, true]) {
        await assert.rejects(make().chat.completions.create({ model, messages, stream }), (error) => {
          assert.ok(error instanceof kind, `${model}: ${error}`);
          assert.equal(error.status, status);
          if (code) assert.equal(error.code, code);
          return true;
        });
      }
    }
    await assert.rejects(make({ apiKey: "wrong" }).chat.completions.create({ model: "sandbox/echo", messages }), (error) => {
      assert.ok(error instanceof OpenAI.AuthenticationError);
      assert.equal(error.code, "invalid_api_key");
      return true;
    });
  });

  it("an answer that breaks", async () => {
    for (const model of ["sandbox/reset-mid-stream", "sandbox/truncated"]) {
      let text = "";
      const read = async () => {
        for await (const chunk of await make().chat.completions.create({ model, messages, stream: true })) {
          assert.equal(chunk.choices[0].finish_reason, null);
          text += chunk.choices[0].delta.content ?? "";
        }
      };
      await assert.rejects(read(), OpenAI.APIError);
      assert.ok(text);
      await assert.rejects(make().chat.completions.stream({ model, messages }).finalChatCompletion(), OpenAI.OpenAIError);
    }
  });

  it("abort", async () => {
    const stream = await make().chat.completions.create({ model: "sandbox/slow", messages, stream: true });
    for await (const _ of stream) stream.controller.abort();
    const controller = new AbortController();
    const call = make().chat.completions.create({ model: "sandbox/hang", messages }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    await assert.rejects(call, OpenAI.APIUserAbortError);
  });
}
