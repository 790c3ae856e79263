// Four people who have never seen the page, each from the landing to an answer, in at most eight actions. The answer has
// to be in sight without scrolling, and is held against what the command line says of the very link that the page shares.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertClean, LAPTOP, launch, native, openReady, PHONE, sentence, shows, tandem, until } from "./support.mjs";

/** The most that a person has to do. */
const MOST = 8;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const plain = (text) =>
  text
    .replace(/[\u00a0\u202f]/g, " ")
    .replace(/\s+/g, " ")
    .trim();

/**
 * Somebody before the landing page. What they do goes through here and is counted: a click, an entry, a key and a drag are
 * an action each; a choice in a list is two, since it is opened first. Places are found by what is written on them.
 */
async function arrive(options = {}) {
  const opened = await openReady(browser, {
    viewport: LAPTOP,
    link: null,
    several: true,
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  });
  const { page } = opened;
  const done = [];
  const act = async (what, go, cost = 1) => {
    for (let step = 0; step < cost; step++) done.push(what);
    assert.ok(done.length <= MOST, `${done.length} actions: ${done.join(", ")}`);
    await go();
  };
  const walker = {
    ...opened,
    done,
    click: (role, name) =>
      act(`click ${name}`, () => page.getByRole(role, { name }).filter({ visible: true }).first().click()),
    type: (label, text) => act(`type ${text}`, async () => (await entry(page, label)).fill(text)),
    press: (key) => act(`press ${key}`, () => page.keyboard.press(key)),
    choose: (label, name) => act(`choose ${name}`, () => choose(page, label, name), 2),
    drag: (label, share) => act(`drag ${label}`, () => drag(page, label, share)),
    /** The link that the page hands out. */
    share: async () => {
      await walker.click("button", "Copy link");
      await page.getByText("Copied", { exact: true }).first().waitFor();
      return new URL(await page.evaluate(() => navigator.clipboard.readText())).hash.slice(1);
    },
  };
  return walker;
}

/** The field of that name, in the question that is open if there is one. */
async function entry(page, label) {
  const question = page.locator(".door-panel");
  const within = (await question.count()) ? question : page;
  const named = { name: label, exact: true };
  return within.getByRole("combobox", named).or(within.getByRole("textbox", named)).filter({ visible: true });
}

/** Chooses the entry of a list whose text has `name` in it. */
async function choose(page, label, name) {
  const list = await entry(page, label);
  const option = list.locator("option").filter({ hasText: name }).first();
  await option.waitFor({ state: "attached" });
  await list.selectOption({ label: (await option.textContent()).trim() });
}

/** Drags the handle of a slider to a share of its way. */
async function drag(page, label, share) {
  const field = page.locator(".field").filter({ has: page.locator("label", { hasText: label }) });
  const slider = field.locator("input[type=range]");
  const { x, y, width, height } = await slider.boundingBox();
  const at = await slider.evaluate((own) => (own.value - own.min) / (own.max - own.min));
  // The middle of the handle never leaves the track.
  const place = (own) => x + height / 2 + own * (width - height);
  await page.mouse.move(place(at), y + height / 2);
  await page.mouse.down();
  await page.mouse.move(place((at + share) / 2), y + height / 2, { steps: 5 });
  await page.mouse.move(place(share), y + height / 2, { steps: 5 });
  await page.mouse.up();
}

/** Waits until a text is there and the reader sees all of it without scrolling; returns it. */
async function read(place, wanted, patience) {
  const text = await until(
    async () => plain((await place.allInnerTexts()).join(" ")),
    (own) => wanted.test(own),
    `${wanted}`,
    patience,
  );
  const seen = () =>
    place.first().evaluate((own) => {
      const { top, bottom, left, right } = own.getBoundingClientRect();
      const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      const covered = !own.contains(over) && !over?.contains(own);
      return { top, bottom, left, right, covered, width: innerWidth, height: innerHeight };
    });
  const inSight = ({ top, bottom, left, right, covered, width, height }) =>
    !covered && top >= 0 && left >= 0 && bottom <= height && right <= width;
  await until(seen, inSight, `“${text}” is out of sight`);
  return text;
}

/** The answer with the settings that moved it, as the command line says them in one. */
const headline = async (page) =>
  plain([await sentence(page), ...(await page.getByTestId("own-settings").allInnerTexts())].join(" "));

