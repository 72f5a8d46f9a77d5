// The Node clients of the table in ../python/test_table.py: reads one request as JSON a line, plays it with the client it
// names, and writes what the client received as one JSON line.
import { createInterface } from "node:readline";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";
import OpenAI from "openai";

const CLIENTS = { openai, "openai-helpers": openaiHelpers, "ai-sdk": aiSdk };

function openaiRequest({ ask, model }) {
  const content = ask.image
    ? [
        { type: "text", text: ask.user },
        { type: "image_url", image_url: { url: ask.image } },
      ]
    : ask.user;
  const messages = [...(ask.system ? [{ role: "system", content: ask.system }] : []), { role: "user", content }];
  const body = { model, messages };
  if (ask.tools.length) body.tools = ask.tools.map((f) => ({ type: "function", function: f }));
  if (ask.schema) {
    const json_schema = { name: "person", schema: ask.schema, strict: true };
    body.response_format = { type: "json_schema", json_schema };
  }
  if (ask.effort) body.reasoning_effort = ask.effort;
  if (ask.max_tokens) body.max_completion_tokens = ask.max_tokens;
  if (ask.temperature) body.temperature = ask.temperature;
  if (ask.search) body.web_search_options = {};
  return body;
}

function openaiReceived(message, finish, usage) {
  const calls = (message.tool_calls ?? []).map((c) => ({ name: c.function.name, arguments: JSON.parse(c.function.arguments) }));
  return {
    text: message.content ?? "",
    reasoning: message.reasoning_content ?? "",
    calls,
    finish,
    citations: (message.annotations ?? []).map((a) => [a.url_citation.url, a.url_citation.title]),
    usage: usage && {
      input: usage.prompt_tokens,
      output: usage.completion_tokens,
      total: usage.total_tokens,
      cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
      reasoning: usage.completion_tokens_details?.reasoning_tokens ?? 0,
    },
  };
}

const openaiClient = ({ base_url, key }) => new OpenAI({ baseURL: base_url, apiKey: key, maxRetries: 0, timeout: 30_000 });

/** `create`, and its chunks added up by hand; a loop with the reply's own message in the history. */
async function openai(request) {
  const client = openaiClient(request);
  const { ask, stream } = request;
  let body = openaiRequest(request);
  const ran = [];
  for (;;) {
    const { message, finish, usage } = await (stream ? streamed(client, body) : plain(client, body));
    const received = openaiReceived(message, finish, usage);
    if (ask.schema) received.parsed = JSON.parse(received.text);
    if (!(ask.loop && received.calls.length)) return ask.loop ? { ...received, ran } : received;
    ran.push(...received.calls);
    const results = message.tool_calls.map((c) => ({
      role: "tool",
      tool_call_id: c.id,
      content: JSON.stringify(ask.results[c.function.name]),
    }));
    body = { ...body, messages: [...body.messages, message, ...results] };
  }
}

async function plain(client, body) {
  const { choices, usage } = await client.chat.completions.create(body);
  return { message: choices[0].message, finish: choices[0].finish_reason, usage };
}

async function streamed(client, body) {
  const message = { role: "assistant", content: "" };
  let finish = null;
  let usage;
  for await (const chunk of await client.chat.completions.create({ ...body, stream: true, stream_options: { include_usage: true } })) {
    usage = chunk.usage ?? usage;
    for (const { delta, finish_reason } of chunk.choices) {
      finish = finish_reason ?? finish;
      message.content += delta.content ?? "";
      if (delta.reasoning_content) message.reasoning_content = (message.reasoning_content ?? "") + delta.reasoning_content;
      if (delta.annotations?.length) message.annotations = [...(message.annotations ?? []), ...delta.annotations];
      if (delta.extra_content) message.extra_content = delta.extra_content;
      for (const { index, ...piece } of delta.tool_calls ?? []) {
        message.tool_calls ??= [];
        const call = (message.tool_calls[index] ??= { function: { arguments: "" } });
        const { name, arguments: more } = piece.function ?? {};
        Object.assign(call, piece, {
          function: { name: name ?? call.function.name, arguments: call.function.arguments + (more ?? "") },
        });
      }
    }
  }
  return { message, finish, usage };
}

