// Charts under the hand: zoom and its ways back, the legend, the panel below with its views, sharp pixels.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertClean, axe, LAPTOP, launch, openReady, PHONE, until } from "./support.mjs";

const PIN = `pin=${encodeURIComponent("v1&model=llama3-8b&pool=b200*2")}`;
const REASONS = ["why", "roofline", "memory", "flow"];

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const told = (page, panel = ".charts") => page.locator(`${panel} .plot canvas`).getAttribute("aria-label");

const zoomed = (page, panel) =>
  until(
    () => told(page, panel),
    (text) => /In view: /.test(text),
    "no zoom",
  );
const whole = (page, panel) =>
  until(
    () => told(page, panel),
    (text) => !/In view: /.test(text),
    "still zoomed",
  );

/** Drags over a part of a chart, given in shares of its width and height. */
async function drag(page, [x0, y0], [x1, y1], panel = ".charts") {
  const box = await page.locator(`${panel} .cursor-field`).boundingBox();
  const at = (x, y) => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(x0, y0));
  await page.mouse.down();
  await page.mouse.move(...at((x0 + x1) / 2, (y0 + y1) / 2), { steps: 3 });
  await page.mouse.move(...at(x1, y1), { steps: 3 });
  assert.equal(await page.locator(`${panel} .selection`).count(), 1, "what will be in view is shown");
  await page.mouse.up();
}

/** The first and the last row of the table beside the curves. */
async function ends(page) {
  const rows = page.locator(".charts .data tbody th");
  return [await rows.first().innerText(), await rows.last().innerText()];
}

test("a drag zooms, and double-click, Escape and the button lead back", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  await page.locator(".charts").getByText("Figures as a table").click();
  await page.locator(".charts .data tbody th").first().waitFor();
  const all = await ends(page);
  const input = await page.locator("#isl").inputValue();
  const ways = [
    () => page.locator(".charts .cursor-field").dblclick({ position: { x: 500, y: 100 } }),
    async () => {
      await page.locator(".charts .cursor-field").focus();
      await page.keyboard.press("Escape");
    },
    () => page.getByRole("button", { name: "Reset zoom" }).click(),
  ];
  for (const back of ways) {
    await drag(page, [0.2, 0.4], [0.4, 0.42]);
    await zoomed(page);
    const part = await ends(page);
    assert.ok(part[0] !== all[0] && part[1] !== all[1], `${part} of ${all}`);
    await back();
    await whole(page);
    assert.deepEqual(await ends(page), all);
  }
  await page.waitForTimeout(400);
  assert.equal(await page.locator("#isl").inputValue(), input, "neither drags nor the double click took a value");
  assertClean(problems);
});

test("a zoom survives a slider, and goes with another metric", async () => {
  const { page } = await openReady(browser, { viewport: LAPTOP });
  await drag(page, [0.2, 0.2], [0.5, 0.8]);
  const view = (await zoomed(page)).match(/In view: .*/)[0];
  await page.fill("#concurrency", "70");
  await page.press("#concurrency", "Enter");
  await page.waitForURL(/concurrency=70/);
  assert.equal((await zoomed(page)).match(/In view: .*/)[0], view);
  await page.selectOption("#chart-y", "tpot");
  await whole(page);
});

test("a click that does not drag still moves the scenario", async () => {
  const { page } = await openReady(browser, { viewport: LAPTOP });
  const before = await page.locator("#isl").inputValue();
  const click = { position: { x: 300, y: 120 } };
  await page.locator(".charts .cursor-field").click(click);
  const taken = await until(
    () => page.locator("#isl").inputValue(),
    (now) => now !== before,
    "nothing taken",
  );
  await drag(page, [0.5, 0.3], [0.8, 0.32]);
  await zoomed(page);
  await page.locator(".charts .cursor-field").click(click);
  await until(
    () => page.locator("#isl").inputValue(),
    (now) => now !== taken,
    "nothing taken in a zoom",
  );
});

