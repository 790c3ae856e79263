// The panel of ways to hand a scenario on: every file has what its name says, the code shows a live figure, and a closed
// clipboard costs nobody the text.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { TOP, assertClean, axe, launch, openReady } from "./support.mjs";

const LINK = "v1&model=llama3-8b&isl=2k&pool=h200*8&y=tpot";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

async function panel(options = {}) {
  const opened = await openReady(browser, { link: LINK, ...options });
  await opened.page.click("[data-testid=share]");
  await opened.page.waitForSelector("#share[open]");
  return opened;
}

/** What a button saves: its name and bytes. */
async function saved(page, what) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(`[data-save="${what}"]`)]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

const tandem = async (...words) =>
  (await promisify(execFile)(process.env.TANDEM_BIN, words, { maxBuffer: 1e8 })).stdout;

test("every file is what its name says, and the same as from the shell", { timeout: 300_000 }, async () => {
  const { page, context, problems } = await panel();
  const address = await page.inputValue("#share-link");

  const markdown = await saved(page, "Markdown");
  assert.equal(markdown.name, "tandem-llama3-8b.md");
  assert.match(String(markdown.bytes), /^| setting | value |$/m);
  assert.ok(String(markdown.bytes).includes(`(${TOP}#v1&`), "the way back");

  const csv = String((await saved(page, "CSV")).bytes);
  assert.match(csv, /^series,Input length \(tokens\),Time per output token \(s\),low,high,note\nNow,/);

  const json = String((await saved(page, "JSON")).bytes);
  // Addresses of sources stay out of what a browser loads; all else is the same to the letter.
  const shell = await tandem("eval", "--json", address);
  assert.match(shell, /"url":"https:/);
  assert.equal(json, shell.replace(/"url":"[^"]*"/g, '"url":null'));

  const file = JSON.parse((await saved(page, "Scenario")).bytes);
  assert.equal(file.scenarios[0].link, address.split("#")[1]);

  await page.click("#share details:has([data-save=SVG]) summary");
  await page.waitForFunction(() => document.querySelector("#share .preview img").naturalWidth === 960);
  const svg = String((await saved(page, "SVG")).bytes);
  const parsed = await page.evaluate((text) => {
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
    return [parsed.querySelector("parsererror")?.textContent, parsed.querySelector("title")?.textContent];
  }, svg);
  assert.equal(parsed[0], undefined);
  assert.match(parsed[1], /^Time per output token against input length: Llama 3/);
  assert.equal(svg, await tandem("render", address), "the picture of the shell");

  const png = (await saved(page, "PNG")).bytes;
  assert.equal(png.subarray(0, 8).toString("hex"), "89504e470d0a1a0a");
  assert.equal(png.readUInt32BE(16), 1920);
  assert.ok(png.length > 20_000, `${png.length} bytes`);

  // A view that takes a replay to draw, and one from below the charts.
  for (const [view, words] of [
    ["replay", "What was done when"],
    ["memory", "Memory of one chip"],
  ]) {
    await page.selectOption("#share-picture", view);
    const file = await saved(page, "SVG");
    assert.equal(file.name, `tandem-llama3-8b-${view}.svg`);
    assert.ok(String(file.bytes).includes(words), view);
    assert.equal(String(file.bytes), await tandem("render", address, "--view", view), view);
  }
  assertClean(problems);
  await context.close();
});

test("texts go to the clipboard", async () => {
  const { page, context, problems } = await panel({ permissions: ["clipboard-read", "clipboard-write"] });
  const read = () => page.evaluate(() => navigator.clipboard.readText());
  for (const [what, start] of [
    ["link", TOP],
    ["JSON", '{"link":'],
    ["CSV", "series,"],
    ["Markdown", "Llama"],
  ]) {
    await page.click(`[data-copy="${what}"]`);
    await page.waitForFunction(
      (what) => document.querySelector(`[data-copy="${what}"]`).textContent === "Copied",
      what,
    );
    assert.ok((await read()).includes(start), what);
  }
  await page.click("#share details:has([data-save=SVG]) summary");
  await page.click('[data-copy="PNG"]');
  await page.waitForFunction(() => document.querySelector('[data-copy="PNG"]').textContent === "Copied");
  const size = await page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const picture = await createImageBitmap(await item.getType("image/png"));
    return picture.width;
  });
  assert.equal(size, 1920, "the picture is on the clipboard");
  assertClean(problems);
  await context.close();
});

