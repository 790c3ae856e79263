// The page as people use it: figures that follow the controls, links that carry them, charts that can be read.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import {
  assertClean,
  axe,
  becomes,
  changed,
  DEEP,
  LAPTOP,
  launch,
  open,
  openReady,
  PHONE,
  pick,
  picked,
  pixels,
  sentence,
  tiles,
  TOP,
  waitReady,
} from "./support.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const tile = (page, metric) => page.locator(`[data-metric=${metric}] .value`).innerText();

/** The slider beside a text entry. */
const slider = (page, id) => page.locator(`#${id} ~ input[type=range]`);

/** Drags a slider's thumb by hand, from where it is to a share of its length. */
async function drag(page, id, share) {
  const box = await slider(page, id).boundingBox();
  const [at, last] = await slider(page, id).evaluate((range) => [Number(range.value), Number(range.max)]);
  const place = (part) => box.x + 8 + part * (box.width - 16);
  const middle = box.y + box.height / 2;
  await page.mouse.move(place(at / last), middle);
  await page.mouse.down();
  await page.mouse.move(place((at / last + share) / 2), middle, { steps: 4 });
  await page.mouse.move(place(share), middle, { steps: 4 });
  await page.mouse.up();
}

test("the first screen has figures, and they fit on a laptop", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  assert.match(await sentence(page), /TTFT .+\stok\/s\/user/);
  for (const text of await tiles(page)) assert.match(text, /\d/);
  const chart = await page.locator(".chart-panel .plot canvas").boundingBox();
  assert.ok(chart.y + chart.height < LAPTOP.height, "the chart is on the first screen");
  const names = await page.locator(".breakdown h3, .card h3").allInnerTexts();
  assert.ok(names.length >= 4, "latencies have parts, pools have cards");
  assertClean(problems);
});

test("dragging a slider moves figures and curves", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  const before = { ttft: await tile(page, "ttft"), sentence: await sentence(page), pixels: await pixels(page) };
  await drag(page, "isl", 0.8);
  const ttft = await changed(() => tile(page, "ttft"), before.ttft);
  assert.notEqual(ttft, before.ttft);
  assert.notEqual(await sentence(page), before.sentence);
  await changed(() => pixels(page), before.pixels);
  assertClean(problems);
});

test("every slider moves something", async () => {
  const { page } = await openReady(browser, { viewport: LAPTOP });
  for (const [id, share] of [
    ["size", 0.2],
    ["osl", 0.9],
    ["hit", 0.7],
    ["concurrency", 0.2],
    ["prefill-count", 0.9],
  ]) {
    const before = await tiles(page);
    await drag(page, id, share);
    await changed(() => tiles(page), before);
  }
});

test("the keyboard moves a slider from one round value to the next", async () => {
  const { page } = await openReady(browser);
  await slider(page, "isl").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.locator("#isl").inputValue(), "9k");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await page.locator("#isl").inputValue(), "8k");
});

test("nonsense is refused in words and loses nothing", async () => {
  const { page, problems } = await openReady(browser);
  const before = await tiles(page);
  await page.fill("#isl", "12 bananas");
  await page.locator("#osl").focus();
  const error = page.locator("#isl-error");
  assert.match(await error.innerText(), /1 to 16M/);
  assert.equal(await page.locator("#isl").inputValue(), "12 bananas", "what was typed stays");
  assert.equal(await page.locator("#isl").getAttribute("aria-invalid"), "true");
  assert.deepEqual(await tiles(page), before, "the last good value holds");
  await page.fill("#isl", "99999999999");
  assert.match(await error.innerText(), /outside 1 to 16M/);
  await page.fill("#isl", "128k");
  assert.equal(await error.isVisible(), false);
  await changed(() => tiles(page), before);
  assertClean(problems);
});