test("the keyboard zooms, and says what is in view", async () => {
  const { page } = await openReady(browser, { viewport: LAPTOP });
  await page.locator(".charts .cursor-field").focus();
  await page.keyboard.press("ArrowRight");
  const status = page.locator(".charts .figure [role=status]");
  assert.match(await status.innerText(), /\d/);
  await page.keyboard.press("+");
  await zoomed(page);
  assert.match(await status.innerText(), /In view: .* to /);
  await page.keyboard.press("ArrowRight");
  assert.doesNotMatch(await status.innerText(), /In view/);
  for (let times = 0; times < 14; times += 1) await page.keyboard.press("+");
  await zoomed(page);
  await page.keyboard.press("0");
  await whole(page);
  await page.keyboard.press("+");
  await zoomed(page);
  for (let times = 0; times < 3; times += 1) await page.keyboard.press("-");
  await whole(page);
});

test("legend entries hide and show their series and keep the focus", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: `v1&${PIN}` });
  await page.locator(".charts").getByText("Figures as a table").click();
  const heads = page.locator(".charts .data thead th");
  const button = page.locator(".charts .series-legend button", { hasText: "2 × B200" });
  assert.equal(await button.getAttribute("aria-pressed"), "true");
  assert.equal(await heads.count(), 3);
  await button.focus();
  await page.keyboard.press("Space");
  await until(
    () => heads.count(),
    (count) => count === 2,
    "the column stays",
  );
  assert.equal(await button.getAttribute("aria-pressed"), "false");
  assert.ok(await button.evaluate((own) => own === document.activeElement), "the focus stays");
  await page.keyboard.press("Space");
  await until(
    () => heads.count(),
    (count) => count === 3,
    "the column does not return",
  );
  assertClean(problems);
});

test("the panel below is on the first screen, and its tabs are walked by keyboard", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP });
  const tabs = await page.locator(".reasons .tabs").boundingBox();
  assert.ok(tabs.y + tabs.height < LAPTOP.height, `the tabs end at ${tabs.y + tabs.height}`);
  await page.locator("#tab-why").focus();
  for (const reason of [...REASONS.slice(1), "why"]) {
    await page.keyboard.press("ArrowRight");
    const tab = page.locator(`#tab-${reason}`);
    assert.equal(await tab.getAttribute("aria-selected"), "true");
    assert.ok(await tab.evaluate((own) => own === document.activeElement));
    if (reason === "why") break;
    const text = await until(() => told(page, ".reasons"), Boolean, `${reason} has no picture`);
    assert.ok(text.length > 30, text);
    await page.locator(".reasons .data summary").click();
    const rows = page.locator(".reasons .data tbody tr");
    await rows.first().waitFor();
    assert.match(await rows.first().innerText(), /\d/);
    await page.locator(".reasons .cursor-field").focus();
    await page.keyboard.press("ArrowRight");
    const status = page.locator(".reasons .figure [role=status]");
    await until(
      () => status.innerText(),
      (own) => /\d/.test(own),
      `${reason} says nothing`,
    );
    await tab.focus();
  }
  await page.keyboard.press("ArrowRight");
  await page.waitForURL(/why=roofline/);
  assertClean(problems);
});

test("latencies of the scenario and of its pins stand side by side", async () => {
  const { page } = await openReady(browser, { viewport: LAPTOP, link: `v1&${PIN}` });
  assert.equal(await page.locator(".breakdown .stack").count(), 4);
  await page.locator(".reasons .data summary").click();
  const head = page.locator(".reasons .data thead th");
  await head.first().waitFor();
  const heads = await head.allInnerTexts();
  assert.deepEqual(heads.slice(0, 4), ["Latency", "Limit", "Part", "Now"]);
  assert.match(heads[4], /Llama.* on 2 × B200/);
});

