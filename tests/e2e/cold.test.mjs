// Functions that a first visit does not run come with the first touch, or when one of them is called before.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertClean, changed, LAPTOP, launch, openReady, PHONE, pick, sentence, until } from "./support.mjs";

const COLD = /\/cold-[0-9a-f]{12}\.wasm$/;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** The requests for cold functions that a page has made, by kind. */
const asked = (page) =>
  page.evaluate((pattern) => {
    const found = performance.getEntriesByType("resource").filter(({ name }) => new RegExp(pattern).test(name));
    return found.map(({ initiatorType }) => initiatorType);
  }, COLD.source);

test("a first visit fetches no cold functions, and its first touch does", async () => {
  for (const viewport of [LAPTOP, PHONE]) {
    const { page, problems } = await openReady(browser, { viewport, link: null });
    await page.waitForTimeout(1500);
    assert.deepEqual(await asked(page), [], "if code has moved: `cargo xtask visit`");
    await page.mouse.move(200, 200);
    await until(
      () => asked(page),
      (kinds) => kinds.length > 0,
      "nothing was fetched",
    );
    assert.deepEqual(await asked(page), ["fetch"]);
    assertClean(problems);
  }
});

test("a link fetches them at once", async () => {
  const { page, problems } = await openReady(browser, { link: "v1&model=deepseek-v3&pool=h200*16" });
  assert.deepEqual(await asked(page), ["fetch"]);
  assertClean(problems);
});

test("a cold function that is called before it is there answers all the same", async () => {
  const { page, context, problems } = await openReady(browser, { viewport: LAPTOP, link: null });
  await context.route(COLD, (route) => (route.request().resourceType() === "fetch" ? route.abort() : route.continue()));
  const before = await sentence(page);
  await pick(page, "#model", "llama3.1-405b");
  await changed(() => sentence(page), before);
  assert.ok((await asked(page)).includes("xmlhttprequest"));
  assert.deepEqual(
    problems.errors.filter((text) => !text.includes("ERR_FAILED")),
    [],
  );
});

test("where they cannot be had at all, the page says so", async () => {
  const { page, context } = await openReady(browser, { viewport: LAPTOP, link: null });
  await context.route(COLD, (route) => route.abort());
  // The list itself may be of such functions.
  await pick(page, "#model", "llama3.1-405b", { timeout: 5000 }).catch(() => {});
  await page.locator("#failure").waitFor({ state: "visible" });
  assert.match(await page.locator("#failure").innerText(), /could not be loaded.*reload/i);
});