test("a copied link gives the same answer elsewhere", async () => {
  const { page, context } = await openReady(browser, { permissions: ["clipboard-read", "clipboard-write"] });
  await pick(page, "#model", "deepseek-v3");
  await page.fill("#isl", "32k");
  await pick(page, "#decode-chip", "b200");
  await page.fill("#decode-count", "32");
  await page.press("#decode-count", "Enter");
  await page.click("[data-testid=pin]");
  await page.selectOption("#chart-x", "load");
  await page.selectOption("#chart-y", "cost");
  await page.click("[data-testid=copy-link]");
  await page.getByText("Copied", { exact: true }).first().waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /#v1&.*model=deepseek-v3/);
  const here = { sentence: await sentence(page), tiles: await tiles(page) };
  await context.close();

  const other = await openReady(browser, { link: link.split("#")[1] });
  assert.deepEqual({ sentence: await sentence(other.page), tiles: await tiles(other.page) }, here);
  assert.equal(await other.page.locator("#chart-x").inputValue(), "load");
  assert.equal(await other.page.locator("#chart-y").inputValue(), "cost");
  await other.page.locator(".comparison thead th").first().waitFor(); // the table is a late view
  assert.equal(await other.page.locator(".comparison thead th").count(), 3, "the pinned scenario travels along");
  assertClean(other.problems);
});

test("every preset answers, with its own chart and comparison", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  const items = page.locator("#library .starts button");
  await page.click("#gallery");
  await items.first().waitFor();
  const count = await items.count();
  assert.ok(count > 3);
  await page.keyboard.press("Escape");
  for (let index = count - 1; index >= 0; index -= 1) {
    const before = await sentence(page);
    await page.click("#gallery");
    await items.nth(index).click();
    await changed(() => sentence(page), before);
    assert.equal(await page.locator(".answer.refused").count(), 0, await sentence(page));
    assert.equal(await page.locator("#library").count(), 0);
    assert.equal(await page.locator(".notices").count(), 0);
  }
  assertClean(problems);
});

test("a click that comes before its script is not lost", async () => {
  const { context, problems } = await open(browser, { viewport: LAPTOP });
  // The script is held back until the button was pressed.
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await context.route("**/assist-*.js", async (route) => {
    await held;
    await route.continue();
  });
  const page = await context.newPage();
  await page.goto(TOP);
  await waitReady(page);
  await page.click("#gallery");
  assert.equal(await page.locator("#library").count(), 0, "nobody is there yet to answer");
  release();
  await page.locator("#library .starts button").first().waitFor();
  assertClean(problems);
});

test("a closed clipboard leaves the link to be copied by hand", async () => {
  const { page } = await open(browser);
  await page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, "clipboard", { get: () => undefined });
  });
  await page.reload();
  await waitReady(page);
  await page.click("[data-testid=copy-link]");
  assert.match(await page.locator("#by-hand").inputValue(), /#v1/);
});

test("figures are those of the command line", {
  skip: process.env.TANDEM_BIN ? false : "TANDEM_BIN is not set",
}, async () => {
  for (const link of [
    "v1",
    "v1&model=deepseek-v3&isl=4k&osl=1k&concurrency=128&pool=h200*16:tp8:ep8",
    "v1&model=moe:235B:9%25&rate=2&prefill=b200*8&decode=mi355x*8",
    "v1&model=gpt-oss-120b&pool=mi300x*8&hit=0.5",
  ]) {
    const { page, context } = await openReady(browser, { link });
    const report = JSON.parse(execFileSync(process.env.TANDEM_BIN, ["eval", link, "--json"], { encoding: "utf8" }));
    const beside = page.locator("[data-testid=own-settings]");
    const said = [await sentence(page), ...(await beside.allInnerTexts())].join(" ");
    assert.equal(said, report.sentence ?? report.error, link);
    await context.close();
  }
});

test("reload, back and forward keep their scenario", async () => {
  const { page, problems } = await openReady(browser);
  const first = await tiles(page);
  await page.fill("#isl", "16k");
  await page.press("#isl", "Enter");
  await page.waitForURL(/isl=16k/);
  const second = await tiles(page);
  await page.fill("#osl", "4k");
  await page.press("#osl", "Enter");
  await page.waitForURL(/osl=4k/);
  const third = await tiles(page);
  assert.notDeepEqual(second, third);

  await page.goBack();
  assert.deepEqual(await changed(() => tiles(page), third), second);
  await page.goBack();
  assert.deepEqual(await changed(() => tiles(page), second), first);
  await page.goForward();
  assert.deepEqual(await changed(() => tiles(page), first), second);
  assert.equal(await page.locator("#isl").inputValue(), "16k");

  await page.reload();
  await waitReady(page, problems);
  assert.deepEqual(await tiles(page), second);
  assertClean(problems);
});

