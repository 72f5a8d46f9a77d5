// Does what a person would: opens the page in Chromium, fills the form in and reads what comes.
import { context } from "esbuild";
import { chromium } from "playwright-core";

const bundle = await context({ entryPoints: ["client.ts"], bundle: true, format: "esm", outdir: "." });
const { port } = await bundle.serve({ servedir: ".", host: "127.0.0.1" });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" });
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error("page:", error.message));
  page.on("console", (message) => console.error("page:", message.text()));
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.fill("[name=address]", `http://${process.env.AIGW_ADDR ?? "127.0.0.1:6161"}`);
  await page.fill("[name=key]", process.env.AIGW_KEY);
  await page.click("button");
  await page.waitForSelector("button:enabled", { timeout: 30_000 });
  process.stdout.write(await page.textContent("pre"));
} finally {
  await browser.close();
  await bundle.dispose();
}