test("a closed clipboard leaves the text in a field", async () => {
  const { page, context } = await openReady(browser, { link: LINK });
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  await page.click("[data-testid=share]");
  await page.click('[data-copy="Markdown"]');
  await page.waitForSelector("#share-by-hand:focus");
  assert.match(await page.inputValue("#share-by-hand"), /\| setting \| value \|/);
  await page.click("#share details:has([data-save=SVG]) summary");
  await page.click('[data-copy="PNG"]');
  await page.getByText("The clipboard takes no picture here. Save it as PNG instead").waitFor();
  await context.close();
});

test("the code of the embed shows what the preview shows", async () => {
  const { page, context, problems } = await panel();
  assert.equal(await page.locator("#share iframe").count(), 0, "nothing is loaded before it is wanted");
  await page.click("#share details:has(#share-code) summary");
  const inside = page.frameLocator("#share iframe");
  await inside.locator("main.embed canvas").waitFor();
  assert.match(
    await page.inputValue("#share-code"),
    /^<script src=".*embed\.js" defer><\/script>\n<tandem-embed scenario="v1&amp;model=llama3-8b/,
  );

  await page.selectOption("#share-theme", "dark");
  await page.uncheck("#share-sentence");
  await page.selectOption("#share-kind", "iframe");
  await page.fill("#share-height", "520");
  const code = await page.inputValue("#share-code");
  assert.match(code, /\?embed=1&amp;hide=sentence&amp;theme=dark#v1&amp;/);
  assert.match(code, /height="520"/);
  await inside.locator("main.embed canvas").waitFor();
  assert.equal(await inside.locator(".answer").count(), 0);
  assertClean(problems);

  const server = http.createServer((_, answer) =>
    answer.setHeader("content-type", "text/html").end(`<!doctype html><title>A page</title>${code}`),
  );
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = await context.newPage();
  await host.goto(`http://127.0.0.1:${server.address().port}/`);
  await host.frameLocator("iframe").locator("main.embed canvas").waitFor();
  await new Promise((resolve) => server.close(resolve));
  await context.close();
});

for (const colorScheme of ["light", "dark"]) {
  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ]) {
    test(`axe finds nothing in the panel: ${colorScheme}, ${viewport.width} wide`, async () => {
      const { page, context, problems } = await panel({ colorScheme, viewport });
      for (const summary of await page.locator("#share summary").all()) await summary.click();
      await page.waitForFunction(() => document.querySelector("#share .preview img").naturalWidth > 0);
      await page.frameLocator("#share iframe").locator("main.embed canvas").waitFor();
      assert.deepEqual(await axe(page), []);
      const wide = await page.evaluate(() => {
        const box = document.getElementById("share");
        return [box.scrollWidth - box.clientWidth, document.documentElement.scrollWidth - innerWidth];
      });
      assert.ok(wide[0] <= 0 && wide[1] <= 0, `runs over by ${wide}`);
      assertClean(problems);
      await context.close();
    });
  }
}

test("the keyboard opens, walks and closes it", async () => {
  const { page, context, problems } = await openReady(browser, { link: LINK });
  await page.focus("[data-testid=share]");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#share[open]");
  for (let step = 0; step < 24; step += 1) {
    await page.keyboard.press("Tab");
    const inside = await page.evaluate(
      () => document.activeElement === document.body || !!document.activeElement.closest("#share"),
    );
    assert.ok(inside, `focus left the panel after ${step + 1} steps`);
  }
  await page.keyboard.press("Escape");
  await page.waitForSelector("#share", { state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), "share");
  assertClean(problems);
  await context.close();
});