test("a drag is one step of history", async () => {
  const { page } = await openReady(browser, { viewport: LAPTOP });
  const length = () => page.evaluate(() => history.length);
  const [before, first] = [await length(), await tiles(page)];
  await drag(page, "isl", 0.9);
  await page.waitForURL(/isl=/);
  assert.equal(await length(), before + 1);
  await page.goBack();
  await becomes(() => tiles(page), first, "one step back");
});

test("a link typed into the address is read without a reload", async () => {
  const { page } = await openReady(browser);
  const before = await tiles(page);
  await page.evaluate(() => {
    location.hash = "#v1&model=llama3-8b&pool=h100-sxm*1";
  });
  await changed(() => tiles(page), before);
  assert.equal(await picked(page, "#model"), "llama3-8b");
});

test("what a link says besides is told in a notice that can be dismissed", async () => {
  const { page, problems } = await openReady(browser, { link: "v1&bogus=1&model=deepseek-r1&pool=h200*16&osl=2k" });
  const notice = page.locator(".notices");
  const text = await notice.innerText();
  for (const part of ["bogus: no such key", "read as deepseek-v3"])
    assert.ok(text.includes(part), `${part} in: ${text}`);
  assert.equal(await page.locator("#osl").inputValue(), "2k");
  assert.equal(await picked(page, "#model"), "deepseek-v3");
  await notice.getByRole("button", { name: "Dismiss" }).click();
  assert.equal(await notice.count(), 0);
  assertClean(problems);
});

/** Everything that shows a figure. */
const STAGE = "[data-testid=sentence], .tile, .chart-panel, canvas";

test("what is not understood is asked back over an empty stage", async () => {
  const link = "v1&model=lama3-8b&osl=2k&pool=h10*8:tp8";
  const { page, problems } = await open(browser, { link, several: true });
  const banner = page.locator(".misread");
  await banner.waitFor();
  assert.match(await banner.innerText(), /Nothing is calculated.*unknown model "lama3-8b".*Did you mean/s);
  assert.equal(await page.locator(STAGE).count(), 0, "no figure stands below");
  await page.locator("#osl").waitFor();
  assert.equal(await page.locator("#osl").inputValue(), "2k", "the rest stands in the controls");
  await page.waitForTimeout(500);
  assert.equal(await page.evaluate(() => location.hash), `#${link}`, "what was typed stays in the address");
  assert.deepEqual(await axe(page), []);

  await banner.getByRole("button", { name: "llama3-8b", exact: true }).click();
  await page.locator(".misread", { hasText: "h10" }).getByRole("button", { name: "h100-sxm*8:tp8" }).click();
  await page.locator("[data-testid=sentence]").waitFor();
  assert.match(await sentence(page), /8 × H100 SXM.*Llama 3 \/ 3\.1 8B/s);
  assert.equal(await page.locator(".misread").count(), 0);
  const hash = await page.evaluate(() => location.hash);
  for (const part of ["model=llama3-8b", "pool=h100-sxm*8:tp8", "osl=2k"]) assert.ok(hash.includes(part), hash);

  // Undo leads back to the question.
  await page.goBack();
  await page.locator(".misread", { hasText: "h10" }).waitFor();
  assert.equal(await page.locator(STAGE).count(), 0);
  await page.goForward();
  await page.locator("[data-testid=sentence]").waitFor();
  assertClean(problems);
});

