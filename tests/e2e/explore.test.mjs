// The searches on the page: every split, the diagram, frontier, break-even map, levers, sizing and differences.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import {
  assertClean,
  axe,
  changed as changedWithin,
  LAPTOP,
  launch,
  openReady,
  PHONE,
  pick,
  pixels,
  sentence,
  tiles,
  until,
} from "./support.mjs";

/** A scenario whose searches are short. */
const SMALL = "v1&model=llama3-8b&prefill=h100-sxm*2&decode=h200*2&concurrency=32";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Searches take longer than figures. */
const changed = (read, before) => changedWithin(read, before, 200);

/** The views of the main panel: how each says that it is done, and a select whose change redraws it. */
const VIEWS = {
  frontier: { done: /\d+ deployments of the same chips/, knob: ["#by", "cost"] },
  breakeven: { done: /^Best by /, knob: ["#map-y", "ttft"] },
  sensitivity: { done: /-bound|limited by/, knob: ["#by", "ttft"] },
};

const done = (page, view) =>
  page.locator(".chart-panel p.note").filter({ hasText: VIEWS[view].done }).first().waitFor({ timeout: 60_000 });

test("every split can be chosen, answers, and shows its pools", async () => {
  const { page, problems } = await openReady(browser, {
    viewport: LAPTOP,
    link: "v1&model=deepseek-v3&pool=h200*64&why=flow",
  });
  const roles = {
    pd: ["prefill", "decode"],
    afd: ["attention", "ffn"],
    draft: ["draft", "verify"],
    "pd-afd": ["prefill", "attention", "ffn"],
    "pd-draft": ["prefill", "draft", "verify"],
    colocated: ["pool"],
  };
  for (const [split, pools] of Object.entries(roles)) {
    const before = await sentence(page);
    const drawn = await pixels(page, ".flows canvas");
    await page.selectOption("#split", split);
    await changed(() => sentence(page), before);
    assert.equal(await page.locator(".answer.refused").count(), 0, `${split}: ${await sentence(page)}`);
    for (const pool of pools) {
      assert.ok(await page.locator(`#${pool}-chip`).isVisible(), `${split} has ${pool}`);
      assert.equal(await page.locator(`.card[data-role=${pool}]`).count(), 1, `${split} shows ${pool}`);
    }
    assert.equal(await page.locator(".pool[data-role=link]").count(), pools.length > 1 ? 1 : 0, split);
    await changed(() => pixels(page, ".flows canvas"), drawn);
    const told = await page.locator(".flows canvas").getAttribute("aria-label");
    assert.match(told, /loaded/);
  }
  assertClean(problems);
});

test("link, micro-batches and speculation are knobs", async () => {
  const link = "v1&model=deepseek-v3&attention=h200*32&ffn=h200*32";
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link });
  const moves = async (act) => {
    const before = await tiles(page);
    await act();
    await changed(() => tiles(page), before);
  };
  await page.selectOption("#link", "efa");
  await page.waitForURL(/link=efa/);
  await page.selectOption("#link", "custom");
  await moves(async () => {
    await page.fill("#link-bandwidth", "5 GB/s");
    await page.press("#link-bandwidth", "Enter");
  });
  await moves(async () => {
    await page.fill("#link-latency", "200 us");
    await page.press("#link-latency", "Enter");
  });
  await page.waitForURL(/link=5GB\/s:200us/);
  await moves(async () => {
    await page.fill("#micro", "1");
    await page.press("#micro", "Enter");
  });
  await page.waitForURL(/micro=1/);
  await page.getByText("Speculation", { exact: true }).click();
  await moves(() => page.selectOption("#drafter", "mtp"));
  await moves(async () => {
    await page.fill("#draft-length", "2");
    await page.press("#draft-length", "Enter");
  });
  await moves(() => page.selectOption("#acceptance", "own"));
  await page.waitForURL(/spec=mtp:2:0\.7/);
  await page.selectOption("#drafter", "none");
  await page.waitForURL((url) => !url.hash.includes("spec="));
  assertClean(problems);
});

