// The Node clients of the table in ../python/test_table.py: reads one request as JSON a line, plays it with the client it
// names, and writes what the client received as one JSON line.
import { createInterface } from "node:readline";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";
import OpenAI from "openai";

// Replies alone go to stdout; libraries talk there too.
console.log = console.info = console.error;

const CLIENTS = {
  openai,
  "openai-helpers": openaiHelpers,
  responses,
  "ai-sdk": aiSdk,
  "ai-sdk-responses": aiSdkResponses,
};

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

/** Responses: `create`, and the accumulating `stream`; a loop with the reply's own items in the history. */
async function responses(request) {
  const client = openaiClient(request);
  const { ask, model, stream } = request;
  const content = ask.image
    ? [
        { type: "input_text", text: ask.user },
        { type: "input_image", image_url: ask.image, detail: "auto" },
      ]
    : ask.user;
  const body = {
    model,
    input: [{ role: "user", content }],
    store: false,
    include: ["reasoning.encrypted_content"],
    tools: ask.tools.map((f) => ({ type: "function", strict: true, ...f })),
    ...(ask.search ? { tools: [{ type: "web_search" }] } : {}),
    ...(ask.system ? { instructions: ask.system } : {}),
    ...(ask.schema ? { text: { format: { type: "json_schema", name: "person", schema: ask.schema, strict: true } } } : {}),
    ...(ask.effort ? { reasoning: { effort: ask.effort, summary: "auto" } } : {}),
    ...(ask.max_tokens ? { max_output_tokens: ask.max_tokens } : {}),
    ...(ask.temperature ? { temperature: ask.temperature } : {}),
  };
  const ran = [];
  for (;;) {
    const reply = stream ? await client.responses.stream(body).finalResponse() : await client.responses.create(body);
    const received = responsesReceived(reply);
    if (ask.schema) received.parsed = JSON.parse(received.text);
    if (!(ask.loop && received.calls.length)) return ask.loop ? { ...received, ran } : received;
    ran.push(...received.calls);
    const results = reply.output
      .filter((item) => item.type === "function_call")
      .map((c) => ({ type: "function_call_output", call_id: c.call_id, output: JSON.stringify(ask.results[c.name]) }));
    body.input = [...body.input, ...reply.output, ...results];
  }
}

function responsesReceived({ output, output_text, incomplete_details, usage }) {
  const of = (type) => output.filter((item) => item.type === type);
  const calls = of("function_call").map((c) => ({ name: c.name, arguments: JSON.parse(c.arguments) }));
  const why = incomplete_details?.reason ?? "stop";
  const notes = of("message").flatMap((m) => m.content.flatMap((part) => part.annotations ?? []));
  return {
    text: output_text,
    reasoning: of("reasoning").flatMap((r) => r.summary.map((s) => s.text)).join(""),
    calls,
    finish: calls.length ? "tool_calls" : why === "max_output_tokens" ? "length" : why,
    citations: notes.map((note) => [note.url, note.title]),
    usage: usage && {
      input: usage.input_tokens,
      output: usage.output_tokens,
      total: usage.total_tokens,
      cached: usage.input_tokens_details.cached_tokens,
      reasoning: usage.output_tokens_details.reasoning_tokens,
    },
  };
}

/** Vercel's AI SDK with the provider for OpenAI-compatible services. */
function aiSdk(request) {
  const { ask, model, base_url, key } = request;
  // Under the name "google" it sends back the signatures of Gemini's calls; under any other it drops them.
  const name = model.split("/")[0];
  const provider = createOpenAICompatible({
    name,
    baseURL: base_url,
    apiKey: key,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
  const search = ask.search ? { web_search_options: {} } : {};
  const options = { [name]: { ...(ask.effort ? { reasoningEffort: ask.effort } : {}), ...search } };
  return generate(request, provider(model), options);
}

/** Vercel's AI SDK with its provider for OpenAI, whose default model speaks Responses. */
function aiSdkResponses(request) {
  const { ask, model, base_url, key } = request;
  const provider = createOpenAI({ baseURL: base_url, apiKey: key });
  // It knows by name which models think.
  const effort = ask.effort ? { reasoningEffort: ask.effort, reasoningSummary: "auto", forceReasoning: true } : {};
  const search = ask.search ? { web_search: provider.tools.webSearch({}) } : {};
  return generate(request, provider(model), { openai: { store: false, ...effort } }, search);
}

async function generate({ ask, stream }, model, providerOptions, moreTools = {}) {
  const ran = [];
  const functions = Object.fromEntries(
    ask.tools.map((f) => {
      const execute = (args) => {
        ran.push({ name: f.name, arguments: args });
        return ask.results[f.name];
      };
      const inputSchema = jsonSchema(f.parameters);
      return [f.name, tool({ description: f.description, inputSchema, ...(ask.loop ? { execute } : {}) })];
    }),
  );
  const tools = { ...functions, ...moreTools };
  const content = [{ type: "text", text: ask.user }];
  if (ask.image) content.push({ type: "image", image: ask.image });
  const options = {
    model,
    maxRetries: 0,
    messages: [{ role: "user", content }],
    ...(ask.system ? { system: ask.system } : {}),
    ...(Object.keys(tools).length ? { tools, stopWhen: stepCountIs(6) } : {}),
    ...(ask.schema ? { output: Output.object({ schema: jsonSchema(ask.schema), name: "person" }) } : {}),
    ...(ask.max_tokens ? { maxOutputTokens: ask.max_tokens } : {}),
    ...(ask.temperature ? { temperature: ask.temperature } : {}),
    providerOptions,
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
    citations: (await result.sources).map((source) => [source.url, source.title]),
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
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