test("charts have a canvas pixel for each pixel of the screen, also when that changes", async () => {
  for (const deviceScaleFactor of [1, 2.5]) {
    const { page, context } = await openReady(browser, { viewport: LAPTOP, deviceScaleFactor });
    const sharp = async (ratio) => {
      const read = () =>
        page.locator(".charts .plot canvas").evaluate((own) => own.width / own.getBoundingClientRect().width);
      await until(read, (now) => Math.abs(now - ratio) < 0.01, `not sharp at ${ratio}`);
    };
    await sharp(deviceScaleFactor);
    const session = await context.newCDPSession(page);
    // As when the page is zoomed: as many pixels of the screen, fewer of its own.
    const metrics = { width: 1200, height: 750, deviceScaleFactor: 1.5, mobile: false };
    await session.send("Emulation.setDeviceMetricsOverride", metrics);
    await sharp(1.5);
    await context.close();
  }
});

test("on a phone a finger moves the cursor, taps take, and the page still scrolls", async () => {
  const { page } = await openReady(browser, { viewport: PHONE, hasTouch: true, isMobile: true });
  const field = page.locator(".charts .cursor-field");
  await field.scrollIntoViewIfNeeded();
  assert.match(await field.evaluate((own) => getComputedStyle(own).touchAction), /pan-y/);
  const before = await page.locator("#isl").inputValue();
  await field.evaluate((own) => {
    const send = (type, x, y) =>
      own.dispatchEvent(
        new PointerEvent(type, {
          pointerType: "touch",
          pointerId: 7,
          button: 0,
          bubbles: true,
          clientX: own.getBoundingClientRect().left + x,
          clientY: own.getBoundingClientRect().top + y,
        }),
      );
    send("pointerdown", 120, 100);
    send("pointermove", 180, 100);
    send("pointerup", 200, 100);
  });
  await page.locator(".charts .tip").waitFor();
  await whole(page);
  assert.equal(await page.locator("#isl").inputValue(), before);
  await field.tap({ position: { x: 120, y: 100 } });
  await until(
    () => page.locator("#isl").inputValue(),
    (now) => now !== before,
    "a tap takes nothing",
  );
  // No finger drags a zoom, so there are buttons.
  await page.locator(".charts").getByRole("button", { name: "Zoom in" }).tap();
  await zoomed(page);
  await page.locator(".charts").getByRole("button", { name: "Zoom out" }).tap();
  await whole(page);
});

test("axe finds nothing in the panel's views, in any look and size", async () => {
  for (const [viewport, colorScheme] of [
    [LAPTOP, "light"],
    [LAPTOP, "dark"],
    [PHONE, "dark"],
    [PHONE, "light"],
  ]) {
    const { page, context } = await openReady(browser, { viewport, colorScheme, link: `v1&${PIN}` });
    for (const reason of REASONS) {
      await page.click(`#tab-${reason}`);
      await page.locator(reason === "why" ? ".why" : ".reasons .cursor-field").waitFor();
      await page.locator(".reasons .data").evaluate((own) => (own.open = true));
      await page.locator(".reasons .data table").waitFor();
      assert.deepEqual(await axe(page, { within: ".reasons" }), [], `${reason} ${colorScheme} ${viewport.width}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${reason} is ${wide} pixels too wide at ${viewport.width}`);
    }
    if (viewport === LAPTOP) {
      await page.locator(".charts .series-legend button").first().click();
      await page.locator(".charts .cursor-field").focus();
      await page.keyboard.press("+");
      await zoomed(page);
      assert.deepEqual(await axe(page, { within: ".charts" }), [], `zoomed, ${colorScheme}`);
    }
    await context.close();
  }
});

test("beyond capacity there is no first token, and the curve ends at a wall", async () => {
  const { page, problems } = await openReady(browser, {
    viewport: LAPTOP,
    link: `v1&model=llama3-70b&rate=9&pool=h200*8:tp2&x=load&${PIN}`,
  });
  const tile = page.locator(".tile[data-metric=ttft]");
  assert.match(await tile.innerText(), /no steady state/);
  assert.doesNotMatch(await tile.locator(".value").innerText(), /\d/);
  const told = await page.locator(".charts .plot canvas").first().getAttribute("aria-label");
  assert.match(told, /No steady state above .+: holds up to/);
  await page.locator("[data-testid=pins-apart]").check();
  await page.waitForFunction(() => location.hash.includes("pins=own"));
  assertClean(problems);
});