const evaluated = async (link) => JSON.parse(await tandem(["eval", "--json", link]));

/** The tiles show what the command line says of the link, and are in sight. */
async function assertShown(page, report) {
  for (const metric of ["ttft", "tpot", "per-chip", "cost"]) {
    const place = page.locator(`[data-metric=${metric}] .value`);
    const text = report.metrics[metric].text.replace("/Mtok", "");
    await until(
      () => place.innerText(),
      (own) => shows(own, text),
      `${metric} is ${text}`,
    );
    await read(place, /\S/);
  }
  assert.equal(await headline(page), plain(report.sentence));
}

test("an engineer sizes 40 requests per second", native, async () => {
  const { page, problems, click, type, press, share } = await arrive();
  await click("button", "Size my deployment");
  await type("Load", "40");
  await press("Enter");
  const told = await read(page.getByTestId("sizing"), /^Cheapest for 40 req\/s of 8k\/1k/, 180_000);
  const sized = new URL(page.url()).hash.slice(1);
  const shell = JSON.parse(await tandem(["size", "--json", sized]));
  assert.equal(told, plain(shell.sentence));
  const [best, next] = shell.deployments;
  assert.ok(best.per_hour <= next.per_hour && told.includes(plain(best.label)), told);

  await click("button", "Use the cheapest");
  const link = await share();
  const report = await evaluated(link);
  await assertShown(page, report);
  // It carries the load, and costs what the sentence says.
  assert.match(report.sentence.replace(/\u00a0/g, " "), /hold 40 req\/s/);
  assert.ok(report.slo.met, report.slo.text);
  assert.equal(report.metrics["per-hour"].value, best.per_hour);
  await read(page.locator(".verdict").first(), /(Likely m|M)eets TTFT ≤ 2 s/);
  assertClean(problems);
});

test("a decision maker checks a claim of a vendor", native, async () => {
  const { page, problems, click, choose, share } = await arrive();
  const all = JSON.parse(await tandem(["claims", "--json"]));
  const [claim] = all
    .filter((own) => own.metric === "interactivity" && own.factor)
    .sort((one, other) => other.factor - one.factor);
  await click("button", "Check a claim");
  await choose("Claim", claim.said.slice(0, 60));
  const verdict = plain(claim.sentence);
  const told = page.getByTestId("claim");
  await until(
    () => told.innerText().then(plain),
    (own) => own === verdict[0].toUpperCase() + verdict.slice(1),
    verdict,
  );
  await read(told, /the model has|No multiple/);

  await click("button", "Show both on the page");
  const report = await evaluated(await share());
  assert.equal(await headline(page), plain(report.sentence));
  assert.equal(report.link, (await evaluated(claim.praised)).link, "the praised deployment is open");
  // The other one is beside it, with what sets the two apart.
  const against = await evaluated(claim.against);
  const [mine, other] = [report, against].map((own) => own.metrics.interactivity.value);
  const times = Math.max(mine, other) / Math.min(mine, other);
  const delta = await read(page.locator("[data-metric=interactivity] .delta"), /× (faster|slower)/);
  assert.ok(Math.abs(Number.parseFloat(delta) / times - 1) < 0.06, `${delta}, ${times}`);
  assertClean(problems);
});

test("a decision maker asks what SRAM for decode may cost", native, async () => {
  const { page, problems, click } = await arrive();
  await click("button", /^Stories/);
  await click("button", /^Decode on SRAM/);
  await page.waitForURL(/decode=groq3-lp30/);
  await click("tab", "Size");
  const told = await read(page.getByTestId("own-pays"), /would be cheapest if it rents below/, 180_000);
  const shell = JSON.parse(await tandem(["size", "--json", new URL(page.url()).hash.slice(1)]));
  const own = shell.break_even.find(({ chip }) => chip === "groq3-lp30");
  const price = Number(told.match(/below \$([\d.]+)\/h per chip/)[1]);
  assert.ok(Math.abs(price / own.below - 1) < 0.01, `${told}: ${own.below}`);
  // Below it the deployment costs less than the cheapest of chips with a price, above it more.
  const [best] = shell.deployments;
  const costs = async (rent) => (await evaluated(`${own.link}&rents=groq3-lp30:${rent}`)).metrics["per-hour"].value;
  assert.ok((await costs(own.below * 0.98)) < best.per_hour && (await costs(own.below * 1.05)) > best.per_hour, told);
  assertClean(problems);
});

