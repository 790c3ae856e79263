// No page of the site lets anything in that is not its own: every page and view is opened under its policy, and what a
// link, a file, a trace or a saved list says stays text.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { assertClean, gone, LAPTOP, launch, open, openReady, request, TOP, until } from "./support.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const PAGES = ["index.html", "accuracy.html", "claims.html", "embedding.html", "glossary.html", "method.html"];
const VIEWS = ["curves", "frontier", "breakeven", "size", "sensitivity", "replay", "agents"];

/** What would run, load or show something if it ever became markup. */
const MARKUP = `<img src=x onerror="window.slipped=1"><script>window.slipped=1</script><b id=slipped>x</b>`;

/** Fails when foreign text became more than text, here or in a frame. */
async function nothingSlipped(page, where) {
  for (const frame of page.frames()) {
    const found = await frame.evaluate(() => [
      globalThis.slipped ?? 0,
      document.querySelectorAll("#slipped, [onerror], [onload], img[src=x], body script:not([src])").length,
    ]);
    assert.deepEqual(found, [0, 0], where);
  }
}

test("every page of the site has a policy that lets in nothing foreign and nothing inline", async () => {
  for (const name of PAGES) {
    const body = (await request(new URL(name, TOP))).body.toString();
    const policies = [...body.matchAll(/<meta http-equiv="Content-Security-Policy" content="([^"]+)">/g)].map(
      ([, own]) => own,
    );
    assert.equal(policies.length, 1, name);
    const rules = new Map(
      policies[0]
        .split(";")
        .map((rule) => rule.trim().split(/\s+/))
        .map(([key, ...values]) => [key, values]),
    );
    // Whatever is not named falls back to this one.
    assert.ok(["'none'", "'self'"].includes(rules.get("default-src")?.join(" ")), name);
    for (const [key, values] of rules) {
      const allowed = [
        "'none'",
        "'self'",
        ...(key === "script-src" ? ["'wasm-unsafe-eval'"] : []),
        ...(key === "img-src" ? ["data:", "blob:"] : []),
      ];
      for (const value of values) assert.ok(allowed.includes(value), `${name}: ${key} ${value}`);
    }
    for (const key of ["base-uri", "form-action"]) assert.deepEqual(rules.get(key), ["'none'"], `${name}: ${key}`);
    // It stands before all that it is to hold.
    const head = body.slice(0, body.indexOf("Content-Security-Policy"));
    assert.ok(!/<(script|link|style|img)/i.test(head), `${name}: something stands above the policy`);
    assert.ok(
      !/\son[a-z]+\s*=\s*["']/i.test(body.replace(/<code[\s\S]*?<\/code>/g, "")),
      `${name}: a handler in markup`,
    );
    assert.ok(
      !/<script(?![^>]*\ssrc=)[^>]*>/i.test(body.replace(/<code[\s\S]*?<\/code>/g, "")),
      `${name}: an inline script`,
    );
  }
});

test("every page and every view is shown without a violation and without a foreign request", async () => {
  for (const name of PAGES) {
    const { page, context, problems } = await open(browser, { site: new URL(name, TOP).href });
    await page.waitForLoadState("networkidle");
    // Frames and figures far below load when they come near.
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await page.waitForLoadState("networkidle");
    assertClean(problems);
    await context.close();
  }
  const { page, problems } = await openReady(browser, {
    viewport: LAPTOP,
    link: "v1&rate=1&horizon=200req&sessions=4x500",
  });
  // There and back: what a view leaves behind must not fall on the next.
  for (const view of [...VIEWS, ...VIEWS.toReversed()]) {
    await page.click(`#tab-${view}`);
    await page.locator(`#tab-${view}[aria-selected=true]`).waitFor();
    await page.waitForLoadState("networkidle");
  }
  await page.click("#tab-replay");
  await gone(page, "#replay-progress");
  for (const control of ["#gallery", "[data-testid=share]"]) {
    await page.click(control);
    await page.locator("dialog[open]").first().waitFor();
    await page.waitForTimeout(300);
    // The first Escape may only put away the words on a term that lies under the pointer.
    const shut = async () => {
      await page.keyboard.press("Escape");
      return page.locator("dialog[open]").count();
    };
    await until(shut, (open) => open === 0, "a dialog stays open");
  }
  assertClean(problems);
});

