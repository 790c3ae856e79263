// What a visitor sees first: latency, cost and energy side by side over one knob; what happens while something moves; and
// the calm around it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertClean, axe, LAPTOP, launch, open, openReady, PHONE, until, waitReady } from "./support.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const charts = (page) => page.locator(".multiples .plot canvas");
const told = async (page) => Promise.all((await charts(page).all()).map((own) => own.getAttribute("aria-label")));

/** Waits until all four charts are painted, and says what they show. */
const drawn = (page) =>
  until(
    () => told(page),
    (all) => all.length === 4 && all.every((text) => /from .+ to .+/.test(text ?? "")),
    "four charts",
  );

/** The pixels of a part of a canvas, in shares of its width, in one number. */
const strip = (page, at, from, to) =>
  charts(page)
    .nth(at)
    .evaluate(
      (canvas, [from, to]) => {
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
        copy.drawImage(canvas, 0, 0);
        let hash = 0;
        const left = Math.round(from * canvas.width);
        const width = Math.round(to * canvas.width) - left;
        for (const byte of copy.getImageData(left, 0, width, canvas.height).data) hash = (hash * 31 + byte) | 0;
        return hash;
      },
      [from, to],
    );

/** Takes hold of a slider's thumb and moves it to a share of its length, without letting go. */
async function hold(page, id, share) {
  const range = page.locator(`#${id} ~ input[type=range]`);
  const box = await range.boundingBox();
  const [at, last] = await range.evaluate((own) => [Number(own.value), Number(own.max)]);
  const place = (part) => box.x + 8 + part * (box.width - 16);
  await page.mouse.move(place(at / last), box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(place(share), box.y + box.height / 2, { steps: 6 });
}

const settled = (page) => page.waitForFunction(() => !document.documentElement.hasAttribute("data-moving"));

test("the landing page shows latency, cost and energy with measured runs, and fetches only those of its model", async () => {
  const { page, problems } = await open(browser, { viewport: LAPTOP, link: null });
  const files = [];
  page.on("response", async (answer) => {
    if (answer.url().includes("measured")) files.push([answer.url(), (await answer.body()).length]);
  });
  await page.reload();
  await waitReady(page, problems);
  const shown = await drawn(page);
  for (const [at, name] of ["Time to first token", "Time per output token", "Cost", "Energy"].entries()) {
    assert.ok(shown[at].startsWith(name), shown[at]);
  }
  await page.locator(".charts .data .caption", { hasText: /Rings: \d+ measured runs/ }).waitFor();
  assert.equal(files.length, 1, JSON.stringify(files));
  assert.match(files[0][0], /measured-deepseek-v3\.csv$/);
  await page.locator(".charts .data summary").click();
  await page.locator("ul.measured li").first().waitFor();
  const runs = await page.locator("ul.measured li").allInnerTexts();
  assert.ok(runs.filter((line) => line.startsWith("TPOT measured at")).length >= 5, runs.join("\n"));
  assert.equal(new URL(page.url()).hash, "", "the address stays as it was");
  assert.deepEqual(await axe(page), []);
  assertClean(problems);
});

test("all four stand on the first screen of a laptop, and within the width of any", async () => {
  for (const viewport of [LAPTOP, { width: 1024, height: 768 }, { width: 1920, height: 1080 }, PHONE]) {
    const { page, context } = await openReady(browser, { viewport, several: true });
    await drawn(page);
    const boxes = await Promise.all((await charts(page).all()).map((own) => own.boundingBox()));
    assert.ok(
      boxes.every((own) => own.width > 150 && own.x + own.width <= viewport.width),
      JSON.stringify(boxes),
    );
    if (viewport === LAPTOP) {
      assert.ok(
        boxes.every((own) => own.y + own.height < viewport.height),
        JSON.stringify(boxes),
      );
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.equal(wide, 0, `${viewport.width}`);
    await context.close();
  }
});

test("one cursor goes through all charts", async () => {
  const { page } = await openReady(browser, { viewport: LAPTOP, several: true });
  await drawn(page);
  await page
    .locator(".multiples .cursor-field")
    .nth(1)
    .hover({ position: { x: 120, y: 100 } });
  const lines = page.locator(".multiples .crosshair");
  await until(
    () => lines.count(),
    (count) => count === 4,
    "crosshairs",
  );
  const tips = page.locator(".multiples .tip");
  assert.match(await tips.nth(1).innerText(), /Input length/);
  for (const at of [0, 2, 3])
    assert.match(await tips.nth(at).innerText(), /^[^\n]*\d[^\n]*$/, "the others say their value");
  await page.mouse.move(5, 5);
  await until(
    () => lines.count(),
    (count) => count === 0,
    "crosshairs left",
  );
  // The keys move it as well.
  await page.locator(".multiples .cursor-field").nth(2).focus();
  await page.keyboard.press("ArrowRight");
  await until(
    () => lines.count(),
    (count) => count === 4,
    "crosshairs by keys",
  );
});

test("any of them grows to the whole stage and back, by keyboard and by its tile, and the link keeps it", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, several: true });
  await drawn(page);
  await page.locator("#grow-cost").focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/[#&]y=cost/);
  await page.waitForFunction(() => document.activeElement?.id === "shrink");
  assert.equal(await page.locator(".charts .plot canvas").count(), 1);
  await page.reload();
  await waitReady(page);
  assert.match(await page.locator(".charts .plot canvas").getAttribute("aria-label"), /^Cost/);
  await page.locator(".charts .cursor-field").focus();
  await page.keyboard.press("Escape");
  await drawn(page);
  await page.waitForFunction(() => document.activeElement?.id === "grow-cost");
  assert.doesNotMatch(page.url(), /y=/);
  const tile = page.locator("[data-metric=tpot]");
  await tile.click();
  await page.waitForURL(/[#&]y=tpot/);
  await tile.click();
  await drawn(page);
  await page.goBack();
  await page.waitForURL(/[#&]y=tpot/);
  assertClean(problems);
});

test("a link that names a curve or its scales opens on it", async () => {
  for (const [link, title] of [
    ["v1&y=ttft", /^Time to first token/],
    ["v1&y=energy&x=load", /^Energy per output token against load/],
    ["v1&log=none", /^Time to first token/],
  ]) {
    const { page, context } = await openReady(browser, { link, several: true });
    assert.equal(await page.locator(".charts .plot canvas").count(), 1, link);
    assert.match(await page.locator(".charts .plot canvas").getAttribute("aria-label"), title);
    await context.close();
  }
});

test("while a slider moves, ranges and headline stand still and the start stays in sight", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, several: true });
  const before = await drawn(page);
  // Left of the plot stand the labels of its range.
  const labels = () => Promise.all([0, 1, 2, 3].map((at) => strip(page, at, 0, 0.13)));
  const range = await labels();
  const tiles = () => page.locator(".tiles").evaluate((own) => own.getBoundingClientRect().top);
  const top = await tiles();
  const value = () => page.locator("[data-metric=tpot] .value").innerText();
  const tpot = await value();
  await hold(page, "osl", 0.35);
  await until(value, (now) => now !== tpot, "the tile follows");
  const during = await until(
    () => told(page),
    (all) => all.every((text, at) => text !== before[at] && /dashed line is where it was/.test(text)),
    "a line where it was",
  );
  assert.equal(during.length, 4);
  assert.deepEqual(await labels(), range, "the ranges stand still");
  assert.equal(await tiles(), top, "the tiles stay where they are");
  await page.mouse.up();
  await settled(page);
  await until(
    () => told(page),
    (all) => all.every((text) => !/dashed line/.test(text)),
    "the line is gone",
  );
  assertClean(problems);
});

test("the range settles when the slider is let go", async () => {
  const { page } = await openReady(browser, { viewport: LAPTOP, several: true });
  await drawn(page);
  const labels = () => strip(page, 2, 0, 0.13);
  const range = await labels();
  await hold(page, "concurrency", 0.5);
  await until(
    () => told(page),
    (all) => /dashed line/.test(all[2]),
    "moving",
  );
  assert.equal(await labels(), range);
  await page.mouse.up();
  await until(labels, (now) => now !== range, "the range settles");
});

test("tiles and the first chart follow in the same frame, the others within two", async () => {
  const { page } = await openReady(browser, { viewport: LAPTOP, several: true });
  await drawn(page);
  await page.waitForTimeout(1000);
  const seen = await page.evaluate(async () => {
    const look = () => {
      const copies = [...document.querySelectorAll(".multiples canvas")].map((canvas) => {
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
        copy.drawImage(canvas, 0, 0);
        return copy.getImageData(0, 0, canvas.width, canvas.height).data.reduce((sum, own) => (sum * 31 + own) | 0, 0);
      });
      return [document.querySelector("[data-metric=tpot] .value").textContent, ...copies];
    };
    const frame = () => new Promise((resume) => requestAnimationFrame(() => setTimeout(resume)));
    const start = look();
    const range = document.querySelector("#osl ~ input[type=range]");
    range.value = String(Number(range.value) + 6);
    range.dispatchEvent(new Event("input", { bubbles: true }));
    const all = [];
    for (let at = 0; at < 3; at += 1) {
      await frame();
      all.push(look().map((own, index) => own !== start[index]));
    }
    return all;
  });
  assert.deepEqual(seen[0].slice(0, 2), [true, true], "tiles and the first chart");
  assert.ok(seen[2].every(Boolean), `the others: ${JSON.stringify(seen)}`);
});

test("a drag in a small chart moves the scenario in all of them, and is one step to undo", async () => {
  const { page } = await openReady(browser, { viewport: LAPTOP, several: true });
  await drawn(page);
  const input = () => page.locator("#isl").inputValue();
  const start = await input();
  const box = await page.locator(".multiples .cursor-field").nth(2).boundingBox();
  await page.mouse.move(box.x + 0.4 * box.width, box.y + 0.5 * box.height);
  await page.mouse.down();
  await page.mouse.move(box.x + 0.3 * box.width, box.y + 0.5 * box.height, { steps: 5 });
  await page.mouse.up();
  await until(input, (now) => now !== start, "the input length");
  await page.waitForURL(/isl=/);
  await page.keyboard.press("Control+z");
  await until(input, (now) => now === start, "undone");
});

test("a projector gets one chart, three sliders and large letters", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, several: true });
  await page.getByTestId("present").click();
  await page.waitForURL(/present=yes/);
  await until(
    () => page.locator(".plot canvas:visible").count(),
    (count) => count === 1,
    "one chart",
  );
  assert.equal(await page.locator("input[type=range]:visible").count(), 3);
  const size = (place) =>
    page
      .locator(place)
      .first()
      .evaluate((own) => Number.parseFloat(getComputedStyle(own).fontSize));
  for (const place of ["body", ".sentence", ".tile .name", "label[for=isl]"])
    assert.ok((await size(place)) >= 18, place);
  // The letters of the chart are larger by its scale, and as sharp.
  const [width, shown, pixels] = await page
    .locator(".plot canvas:visible")
    .evaluate((own) => [own.offsetWidth, own.getBoundingClientRect().width, own.width]);
  assert.ok(shown / width > 1.3 && Math.abs(pixels - shown) < 3, `${width} ${shown} ${pixels}`);
  const fits = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.equal(fits, 0);
  // The pointer meets the values it points at.
  const input = await page.locator("#isl").inputValue();
  await page.locator(".cursor-field:visible").click({ position: { x: 200, y: 80 } });
  await until(
    () => page.locator("#isl").inputValue(),
    (now) => now !== input,
    "a click takes a value",
  );
  assert.deepEqual(await axe(page), []);
  await page.reload();
  await waitReady(page);
  assert.equal(await page.locator("input[type=range]:visible").count(), 3, "the link keeps it");
  await page.keyboard.press("f");
  await page.waitForURL((url) => !url.hash.includes("present"));
  await drawn(page);
  assertClean(problems);
});

