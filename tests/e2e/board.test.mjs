// The mix board: chips move between the pools, what each mix comes to stands below, and the best is one click away.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { assertClean, axe, becomes, changed, LAPTOP, launch, openReady, PHONE, tiles, until } from "./support.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Opens the page and waits for the board, which comes after the first figures. */
async function openBoard(options) {
  const opened = await openReady(browser, { viewport: LAPTOP, ...options });
  await opened.page.locator(".board .grip, .board [data-testid=split]").first().waitFor();
  return opened;
}

/** Waits until each mix is evaluated. */
const filled = (page) => page.locator(".offer").first().waitFor();

const grip = (page, at = 0) => page.locator(".board .grip").nth(at);
const now = async (page, at = 0) => Number(await grip(page, at).getAttribute("aria-valuenow"));
const hash = (page) => page.evaluate(() => decodeURIComponent(location.hash));
const cost = (page) => page.locator("[data-metric=cost] .value").innerText();

/** How many chips each tray shows. */
const cells = (page) =>
  page
    .locator(".board .chips path")
    .evaluateAll((paths) => paths.map((path) => path.getAttribute("d").split("M").length - 1));

/** Where the handle stands with so many chips before it, at equal chips. */
async function place(page, chips) {
  const [last, box] = [
    Number(await grip(page).getAttribute("aria-valuemax")),
    await page.locator(".strip").boundingBox(),
  ];
  const handle = (await grip(page).boundingBox()).width;
  const x = box.x + handle / 2 + (chips / (last + 1)) * (box.width - handle);
  return { x, top: box.y + 15, valley: box.y + box.height - 8 };
}

/** Drags the handle to so many chips. */
async function drag(page, chips) {
  const box = await grip(page).boundingBox();
  const { x } = await place(page, chips);
  const y = box.y + 15;
  await page.mouse.move(box.x + box.width / 2, y);
  await page.mouse.down();
  await page.mouse.move((box.x + x) / 2, y, { steps: 3 });
  await page.mouse.move(x, y, { steps: 3 });
  await page.mouse.up();
}

test("dragging the handle moves chips: trays, tiles, fields and link follow", async () => {
  const { page, problems } = await openBoard();
  const before = { tiles: await tiles(page), count: await page.locator("#prefill-count").inputValue() };
  assert.deepEqual(await cells(page), [8, 8]);
  await drag(page, 11);
  await becomes(() => now(page), 11, "the handle stands where it was dragged to");
  assert.deepEqual(await cells(page), [11, 5]);
  await changed(() => tiles(page), before.tiles);
  assert.equal(await page.locator("#prefill-count").inputValue(), "11");
  await until(
    () => hash(page),
    (link) => link.includes("prefill=h100-sxm*11") && link.includes("decode=h200*5"),
    "the link",
  );
  await page.keyboard.press("Control+z");
  await becomes(() => now(page), 8, "one drag is one step to undo");
  assertClean(problems);
});

test("a click in the valley takes the mix there, and pointing tells it", async () => {
  const { page } = await openBoard();
  await filled(page);
  const { x, valley } = await place(page, 10);
  await page.mouse.move(x, valley);
  assert.match(await page.locator(".board-told").innerText(), /^10 \+ 6: \$/);
  assert.equal(await now(page), 8, "pointing moves nothing");
  await page.mouse.click(x, valley);
  await becomes(() => now(page), 10, "a click does");
});

test("the best mix is one click away, and comes to what was promised", async () => {
  const { page, problems } = await openBoard({ link: "v1&prefill=h100-sxm*12&decode=h200*4" });
  const best = page.locator("[data-testid=best-mix]");
  await best.waitFor();
  const text = await best.innerText();
  const [, first, second, percent] = text.match(/^best: (\d+) \+ (\d+), −([\d.]+)\s%$/);
  const dollars = async () => Number((await cost(page)).replace("$", ""));
  const before = await dollars();
  await best.click();
  await becomes(() => now(page), Number(first), "the best mix");
  assert.equal(Number(first) + Number(second), 16);
  await until(
    dollars,
    (after) => Math.abs(100 * (1 - after / before) - Number(percent)) < 2.5,
    `${percent} % less than ${before}`,
  );
  await best.waitFor({ state: "detached" });
  assert.equal(await page.locator(".offer").innerText(), "best mix");
  await until(
    () => hash(page),
    (link) => !link.includes("h100-sxm*12"),
    "the link",
  );
  assertClean(problems);
});

test("figures are those of the command line and of the curve over the share", async () => {
  const { page } = await openBoard({ link: "v1&x=mix&y=cost" });
  await filled(page);
  await page.locator(".charts").getByText("Figures as a table").click();
  const row = page.locator(".charts .data tbody tr");
  await row.first().waitFor();
  const table = new Map(
    await row.evaluateAll((rows) => rows.map((own) => [parseFloat(own.cells[0].innerText), own.cells[1].innerText])),
  );
  for (const chips of [6, 9, 13]) {
    const { x, valley } = await place(page, chips);
    await page.mouse.move(x, valley);
    const told = await until(
      () => page.locator(".board-told").innerText(),
      (text) => text.startsWith(`${chips} + ${16 - chips}: `),
      "what is pointed at",
    );
    const value = Number(told.match(/\$([\d.]+)/)[1]);
    const link = `v1&prefill=h100-sxm*${chips}&decode=h200*${16 - chips}`;
    const report = JSON.parse(execFileSync(process.env.TANDEM_BIN, ["eval", link, "--json"], { encoding: "utf8" }));
    const cents = (other) => Math.abs(other - value) < 0.0051;
    assert.ok(cents(report.metrics.cost.value), `${told}: ${report.metrics.cost.text}`);
    const share = (100 * chips) / 16;
    const [, curve] = [...table].find(([percent]) => Math.abs(percent - share) < 0.06) ?? [];
    assert.ok(curve, `the curve has ${share} %`);
    assert.ok(cents(Number(curve.match(/\$([\d.]+)/)[1])), `${told}: ${curve} on the curve`);
  }
});

