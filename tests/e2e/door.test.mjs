// The front door: ways in, pickers, fields that understand what is typed, and a page that is never empty.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  assertClean,
  axe,
  changed,
  LAPTOP,
  launch,
  openReady,
  PHONE,
  pick,
  picked,
  sentence,
  tiles,
  until,
} from "./support.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const plain = (text) => text.replace(/[\u00a0\u202f]/g, " ").trim();
const value = async (page, id) => plain(await page.locator(id).inputValue());
const echo = async (page, id) => plain(await page.locator(`${id}-echo`).textContent());

/** Types into a field and leaves it. */
async function type(page, id, text) {
  await page.fill(id, text);
  await page.press(id, "Enter");
}

test("the first line says what this is, and three ways in stand beside the stories", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  const door = page.getByRole("navigation", { name: "Ways in" });
  assert.match(
    await page.getByRole("banner").innerText(),
    /How many of which chips serve your LLM, how fast, at what cost/,
  );
  for (const name of ["Size my deployment", "Check a claim", "Will it run on my GPU?"]) {
    assert.ok(await door.getByRole("button", { name }).isVisible(), name);
  }
  assert.ok(await door.locator("#gallery").isVisible());
  assertClean(problems);
});

test("sizing starts from model, load and work", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  await page.getByRole("button", { name: "Size my deployment" }).click();
  await pick(page, "#size-model", "qwen3-32b");
  await page.fill("#size-rate", "40 rps");
  assert.deepEqual(await axe(page, { within: ".door-panel" }), []);
  await page.press("#size-rate", "Enter");
  await page.waitForURL(/model=qwen3-32b.*rate=40/);
  await page.locator("[data-testid=sizing]").filter({ hasText: "Cheapest for" }).waitFor({ timeout: 60_000 });
  assertClean(problems);
});

test("a card is told whether it runs a model, how much context and how fast", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  await page.getByRole("button", { name: "Will it run on my GPU?" }).click();
  const told = page.locator("[data-testid=on-card]");
  await told.waitFor();
  await pick(page, "#card-model", "llama3-8b");
  await pick(page, "#card-chip", "rtx-4090");
  await page.selectOption("#card-weights", "int4");
  await until(
    () => told.innerText(),
    (text) => /Fits on one .*4090/.test(text),
    "it fits",
  );
  assert.match(plain(await told.innerText()), /Context up to [\d.]+k? tokens.*tok\/s for one user/);
  assert.deepEqual(await axe(page, { within: ".door-panel" }), []);

  await pick(page, "#card-model", "llama3-70b");
  await page.selectOption("#card-weights", "bf16");
  await until(
    () => told.innerText(),
    (text) => /Does not fit/.test(text),
    "it does not",
  );
  await page
    .locator(".door-panel")
    .getByRole("button", { name: /^Add \d+ chips?$/ })
    .click();
  await page.waitForURL(/pool=rtx-4090\*/);
  assert.equal(await page.locator(".answer.refused").count(), 0);
  assertClean(problems);
});

test("what is typed and entered before the list is there is taken when it comes", async () => {
  const { page, context, problems } = await openReady(browser, { viewport: LAPTOP });
  await context.route(/part-split_controls-/, async (route) => {
    await new Promise((resume) => setTimeout(resume, 1500));
    await route.continue();
  });
  await page.getByRole("button", { name: "Will it run on my GPU?" }).click();
  await page.fill("#card-chip", "5090");
  await page.press("#card-chip", "Enter");
  await page.fill("#card-model", "no such model");
  await page.press("#card-model", "Enter");
  await page.locator("#card-weights").focus();
  await until(
    () => picked(page, "#card-chip"),
    (id) => id === "rtx-5090",
    "the card is taken",
  );
  await until(
    () => page.locator(".pop").count(),
    (count) => count === 0,
    "no list stays open",
  );
  assert.equal(await page.evaluate(() => document.activeElement.id), "card-weights", "the keys stay where they are");
  assertClean(problems);
});

