// What `cargo xtask bench` measures in a browser. It prints one line of JSON: milliseconds of each workload of
// benches/workloads.rs, and what a reader feels on the page: a slider's way to the screen, the first chart, blocked time.

import { launch, LAPTOP, openReady, TOP, waitReady } from "./support.mjs";

/** Samples of a workload, and how long one should take at least: clocks of browsers are coarse. */
const SAMPLES = 15;
const LONG_ENOUGH = 25;

/** Milliseconds of work before the first sample. */
const WARM_UP = 500;

/** Movements of a slider, there and back; those within a pixel give no event. */
const MOVES = 240;

const browser = await launch();
if ((await blockedBy(60)) < 50) throw new Error("a blocked main thread goes unseen");
const said = { workloads: await workloads(), drag: {}, start: await starts() };
for (const [name, link] of Object.entries({
  default: "v1",
  landing: null,
  alone: "v1&y=ttft",
  pinned: `v1&model=deepseek-v3&pool=h200*16&pin=${encodeURIComponent("v1&model=deepseek-v3&pool=b200*8")}`,
})) {
  said.drag[name] = await drag(link);
}
said.searches = {};
for (const view of ["frontier", "breakeven", "sensitivity", "replay", "agents"])
  said.searches[view] = await search(view);
await browser.close();
console.log(JSON.stringify(said));

/** The smallest and the median milliseconds of each workload. */
async function workloads() {
  const { page, context } = await openReady(browser, { viewport: LAPTOP });
  const found = await page.evaluate(
    async ([address, samples, enough, warm]) => {
      const module = await import(`${address}bench.js`);
      await module.default({ module_or_path: `${address}bench.wasm` });
      const found = {};
      for (const id of module.workloads().split("\n")) {
        const bench = new module.Bench(id);
        const timed = (times) => {
          const start = performance.now();
          const sum = bench.run(times);
          if (!Number.isFinite(sum)) throw new Error(`${id}: nothing was measured`);
          return (performance.now() - start) / times;
        };
        // The first runs meet code that is not optimised yet.
        const first = timed(1);
        for (const end = performance.now() + warm; performance.now() < end; ) timed(1);
        let times = 1;
        while (timed(times) * times < enough) times *= 2;
        const all = Array.from({ length: samples }, () => timed(times)).sort((a, b) => a - b);
        found[id] = { first, least: all[0], median: all[samples >> 1] };
        bench.free();
        // The page lives on between two of them.
        await new Promise((resume) => setTimeout(resume));
      }
      return found;
    },
    [TOP, SAMPLES, LONG_ENOUGH, WARM_UP],
  );
  await context.close();
  return found;
}

/** Milliseconds of the main thread from a slider's event until its frame is painted, and what blocked it meanwhile. */
async function drag(link) {
  const { page, context } = await openReady(browser, { viewport: LAPTOP, link, several: true });
  await page.waitForTimeout(3000);
  await watchBlocked(page);
  await page.evaluate(() => {
    globalThis.frames_ = [];
    // Before any listener of the page; a task behind the frame's own comes after it is painted.
    addEventListener(
      "input",
      () => {
        const start = performance.now();
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => globalThis.frames_.push(performance.now() - start);
          port2.postMessage(0);
        });
      },
      { capture: true },
    );
  });
  const box = await page.locator("#isl ~ input[type=range]").boundingBox();
  const y = box.y + box.height / 2;
  const at = (step) => box.x + box.width * (0.05 + 0.9 * Math.abs((((2 * step) / MOVES) % 2) - 1));
  await page.mouse.move(at(0), y);
  await page.mouse.down();
  for (let step = 1; step <= MOVES; step += 1) {
    await page.mouse.move(at(step), y);
    await page.evaluate(() => new Promise((resume) => requestAnimationFrame(() => setTimeout(resume))));
  }
  await page.mouse.up();
  const frames = await page.evaluate(() => globalThis.frames_);
  const blocked = await longestBlocked(page);
  await context.close();
  if (frames.length < 100) throw new Error(`only ${frames.length} movements of the slider were seen`);
  frames.sort((a, b) => a - b);
  const share = (part) => frames[Math.min(frames.length - 1, Math.floor(part * frames.length))];
  return { events: frames.length, p50: share(0.5), p95: share(0.95), blocked };
}

/** Milliseconds from the start of a visit until the first figures are painted, with nothing kept from before. */
async function starts() {
  const all = [];
  for (let visit = 0; visit < 5; visit += 1) {
    const context = await browser.newContext({ viewport: LAPTOP });
    await context.addInitScript(() => {
      const look = () => {
        if (document.documentElement.dataset.ready !== "true") return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => (globalThis.painted = performance.now())));
      };
      const observer = new MutationObserver(look);
      observer.observe(document, { attributes: true, subtree: true, attributeFilter: ["data-ready"] });
    });
    const page = await context.newPage();
    await page.goto(TOP);
    all.push(await (await page.waitForFunction(() => globalThis.painted)).jsonValue());
    await context.close();
  }
  return all.sort((a, b) => a - b)[all.length >> 1];
}

/** What is seen of a task that blocks for so long. */
async function blockedBy(milliseconds) {
  const { page, context } = await openReady(browser, { viewport: LAPTOP });
  await watchBlocked(page);
  await page.evaluate((length) => {
    setTimeout(() => {
      const end = performance.now() + length;
      while (performance.now() < end);
    });
  }, milliseconds);
  await page.waitForTimeout(1000);
  const blocked = await longestBlocked(page);
  await context.close();
  return blocked;
}

/** The longest task of the main thread while a long question is asked and answered. */
async function search(view) {
  const { page, context } = await openReady(browser, {
    viewport: LAPTOP,
    link: "v1&prefill=h100-sxm*32&decode=h200*32&rate=4&horizon=2000req",
  });
  await page.waitForTimeout(1500);
  await watchBlocked(page);
  await page.click(`#tab-${view}`);
  await page.waitForTimeout(5000);
  await waitReady(page);
  const blocked = await longestBlocked(page);
  await context.close();
  return blocked;
}

/** From now on the page notes how long its main thread is blocked. */
function watchBlocked(page) {
  return page.evaluate(() => {
    globalThis.blocked = [];
    new PerformanceObserver((list) => globalThis.blocked.push(...list.getEntries().map((own) => own.duration))).observe(
      { type: "longtask" },
    );
  });
}

/** The longest task since then, in milliseconds; what a browser tells takes at least 50. */
async function longestBlocked(page) {
  return Math.max(0, ...(await page.evaluate(() => globalThis.blocked)));
}
