// Four calls of the gateway with Connect over gRPC: a plain one, a streamed one, one that is cancelled and two that fail.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type ChatPromptSchema, ChatService, Role } from "./gen/aigateway/v1/chat_service_pb.js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";

const transport = createGrpcTransport({
  baseUrl: `http://${process.env.AIGW_ADDR ?? "127.0.0.1:50051"}`,
  pingIntervalMs: 30_000, // notices during a long answer that the connection is dead
});
const chat = createClient(ChatService, transport);
const headers = { authorization: `Bearer ${process.env.AIGW_KEY}` };

type Prompt = MessageInitShape<typeof ChatPromptSchema>;

function prompt(model: string, text: string): Prompt {
  return { model, messages: [{ role: Role.USER, parts: [{ content: { case: "text", value: { text } } }] }] };
}

async function plain() {
  // The time limit travels with the call, to the gateway and on to the provider.
  const { completion } = await chat.createChatCompletion(
    { prompt: prompt("sandbox/echo", "Hello there") },
    { headers, timeoutMs: 30_000 },
  );
  const [part] = completion?.choices[0]?.message?.parts ?? [];
  console.log("plain:", part?.content.case === "text" ? part.content.value.text : "no text");
}

async function streamed() {
  const events = chat.streamChatCompletion(
    { prompt: prompt("sandbox/echo", "one word at a time") },
    { headers, timeoutMs: 60_000 },
  );
  process.stdout.write("streamed: ");
  let tokens: bigint | undefined;
  for await (const { event } of events) {
    if (event.case === "textDelta") process.stdout.write(event.value.text);
    if (event.case === "finished") tokens = event.value.usage?.totalTokens;
  }
  // A broken stream has thrown by now; `finished` is always the last event of a good one.
  console.log(`\nfinished: ${tokens} tokens`);
}

async function cancelled() {
  const stop = new AbortController();
  const events = chat.streamChatCompletion(
    { prompt: prompt("sandbox/slow", "a word each second until somebody hangs up") },
    { headers, timeoutMs: 60_000, signal: stop.signal },
  );
  let deltas = 0;
  try {
    for await (const { event } of events) {
      if (event.case === "textDelta") deltas++;
      if (deltas === 2) stop.abort(); // the gateway stops at once, and hangs up on the provider
    }
  } catch (error) {
    if (ConnectError.from(error).code !== Code.Canceled) throw error;
    console.log(`cancelled after ${deltas} deltas`);
  }
}

async function refused(prompt: Prompt) {
  try {
    await chat.createChatCompletion({ prompt }, { headers, timeoutMs: 30_000 });
  } catch (error) {
    console.log("error:", explain(ConnectError.from(error)));
  }
}

/** Reads from an error why it happened, which fields are wrong and how long to wait. */
function explain(error: ConnectError): string {
  const [info] = error.findDetails(ErrorInfoSchema);
  const words = [info?.reason ?? Code[error.code]];
  for (const { fieldViolations } of error.findDetails(BadRequestSchema)) words.push(...fieldViolations.map((v) => v.field));
  for (const { retryDelay } of error.findDetails(RetryInfoSchema)) words.push(`retry in ${retryDelay?.seconds} s`);
  return words.join(" ");
}

await plain();
await streamed();
await cancelled();
await refused({ model: "sandbox/echo" });
await refused(prompt("sandbox/429-retry-after", "Hello there"));
