// The replay on the page: distributions that are those of the command line, cancelled, and over a trace that is dropped.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { assertClean, axe, gone, LAPTOP, launch, openReady, PHONE, pressInTime } from "./support.mjs";

const HOUR = "v1&model=llama3-8b&lengths=chat&rate=4&pool=h100-sxm*1&horizon=1h";
const TRACE = new URL("../fixtures/traces/mooncake_first_500.jsonl", import.meta.url);

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const at = (link) => `${link}&view=replay`;
const row = (page, id) => page.locator(`#replay-quantiles tr[data-time=${id}]`).innerText({ timeout: 30_000 });
const finished = (page) => gone(page, "#replay-progress");

/** Seconds from `53.4 ms`, with half of the last digit that is printed. */
function seconds(text) {
  const [, digits, unit] = text.replaceAll("\u00a0", " ").match(/([\d.]+) (ns|µs|us|ms|s|min|h)/);
  const scale = { ns: 1e-9, µs: 1e-6, us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600 }[unit];
  const places = digits.split(".")[1]?.length ?? 0;
  return { value: Number(digits) * scale, within: 0.51 * 10 ** -places * scale };
}

test("the quantiles are those of the command line", { skip: !process.env.TANDEM_BIN }, async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: at(HOUR) });
  await row(page, "ttft");
  await finished(page);
  const { stdout } = await promisify(execFile)(process.env.TANDEM_BIN, ["replay", HOUR, "--json"], { maxBuffer: 1e9 });
  const { replay } = JSON.parse(stdout);
  for (const id of ["ttft", "tpot", "e2e"]) {
    const cells = await page.locator(`#replay-quantiles tr[data-time=${id}] td b`).allInnerTexts();
    for (const [index, name] of [
      [1, "p50"],
      [2, "p90"],
      [3, "p95"],
      [4, "p99"],
    ]) {
      const { value, within } = seconds(cells[index]);
      const own = replay[id][name].value;
      assert.ok(Math.abs(value - own) <= within, `${id} ${name}: ${cells[index]} on the page, ${own} there`);
    }
  }
  assertClean(problems);
});

test("load moves the distribution, with and without a worker", async () => {
  for (const workers of [true, false]) {
    const { page, problems, context } = await openReady(browser, { viewport: LAPTOP, workers });
    await page.evaluate((link) => (location.hash = link), at(`${HOUR.replace("=1h", "=2000req")}`));
    await page.click("#tab-replay");
    const before = await row(page, "ttft");
    await finished(page);
    await page.fill("#rate", "20");
    await page.locator("#rate").blur();
    await page.waitForFunction(
      (before) => document.querySelector("#replay-quantiles tr[data-time=ttft]")?.innerText !== before,
      before,
    );
    await finished(page);
    assert.match(await page.locator("#replay-state").innerText(), /answered/);
    assertClean(problems);
    await context.close();
  }
});

test("a long replay tells how far it is and can be cancelled", async () => {
  const long = "v1&model=llama3-8b&lengths=chat&rate=400&pool=h100-sxm*100:tp1&horizon=5000000req";
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: at(long) });
  await pressInTime(page, "#replay-cancel", { place: "main", text: "TTFT p50" });
  await finished(page);
  const told = await page.locator("#replay-state").innerText();
  assert.match(told, /Stopped/);
  await page.waitForTimeout(500);
  assert.equal(await page.locator("#replay-state").innerText(), told);
  assertClean(problems);
});

test("a trace is previewed, replayed, and its broken lines are named", async () => {
  const link = at("v1&model=llama3-8b&pool=h100-sxm*8");
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link });
  await row(page, "ttft");
  await page.locator("summary", { hasText: "Replay a trace" }).click();
  const text = `${await readFile(TRACE, "utf8")}\nnot a line\n`;
  await page.setInputFiles("#replay-trace", {
    name: "mooncake.jsonl",
    mimeType: "text/plain",
    buffer: Buffer.from(text),
  });
  await page.getByText(/Mooncake trace · requests 500/).waitFor({ timeout: 30_000 });
  assert.match(await page.locator("#replay-problems").innerText(), /line 50\d/);
  await finished(page);
  assert.match(await page.locator("#replay-state").innerText(), /500 of 500/);
  assertClean(problems);
});

test("traffic is read as links are, and refused in words", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: at(HOUR) });
  await page.locator("summary", { hasText: "Traffic" }).click();
  await page.fill("#traffic-horizon", "0req");
  await page.locator("#traffic-horizon").blur();
  assert.match(await page.locator("#traffic-horizon-error").innerText(), /horizon=0req: outside 1 to/);
  await page.fill("#traffic-horizon", "3000req");
  await page.locator("#traffic-horizon").blur();
  await page
    .getByText(/answered 3.?000 of 3.?000 requests/)
    .first()
    .waitFor({ timeout: 30_000 });
  assert.match(page.url(), /horizon=3000req/);
  assertClean(problems);
});

test("axe finds nothing, and a phone shows it without scrolling sideways", async () => {
  for (const [name, viewport, colorScheme] of [
    ["light", LAPTOP, "light"],
    ["dark", LAPTOP, "dark"],
    ["phone", PHONE, "light"],
  ]) {
    const { page, context } = await openReady(browser, { viewport, colorScheme, link: at(HOUR) });
    await row(page, "ttft");
    await finished(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wide, 0);
    assert.deepEqual(await axe(page), []);
    if (process.env.TANDEM_SHOTS)
      await page.screenshot({ path: `${process.env.TANDEM_SHOTS}/replay-${name}.png`, fullPage: true });
    await context.close();
  }
});