test("keys move the handle chip by chip, in larger steps and to the ends", async () => {
  const { page } = await openBoard();
  await grip(page).focus();
  for (const [key, chips] of [
    ["ArrowRight", 9],
    ["ArrowUp", 10],
    ["ArrowLeft", 9],
    ["End", 15],
    ["PageDown", 14],
    ["Home", 1],
  ]) {
    await page.keyboard.press(key);
    await becomes(() => now(page), chips, key);
  }
  await page.keyboard.press("End");
  await page.keyboard.press("PageDown");
  assert.equal(
    await grip(page).getAttribute("aria-valuetext"),
    "14 prefill and 2 decode chips, 88\u00a0% of the chips in prefill",
  );
  await changed(() => hash(page), "");
});

test("at equal dollars and equal power the sum stands while chips move", async () => {
  const { page } = await openBoard({ link: "v1&prefill=h100-sxm*8&decode=b200*8" });
  const perHour = async () =>
    Number((await page.locator("[data-metric=per-hour] .value").innerText()).replace("$", ""));
  const before = await perHour();
  await page.locator(".board [name=kept][value=dollars]").check();
  await grip(page).focus();
  for (let step = 0; step < 2; step += 1) await page.keyboard.press("ArrowLeft");
  const prefill = await now(page);
  assert.ok(prefill < 8);
  const after = await until(perHour, (own) => own !== before, "dollars");
  assert.ok(Math.abs(after / before - 1) < 0.04, `${before} became ${after}`);
  for (let step = 0; step < 2; step += 1) await page.keyboard.press("ArrowRight");
  await becomes(() => cells(page), [8, 8], "there and back is where it was");
});

test("every neighbour exchanges where a split has three pools, and one pool can be split", async () => {
  const three = "v1&model=deepseek-v3&split=pd-afd&prefill=h200*8&attention=h200*16&ffn=h200*24";
  const { page, problems } = await openBoard({ link: three });
  assert.deepEqual(await cells(page), [8, 16, 24]);
  await grip(page, 1).focus();
  await page.keyboard.press("ArrowRight");
  await becomes(() => cells(page), [8, 17, 23], "attention takes from FFN");
  await grip(page, 0).focus();
  await page.keyboard.press("ArrowLeft");
  await becomes(() => cells(page), [7, 18, 23], "prefill gives to attention");

  const one = await openBoard({ link: "v1&pool=h200*16" });
  assert.deepEqual(await cells(one.page), [16]);
  assert.equal(await grip(one.page).count(), 0);
  await one.page.click("[data-testid=split]");
  await becomes(() => cells(one.page), [8, 8], "two pools");
  await grip(one.page).waitFor();
  assertClean(problems);
  assertClean(one.problems);
});

test("large pools stay countable", async () => {
  const { page } = await openBoard({
    link: "v1&isl=4k&concurrency=4&prefill=h200*8&decode=groq3-lp30*256&link=50GB/s",
  });
  assert.deepEqual(await cells(page), [8, 256]);
  assert.match(await page.locator(".board-told").innerText(), /groups of 8/);
  assert.match(await page.locator("#tray-decode").innerText(), /^256 × /);
});

test("another chip is chosen by keys or dragged into a tray", async () => {
  const { page, problems } = await openBoard();
  await page.locator("#tray-prefill").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.type("b200");
  await page.locator("[data-chip=b200]").focus();
  assert.deepEqual(await axe(page, { within: ".board" }), []);
  await page.keyboard.press("Enter");
  await becomes(() => page.locator("#prefill-chip").inputValue(), "b200", "chosen by keys");
  assert.equal(await page.evaluate(() => document.activeElement.id), "tray-prefill", "the keys go back");
  assert.deepEqual(await cells(page), [8, 8]);

  await page.locator("#tray-prefill").click();
  await page.keyboard.type("h100 sxm");
  const chip = await page.locator("[data-chip=h100-sxm]").boundingBox();
  const tray = await page.locator(".tray[data-role=decode]").boundingBox();
  await page.mouse.move(chip.x + 20, chip.y + 8);
  await page.mouse.down();
  await page.mouse.move(tray.x + 60, tray.y + 60, { steps: 4 });
  await page.mouse.move(tray.x + 60, tray.y + 15, { steps: 4 });
  assert.equal(await page.locator(".tray.over[data-role=decode]").count(), 1);
  await page.mouse.up();
  await becomes(() => page.locator("#decode-chip").inputValue(), "h100-sxm", "dragged");
  assert.equal(await page.locator("#prefill-chip").inputValue(), "b200");

  await page.locator("#tray-prefill").click();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".shelves").count(), 0);
  assertClean(problems);
});

test("a finger moves it on a phone, and nothing sticks out", async () => {
  const { page, problems } = await openBoard({ viewport: PHONE, hasTouch: true, isMobile: true });
  await filled(page);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= PHONE.width, `${wide} px`);
  await page.locator(".strip").evaluate((strip) => strip.scrollIntoView({ block: "center" }));
  const { x, valley } = await place(page, 11);
  await page.touchscreen.tap(x, valley);
  await becomes(() => now(page), 11, "a tap in the valley");
  assertClean(problems);
});

test("axe finds nothing on the board, in light and dark", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const { page, context } = await openBoard({ colorScheme, link: "v1&prefill=h100-sxm*12&decode=h200*4" });
    await page.locator("[data-testid=best-mix]").waitFor();
    assert.deepEqual(await axe(page, { within: ".board" }), []);
    await context.close();
  }
});
