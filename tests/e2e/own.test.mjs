// A model and chips of one's own: typed on the page, served, carried by links.

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
  picked,
  sentence,
  tiles,
  waitReady,
} from "./support.mjs";

/** A model that no catalogue has. */
const CONFIG = JSON.stringify({
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  hidden_size: 3072,
  num_hidden_layers: 20,
  num_attention_heads: 24,
  num_key_value_heads: 8,
  intermediate_size: 8192,
  vocab_size: 50000,
  max_position_embeddings: 65536,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
});

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const unfold = (page, title) => page.locator("details.own > summary", { hasText: title }).click();

async function describe(page, figures) {
  for (const [key, value] of Object.entries(figures)) await page.fill(`#own-${key}`, value);
}

const NPU = {
  out: "50",
  "chip-name": "My NPU",
  bf16: "500",
  mem: "96",
  bw: "4000",
  up: "400",
  domain: "8",
  w: "700",
  usd: "2.5",
};

test("a pasted config.json becomes the model", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  const before = await tiles(page);
  await unfold(page, "Own model");
  await page.fill("#own-config", CONFIG);
  await page.fill("#own-model-name", "Tiny Llama");
  await page.getByRole("button", { name: "Use this model" }).click();
  assert.notDeepEqual(await changed(() => tiles(page), before), before);
  assert.equal(await picked(page, "#model"), "tiny-llama");
  assert.match(await page.locator("body").innerText(), /tiny-llama is served/);
  assert.match(page.url(), /tiny-llama:h=3072:v=50000/);
  assert.match(await sentence(page), /tiny-llama/);
  assertClean(problems);
});

test("a chosen or dropped file is read, and keeps its own name", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  await unfold(page, "Own model");
  const file = { name: "config.json", mimeType: "application/json", buffer: Buffer.from(CONFIG) };
  await page.setInputFiles("#own-file", file);
  await changed(() => page.locator("#own-config").inputValue(), "");
  assert.equal(await page.locator("#own-config").inputValue(), CONFIG);
  await page.fill("#own-config", "");
  const dropped = await page.evaluateHandle((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], "config.json", { type: "application/json" }));
    return data;
  }, CONFIG);
  await page.dispatchEvent("#own-config", "drop", { dataTransfer: dropped });
  await changed(() => page.locator("#own-config").inputValue(), "");
  await page.getByRole("button", { name: "Use this model" }).click();
  await changed(() => picked(page, "#model"), "llama3-70b");
  assert.match(await picked(page, "#model"), /^llama-/);
  assertClean(problems);
});

test("what is no model is refused in words and loses nothing", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  const before = { tiles: await tiles(page), model: await picked(page, "#model") };
  await unfold(page, "Own model");
  const button = page.getByRole("button", { name: "Use this model" });
  const error = page.locator("#own-config-error");
  for (const [text, said] of [
    ["", /paste a config\.json/],
    ["twelve bananas", /no JSON/],
    ["{}", /no config\.json/],
    [CONFIG.replace("hidden_size", "size_hidden"), /hidden_size/],
    [CONFIG.replace("3072", "-1"), /hidden_size/],
  ]) {
    await page.fill("#own-config", text);
    await button.click();
    await error.filter({ hasText: said }).waitFor();
    assert.equal(await page.locator("#own-config").inputValue(), text, "what was typed stays");
    assert.equal(await page.locator("#own-config").getAttribute("aria-invalid"), "true");
  }
  await page.fill("#own-config", CONFIG);
  await page.fill("#own-model-name", "DeepSeek V3");
  await button.click();
  await page
    .locator("#own-model-name-error")
    .filter({ hasText: /stands in the catalogue/ })
    .waitFor();
  assert.equal(await error.isVisible(), false);
  assert.deepEqual({ tiles: await tiles(page), model: await picked(page, "#model") }, before);
  assertClean(problems);
});

