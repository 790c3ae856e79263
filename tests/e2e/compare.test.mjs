// What moves numbers is said, comparison is in sight, break-even answers in a sentence, and sizing is a view of its own.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  assertClean,
  axe,
  changed as changedWithin,
  LAPTOP,
  launch,
  openReady,
  PHONE,
  pixels,
  tiles,
  until,
} from "./support.mjs";

const changed = (read, before) => changedWithin(read, before, 200);

/** A scenario whose searches are short. */
const SMALL = "v1&model=llama3-8b&prefill=h100-sxm*2&decode=h200*2&concurrency=32";
const pinned = (...links) => links.map((link) => `&pin=${encodeURIComponent(link)}`).join("");
const B200 = pinned("v1&model=llama3-8b&pool=b200*4");

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const plain = (text) => text.replace(/[\u00a0\u202f]/g, " ");
const text = async (page, test) => plain(await page.locator(`[data-testid=${test}]`).innerText());

test("what is no default is said beside the sentence", async () => {
  const link = "v1&pool=h200*8&rents=h200:0.01&hit=95%25&spread=0.01&years=5&cap=500W&profile=inferencex";
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link });
  const said = await text(page, "own-settings");
  for (const part of [
    "own price of H200 SXM $0.01/h",
    "95 % prefix-cache hits",
    "lengths between 1 % and 100 % of nominal",
    "written off over 5 years",
    "power cap 500 W",
    "flags of InferenceX",
  ])
    assert.ok(said.includes(part), `${part} in ${said}`);
  assert.deepEqual(await axe(page), []);
  await page.evaluate(() => (location.hash = "v1&pool=h200*8"));
  await until(
    () => page.locator("[data-testid=own-settings]").count(),
    (count) => count === 0,
    "nothing is left to say",
  );
  assertClean(problems);
});

test("an embed says it although the sentence is hidden", async () => {
  const link = "v1&pool=h200*8&rents=h200:0.01&hit=95%25";
  for (const hide of ["", "&hide=sentence", "&hide=sentence,remarks,table"]) {
    const { page, context } = await openReady(browser, { viewport: LAPTOP, query: `embed=1${hide}`, link });
    const own = page.locator("[data-testid=own-settings]");
    await own.waitFor();
    assert.ok(await own.isVisible());
    const said = await text(page, "own-settings");
    assert.match(said, /own price of H200 SXM \$0\.01\/h/);
    assert.match(said, /95 % prefix-cache hits/);
    // Without the sentence the line says of what the figures are.
    if (hide) assert.match(said, /8 × H200 SXM: 64 concurrent requests at 8k\/1k/);
    await context.close();
  }
});

test("compared scenarios are named chips above the tabs, and stay in sight", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: `${SMALL}${B200}` });
  const chip = page.locator(".compare-chip .name");
  await chip.waitFor();
  assert.match(plain(await chip.innerText()), /A 4 × B200 SXM/);
  const [bar, tabs] = await Promise.all(
    [".compare-bar", ".charts .tabs"].map((own) => page.locator(own).boundingBox()),
  );
  assert.ok(bar.y + bar.height <= tabs.y + 1, "above the tabs");
  // The strip says how and why.
  const strip = page.locator("[data-testid=strip]");
  await strip.filter({ hasText: /TTFT.*×.(faster|slower)\b.*(pools|chip)/s }).waitFor();
  assert.match(plain(await strip.innerText()), /\$\/Mtok in\+out \d[\d.]*× (cheaper|dearer)/);
  // The chart draws it by this name.
  assert.match(await page.locator(".charts .series-legend").innerText(), /4 × B200/);
  await page.mouse.wheel(0, 1200);
  await page.waitForTimeout(200);
  const place = await page.locator(".compare-bar").boundingBox();
  assert.ok(place.y >= 0 && place.y < 200, `the bar is at ${place.y}`);
  assert.deepEqual(await axe(page), []);
  assertClean(problems);
});

test("differences are counted from the chip that is chosen, tiles included", async () => {
  const both = `${B200}${pinned("v1&model=llama3-8b&pool=a100-80*2")}`;
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: `${SMALL}${both}` });
  const chips = page.locator(".compare-chip .name");
  await chips.nth(1).waitFor();
  const deltas = () => page.locator(".tile .delta").allInnerTexts();
  const first = await deltas();
  assert.ok(first.length > 3 && first.every((own) => /^(\d[\d.]*× \w+|same)/.test(plain(own))), `${first}`);
  await chips.nth(1).click();
  await changed(deltas, first);
  await page.locator("[data-testid=strip]").filter({ hasText: "Now against B" }).waitFor();
  assert.equal(await chips.nth(1).getAttribute("aria-pressed"), "true");
  // One is opened, another dropped.
  const before = await tiles(page);
  await page.getByRole("button", { name: /^Open 4 × B200/ }).click();
  await changed(() => tiles(page), before);
  await page.getByRole("button", { name: /^Unpin .*A100/ }).click();
  await until(
    () => chips.count(),
    (count) => count === 1,
    "it is dropped",
  );
  assertClean(problems);
});