test("a model comes from the text of a config.json", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  await page.getByRole("button", { name: "Will it run on my GPU?" }).click();
  await page.getByText("Not in the list?").click();
  const config = {
    model_type: "llama",
    architectures: ["LlamaForCausalLM"],
    hidden_size: 2048,
    intermediate_size: 5632,
    num_hidden_layers: 22,
    num_attention_heads: 32,
    num_key_value_heads: 4,
    vocab_size: 32000,
    max_position_embeddings: 2048,
    torch_dtype: "bfloat16",
  };
  await page.fill("#card-config", JSON.stringify(config, null, 2));
  await page.getByText(/: read\./).waitFor();
  assert.match(await page.locator("[data-testid=on-card]").innerText(), /Fits on one/);
  await page.fill("#card-config", "{ nonsense");
  await page.getByText(/Not taken/).waitFor();
  assertClean(problems);
});

test("a claim is held against the model, published or one's own", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  await page.getByRole("button", { name: "Check a claim" }).click();
  const verdict = page.locator("[data-testid=claim]");
  await until(
    () => verdict.innerText(),
    (text) => /the model has/i.test(text),
    "a verdict",
  );
  await type(page, "#claim-factor", "50");
  await until(
    () => verdict.innerText(),
    (text) => /Not reproduced/.test(text),
    "50 times cheaper",
  );
  await page.locator("#claim-which option").nth(1).waitFor({ state: "attached" });
  assert.deepEqual(await axe(page, { within: ".door-panel" }), []);
  await page.selectOption("#claim-which", { index: 1 });
  await changed(() => verdict.innerText(), await verdict.innerText());
  await page.getByRole("button", { name: "Show both on the page" }).click();
  await page.waitForURL(/pin=/);
  assertClean(problems);
});

test("a picker finds, filters, hints, remembers, and goes by keyboard", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  const entry = page.getByRole("combobox", { name: "Model", exact: true });
  const options = page.locator("#model-list [role=option]");
  await entry.click();
  await options.first().waitFor();
  assert.equal(await entry.getAttribute("aria-expanded"), "true");
  assert.ok((await options.count()) > 60, "all models are there");
  assert.match(await page.locator("#model-list").innerText(), /most measured/i);
  await page.locator("#model-list .fits.good").first().waitFor();
  assert.deepEqual(await axe(page, { within: "#model-list" }), []);

  await entry.pressSequentially("deepseek v3");
  await until(
    () => options.count(),
    (count) => count < 20,
    "the list is filtered",
  );
  const marked = page.locator(`#${await entry.getAttribute("aria-activedescendant")}`);
  assert.equal(await marked.getAttribute("data-value"), "deepseek-v3");
  await entry.press("Escape");
  assert.equal(await picked(page, "#model"), "llama3-70b", "Escape takes nothing");
  assert.match(await entry.inputValue(), /^Llama 3.* 70B$/);
  await entry.press("ArrowDown");
  await options.first().waitFor();
  await entry.press("ArrowDown");
  await entry.press("Enter");
  assert.notEqual(await picked(page, "#model"), "llama3-70b");

  await page.getByRole("combobox", { name: "Chip, decode" }).click();
  const chips = page.locator("#decode-chip-list [role=option]");
  await chips.first().waitFor();
  await page.selectOption("#decode-chip-vendor", "AMD");
  await until(
    () => chips.allInnerTexts(),
    (all) => all.length > 2 && all.every((own) => /MI|Radeon|Ryzen/.test(own)),
    "AMD only",
  );
  await chips.filter({ hasText: "MI300X" }).first().click();
  assert.match(await picked(page, "#decode-chip"), /mi300x/);
  await page.getByRole("combobox", { name: "Chip, decode" }).click();
  await chips.first().waitFor();
  assert.match(await chips.first().innerText(), /MI300X/, "what was picked last stands first");
  assertClean(problems);
});