test("a control or the reader's word settles what is not understood", async () => {
  const { page } = await open(browser, { link: "v1&isl=banana&osl=2k" });
  await page.locator(".misread").waitFor();
  await page.locator("#osl").fill("1k");
  await page.locator("#osl").press("Enter");
  await page.waitForFunction(() => location.hash.includes("osl=1k") || !location.hash.includes("osl=2k"));
  assert.equal(await page.locator(".misread").count(), 1, "another setting settles nothing");
  assert.ok((await page.evaluate(() => location.hash)).includes("isl=banana"));
  await page.locator("#isl").fill("4k");
  await page.locator("#isl").press("Enter");
  await page.locator("[data-testid=sentence]").waitFor();
  assert.match(await sentence(page), /4k\/1k/);

  await page.evaluate(() => (location.hash = "#v1&isl=banana"));
  await page.locator(".misread").waitFor();
  assert.equal(await page.locator(STAGE).count(), 0, "what stood there before is gone");
  await page.getByRole("button", { name: /Ignore this/ }).click();
  await page.locator("[data-testid=sentence]").waitFor();
  assert.ok(!(await page.evaluate(() => location.hash)).includes("banana"));
});

test("what does not fit says what is missing", async () => {
  const { page, problems } = await openReady(browser, {
    link: "v1&model=llama3.1-405b&pool=h100-sxm*2&split=colocated",
  });
  assert.match(await sentence(page), /fit|chip/i);
  assert.ok(await page.locator(".answer.refused").count());
  assertClean(problems);
});

test("the cursor reads the chart by pointer and by keyboard", async () => {
  const { page } = await openReady(browser, { viewport: LAPTOP });
  const field = page.locator(".chart-panel .cursor-field");
  const drawn = await pixels(page);
  await field.hover({ position: { x: 300, y: 100 } });
  assert.match(await page.locator(".chart-panel .tip").innerText(), /Input length/);
  assert.equal(await pixels(page), drawn, "a tooltip repaints nothing");
  await page.mouse.move(5, 5);
  await field.focus();
  await page.keyboard.press("End");
  const last = await page.locator(".chart-panel .figure [role=status]").innerText();
  assert.match(last, /\d/);
  await page.keyboard.press("ArrowLeft");
  assert.notEqual(await page.locator(".chart-panel .figure [role=status]").innerText(), last);
  const before = await tiles(page);
  await page.keyboard.press("Enter");
  await changed(() => tiles(page), before);
});

test("dragging its line moves the scenario along the curve", async () => {
  const { page } = await openReady(browser, { viewport: LAPTOP });
  const field = page.locator(".charts .cursor-field");
  const box = await field.boundingBox();
  const before = await page.locator("#isl").inputValue();
  let grip = box.x + 80;
  // The line can be taken hold of where the pointer says so.
  for (; grip < box.x + box.width; grip += 8) {
    await page.mouse.move(grip, box.y + 100);
    if (await field.evaluate((own) => own.classList.contains("live"))) break;
  }
  await page.mouse.down();
  await page.mouse.move(grip - 100, box.y + 100, { steps: 5 });
  await page.mouse.up();
  const now = await changed(() => page.locator("#isl").inputValue(), before);
  assert.match(now, /^\d/);
  assert.equal(await page.locator(".reset-zoom").count(), 0, "that was no zoom");
});

test("the table beside a chart holds its figures", async () => {
  const { page } = await openReady(browser);
  await page.locator(".chart-panel").getByText("Figures as a table").click();
  const rows = page.locator(".chart-panel .data tbody tr");
  await rows.first().waitFor();
  assert.ok((await rows.count()) > 10);
  assert.match(await rows.first().innerText(), /\d/);
});

test("the frontier is found, with and without a worker, and its points become the scenario", async () => {
  for (const workers of [true, false]) {
    const { page, context } = await openReady(browser, { viewport: LAPTOP, link: "v1&view=frontier", workers });
    await page.getByText(/\d+ deployments of the same chips/).waitFor();
    await page.locator(".chart-panel .cursor-field").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("End");
    const before = await tiles(page);
    await page.keyboard.press("Enter");
    await changed(() => tiles(page), before);
    await context.close();
  }
});

test("pinned scenarios are compared in figures and on the chart", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  const drawn = await pixels(page);
  await page.click("[data-testid=pin]");
  await pick(page, "#decode-chip", "b200");
  await changed(() => pixels(page), drawn);
  assert.ok(await page.locator(".tile .delta").count());
  assert.match(await page.locator(".comparison").innerText(), /Pin|Open/);
  await page.getByRole("button", { name: /^Unpin/ }).click();
  assert.equal(await page.locator(".comparison").count(), 0);
  assertClean(problems);
});

