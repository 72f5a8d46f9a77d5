// Starts the binaries under test and says what an error status means. Knows their settings, nothing of their answers.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import protobuf from "protobufjs";

const HERE = dirname(new URL(import.meta.url).pathname);
export const ROOT = resolve(HERE, "../../..");
export const PROTO = join(ROOT, "proto");
const BIN = resolve(process.env.AIGW_BIN ?? join(ROOT, "target/debug/ai-model-gateway"));
const EDGE_BIN = resolve(process.env.AIGW_EDGE_BIN ?? join(dirname(BIN), "gateway-edge"));
const READY_MS = 20_000;
export const KEY = process.env.AIGW_TEST_KEY ?? `client-tests-${randomBytes(16).toString("hex")}`;

/** The ways to arrange edge and gateway; another one when the Python suite lends its replicas, which die all the time. */
const REPLICAS_URL = process.env.AIGW_TEST_REPLICAS_URL;
export const ARRANGEMENTS = REPLICAS_URL ? ["replicas"] : ["inmemory", "separate"];
const MOST_PLAYS = 6;

/** Plays a test again when a stream of it was interrupted by a replica's death: nobody can go on with such a stream. */
export function playedOn(arrangement, work) {
  if (arrangement !== "replicas") return work;
  return async (...args) => {
    for (let play = 1; ; play += 1) {
      try {
        return await work(...args);
      } catch (error) {
        if (play === MOST_PLAYS || !String(error).includes("broke before the answer was complete")) throw error;
      }
    }
  };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((ready) => server.once("listening", ready));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

async function start(name, command, args, env, readyUrl) {
  if (!existsSync(command)) {
    throw new Error(`${command} is not there: build it, or name it in AIGW_BIN and AIGW_EDGE_BIN`);
  }
  // A directory of its own, so that no .env of the checkout is read.
  const home = mkdtempSync(join(tmpdir(), "aigw-node-tests-"));
  const log = join(home, "log");
  const out = openSync(log, "w");
  const base = { PATH: process.env.PATH, HOME: home };
  const child = spawn(command, args, { env: { ...base, ...env }, cwd: home, stdio: ["ignore", out, out] });
  const ended = new Promise((done) => child.once("exit", (code, signal) => done(signal ?? code)));
  const stop = async () => {
    child.kill("SIGTERM");
    const status = await Promise.race([ended, sleep(15_000, "still running", { ref: false })]);
    if (status === "still running") child.kill("SIGKILL");
    const said = readFileSync(log, "utf8");
    rmSync(home, { recursive: true, force: true });
    if (status !== 0) throw new Error(`${name} ended with ${status} after SIGTERM:\n${said}`);
  };
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    try {
      if ((await fetch(readyUrl)).ok) return stop;
    } catch {
      // Not listening yet.
    }
    await sleep(50);
  }
  child.kill("SIGKILL");
  throw new Error(`${name} did not become ready:\n${readFileSync(log, "utf8")}`);
}

/** Starts a gateway with every provider pointed at `upstream`, and a separate edge in front of it. */
export async function startGateway(upstream = "http://127.0.0.1:9") {
  // Replicas that die run already, with gateway and edge of their own.
  if (REPLICAS_URL) return { edges: { replicas: REPLICAS_URL }, stop: async () => {} };
  const grpc = `127.0.0.1:${await freePort()}`;
  const edge = `127.0.0.1:${await freePort()}`;
  const separate = `127.0.0.1:${await freePort()}`;
  const stopGateway = await start(
    "gateway",
    BIN,
    ["serve"],
    {
      AIGW_GRPC_ADDR: grpc,
      AIGW_EDGE_ADDR: edge,
      AIGW_DATA_DIR: "data",
      AIGW_BOOTSTRAP_KEY: KEY,
      XAI_API_BASE_URL: `${upstream}/v1`,
      XAI_API_KEY: "upstream-key",
      GOOGLE_AI_STUDIO_BASE_URL: upstream,
      GOOGLE_AI_STUDIO_API_KEY: "upstream-key",
    },
    `http://${edge}/api/v1/health`,
  );
  const args = ["--edge-addr", separate, "--gateway-url", `http://${grpc}`];
  let stopEdge;
  try {
    stopEdge = await start("gateway-edge", EDGE_BIN, args, {}, `http://${separate}/api/v1/health`);
  } catch (error) {
    await stopGateway();
    throw error;
  }
  return {
    grpc,
    edges: { inmemory: `http://${edge}`, separate: `http://${separate}` },
    stop: async () => {
      await stopEdge();
      await stopGateway();
    },
  };
}

const details = protobuf.parse(`syntax = "proto3";
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }`, {
  keepCase: true,
}).root;

/** Returns the one ErrorInfo of a `grpc-status-details-bin` value. */
export function errorInfo(bytes) {
  if (!bytes) throw new Error("no grpc-status-details-bin");
  const status = details.lookupType("Status").decode(bytes);
  const infos = status.details.filter((d) => d.type_url.endsWith("/google.rpc.ErrorInfo"));
  if (infos.length !== 1) throw new Error(`${infos.length} ErrorInfo in the details`);
  return details.lookupType("ErrorInfo").decode(infos[0].value);
}

/** Reads a stream to its end. (Array.fromAsync came with Node 22.) */
export async function collect(stream) {
  const all = [];
  for await (const item of stream) all.push(item);
  return all;
}

/** Checks what holds for every successful stream: gapless numbers, exactly one `finished`, last. */
export function checkWellFormed(assert, events, kindOf) {
  assert.deepEqual(events.map((e) => Number(e.sequence)), events.map((_, i) => i));
  const kinds = events.map(kindOf);
  assert.deepEqual(kinds.filter((k) => k === "finished"), ["finished"]);
  assert.equal(kinds.at(-1), "finished");
}
