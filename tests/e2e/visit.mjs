// Opens the page as first visitors do and moves its sliders, for `cargo xtask visit`. Every function of that page notes
// that it is called; the last line printed is the list of the numbers of those that were.

import { launch, TOP, waitReady } from "./support.mjs";

const SCREENS = [
  [1440, 900],
  [1024, 768],
  [1920, 1080],
  [390, 844],
];

const called = new Set();
const browser = await launch();
for (const [width, height] of SCREENS)
  for (const colorScheme of ["light", "dark"])
    await visit({ viewport: { width, height }, colorScheme, hasTouch: width < 800, isMobile: width < 800 });
await visit({ reducedMotion: "reduce", deviceScaleFactor: 2 });
await browser.close();
console.log(JSON.stringify([...called].sort((a, b) => a - b)));

async function visit(options) {
  const context = await browser.newContext(options);
  await context.addInitScript(watch);
  const page = await context.newPage();
  await page.goto(TOP);
  await waitReady(page);
  // What the page does once it is at rest belongs to the visit as well.
  await page.waitForTimeout(4000);
  await drag(page);
  for (const number of await page.evaluate(() => globalThis.called_())) called.add(number);
  await context.close();
}

/** Keeps the module at hand whose functions note their calls. */
function watch() {
  const real = WebAssembly.instantiateStreaming;
  WebAssembly.instantiateStreaming = async (...given) => {
    const made = await real.apply(WebAssembly, given);
    const { exports } = made.instance;
    if ("called0" in exports)
      globalThis.called_ = () =>
        Object.keys(exports)
          .filter((name) => /^called\d+$/.test(name) && exports[name].value === 1)
          .map((name) => Number(name.slice("called".length)));
    return made;
  };
}

/** Moves every slider in sight to and fro, and the pointer over the chart. */
async function drag(page) {
  for (const slider of await page.locator("input[type=range]").all()) {
    if (!(await slider.isVisible())) continue;
    await slider.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await slider.boundingBox();
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    for (const share of [0.55, 0.6, 0.45, 0.5]) {
      await page.mouse.move(x + width * share, y + height / 2);
      await page.waitForTimeout(60);
    }
    await page.mouse.up();
    await page.waitForTimeout(400);
  }
  const chart = await page.locator(".chart-panel canvas").first().boundingBox();
  for (const share of [0.3, 0.5, 0.7]) {
    await page.mouse.move(chart.x + chart.width * share, chart.y + chart.height / 2);
    await page.waitForTimeout(60);
  }
}