test("a teacher shows on a projector what long prompts cost", native, async () => {
  const { page, problems, click, choose, drag } = await arrive();
  await click("button", "Present");
  await choose("against", "Input length");
  const ttft = page.locator("[data-metric=ttft] .value");
  const before = await read(ttft, /\d/);
  await drag("Input", 0.85);
  await until(
    () => ttft.innerText(),
    (own) => plain(own) !== before,
    "the tile follows",
  );
  await page.waitForURL(/isl=/);
  const link = new URL(page.url()).hash.slice(1);
  const report = await evaluated(link);
  await assertShown(page, report);
  const short = await evaluated(link.replace(/&isl=[^&]*/, ""));
  assert.ok(report.metrics.ttft.value > 2 * short.metrics.ttft.value, "longer prompts wait longer");
  // All that is shown is in sight at once, and large enough for the last row.
  const [slider, chart] = ["input[type=range]", ".plot canvas"].map((own) =>
    page.locator(own).filter({ visible: true }).first(),
  );
  await read(slider, /^$/);
  const [below, above] = await Promise.all([slider, chart].map((own) => own.boundingBox()));
  assert.ok(above.y >= 0 && above.y + above.height <= below.y, "the slider does not lie over the chart");
  assert.ok((await ttft.evaluate((own) => Number.parseFloat(getComputedStyle(own).fontSize))) >= 24);
  // Who opens the link sees the same.
  const other = await openReady(browser, { viewport: LAPTOP, link, several: true });
  await assertShown(other.page, report);
  assert.equal(await other.page.getByRole("button", { name: "Present" }).getAttribute("aria-pressed"), "true");
  assertClean(problems);
});

/** What the card is said to do is what the command line says of the deployment that is then open. */
async function assertCard(page, told) {
  const report = await evaluated(new URL(page.url()).hash.slice(1));
  const speed = Number(told.match(/([\d.]+) tok\/s for one user/)[1]);
  assert.equal(speed, Number(report.metrics.interactivity.value.toPrecision(2)));
  const [pool] = report.pools;
  const [, share, weights] = told.match(/weights take ([\d.]+) % of its memory \(([\d.]+) GB\)/);
  assert.ok(Math.abs((weights * 1e9) / pool.memory.weights - 1) < 0.01, told);
  assert.ok(Math.abs(share / 100 - pool.memory.weights / pool.memory.capacity) < 0.01, told);
  assert.equal(await headline(page), plain(report.sentence));
  return report;
}

for (const [screen, viewport] of Object.entries({ laptop: LAPTOP, phone: PHONE })) {
  test(`the owner of a Mac asks on a ${screen} whether it runs a model`, native, async () => {
    const { page, problems, click, type, press, choose } = await arrive({ viewport });
    await click("button", "Will it run on my GPU?");
    await type("Card", "m3 ultra");
    await press("Enter");
    await type("Model", "qwen3 32b");
    await press("Enter");
    await choose("Weights", "4 bits (AWQ");
    const told = await read(page.getByTestId("on-card"), /Fits on one Apple M3 Ultra: .* tok\/s for one user/);
    await click("button", "Open it on the page");
    await page.waitForURL(/model=qwen3-32b.*m3-ultra/);
    const report = await assertCard(page, told);
    assert.ok(!report.warnings.some((own) => own.includes("does not run on")), "an engine that runs there");
    await read(page.locator("[data-metric=cost] .value"), /\$\d/);
    assertClean(problems);
  });
}

test("the owner of an RTX card is told what it takes", native, async () => {
  const { page, problems, click, type, press } = await arrive();
  await click("button", "Will it run on my GPU?");
  await type("Card", "5090");
  await press("Enter");
  await type("Model", "qwen3 32b");
  await press("Enter");
  const told = page.getByTestId("on-card");
  await read(told, /Does not fit/);
  await click("button", "4-bit weights");
  await page.waitForURL(/pool=rtx-5090/);
  const report = await evaluated(new URL(page.url()).hash.slice(1));
  assert.ok(report.metrics && report.pools[0].chips === 1, report.sentence);
  await assertShown(page, report);
  assertClean(problems);
});
