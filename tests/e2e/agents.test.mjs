// Agents, lanes and records of a replay on the page; and the worker's figures against the command line, digit by digit.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { assertClean, axe, gone, LAPTOP, launch, openReady, PHONE, pressInTime, until } from "./support.mjs";

const CHAT = "v1&model=llama3-8b&lengths=chat&rate=4&pool=h100-sxm*1&horizon=3000req";
const AGENTS = "v1&model=kimi-k3&pool=b300*8:tp8:etp8&isl=200k&osl=400&sessions=60x4k&pause=5s";
const TRACE = new URL("../fixtures/traces/mooncake_first_500.jsonl", import.meta.url);
const native = { skip: !process.env.TANDEM_BIN };

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const tandem = async (...args) => (await promisify(execFile)(process.env.TANDEM_BIN, args, { maxBuffer: 1e9 })).stdout;
const finished = (page) => gone(page, "#replay-progress");
const lanesShown = (page) => page.locator("#lanes-part[aria-busy=false]").waitFor({ timeout: 60_000 });

/** The whole answer to a question, from the worker that the page uses. */
async function ask(page, question) {
  return page.evaluate(async (question) => {
    const names = performance.getEntriesByType("resource").map(({ name }) => name);
    const { ask } = await import(names.find((name) => /\/ask-[0-9a-f]+\.js$/.test(name)));
    return new Promise((resolve, reject) => {
      let all = "";
      ask(question, (text, done, error) => {
        if (error !== undefined) return reject(new Error(error));
        all += text;
        if (done) resolve(all);
      });
    });
  }, question);
}

/** What a replay came to, out of the last such message of the worker: its fields stand in the order of src/jobs/replay.rs. */
function foundIn(answer) {
  const fields = answer
    .trim()
    .split("\n")
    .findLast((line) => line.startsWith("found\t"))
    .split("\t")
    .values();
  const text = () => fields.next().value;
  const number = () => Number(text());
  const many = (read) => Array.from({ length: number() }, read);
  const perhaps = (read) => (text() === "1" ? read() : null);
  const pair = () => [number(), number()];
  text();
  text();
  many(text);
  const figures = many(() => ({ label: text(), unit: number(), value: number(), interval: perhaps(pair) }));
  const estimate = () => ({ value: number(), interval: perhaps(pair) });
  const spreads = many(() => ({ id: text(), estimates: many(estimate), longest: perhaps(number), curve: many(pair) }));
  return { figures, spreads };
}

test("the worker's figures are those of the command line to the last digit", native, async () => {
  const { page, problems } = await openReady(browser, { link: `${CHAT}&view=replay` });
  await finished(page);
  const apart = "v1&isl=1k&osl=211&rate=4&horizon=1000req&seed=7";
  const tiered = `${AGENTS}&concurrency=8&tier=dram:250GB@50GB/s&horizon=600req`;
  for (const link of [CHAT, apart, tiered]) {
    const { replay } = JSON.parse(await tandem("replay", link, "--json"));
    const found = foundIn(await ask(page, `replay\n1\nfigures\n${link}\n`));
    const spread = (id) => found.spreads.find((own) => own.id === id);
    for (const id of ["ttft", "tpot", "e2e", "wait"]) {
      const { longest, estimates } = spread(id);
      assert.equal(longest, replay[id].longest, `${link} ${id}`);
      for (const [index, name] of ["mean", "p50", "p90", "p95", "p99"].entries()) {
        const { value, interval } = replay[id][name];
        assert.deepEqual(estimates[index], { value, interval }, `${link} ${id} ${name}`);
      }
    }
    for (const [index, name] of ["mean", "p50", "p90", "p95", "p99"].entries()) {
      assert.equal(spread("itl").estimates[index].value, replay.itl[name], `${link} itl ${name}`);
    }
    const figure = (label) => found.figures.find((own) => own.label === label).value;
    assert.equal(figure("Goodput at the service level"), replay.goodput, link);
    assert.equal(figure("Input that was cached"), replay.hit, link);
    assert.equal(figure("Requests under way"), replay.in_flight, link);
  }
  assertClean(problems);
});

test("the file of requests has the bytes of the command line, of a trace at another speed too", native, async () => {
  const { page, problems } = await openReady(browser, { link: `${CHAT}&view=replay` });
  const saved = async () => {
    const coming = page.waitForEvent("download", { timeout: 60_000 });
    await page.click("#replay-csv");
    const file = await coming;
    assert.equal(file.suggestedFilename(), "tandem-requests.csv");
    return readFile(await file.path(), "utf8");
  };
  await finished(page);
  assert.equal(await saved(), await tandem("replay", CHAT, "--csv", "-"));
  await page.locator("summary", { hasText: "Replay a trace" }).click();
  await page.setInputFiles("#replay-trace", TRACE.pathname);
  await page.getByText(/Mooncake trace · requests 500/).waitFor({ timeout: 30_000 });
  await page.selectOption("#replay-speed", "4");
  // The page takes the new speed in its own time.
  const wanted = await tandem("replay", CHAT, "--trace", TRACE.pathname, "--speed", "4", "--csv", "-");
  await until(saved, (own) => own === wanted, "the file of a trace at four times its speed");
  assertClean(problems);
});