test("an embed shows answer and chart only, and leaves the address alone", async () => {
  const { page, problems } = await openReady(browser, { query: "embed=1", link: "v1&isl=4k" });
  assert.equal(await page.locator(".controls, .bar, .tiles, .tabs, .chooser").count(), 0);
  assert.match(await sentence(page), /4k\/1k/);
  const box = await page.locator(".chart-panel .cursor-field").boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 3);
  await page.waitForTimeout(700);
  assert.ok(page.url().endsWith("?embed=1#v1&isl=4k"), page.url());
  const out = page.getByRole("link", { name: "Open in playground" });
  assert.equal(await out.getAttribute("target"), "_blank");
  const href = await out.getAttribute("href");
  assert.ok(href.startsWith(`${TOP}#v1`) && !href.includes("embed"), href);
  assertClean(problems);
});

test("an embed takes its look and its chart from the query", async () => {
  const { page } = await openReady(browser, { query: "embed=1&theme=dark&view=frontier&hide=sentence" });
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  assert.equal(await page.locator("[data-testid=sentence]").count(), 0);
  await page.getByText(/\d+ deployments of the same chips/).waitFor();
  // What stands below the charts on the page can stand in their place.
  const below = await openReady(browser, { query: "embed=1&view=flow" });
  await below.page.locator(".chart-panel .flows canvas").waitFor();
  assert.equal(await below.page.locator(".curves, .tabs").count(), 0);
});

test("colours follow the system, and the switch is remembered", async () => {
  const { page } = await openReady(browser, { colorScheme: "dark", viewport: LAPTOP });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  const drawn = await pixels(page);
  await page.click("[data-testid=theme]");
  const light = await changed(ground, dark);
  await changed(() => pixels(page), drawn);
  await page.reload();
  await waitReady(page);
  assert.equal(await ground(), light);
});

test("a phone shows everything without scrolling sideways", async () => {
  for (const link of ["", "v1&view=frontier", "v1&model=deepseek-v3&pool=h200*16"]) {
    const { page, context } = await openReady(browser, { viewport: PHONE, link });
    const wide = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(await wide(), 0);
    assert.equal(await page.locator("#isl").isVisible(), false, "the controls are folded");
    await page.getByRole("button", { name: "Change the scenario" }).click();
    assert.equal(await page.locator("#isl").isVisible(), true);
    assert.equal(await wide(), 0);
    await context.close();
  }
});

test("the canvas is as sharp as the screen", async () => {
  for (const deviceScaleFactor of [1, 2]) {
    const { page, context } = await openReady(browser, { deviceScaleFactor });
    const ratio = await page
      .locator(".chart-panel .plot canvas")
      .evaluate((canvas) => canvas.width / canvas.clientWidth);
    assert.ok(Math.abs(ratio - deviceScaleFactor) < 0.01, `${ratio}`);
    await context.close();
  }
});

test("the page works under a deep path", async () => {
  const { page, problems } = await openReady(browser, { site: DEEP, link: "v1&isl=2k" });
  assert.match(await sentence(page), /2k\/1k/);
  assertClean(problems);
});

test("axe finds nothing, in any look and size", async () => {
  for (const viewport of [LAPTOP, PHONE]) {
    for (const colorScheme of ["light", "dark"]) {
      const { page, context } = await openReady(browser, {
        viewport,
        colorScheme,
        link: "v1&bogus=1&pin=v1%26isl%3D1k",
      });
      if (viewport === PHONE) await page.getByRole("button", { name: "Change the scenario" }).click();
      for (const details of await page.locator("details").all()) await details.evaluate((own) => (own.open = true));
      await page.waitForTimeout(200);
      assert.deepEqual(await axe(page), [], `${colorScheme} ${viewport.width}`);
      await context.close();
    }
  }
  const embed = await openReady(browser, { query: "embed=1" });
  assert.deepEqual(await axe(embed.page), [], "embed");
});