test("a picker works on a phone", async () => {
  const { page, problems } = await openReady(browser, { viewport: PHONE, hasTouch: true });
  await page.getByRole("button", { name: "Change the scenario" }).tap();
  const entry = page.locator("#model");
  await entry.tap();
  const option = page.locator("#model-list [role=option]").first();
  await option.waitFor();
  const box = await page.locator(".pop").boundingBox();
  assert.ok(
    box.x >= 0 && box.x + box.width <= PHONE.width && box.y >= 0 && box.y + box.height <= PHONE.height,
    "in sight",
  );
  await entry.fill("qwen3-32b");
  await page.locator("#model-list [data-value=qwen3-32b]").tap();
  assert.equal(await picked(page, "#model"), "qwen3-32b");
  assertClean(problems);
});

test("a model that does not fit lets the pools grow, and says so with a way back", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  const before = { tiles: await tiles(page), sentence: await sentence(page) };
  await pick(page, "#model", "deepseek-v3");
  const notice = page.locator(".grown");
  await notice.waitFor();
  assert.match(plain(await notice.innerText()), /DeepSeek-V3.* needs more memory:.*8 → \d+ ×/);
  assert.equal(await page.locator(".answer.refused").count(), 0);
  for (const text of await changed(() => tiles(page), before.tiles)) assert.match(text, /\d/);
  await page.waitForURL(/model=deepseek-v3/);
  assert.deepEqual(await axe(page, { within: ".top" }), []);
  await notice.getByRole("button", { name: "Undo" }).click();
  await until(
    () => tiles(page),
    (now) => JSON.stringify(now) === JSON.stringify(before.tiles),
    "as it was",
  );
  assert.equal(await sentence(page), before.sentence);
  await notice.waitFor({ state: "detached" });
  assertClean(problems);
});

test("where something does not fit the last answer stays, greyed, with what would help", async () => {
  const { page, problems } = await openReady(browser, {
    viewport: LAPTOP,
    link: "v1&model=llama3-70b&weights=bf16&pool=h100-sxm*8",
  });
  const before = await tiles(page);
  await type(page, "#pool-count", "1");
  await page.locator(".answer.refused").waitFor();
  assert.match(await sentence(page), /Does not fit/);
  assert.deepEqual(await tiles(page), before, "the last answer stays");
  assert.equal(await page.locator(".tiles.stale").count(), 1);
  const offers = page.locator(".mend button");
  await offers.first().waitFor();
  const labels = await offers.allInnerTexts();
  assert.match(labels[0], /^Add \d+ chips?$/);
  assert.ok(labels.includes("4-bit weights") && labels.includes("Size it for me"), labels.join());
  assert.deepEqual(await axe(page, { within: ".bench" }), []);
  await offers.filter({ hasText: "Add" }).click();
  await page.locator(".answer.refused").waitFor({ state: "detached" });
  assert.equal(await page.locator(".tiles.stale").count(), 0);
  assertClean(problems);
});

test("a link that does not fit opens on what would hold it, greyed", async () => {
  const { page, problems } = await openReady(browser, {
    viewport: LAPTOP,
    link: "v1&model=deepseek-v3&pool=h100-sxm*1",
  });
  assert.match(await sentence(page), /Does not fit/);
  for (const text of await tiles(page)) assert.match(text, /\d/);
  assert.equal(await page.locator(".tiles.stale").count(), 1);
  assertClean(problems);
});

test("a missing price is asked for in its tile", async () => {
  const { page, problems } = await openReady(browser, {
    viewport: LAPTOP,
    link: "v1&isl=4k&concurrency=4&prefill=h200*8&decode=groq3-lp30*256&link=50GB/s",
  });
  assert.doesNotMatch(await page.locator("[data-metric=cost] .value").innerText(), /\d/);
  const price = page.locator(".tile-price input");
  await price.waitFor();
  await price.fill("2,50");
  await until(
    () => page.locator("[data-metric=cost] .value").innerText(),
    (text) => /\$\d/.test(text),
    "a cost",
  );
  await price.press("Enter");
  await page.waitForURL(/groq3-lp30:2\.5/);
  assert.deepEqual(await axe(page, { within: ".tiles" }), []);
  assertClean(problems);
});