test("the accounts of a replay stand in tables", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: `${CHAT}&view=replay` });
  await finished(page);
  assert.match(await page.locator("#replay-quantiles tr[data-time=itl]").innerText(), /From token to token.*ms/s);
  const accounts = await page.locator("#replay-accounts").innerText();
  for (const label of ["Goodput", "Kept the service level", "cached", "Busy", "KV cache in use"])
    assert.ok(accounts.includes(label), label);
  assertClean(problems);
});

test("lanes are looked at closer by buttons, keys and dragging", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: `${CHAT}&view=replay` });
  await finished(page);
  await lanesShown(page);
  const part = () => page.locator("#lanes-part").innerText();
  const changed = async (act) => {
    const before = await part();
    await act();
    await page.waitForFunction((before) => document.querySelector("#lanes-part").innerText !== before, before);
    await lanesShown(page);
    return part();
  };
  const whole = await part();
  assert.match(whole, /from 0.s to 1\d.*min/);
  await changed(() => page.getByRole("button", { name: "Zoom in" }).click());
  await changed(() => page.getByRole("button", { name: "Later" }).click());
  const field = page.locator(".lanes .cursor-field");
  await field.focus();
  await changed(() => page.keyboard.press("+"));
  await changed(() => page.keyboard.press("PageUp"));
  assert.equal(await changed(() => page.keyboard.press("0")), whole);
  const box = await field.boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 34, { steps: 4 });
  assert.equal(await page.locator(".lanes .band").count(), 1);
  const dragged = await changed(() => page.mouse.up());
  assert.notEqual(dragged, whole);
  // What is drawn is told, and stands in a table.
  assert.match(await page.locator(".lanes canvas").getAttribute("aria-label"), /replica: .*decode.*Queue peaks/);
  await page.locator(".lanes summary").click();
  assert.match(await page.locator(".lanes table").innerText(), /replica/);
  await page.keyboard.press("Escape");
  assertClean(problems);
});

test("agents fall off a cliff and tiers rescue them", async () => {
  const { page, problems } = await openReady(browser, { viewport: LAPTOP, link: AGENTS });
  await page.click("#tab-agents");
  await page
    .getByText(/Hit rate holds to \d+ sessions; past it the chips' memory is full/)
    .first()
    .waitFor({ timeout: 60_000 });
  await gone(page, "#agents-cancel");
  const told = await page.locator("#agents-state").innerText();
  assert.match(told, /TTFT p50 is \d+.s; with 250.GB of DRAM per chip at 50.GB\/s/);
  assert.match(await page.locator("#agents-notes").innerText(), /A task is a session of 60 turns/);
  assert.match(page.url(), /view=agents/);
  // The curves are in tables: hit rate, TTFT, money.
  const tables = page.locator(".agents details.data");
  assert.equal(await tables.count(), 3);
  await tables.nth(0).locator("summary").click();
  await tables.nth(0).locator("tbody tr").nth(6).waitFor();
  const rows = await tables.nth(0).locator("tbody tr").allInnerTexts();
  assert.ok(rows.length >= 7, rows.join("\n"));
  const share = (row) =>
    row
      .split("\t")
      .slice(1)
      .map((cell) => Number.parseFloat(cell));
  const at = (sessions) => share(rows.find((row) => row.startsWith(`${sessions}\t`)));
  const [few, fewTiered] = at(2);
  const [many, manyTiered] = at(16);
  assert.ok(few === fewTiered && few > 90, `${few} ${fewTiered}`);
  assert.ok(many < 50 && manyTiered > 90, `${many} ${manyTiered}`);
  // The cursor of one chart is that of all three.
  const fields = page.locator(".agents .cursor-field");
  await fields.nth(2).focus();
  await page.keyboard.press("Home");
  const tips = page.locator(".agents .tip > :first-child");
  await tips.nth(2).waitFor();
  assert.deepEqual(new Set(await tips.allInnerTexts()).size, 1);
  await page.keyboard.press("Escape");
  await tips.first().waitFor({ state: "detached" });
  assertClean(problems);
});

test("agents are cancelled, and come from the catalogue where the scenario has none", async () => {
  const { page, problems } = await openReady(browser, {
    viewport: LAPTOP,
    link: "v1&model=deepseek-v3&pool=h200*64&view=agents",
  });
  await pressInTime(page, "#agents-cancel", { place: "#agents-notes", text: "Coding agent" });
  await page.locator("#agents-cancel").waitFor({ state: "hidden" });
  const told = await page.locator("#agents-state").innerText();
  await page.waitForTimeout(700);
  assert.equal(await page.locator("#agents-state").innerText(), told);
  assertClean(problems);
});

test("axe finds nothing, and a phone shows both without scrolling sideways", async () => {
  for (const [name, viewport, colorScheme] of [
    ["light", LAPTOP, "light"],
    ["phone-dark", PHONE, "dark"],
  ]) {
    for (const view of ["agents", "replay"]) {
      const link = view === "agents" ? AGENTS : CHAT;
      const { page, context } = await openReady(browser, { viewport, colorScheme, link: `${link}&view=${view}` });
      if (view === "agents") await gone(page, "#agents-cancel");
      else await lanesShown(page);
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.equal(wide, 0, `${view} ${name}`);
      assert.deepEqual(await axe(page), [], `${view} ${name}`);
      if (process.env.TANDEM_SHOTS)
        await page.screenshot({ path: `${process.env.TANDEM_SHOTS}/${view}-${name}.png`, fullPage: true });
      await context.close();
    }
  }
});
