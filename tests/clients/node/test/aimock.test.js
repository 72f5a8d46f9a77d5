// The gateway in front of aimock, a mock of the providers that others wrote: OpenAI-shaped through x-ai/, Gemini
// through google/.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LLMock } from "@copilotkit/aimock";
import OpenAI from "openai";
import { collect, KEY, startGateway } from "../support.js";

const STORY = "Once upon a time a gateway stood between two worlds. Xin chào, 世界 🎉!";
const MODELS = ["x-ai/grok-4", "google/gemini-2.5-flash"];
const WEATHER = {
  type: "function",
  function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};
const mock = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent" });
let gateway;

before(async () => {
  mock.onMessage("tell me a story", { content: STORY }, { chunkSize: 7 });
  mock.onMessage("cut it short", { content: STORY }, { chunkSize: 7, truncateAfterChunks: 4 });
  mock.onMessage("slow down", { error: { message: "Rate limited", type: "rate_limit_error" }, status: 429 });
  mock.onMessage("break down", { error: { message: "It broke", type: "server_error" }, status: 500 });
  mock.on({ toolName: "get_weather", hasToolResult: false }, { toolCalls: [{ name: "get_weather", arguments: { city: "Huế" } }] });
  mock.on({ toolName: "get_weather", hasToolResult: true }, { content: "It is 31 degrees in Huế." });
  await mock.start();
  gateway = await startGateway(mock.url);
});
after(async () => {
  await gateway?.stop();
  await mock.stop();
});

for (const arrangement of ["inmemory", "separate"]) {
  for (const model of MODELS) {
    const it = (name, work) => test(`${name} (${model}, ${arrangement})`, { timeout: 30_000 }, work);
    const client = () => new OpenAI({ baseURL: `${gateway.edges[arrangement]}/v1`, apiKey: KEY, maxRetries: 0 });
    const ask = (content, extra = {}) => ({ model, messages: [{ role: "user", content }], ...extra });

    it("text", async () => {
      const reply = await client().chat.completions.create(ask("tell me a story"));
      assert.equal(reply.choices[0].message.content, STORY);
      assert.equal(reply.choices[0].finish_reason, "stop");
      const sent = mock.getLastRequest();
      assert.ok(!JSON.stringify(sent.headers).includes(KEY), "the caller's key went upstream");
    });

    it("stream", async () => {
      const chunks = await collect(await client().chat.completions.create(ask("tell me a story", { stream: true })));
      assert.equal(chunks.flatMap((c) => c.choices.map((choice) => choice.delta.content ?? "")).join(""), STORY);
      assert.equal(chunks.at(-1).choices[0].finish_reason, "stop");
    });

    it("tool call and its result", async () => {
      const question = ask("How hot is it?", { tools: [WEATHER] });
      const first = await client().chat.completions.create(question);
      const [call] = first.choices[0].message.tool_calls;
      assert.equal(first.choices[0].finish_reason, "tool_calls");
      assert.deepEqual(JSON.parse(call.function.arguments), { city: "Huế" });
      const result = { role: "tool", tool_call_id: call.id, content: '{"celsius":31}' };
      const messages = [...question.messages, first.choices[0].message, result];
      const second = await client().chat.completions.create({ ...question, messages });
      assert.equal(second.choices[0].message.content, "It is 31 degrees in Huế.");
      const streamed = await client().chat.completions.stream(question).finalChatCompletion();
      assert.deepEqual(JSON.parse(streamed.choices[0].message.tool_calls[0].function.arguments), { city: "Huế" });
    });

    it("errors", async () => {
      for (const stream of [false, true]) {
        const limited = client().chat.completions.create(ask("slow down", { stream }));
        await assert.rejects(limited, (error) => error instanceof OpenAI.RateLimitError);
        await assert.rejects(client().chat.completions.create(ask("break down", { stream })), { status: 502 });
      }
    });

    it("an answer that breaks", async () => {
      const read = async () => {
        for await (const chunk of await client().chat.completions.create(ask("cut it short", { stream: true }))) {
          assert.equal(chunk.choices[0]?.finish_reason, null);
        }
      };
      await assert.rejects(read(), OpenAI.APIError);
    });
  }
}