test("on a phone header and tabs take a row each, and the sheet leaves chart and figures in sight", async () => {
  const { page, problems } = await openReady(browser, { viewport: PHONE, hasTouch: true, several: true });
  await drawn(page);
  for (const place of [".bar", ".charts .tabs"]) {
    const height = await page.locator(place).evaluate((own) => own.getBoundingClientRect().height);
    assert.ok(height < 60, `${place} is ${height} high`);
  }
  await page.locator(".unfold").click();
  const sheet = await page.locator(".controls").boundingBox();
  const chart = await charts(page).first().boundingBox();
  assert.ok(chart.y >= 0 && chart.y + chart.height <= sheet.y, `${JSON.stringify([chart, sheet])}`);
  const tile = await page.locator("[data-metric=ttft]").boundingBox();
  assert.ok(tile.y >= 0 && tile.y + tile.height <= sheet.y, `${JSON.stringify(tile)}`);
  assert.deepEqual(await axe(page), []);
  await page.locator(".unfold").click();
  await drawn(page);
  assertClean(problems);
});

test("the tables of a replay can be read on a phone", async () => {
  const { page } = await openReady(browser, {
    viewport: PHONE,
    link: "v1&model=llama3-8b&pool=h100-sxm*1&concurrency=4&isl=512&osl=64&view=replay",
  });
  await page.locator("#replay-quantiles td").first().waitFor({ timeout: 60_000 });
  const region = page.locator(".replay .scroll");
  const beyond = await region.evaluate((own) => own.scrollWidth - own.clientWidth);
  assert.equal(beyond, 0, "nothing is cut off");
  const cell = page.locator("#replay-quantiles [data-time=ttft] td").nth(1);
  assert.equal(await cell.evaluate((own) => getComputedStyle(own, "::before").content), '"p50"');
});