for (const view of Object.keys(VIEWS)) {
  test(`${view} draws, follows its knobs, and survives a link`, async () => {
    const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: SMALL });
    await page.click(`#tab-${view}`);
    await done(page, view);
    const drawn = await pixels(page);
    const [select, value] = VIEWS[view].knob;
    await page.selectOption(select, value);
    await changed(() => pixels(page), drawn);
    await done(page, view);
    const again = await pixels(page);
    await pick(page, "#decode-chip", "b200");
    await changed(() => pixels(page), again);
    await page.waitForURL(new RegExp(`view=${view}`));
    const told = await page.locator(".chart-panel .plot canvas").getAttribute("aria-label");
    assert.ok(told.length > 20 && /\d/.test(told), told);

    const other = await openReady(browser, { viewport: LAPTOP, link: page.url().split("#")[1] });
    assert.equal(await other.page.locator(`#tab-${view}`).getAttribute("aria-selected"), "true");
    await done(other.page, view);
    assert.equal(await other.page.locator(select).inputValue(), value);
    assertClean(problems);
    assertClean(other.problems);
  });

  test(`${view} does without a worker`, async () => {
    const { page, context, problems } = await openReady(browser, {
      viewport: LAPTOP,
      link: `${SMALL}&view=${view}`,
      workers: false,
    });
    await done(page, view);
    assertClean(problems);
    await context.close();
  });

  test(`${view} can be embedded`, async () => {
    const { page, problems } = await openReady(browser, { query: `embed=1&view=${view}`, link: SMALL });
    await done(page, view);
    assert.equal(await page.locator(".controls, .bar, .tiles, .tabs, select").count(), 0);
    assert.deepEqual(await axe(page), []);
    assertClean(problems);
  });
}

test("tabs are walked by keyboard", async () => {
  const { page } = await openReady(browser, { link: SMALL });
  await page.locator("#tab-curves").focus();
  for (const view of ["frontier", "breakeven", "size", "sensitivity", "replay", "agents", "curves"]) {
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.locator(`#tab-${view}`).getAttribute("aria-selected"), "true");
    assert.equal(await page.evaluate(() => document.activeElement.id), `tab-${view}`);
  }
});

test("a cell of the map says why, and a click makes its winner the scenario", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: `${SMALL}&view=breakeven` });
  await done(page, "breakeven");
  const field = page.locator(".charts .cursor-field");
  const box = await field.boundingBox();
  const at = { x: box.width * 0.3, y: box.height * 0.6 };
  await field.hover({ position: at });
  const tip = page.locator(".charts .tip");
  await tip.waitFor();
  assert.match(await tip.innerText(), /Input length[\s\S]*Request rate/);
  // The reasons come after the map.
  await changed(() => page.locator(".charts .tip-note").count(), 0);
  assert.match(await page.locator(".charts .tip-note").innerText(), /wins with|Nothing keeps/);
  const title = await tip.locator("b").first().innerText();
  const before = await tiles(page);
  await field.click({ position: at });
  await changed(() => tiles(page), before);
  const pools = await page.locator(".card .what").allInnerTexts();
  for (const pool of pools) assert.ok(title.includes(pool), `${pool} in ${title}`);
  // By keyboard from the present cell, and back.
  const now = await tiles(page);
  await field.focus();
  await page.keyboard.press("ArrowLeft");
  for (let step = 0; step < 3; step += 1) await page.keyboard.press("ArrowLeft");
  assert.match(await page.locator(".charts .figure [role=status]").innerText(), /Input length/);
  await page.keyboard.press("Enter");
  await changed(() => tiles(page), now);
  assertClean(problems);
});

