// The same figures everywhere: what the page's WASM answers is, to the last printed digit, what the command line prints.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertClean, launch, native, openReady, sentence, shows, tandem, tiles } from "./support.mjs";
import { draws, links } from "./scenarios.mjs";

/** `TANDEM_SEED` for others than the usual ones. */
const SEED = Number(process.env.TANDEM_SEED ?? 1);

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** The worker's whole answers to some questions, one after another. */
const ask = (page, questions) =>
  page.evaluate(async (questions) => {
    const names = performance.getEntriesByType("resource").map(({ name }) => name);
    const { ask } = await import(names.find((name) => /\/ask-[0-9a-f]+\.js$/.test(name)));
    const one = (question) =>
      new Promise((resolve) => {
        let all = "";
        ask(question, (text, done, error) => {
          all += text;
          if (done || error !== undefined) resolve(error ?? all);
        });
      });
    const answers = [];
    // Some at once, so that a message of the port is not waited for after each.
    for (let at = 0; at < questions.length; at += 25)
      answers.push(...(await Promise.all(questions.slice(at, at + 25).map(one))));
    return answers;
  }, questions);

test("a thousand random scenarios have the same report in the browser and in the shell", native, async () => {
  const [chips, models] = await Promise.all(
    ["chips", "models"].map(async (kind) => JSON.parse(await tandem(["catalog", kind, "--json"])).map(({ id }) => id)),
  );
  const all = links(SEED, 1000, { chips, models });
  const { page, problems } = await openReady(browser, { link: "v1&view=frontier" });
  await page.getByText(/\d+ deployments of the same chips/).waitFor();
  const shell = (await tandem(["eval", "--batch"], all.join("\n"))).trimEnd().split("\n");
  const worker = await ask(
    page,
    all.map((link) => `share\njson\n${link}\n`),
  );
  assert.equal(shell.length, all.length);
  // Addresses of sources stay out of what a browser loads.
  const bare = (line) => `${line.replace(/"url":"[^"]*"/g, '"url":null')}\n`;
  for (const [index, link] of all.entries()) assert.equal(worker[index], bare(shell[index]), link);
  // The comparison is worth something: most are served, by every split, and each answer is its own.
  const reports = shell.map((line) => JSON.parse(line));
  const served = reports.filter((own) => own.metrics);
  assert.ok(served.length > 400, `${served.length} served`);
  assert.equal(new Set(served.flatMap((own) => own.pools.map((pool) => pool.role))).size, 7);
  assert.ok(served.some((own) => own.pools.some((pool) => pool.memory.kind === "sram")));
  assert.ok(new Set(shell).size > 950);
  assertClean(problems);
});

test("long questions have the same answer in the browser and in the shell", native, async () => {
  const { of } = draws(SEED);
  const [some, more] = [links(SEED + 1, 400), links(SEED + 2, 400)];
  const reports = (await tandem(["eval", "--batch"], [...some, ...more].join("\n")))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const served = reports.filter((own) => own.metrics).map((own) => own.link);
  const questions = [
    ...served.slice(0, 4).map((link) => `frontier\n${of(["cost", "per-chip", "energy"])}\n${link}`),
    ...served.slice(4, 10).map((link) => `sensitivity\n${of(["cost", "tpot", "throughput"])}\n${link}`),
    ...served.slice(10, 13).map((link) => `map\ncost\nisl\nload\n2\n${link}\n${served[20]}`),
    ...served.slice(13, 15).map((link) => `size\n\n\n0\n\n\n\n0\n${link}`),
    ...served.slice(15, 18).map((link) => `diff\n${link}\n${served[21]}\n0`),
    ...served.slice(18, 20).map((link) => `share\nsvg 900 0 light\n${link}\n`),
    ...served.slice(20, 22).map((link) => `replay\n1\nfigures\n${link}&horizon=200req\n`),
  ];
  assert.ok(served.length > 22);
  const { page, problems } = await openReady(browser, { link: "v1&view=frontier" });
  await page.getByText(/\d+ deployments of the same chips/).waitFor();
  const worker = await ask(page, questions);
  for (const [index, question] of questions.entries()) {
    // How often a search tells how far it is, is a matter of its slices, which are the same.
    assert.equal(worker[index], await tandem(["job"], question), question);
    assert.ok(worker[index].length > 20, question);
  }
  assertClean(problems);
});

test("the page itself says what the shell says", native, async () => {
  const all = links(SEED + 3, 60);
  const reports = (await tandem(["eval", "--batch"], all.join("\n")))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const { page, problems } = await openReady(browser);
  let seen = 0;
  for (const report of reports.filter((own) => own.metrics && own.notices.length === 0).slice(0, 24)) {
    await page.evaluate((link) => (location.hash = link), report.link);
    await page.waitForFunction(
      (said) =>
        ["sentence", "own-settings"]
          .map((part) => document.querySelector(`[data-testid=${part}]`)?.innerText)
          .filter(Boolean)
          .join(" ") === said,
      report.sentence,
      { timeout: 20_000 },
    );
    const shown = await tiles(page);
    for (const id of ["ttft", "tpot", "per-chip"]) {
      assert.ok(
        shown.some((tile) => shows(tile, report.metrics[id].text)),
        `${id} ${report.metrics[id].text} in ${shown}: ${report.link}`,
      );
    }
    seen += 1;
  }
  assert.ok(seen >= 20, `${seen} seen`);
  assert.ok((await sentence(page)).length > 20);
  assertClean(problems);
});
