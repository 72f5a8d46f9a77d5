// Four calls of the gateway from a page with Connect over gRPC-Web: a plain one, a streamed one, one that is cancelled
// and two that fail.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { type ChatPromptSchema, ChatService, Role } from "./gen/aigateway/v1/chat_service_pb.js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";

type Chat = Client<typeof ChatService>;
type Prompt = MessageInitShape<typeof ChatPromptSchema>;

// Ask the person for the key. One inside the page would be everybody's.
function connect(address: string, key: string): Chat {
  const transport = createGrpcWebTransport({
    baseUrl: address,
    interceptors: [
      (next) => (call) => {
        call.header.set("authorization", `Bearer ${key}`);
        return next(call);
      },
    ],
  });
  return createClient(ChatService, transport);
}

function prompt(model: string, text: string): Prompt {
  return { model, messages: [{ role: Role.USER, parts: [{ content: { case: "text", value: { text } } }] }] };
}

async function plain(chat: Chat) {
  // The time limit travels with the call, to the gateway and on to the provider.
  const { completion } = await chat.createChatCompletion(
    { prompt: prompt("sandbox/echo", "Hello there") },
    { timeoutMs: 30_000 },
  );
  const [part] = completion?.choices[0]?.message?.parts ?? [];
  show(`plain: ${part?.content.case === "text" ? part.content.value.text : "no text"}\n`);
}

async function streamed(chat: Chat) {
  const events = chat.streamChatCompletion(
    { prompt: prompt("sandbox/echo", "one word at a time") },
    { timeoutMs: 60_000 },
  );
  show("streamed: ");
  let tokens: bigint | undefined;
  for await (const { event } of events) {
    if (event.case === "textDelta") show(event.value.text);
    if (event.case === "finished") tokens = event.value.usage?.totalTokens;
  }
  // A broken stream has thrown by now; `finished` is always the last event of a good one.
  show(`\nfinished: ${tokens} tokens\n`);
}

async function cancelled(chat: Chat) {
  const stop = new AbortController();
  const events = chat.streamChatCompletion(
    { prompt: prompt("sandbox/slow", "a word each second until somebody hangs up") },
    { timeoutMs: 60_000, signal: stop.signal },
  );
  let deltas = 0;
  try {
    for await (const { event } of events) {
      if (event.case === "textDelta") deltas++;
      if (deltas === 2) stop.abort(); // the gateway stops at once, and hangs up on the provider
    }
  } catch (error) {
    if (ConnectError.from(error).code !== Code.Canceled) throw error;
    show(`cancelled after ${deltas} deltas\n`);
  }
}

async function refused(chat: Chat, prompt: Prompt) {
  try {
    await chat.createChatCompletion({ prompt }, { timeoutMs: 30_000 });
  } catch (error) {
    show(`error: ${explain(ConnectError.from(error))}\n`);
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

function show(text: string) {
  document.querySelector("pre")!.append(text);
}

document.querySelector("form")!.addEventListener("submit", async (submit) => {
  submit.preventDefault();
  const form = new FormData(submit.target as HTMLFormElement);
  const button = document.querySelector("button")!;
  button.disabled = true;
  try {
    const chat = connect(`${form.get("address")}`, `${form.get("key")}`);
    await plain(chat);
    await streamed(chat);
    await cancelled(chat);
    await refused(chat, { model: "sandbox/echo" });
    await refused(chat, prompt("sandbox/429-retry-after", "Hello there"));
  } catch (error) {
    show(`failed: ${error}\n`);
  }
  button.disabled = false;
});