test("fields understand what people type and say what they understood", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  for (const [id, typed, shown] of [
    ["#slo-tpot", "60", "60 ms"],
    ["#slo-tpot", "20 tok/s", "50 ms"],
    ["#slo-ttft", "500", "500 ms"],
    ["#slo-ttft", "2", "2 s"],
    ["#isl", "8,192", "8k"],
    ["#isl", "1.000", "1,000"],
    ["#concurrency", "1.000", "1,000"],
    ["#concurrency", "1k users", "1,000"],
    ["#concurrency", "64 users", "64"],
    ["#decode-count", "16 chips", "16"],
    ["#hit", "0.9", "90 %"],
    ["#hit", "25", "25 %"],
    ["#size", "40", "40B"],
  ]) {
    await type(page, id, typed);
    assert.equal(await value(page, id), shown, `${typed} in ${id}`);
  }
  await page.fill("#isl", "8k");
  assert.equal(await echo(page, "#isl"), "8,192 tokens");
  assert.ok(await page.locator("#isl-echo").isVisible());
  await page.fill("#slo-tpot", "50");
  assert.equal(await echo(page, "#slo-tpot"), "50 ms (20 tok/s)");
  await page.getByRole("radio", { name: "Request rate" }).check();
  await page.fill("#rate", "40 rps");
  assert.equal(await echo(page, "#rate"), "40 req/s");
  assertClean(problems);
});

test("what can mean several things is asked about", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: "v1&rate=4" });
  await type(page, "#rate", "1.000");
  const ask = page.locator(".ask");
  assert.match(plain(await ask.innerText()), /“1\.000” means/);
  assert.deepEqual((await ask.getByRole("button").allInnerTexts()).map(plain), ["1 req/s", "1k req/s"]);
  assert.match(page.url(), /rate=4/, "nothing is taken before the answer");
  assert.deepEqual(await axe(page, { within: ".controls" }), []);
  await ask.getByRole("button").first().click();
  await page.waitForURL(/rate=1(&|$)/);
  assert.equal(await ask.count(), 0);

  await type(page, "#slo-ttft", "50");
  assert.deepEqual((await ask.getByRole("button").allInnerTexts()).map(plain), ["50 s", "50 ms"]);
  await page.press("#slo-ttft", "Escape");
  assert.equal(await ask.count(), 0);
  await page.fill("#slo-ttft", "20 tok/s");
  assert.match(
    plain(await page.locator("#slo-ttft-error").innerText()),
    /“20 tok\/s” is not understood\. Enter a time/,
  );
  assertClean(problems);
});

test("the size slider keeps its model and comes back to it", async () => {
  const link = "v1&model=deepseek-v3&pool=h200*16:tp8";
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link });
  const before = { tiles: await tiles(page), sentence: await sentence(page) };
  const slider = page.locator("#size ~ input[type=range]");
  await slider.focus();
  await slider.press("ArrowLeft");
  await until(
    () => page.locator("#model").inputValue(),
    (name) => /^DeepSeek-V3.*, resized$/.test(name),
    "the name stays",
  );
  await slider.press("ArrowLeft");
  await slider.press("ArrowRight");
  await slider.press("ArrowRight");
  await until(
    () => picked(page, "#model"),
    (id) => id === "deepseek-v3",
    "back at its own size",
  );
  assert.deepEqual({ tiles: await tiles(page), sentence: await sentence(page) }, before);

  await slider.press("ArrowLeft");
  await page.getByRole("button", { name: /^Back to DeepSeek-V3/ }).click();
  assert.deepEqual({ tiles: await tiles(page), sentence: await sentence(page) }, before);
  assertClean(problems);
});