test("what a link says stays text, on the page, in an embed, in every view and in what is shared", async () => {
  const name = encodeURIComponent(MARKUP);
  const links = [
    `v1&model=${name}`,
    `v1&pool=${name}*8`,
    `v1&chip=${name}:bf16=500:mem=96:bw=4000&pool=${name}*8`,
    `v1&arch=${name}:h=4096:v=128256:gqa=32x8x128*32:ffn=14336*32&model=${name}`,
    `v1&${name}=${name}`,
    `v1&isl=${name}`,
    `v1&pin=${encodeURIComponent(`v1&model=${MARKUP}`)}&pin=${name}`,
    `v1&x=${name}&y=${name}&view=${name}&story=${name}&hide=${name}`,
    `v1&spec=${name}:3&link=${name}&tier=${name}&engine=${name}`,
  ];
  // Told of it, and loaded with it.
  const { page, problems } = await openReady(browser, { link: "v1&isl=4k" });
  for (const link of links) {
    await page.evaluate((link) => (location.hash = link), link);
    await page.waitForTimeout(150);
    await nothingSlipped(page, link);
  }
  assertClean(problems);
  for (const [index, query] of [
    [0, ""],
    [2, ""],
    [7, ""],
    [0, "embed=1"],
    [6, `embed=1&hide=${name}&theme=${name}&height=${name}`],
  ]) {
    const { page, context, problems } = await open(browser, { link: links[index], query });
    await page.locator("[data-testid=sentence], .refusal, .notices").first().waitFor();
    // What is not understood is shown in the place of everything else, until it is given up.
    await nothingSlipped(page, `${query} ${links[index]}`);
    const ignore = page.getByRole("button", { name: /^Ignore this/ });
    if (query === "" && (await ignore.count()) > 0) await ignore.click();
    if (query === "") for (const view of VIEWS) await page.click(`#tab-${view}`);
    await nothingSlipped(page, `${query} ${links[index]}`);
    assertClean(problems);
    await context.close();
  }
});

test("what files say stays text: configurations, saved lists, traces", async () => {
  const file = (name, body) => ({ name, mimeType: "application/json", buffer: Buffer.from(body) });
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: "v1&isl=4k" });
  await page.waitForFunction(() => document.documentElement.dataset.assisted === "true");

  await page.click("#gallery");
  const saved = [
    { name: MARKUP, link: "v1&isl=8k" },
    { name: "fine", link: `v1&model=${encodeURIComponent(MARKUP)}` },
    { name: { toString: MARKUP }, link: MARKUP },
    { name: "script", link: "javascript:window.slipped=1" },
  ];
  await page.setInputFiles("#saved-file", file(`${MARKUP.slice(0, 40)}.json`, JSON.stringify({ scenarios: saved })));
  await until(
    () => page.locator(".saved .name").allInnerTexts(),
    (names) => names.includes(MARKUP),
    "the name as it was written",
  );
  await nothingSlipped(page, "saved names");
  // The list is read again from where it is kept, and comes out as it went in.
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByText("Export as a file").click()]);
  assert.equal(
    JSON.parse(await readFile(await download.path(), "utf8")).scenarios.find((own) => own.link === "v1&isl=8k").name,
    MARKUP,
  );
  await page.keyboard.press("Escape");

  await page.click("#tab-replay");
  await gone(page, "#replay-progress");
  await page.locator("summary", { hasText: "Replay a trace" }).click();
  const trace = `{"timestamp": "${MARKUP.replaceAll('"', "'")}", "input_length": 1, "output_length": 1, "hash_ids": []}\n{"timestamp": 0, "input_length": 100, "output_length": 5, "hash_ids": []}\n`;
  await page.setInputFiles("#replay-trace", {
    name: `${MARKUP.slice(0, 40)}.jsonl`,
    mimeType: "text/plain",
    buffer: Buffer.from(trace),
  });
  await page.getByText(/requests 1/).waitFor({ timeout: 30_000 });
  await nothingSlipped(page, "a trace");

  await page.locator("details.own > summary", { hasText: "Own model" }).click();
  const sound = {
    hidden_size: 3072,
    num_hidden_layers: 20,
    num_attention_heads: 24,
    intermediate_size: 8192,
    vocab_size: 50000,
  };
  for (const more of [
    { hidden_size: MARKUP, [MARKUP]: MARKUP },
    { quantization_config: { quant_method: MARKUP } },
    {},
  ]) {
    const config = { model_type: MARKUP, _name_or_path: MARKUP, architectures: [MARKUP], ...sound, ...more };
    await page.fill("#own-config", JSON.stringify(config));
    await page.fill("#own-model-name", MARKUP);
    await page.getByRole("button", { name: "Use this model" }).click();
    await page.waitForTimeout(400);
    await nothingSlipped(page, "a configuration");
  }
  assertClean(problems);
});

test("a story, a shared text and a poster of markup stay text", async () => {
  const { page, problems } = await openReady(browser, {
    viewport: LAPTOP,
    link: `v1&chip=my-npu:bf16=500:mem=96:bw=4000&pool=my-npu*8&story=${encodeURIComponent(MARKUP)}:1`,
  });
  await nothingSlipped(page, "a story");
  const answers = await page.evaluate(async (markup) => {
    const embed = document.createElement("script");
    embed.src = "embed.js";
    document.head.append(embed);
    await new Promise((resume) => (embed.onload = resume));
    const own = document.createElement("tandem-embed");
    for (const name of ["poster", "label", "scenario", "view", "hide", "theme", "height"])
      own.setAttribute(name, markup);
    document.body.append(own);
    return own.shadowRoot.querySelectorAll("img, script, b").length;
  }, MARKUP);
  assert.equal(answers, 0);
  await nothingSlipped(page, "a poster");
  assertClean(problems);
});
