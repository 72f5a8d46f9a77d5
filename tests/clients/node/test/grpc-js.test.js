// @grpc/grpc-js with messages loaded from the repository's proto/ at run time.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";
import { checkWellFormed, errorInfo, KEY, PROTO, startGateway } from "../support.js";

const files = readdirSync(join(PROTO, "aigateway/v1")).map((name) => `aigateway/v1/${name}`);
const definition = protoLoader.loadSync(files, { includeDirs: [PROTO], keepCase: false, longs: Number, enums: String, defaults: true, oneofs: true });
const { ChatService, ModelService } = grpc.loadPackageDefinition(definition).aigateway.v1;
const request = (model, text = "one two three four") => ({
  prompt: { model, messages: [{ role: "ROLE_USER", parts: [{ text: { text } }] }] },
});
const metadata = (key = KEY) => {
  const made = new grpc.Metadata();
  if (key) made.set("authorization", `Bearer ${key}`);
  return made;
};
const deadline = (ms) => ({ deadline: Date.now() + ms });
let gateway, chat, models;
before(async () => {
  gateway = await startGateway();
  chat = new ChatService(gateway.grpc, grpc.credentials.createInsecure());
  models = new ModelService(gateway.grpc, grpc.credentials.createInsecure());
});
after(async () => {
  chat?.close();
  models?.close();
  await gateway?.stop();
});

const unary = (message, meta = metadata(), options = deadline(10_000)) =>
  new Promise((done, fail) =>
    chat.createChatCompletion(message, meta, options, (error, reply) => (error ? fail(error) : done(reply))),
  );

async function read(call) {
  const events = [];
  try {
    for await (const event of call) events.push(event);
  } catch (error) {
    error.events = events;
    throw error;
  }
  return events;
}
const stream = (message, meta = metadata(), options = deadline(20_000)) =>
  read(chat.streamChatCompletion(message, meta, options));
const textOf = (events) => events.map((e) => e.textDelta?.text ?? "").join("");
const infoOf = (error) => errorInfo(error.metadata.get("grpc-status-details-bin")[0]);
const it = (name, work) => test(name, { timeout: 30_000 }, work);

it("unary", async () => {
  const { completion } = await unary(request("sandbox/echo"));
  assert.equal(completion.choices[0].message.parts[0].text.text, "one two three four");
  assert.equal(completion.choices[0].finishReason, "FINISH_REASON_STOP");
});

it("stream", async () => {
  const events = await stream(request("sandbox/echo"));
  checkWellFormed(assert, events, (e) => e.event);
  assert.equal(textOf(events), "one two three four");
});

it("models", async () => {
  const list = (options) =>
    new Promise((done, fail) => models.listModels(options, metadata(), (e, reply) => (e ? fail(e) : done(reply))));
  const { models: listed } = await list({ pageSize: 1000 });
  assert.ok(listed.some((m) => m.id === "sandbox/echo"));
});

it("errors", async () => {
  const cases = [
    ["sandbox/echo", "", grpc.status.UNAUTHENTICATED, "GATEWAY_KEY_INVALID"],
    ["sandbox/echo", "wrong", grpc.status.UNAUTHENTICATED, "GATEWAY_KEY_INVALID"],
    ["sandbox/none", KEY, grpc.status.NOT_FOUND, "MODEL_NOT_FOUND"],
    ["sandbox/429", KEY, grpc.status.RESOURCE_EXHAUSTED, "RATE_LIMITED"],
    ["sandbox/500", KEY, grpc.status.UNAVAILABLE, "UPSTREAM_ERROR"],
  ];
  for (const [model, key, code, reason] of cases) {
    for (const call of [unary, stream]) {
      await assert.rejects(call(request(model), metadata(key)), (error) => {
        assert.equal(error.code, code, `${model}: ${error.message}`);
        assert.deepEqual([infoOf(error).reason, infoOf(error).domain], [reason, "aigateway"]);
        return true;
      });
    }
  }
});

it("an answer that breaks", async () => {
  for (const model of ["sandbox/reset-mid-stream", "sandbox/truncated"]) {
    await assert.rejects(stream(request(model)), (error) => {
      assert.equal(error.code, grpc.status.ABORTED);
      assert.equal(infoOf(error).reason, "STREAM_INTERRUPTED");
      assert.ok(textOf(error.events) && !error.events.some((e) => e.event === "finished"));
      return true;
    });
  }
});

it("deadline and cancel", async () => {
  await assert.rejects(unary(request("sandbox/hang"), metadata(), deadline(400)), { code: grpc.status.DEADLINE_EXCEEDED });
  const call = chat.streamChatCompletion(request("sandbox/slow"), metadata(), deadline(20_000));
  call.once("data", () => call.cancel());
  await assert.rejects(read(call), { code: grpc.status.CANCELLED });
});