/** `runTools`, which runs the loop itself, and the accumulating `stream`. */
async function openaiHelpers(request) {
  const client = openaiClient(request);
  const { ask, stream } = request;
  const body = openaiRequest(request);
  if (ask.loop) {
    const ran = [];
    const tools = ask.tools.map((f) => ({
      type: "function",
      function: {
        ...f,
        parse: JSON.parse,
        function: (args) => {
          ran.push({ name: f.name, arguments: args });
          return JSON.stringify(ask.results[f.name]);
        },
      },
    }));
    const runner = client.chat.completions.runTools({ ...body, tools, stream });
    return { text: await runner.finalContent(), ran };
  }
  if (stream) {
    const run = client.chat.completions.stream({ ...body, stream_options: { include_usage: true } });
    let reply;
    try {
      reply = await run.finalChatCompletion();
    } catch (error) {
      // These helpers refuse answers cut by length on purpose.
      if (error?.constructor.name !== "LengthFinishReasonError") throw error;
      return { finish: "length" };
    }
    const received = openaiReceived(reply.choices[0].message, reply.choices[0].finish_reason, reply.usage);
    if (ask.schema) received.parsed = JSON.parse(received.text);
    return received;
  }
  let reply;
  try {
    reply = await client.chat.completions.parse(body);
  } catch (error) {
    if (error?.constructor.name !== "LengthFinishReasonError") throw error;
    return { finish: "length" };
  }
  const received = openaiReceived(reply.choices[0].message, reply.choices[0].finish_reason, reply.usage);
  if (ask.schema) received.parsed = reply.choices[0].message.parsed ?? JSON.parse(received.text);
  return received;
}

/** Vercel's AI SDK with the provider for OpenAI-compatible services. */
async function aiSdk({ ask, model, base_url, key, stream }) {
  // Under the name "google" it sends back the signatures of Gemini's calls; under any other it drops them.
  const name = model.split("/")[0];
  const provider = createOpenAICompatible({
    name,
    baseURL: base_url,
    apiKey: key,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
  const ran = [];
  const tools = Object.fromEntries(
    ask.tools.map((f) => {
      const execute = (args) => {
        ran.push({ name: f.name, arguments: args });
        return ask.results[f.name];
      };
      const inputSchema = jsonSchema(f.parameters);
      return [f.name, tool({ description: f.description, inputSchema, ...(ask.loop ? { execute } : {}) })];
    }),
  );
  const content = [{ type: "text", text: ask.user }];
  if (ask.image) content.push({ type: "image", image: ask.image });
  const options = {
    model: provider(model),
    maxRetries: 0,
    messages: [{ role: "user", content }],
    ...(ask.system ? { system: ask.system } : {}),
    ...(ask.tools.length ? { tools, stopWhen: stepCountIs(6) } : {}),
    ...(ask.schema ? { output: Output.object({ schema: jsonSchema(ask.schema), name: "person" }) } : {}),
    ...(ask.max_tokens ? { maxOutputTokens: ask.max_tokens } : {}),
    ...(ask.temperature ? { temperature: ask.temperature } : {}),
    providerOptions: {
      [name]: { ...(ask.effort ? { reasoningEffort: ask.effort } : {}), ...(ask.search ? { web_search_options: {} } : {}) },
    },
  };
  let failure;
  const result = stream ? streamText({ ...options, onError: ({ error }) => (failure = error) }) : await generateText(options);
  if (stream) await result.consumeStream();
  if (failure) throw failure;
  const usage = await result.usage;
  const finish = (await result.finishReason).replaceAll("-", "_");
  return {
    text: await result.text,
    reasoning: (await result.reasoningText) ?? "",
    calls: (await result.toolCalls).map((c) => ({ name: c.toolName, arguments: c.input })),
    ran,
    finish,
    usage: {
      input: usage.inputTokens,
      output: usage.outputTokens,
      total: usage.totalTokens,
      cached: usage.inputTokenDetails?.cacheReadTokens ?? usage.cachedInputTokens ?? 0,
      reasoning: usage.outputTokenDetails?.reasoningTokens ?? usage.reasoningTokens ?? 0,
    },
    ...(ask.schema ? { parsed: await result.output } : {}),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let reply;
  try {
    reply = await CLIENTS[request.client](request);
  } catch (error) {
    reply = { error: `${error?.stack ?? error}${error?.responseBody ? `\n${error.responseBody}` : ""}` };
  }
  console.log(JSON.stringify(reply));
}
