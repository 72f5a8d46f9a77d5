// Connect-ES over gRPC-Web, the browser's way in: against the edge's origin in all arrangements and the gRPC port.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { ChatService, FinishReason, Role } from "../gen/aigateway/v1/chat_service_pb.js";
import { ModelService } from "../gen/aigateway/v1/model_service_pb.js";
import { ARRANGEMENTS, checkWellFormed, collect, errorInfo, KEY, playedOn, startGateway } from "../support.js";

const SAID = "Xin chào from the web 🎉";
const request = (model, text = SAID) => ({
  prompt: { model, messages: [{ role: Role.USER, parts: [{ content: { case: "text", value: { text } } }] }] },
});
const textOf = (events) => events.map((e) => (e.event.case === "textDelta" ? e.event.value.text : "")).join("");
let gateway;
before(async () => (gateway = await startGateway()));
after(() => gateway?.stop());

function infoOf(error) {
  // connect-web unpacks grpc-status-details-bin into raw details.
  const infos = error.details.filter((d) => d.type === "google.rpc.ErrorInfo");
  assert.equal(infos.length, 1, `ErrorInfo in ${error}`);
  const any = { type_url: "type.googleapis.com/google.rpc.ErrorInfo", value: infos[0].value };
  return errorInfo(statusOf(any));
}

function statusOf({ type_url, value }) {
  const field = (number, bytes) => Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes]);
  return field(3, Buffer.concat([field(1, Buffer.from(type_url)), field(2, Buffer.from(value))]));
}

function varint(n) {
  const out = [];
  for (; n > 127; n >>>= 7) out.push((n & 127) | 128);
  return [...out, n];
}

for (const place of [...ARRANGEMENTS, "grpc-port"]) {
  const connect = (service, key = KEY) => {
    const baseUrl = place === "grpc-port" ? `http://${gateway.grpc}` : gateway.edges[place];
    const authorize = (next) => (call) => {
      if (key) call.header.set("authorization", `Bearer ${key}`);
      return next(call);
    };
    return createClient(service, createGrpcWebTransport({ baseUrl, interceptors: [authorize] }));
  };
  const it = (name, work) => test(`${name} (${place})`, { timeout: 30_000 }, playedOn(place, work));

  it("plain", async () => {
    const { completion } = await connect(ChatService).createChatCompletion(request("sandbox/echo"));
    assert.equal(completion.choices[0].message.parts[0].content.value.text, SAID);
    assert.equal(completion.choices[0].finishReason, FinishReason.STOP);
  });

  it("stream", async () => {
    const events = await collect(connect(ChatService).streamChatCompletion(request("sandbox/echo")));
    checkWellFormed(assert, events, (e) => e.event.case);
    assert.equal(textOf(events), SAID);
  });

  it("a stream comes piece by piece", async () => {
    let first;
    const start = performance.now();
    for await (const event of connect(ChatService).streamChatCompletion(request("sandbox/slow", "a b c"))) {
      if (event.event.case === "textDelta") first ??= performance.now() - start;
    }
    assert.ok(performance.now() - start - first > 1000, "the whole answer came at once");
  });

  it("models", async () => {
    const { models } = await connect(ModelService).listModels({ pageSize: 1000 });
    assert.ok(models.some((m) => m.id === "sandbox/echo"));
  });

  it("errors", async () => {
    const cases = [
      ["sandbox/echo", "", Code.Unauthenticated, "GATEWAY_KEY_INVALID"],
      ["sandbox/none", KEY, Code.NotFound, "MODEL_NOT_FOUND"],
      ["sandbox/429", KEY, Code.ResourceExhausted, "RATE_LIMITED"],
      ["sandbox/500", KEY, Code.Unavailable, "UPSTREAM_ERROR"],
      ["sandbox/truncated", KEY, Code.Aborted, "STREAM_INTERRUPTED"],
    ];
    for (const [model, key, code, reason] of cases) {
      const read = () => collect(connect(ChatService, key).streamChatCompletion(request(model, "a b c d")));
      await assert.rejects(read(), (error) => {
        assert.ok(error instanceof ConnectError, `${error}`);
        assert.equal(error.code, code, `${model}: ${error}`);
        assert.equal(infoOf(error).reason, reason);
        return true;
      });
    }
  });

  it("abort", async () => {
    const controller = new AbortController();
    const seen = [];
    const read = async () => {
      const options = { signal: controller.signal };
      for await (const event of connect(ChatService).streamChatCompletion(request("sandbox/slow"), options)) {
        seen.push(event);
        controller.abort();
      }
    };
    await assert.rejects(read(), (error) => ConnectError.from(error).code === Code.Canceled);
    // What one read brought may still be delivered.
    assert.ok(seen.length < 4, `${seen.length} events after the abort`);
    const call = connect(ChatService).createChatCompletion(request("sandbox/hang"), { timeoutMs: 400 });
    await assert.rejects(call, (error) => ConnectError.from(error).code === Code.DeadlineExceeded);
  });
}