test("pins are told by name on every tab", async () => {
  for (const [view, where] of [
    ["curves&y=ttft", ".charts .series-legend"],
    ["frontier", ".charts .series-legend"],
    ["sensitivity", ".pinned-note"],
  ]) {
    const { page, context } = await openReady(browser, { viewport: LAPTOP, link: `${SMALL}&view=${view}${B200}` });
    await page.locator(where).filter({ hasText: "4 × B200" }).waitFor({ timeout: 60_000 });
    await context.close();
  }
  const { page } = await openReady(browser, { viewport: LAPTOP, link: `${SMALL}&view=breakeven${B200}` });
  await page.locator("[data-testid=breakeven]").waitFor({ timeout: 120_000 });
  const told = await page.locator(".chart-panel .plot canvas").getAttribute("aria-label");
  assert.match(plain(told), /4 × B200/);
  assert.match(plain(await page.locator(".breakdown .whose").last().innerText()), /4 × B200/);
});

test("break-even answers in a sentence, in an open loop, and says who is out", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: `${SMALL}&view=breakeven${B200}` });
  await page.locator("[data-testid=breakeven]").waitFor({ timeout: 120_000 });
  const said = await text(page, "breakeven");
  assert.match(said, /^At (about )?[\d.]+k? req\/s, .*(is cheaper|none keeps)/);
  assert.match(said, /At (about )?8k input tokens, /);
  // In a closed loop all have as many requests under way.
  await page.locator("#map-loop").check();
  await page.waitForURL(/loop=closed/);
  await page
    .locator("[data-testid=breakeven]")
    .filter({ hasText: "concurrent requests" })
    .waitFor({ timeout: 120_000 });
  assert.deepEqual(await axe(page), []);
  assertClean(problems);
});

test("the price of a chip is an axis of break-even", async () => {
  const link = "v1&model=llama3-8b&isl=4k&concurrency=4&prefill=h200*4&decode=groq3-lp30*256&link=50GB/s";
  const pin = pinned("v1&model=llama3-8b&pool=h200*8");
  const { page, problems } = await openReady(browser, {
    viewport: LAPTOP,
    link: `${link}&view=breakeven&ttft=none&tpot=none${pin}`,
  });
  const said = page.locator("[data-testid=breakeven]");
  await said.waitFor({ timeout: 120_000 });
  assert.match(plain(await page.locator("[data-testid=excluded]").innerText()), /no .*price/i);
  await page.selectOption("#map-y", "price");
  await page.waitForURL(/my=price/);
  await said.filter({ hasText: /if .* rents under \$/ }).waitFor({ timeout: 120_000 });
  assert.match(
    plain(await page.locator(".chart-panel .plot canvas").getAttribute("aria-label")),
    /price of nvidia groq/i,
  );
  assertClean(problems);
});

test("sizing is a view with a link of its own, bars, and offers to use or to pin", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: SMALL });
  await page.click("#tab-size");
  await page.waitForURL(/view=size/);
  const said = page.locator("[data-testid=sizing]");
  await said.filter({ hasText: "Cheapest for" }).waitFor({ timeout: 120_000 });
  const bars = await page.locator(".sizing canvas").getAttribute("aria-label");
  assert.match(plain(bars), /Cheapest deployments.*\$[\d.]+\/h \(\$[\d.]+\/h to \$[\d.]+/);
  const offers = () => page.locator("[data-testid=priced] .offer").allInnerTexts();
  const all = await offers();
  // Allowed chips travel along.
  await page.locator("[data-testid=allowed] summary").click();
  await page.getByLabel("H200 SXM", { exact: true }).check();
  await until(offers, (own) => own.length > 0 && own.every((label) => label.includes("H200")), "only H200");
  await page.waitForURL(/only=chips:h200/);
  await page.reload();
  await said.filter({ hasText: "Cheapest for" }).waitFor({ timeout: 120_000 });
  assert.ok((await offers()).every((label) => label.includes("H200")) && all.some((own) => !own.includes("H200")));
  await page.locator(".sizing tbody .pin").first().click();
  await page.locator(".compare-chip .name").filter({ hasText: "H200" }).waitFor();
  // Percentile and headroom are at hand.
  await page.selectOption("#size-ttft-of", "p99");
  await page.waitForURL(/ttft=2s@p99/);
  assert.deepEqual(await axe(page), []);
  assertClean(problems);
});

test("what next answers in an open loop", async () => {
  const link = "v1&model=llama3-70b&isl=4k&osl=1k&rate=1&pool=h200*8:tp4&view=sensitivity";
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link });
  const note = page.locator(".chart-panel p.note").first();
  await note.filter({ hasText: /the most that it carries.*Most is gained by/s }).waitFor({ timeout: 60_000 });
  assert.ok(await pixels(page));
  assertClean(problems);
});

test("on a phone chips and strip leave room for the chart", async () => {
  const { page } = await openReady(browser, { viewport: PHONE, link: `${SMALL}${B200}` });
  await page.locator("[data-testid=strip]").waitFor();
  const bar = await page.locator(".compare-bar").boundingBox();
  assert.ok(bar.width <= PHONE.width && bar.height < 200, `${bar.width} by ${bar.height}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= PHONE.width, `${wide} wide`);
});
