// `/docs` and `/redoc` in Chromium: they work without a word to other hosts, and a call can be tried with a key.
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { KEY, startGateway } from "../support.js";

const BROWSER = process.env.AIGW_CHROMIUM ?? "/usr/bin/chromium";
const SHOTS = process.env.AIGW_SCREENSHOTS;
const QUIET = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
  "--no-sandbox",
];
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 420, height: 900 };

/** Where a proxy may put the gateway on a host that has other things, too. */
const PREFIX = "/tools/gateway";

let gateway, edge, proxy, prefixed, browser, home;

before(async () => {
  assert.ok(existsSync(BROWSER), `no browser at ${BROWSER}: install chromium, or name one in AIGW_CHROMIUM`);
  gateway = await startGateway("http://127.0.0.1:1");
  edge = gateway.edges.inmemory;
  proxy = await startProxy();
  prefixed = `http://127.0.0.1:${proxy.address().port}${PREFIX}`;
  home = mkdtempSync(join(tmpdir(), "aigw-browser-"));
  browser = await chromium.launchPersistentContext(home, {
    executablePath: BROWSER,
    args: QUIET,
    viewport: WIDE,
  });
});

after(async () => {
  await browser?.close();
  proxy?.closeAllConnections();
  proxy?.close();
  await gateway?.stop();
  if (home) rmSync(home, { recursive: true, force: true });
});

/** Passes on what is asked below the prefix, without it; nothing else is there. */
async function startProxy() {
  const server = createServer((asked, answer) => {
    if (!asked.url.startsWith(`${PREFIX}/`)) return answer.writeHead(404).end();
    const { method, headers } = asked;
    const onward = request(`${edge}${asked.url.slice(PREFIX.length)}`, { method, headers }, (response) => {
      answer.writeHead(response.statusCode, response.headers);
      response.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

/** Opens a page, and notes what it says and whom it asks. */
async function open(path, viewport, base = edge) {
  const page = await browser.newPage();
  const seen = { said: [], strangers: [] };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) seen.said.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => seen.said.push(String(error)));
  page.on("request", (asked) => {
    const url = new URL(asked.url());
    if (!url.href.startsWith(`${base}/`) && !["data:", "blob:"].includes(url.protocol)) seen.strangers.push(url.href);
  });
  await page.setViewportSize(viewport);
  await page.goto(`${base}${path}`);
  return { page, seen };
}

async function shoot(page, name) {
  if (SHOTS) await page.screenshot({ path: `${SHOTS}-${name}.png` });
}

for (const [size, viewport] of [["wide", WIDE], ["narrow", NARROW]]) {
  test(`/docs shows the routes (${size})`, async () => {
    const { page, seen } = await open("/docs", viewport);
    await page.getByText("/v1/chat/completions", { exact: false }).first().waitFor();
    assert.ok((await page.locator(".opblock").count()) > 35);
    await shoot(page, `docs-${size}`);
    assert.deepEqual(seen, { said: [], strangers: [] });
    await page.close();
  });

  test(`/redoc shows the routes (${size})`, async () => {
    const { page, seen } = await open("/redoc", viewport);
    await page.getByRole("heading", { name: "AI Model Gateway" }).first().waitFor();
    await page.waitForLoadState("networkidle");
    await shoot(page, `redoc-${size}`);
    assert.deepEqual(seen, { said: [], strangers: [] });
    await page.close();
  });
}

test("a call is authorised with a key, tried, and its answer seen", async () => {
  await tries("/docs");
});

test("below a path of a proxy the pages work as well", async () => {
  await tries("/docs/", prefixed);
  const { page, seen } = await open("/redoc/", WIDE, prefixed);
  await page.getByRole("heading", { name: "AI Model Gateway" }).first().waitFor();
  await page.waitForLoadState("networkidle");
  const link = page.getByRole("link", { name: "/proto", exact: true }).first();
  assert.equal(await link.evaluate((anchor) => anchor.href), `${prefixed}/proto`);
  assert.deepEqual(seen, { said: [], strangers: [] });
  await page.close();
});

/** Opens the page, gives it a key, and tries a call. */
async function tries(path, base) {
  const { page, seen } = await open(path, WIDE, base);
  await page.locator("button.authorize").first().click();
  await page.locator(".auth-container input").fill(KEY);
  await page.locator(".auth-container button[type=submit]").click();
  await page.locator(".auth-container").getByText("Authorized").waitFor();
  await page.locator("button.btn-done").click();

  const block = page.locator("#operations-OpenAI-createChatCompletion");
  await block.locator("button.opblock-summary-control").click();
  await block.locator("button.try-out__btn").click();
  const answered = page.waitForResponse((response) => response.url().endsWith("/v1/chat/completions"));
  await block.locator("button.execute").click();
  const response = await answered;
  assert.equal(response.status(), 200);
  assert.equal(response.request().headers().authorization, `Bearer ${KEY}`);
  const shown = block.locator(".live-responses-table .response .highlight-code").first();
  await shown.waitFor();
  assert.match(await shown.textContent(), /chat\.completion/);
  assert.match(await shown.textContent(), /Hello/);
  await shown.scrollIntoViewIfNeeded();
  await shoot(page, "tried");
  // The key is gone with the page.
  await page.reload();
  await page.locator("button.authorize").first().waitFor();
  assert.equal(await page.locator("button.authorize.locked").count(), 0);
  assert.deepEqual(seen, { said: [], strangers: [] });
  await page.close();
}