test("a chip of figures can be chosen, replaced and is evaluated", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  const before = await tiles(page);
  await unfold(page, "Own chip");
  await describe(page, NPU);
  await page.press("#own-usd", "Enter");
  const first = await changed(() => tiles(page), before);
  for (const text of first) assert.match(text, /\d/);
  assert.equal(await picked(page, "#decode-chip"), "my-npu", "the last pool has it");
  assert.notEqual(await picked(page, "#prefill-chip"), "my-npu");
  assert.match(page.url(), /my-npu:bf16=500/);

  await page.fill("#own-bw", "8 TB/s");
  await page.selectOption("#own-pool", "prefill");
  await page.getByRole("button", { name: "Add chip" }).click();
  await changed(() => tiles(page), first);
  assert.equal(await picked(page, "#prefill-chip"), "my-npu");
  await page.fill("#decode-chip", "my-npu");
  await page.locator("#decode-chip-list [role=option]").first().waitFor();
  assert.equal(await page.locator("#decode-chip-list [data-value=my-npu]").count(), 1, "it replaced the first one");
  assertClean(problems);
});

test("figures that cannot be are refused with their range", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  const before = await tiles(page);
  await unfold(page, "Own chip");
  await page.getByRole("button", { name: "Add chip" }).click();
  for (const key of ["chip-name", "bf16", "mem", "bw"]) {
    assert.equal(await page.locator(`#own-${key}-error`).isVisible(), true, key);
  }
  assert.equal(await page.locator("#own-fp8-error").isVisible(), false, "what need not be known is not asked for");
  await describe(page, { ...NPU, "chip-name": "H200", bf16: "5e9", mem: "much", domain: "" });
  await page.getByRole("button", { name: "Add chip" }).click();
  for (const [key, said] of [
    ["chip-name", /h200 stands in the catalogue/],
    ["bf16", /outside 0\.1 to 1e6 TFLOPS/],
    ["mem", /expected GB such as 96, or 79\.6GiB, 0\.1 to .+ GB/],
    ["domain", /1 to 100000 chips/],
  ]) {
    assert.match(await page.locator(`#own-${key}-error`).innerText(), said);
  }
  assert.equal(await page.locator("#own-mem").inputValue(), "much", "what was typed stays");
  assert.deepEqual(await tiles(page), before);
  assertClean(problems);
});

test("a link keeps both", async () => {
  const { page, problems } = await openReady(browser, { viewport: PHONE });
  await page.getByRole("button", { name: "Change the scenario" }).click();
  await unfold(page, "Own model");
  await page.fill("#own-config", CONFIG);
  await page.fill("#own-model-name", "tiny");
  await page.getByRole("button", { name: "Use this model" }).click();
  await unfold(page, "Own chip");
  await describe(page, NPU);
  await page.getByRole("button", { name: "Add chip" }).click();
  await changed(() => picked(page, "#decode-chip"), "h200");
  const here = { sentence: await sentence(page), tiles: await tiles(page) };
  await page.reload();
  await waitReady(page, problems);
  assert.deepEqual({ sentence: await sentence(page), tiles: await tiles(page) }, here);
  assert.equal(await picked(page, "#model"), "tiny");
  assert.equal(await picked(page, "#decode-chip"), "my-npu");
  assertClean(problems);
});

test("axe finds nothing in them, and nothing is wider than a phone", async () => {
  for (const [viewport, colorScheme] of [
    [LAPTOP, "light"],
    [PHONE, "dark"],
  ]) {
    const { page, context } = await openReady(browser, { viewport, colorScheme });
    if (viewport === PHONE) await page.getByRole("button", { name: "Change the scenario" }).click();
    await unfold(page, "Own model");
    await unfold(page, "Own chip");
    await page.getByRole("button", { name: "Use this model" }).click();
    await page.getByRole("button", { name: "Add chip" }).click();
    assert.deepEqual(await axe(page), [], `${colorScheme} ${viewport.width}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${wide} px too wide`);
    await context.close();
  }
});