test("the map zooms by drag, keys and buttons, and leads back without taking a point", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: `${SMALL}&view=breakeven` });
  await done(page, "breakeven");
  const note = () => page.locator(".map-bar .note").innerText();
  const says = (holds) => until(note, (text) => holds === /In view: input length/.test(text), `zoomed: ${!holds}`);
  const address = page.url();
  const field = page.locator(".charts .cursor-field");
  await field.scrollIntoViewIfNeeded();
  const box = await field.boundingBox();
  const at = (x, y) => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(0.2, 0.4));
  await page.mouse.down();
  await page.mouse.move(...at(0.5, 0.7), { steps: 4 });
  assert.equal(await page.locator(".charts .selection").count(), 1, "what will be in view is shown");
  await page.mouse.up();
  await says(true);
  await field.dblclick({ position: { x: box.width * 0.4, y: box.height * 0.5 } });
  await says(false);
  await field.focus();
  await page.keyboard.press("+");
  await says(true);
  await page.keyboard.press("0");
  await says(false);
  await page.locator(".map-bar").getByRole("button", { name: "Zoom in" }).click();
  await says(true);
  await page.locator(".map-bar").getByRole("button", { name: "All of it" }).click();
  await says(false);
  await page.waitForTimeout(400);
  assert.equal(page.url(), address, "neither drag nor double click took a point");
  assertClean(problems);
});

test("pinned scenarios compete on the map", async () => {
  const pin = encodeURIComponent("v1&model=llama3-8b&pool=b200*2");
  const { page } = await openReady(browser, { viewport: LAPTOP, link: `${SMALL}&view=breakeven&pin=${pin}` });
  await done(page, "breakeven");
  const told = await page.locator(".chart-panel .plot canvas").getAttribute("aria-label");
  assert.match(told, /2 × B200/);
});

test("sizing gives the sentence of the command line, and its offers are a click away", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: SMALL });
  await page.click("[data-testid=size]");
  const said = page.locator("[data-testid=sizing]");
  await said.filter({ hasText: "Cheapest for" }).waitFor({ timeout: 120_000 });
  if (process.env.TANDEM_BIN) {
    const report = JSON.parse(execFileSync(process.env.TANDEM_BIN, ["size", SMALL, "--json"], { encoding: "utf8" }));
    assert.equal(await said.innerText(), report.sentence);
    const shown = await page.locator("[data-testid=priced] .offer").allInnerTexts();
    assert.deepEqual(
      shown,
      report.deployments.map((own) => own.label),
    );
  }
  const text = await said.innerText();
  const before = await tiles(page);
  await page.locator(".sizing tbody .use").first().click();
  await changed(() => tiles(page), before);
  assert.equal(await page.locator(".tile.missed").count(), 0, "the offer keeps the service level");
  await page.waitForTimeout(400);
  assert.equal(await said.innerText(), text, "taking an offer asks nothing anew");
  assert.deepEqual(await axe(page), []);
  assertClean(problems);
});

test("sizing keeps to the chips, vendors and limits that are asked for", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: SMALL });
  await page.click("[data-testid=size]");
  const said = page.locator("[data-testid=sizing]");
  await said.filter({ hasText: "Cheapest for" }).waitFor({ timeout: 120_000 });
  const labels = () => page.locator("[data-testid=priced] .offer").allInnerTexts();
  const all = await labels();
  const ask = async (id, text, holds) => {
    await page.fill(`#${id}`, text);
    await page.press(`#${id}`, "Enter");
    await until(labels, holds, `${id} = ${text}`);
  };
  assert.ok(all.some((own) => !own.includes("MI")));
  await ask("size-vendors", "AMD", (own) => own.length > 0 && own.every((label) => label.includes("MI")));
  await ask("size-vendors", "", (own) => own.length === all.length);
  await ask("size-max-chips", "1", (own) => own.length > 0 && own.every((label) => label.startsWith("1 ×")));
  await page.fill("#size-chips", "h10");
  await page.press("#size-chips", "Enter");
  await said.filter({ hasText: "Did you mean h100-sxm" }).waitFor({ timeout: 60_000 });
  assert.deepEqual(await axe(page), []);
  assertClean(problems);
});

test("sizing can be dropped", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: "v1&model=deepseek-v3&pool=h200*16" });
  await page.click("[data-testid=size]");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Sizing:").waitFor({ state: "detached" });
  await page.click("#tab-curves");
  assert.equal(await page.locator(".sizing").count(), 0);
  assertClean(problems);
});