test("words on a term wait for a second or the i beside it, and never open over a control just used", async () => {
  const { page } = await openReady(browser, { viewport: LAPTOP });
  const label = page.locator("label[for=isl]");
  const tip = page.locator("#term");
  await page.waitForFunction(() => document.documentElement.dataset.assisted === "true");
  await label.hover();
  const sign = page.locator("button.explain");
  await sign.waitFor();
  assert.equal(await tip.count(), 0, "not at once");
  await sign.click();
  await tip.waitFor();
  const [words, field] = [await tip.boundingBox(), await page.locator(".field:has(#isl)").boundingBox()];
  assert.ok(words.x >= field.x + field.width, "beside the control");
  await page.keyboard.press("Escape");
  assert.equal(await tip.count(), 0);
  // The control is used; the pointer then rests on its label.
  await page.mouse.move(5, 5);
  await page.locator("#isl ~ input[type=range]").click({ position: { x: 20, y: 8 } });
  await label.hover();
  await page.waitForTimeout(1500);
  assert.equal(await tip.count(), 0, "just used");
  await page.locator(".tile").nth(3).hover();
  await tip.waitFor();
});

test("nothing is told twice, and captions take one line", async () => {
  const { page } = await openReady(browser, { viewport: { width: 1024, height: 768 }, several: true });
  await drawn(page);
  assert.equal(await page.locator(".pools [data-memory]").count(), 0, "memory has a panel of its own");
  const height = await page
    .locator(".charts .data .caption")
    .evaluate((own) => own.getBoundingClientRect().height / Number.parseFloat(getComputedStyle(own).lineHeight));
  assert.ok(height < 1.5, `${height} lines`);
});
