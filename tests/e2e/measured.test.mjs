// Measured runs beside the model: on its curves where they belong, and the nearest ones in words.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertClean, axe, DEEP, launch, open, openReady, TOP, waitReady } from "./support.mjs";

const MEASURED = "v1&model=llama3-70b&weights=fp8&engine=vllm&isl=8k&osl=1k&spread=0.8&concurrency=64&pool=h200*8:tp8";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const caption = (page) => page.locator(".data .caption").first();

test("runs of the same deployment stand on its curves", async () => {
  for (const site of [TOP, DEEP]) {
    const { page, problems } = await openReady(browser, { link: MEASURED, site });
    await page.locator("#chart-x").selectOption("load");
    await caption(page)
      .filter({ hasText: /Rings: \d+ measured runs/ })
      .waitFor();
    await page.locator(".data summary").first().click();
    await page.locator("ul.measured li").first().waitFor();
    const runs = await page.locator("ul.measured li").allInnerTexts();
    assert.ok(runs.length >= 5, runs.join("\n"));
    assert.match(runs.at(-1), /^Measured at 64: .*s \(.* run of 2025-10-29, s\d+\)$/);
    // Nobody measured what the run costs.
    await page.locator("#chart-y").selectOption("cost");
    await page.waitForFunction(() => document.querySelectorAll("ul.measured li").length === 0);
    assertClean(problems);
  }
});

test("the nearest runs stand behind the answer in words", async () => {
  const { page, problems } = await openReady(browser, { link: MEASURED });
  const summary = page.locator(".runs summary");
  await summary.click();
  // They may still be on their way.
  await page
    .locator(".runs li")
    .filter({ hasText: /TTFT .+, TPOT/ })
    .first()
    .waitFor();
  const lines = await page.locator(".runs li").allInnerTexts();
  assert.equal(lines.length, 3);
  assert.match(
    lines[0],
    /8 × H200.* \(tp8\), vLLM, 8k\/1k, 64 concurrent requests: TTFT .+, TPOT .+ \(.* run of 2025-10-29/,
  );
  assert.deepEqual(await axe(page), []);
  assertClean(problems);
});

test("a page that nobody measured does not fetch them before a reader asks", async () => {
  const { page, problems } = await openReady(browser);
  const fetched = [];
  page.on("request", (request) => fetched.push(request.url()));
  // Longer than the page waits where a run may be near.
  await page.waitForTimeout(1000);
  assert.deepEqual(
    fetched.filter((url) => url.includes("measured")),
    [],
  );
  await page.locator(".runs summary").click();
  await page
    .locator(".runs li")
    .filter({ hasText: /TTFT .+, TPOT/ })
    .first()
    .waitFor();
  assert.equal(await page.locator(".runs li").count(), 3);
  assertClean(problems);
});

test("without the file the page works as ever, and says so to who asks", async () => {
  const { context, page } = await open(browser, { link: MEASURED });
  await context.route("**/measured*.csv", (route) => route.abort());
  const asked = page.waitForRequest("**/measured-llama3-70b.csv");
  await page.reload();
  await waitReady(page);
  await asked;
  assert.match(await page.locator("[data-testid=sentence]").innerText(), /TTFT/);
  await page.locator(".runs summary").click();
  await page.locator(".runs li").filter({ hasText: "could not be loaded" }).waitFor();
  await context.unroute("**/measured*.csv");
  await page.locator(".runs summary").click();
  await page.locator(".runs summary").click();
  await page
    .locator(".runs li")
    .filter({ hasText: /TTFT .+, TPOT/ })
    .first()
    .waitFor();
});