test("a pinned scenario is told apart from the present one", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: SMALL });
  await page.click("[data-testid=pin]");
  assert.equal(await page.locator(".differences").count(), 0, "nothing differs yet");
  await pick(page, "#decode-chip", "b200");
  await page.fill("#isl", "16k");
  await page.press("#isl", "Enter");
  const told = page.locator(".differences");
  await told.filter({ hasText: "input length" }).waitFor();
  assert.match(await told.innerText(), /Changed: [\s\S]*TTFT .+ to .+: /);
  assertClean(problems);
});

test("a chip without a public price asks for one, and says below which it pays", async () => {
  const link = "v1&model=llama3-8b&isl=4k&concurrency=4&prefill=h200*4&decode=groq3-lp30*256&link=50GB/s";
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link });
  const entry = page.locator("#rent-groq3-lp30");
  assert.ok(await entry.isVisible(), "the entry stands in the open");
  const told = JSON.parse(execFileSync(process.env.TANDEM_BIN, ["sensitivity", link, "--json"], { encoding: "utf8" }));
  if (told.pays_below) {
    await page.locator(".controls .pays").filter({ hasText: "if it rents below" }).waitFor({ timeout: 60_000 });
  }
  await entry.fill("0.05");
  await entry.press("Enter");
  await page.waitForFunction(() => /\d/.test(document.querySelector("[data-metric=cost] .value").textContent));
  assert.equal(await page.locator(".controls .pays").count(), 0);
  assertClean(problems);
});

test("list prices stand on curves of cost, for models that have some", async () => {
  const { page } = await openReady(browser, { viewport: LAPTOP, link: "v1&pool=h200*8&y=cost" });
  const told = page.locator(".chart-panel").getByText("Level lines: list prices");
  assert.equal(await told.count(), 1);
  await page.selectOption("#chart-y", "ttft");
  assert.equal(await told.count(), 0);
  await page.selectOption("#chart-y", "cost-output");
  assert.equal(await told.count(), 1);
  await pick(page, "#model", "llama3.1-405b");
  assert.equal(await told.count(), 0);
});

test("the diagram tells of a flow under the pointer", async () => {
  const { page } = await openReady(browser, { viewport: LAPTOP, link: `${SMALL}&why=flow` });
  const field = page.locator(".flows .cursor-field");
  await field.focus();
  await page.keyboard.press("ArrowRight");
  const told = page.locator(".flows .figure [role=status]");
  assert.match(await told.innerText(), /Prefill/);
  await page.keyboard.press("End");
  assert.match(await told.innerText(), /\d/);
});

test("a phone shows every view without scrolling sideways", async () => {
  for (const view of Object.keys(VIEWS)) {
    const { page, context } = await openReady(browser, { viewport: PHONE, link: `${SMALL}&view=${view}` });
    await done(page, view);
    const wide = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(await wide(), 0, view);
    await page.locator(".charts .cursor-field").hover({ position: { x: 200, y: 100 } });
    assert.equal(await wide(), 0, `${view} with a tooltip`);
    await context.close();
  }
});

test("axe finds nothing in the searches, in any look and size", async () => {
  for (const viewport of [LAPTOP, PHONE]) {
    for (const colorScheme of ["light", "dark"]) {
      const link = `${SMALL}&pin=${encodeURIComponent("v1&model=llama3-8b&pool=b200*2")}&split=pd-afd`;
      const { page, context } = await openReady(browser, { viewport, colorScheme, link });
      for (const view of Object.keys(VIEWS)) {
        await page.click(`#tab-${view}`);
        await done(page, view);
        if (view === "breakeven") await page.locator(".charts .cursor-field").hover({ position: { x: 150, y: 80 } });
        for (const details of await page.locator("details:not(.menu)").all()) {
          await details.evaluate((own) => (own.open = true));
        }
        await page.waitForTimeout(200);
        // What stands beside the searches stays as it is, so it is looked at once.
        const within = view === "frontier" ? undefined : ".charts";
        assert.deepEqual(await axe(page, { within }), [], `${view} ${colorScheme} ${viewport.width}`);
      }
      await context.close();
    }
  }
});
