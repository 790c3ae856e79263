// The page in another engine: Firefox computes the same figures and paints the same page. `FIREFOX` names the program;
// `cargo xtask browser --firefox` sees to it that there is one.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { firefox } from "./firefox.mjs";
import { links } from "./scenarios.mjs";
import { shows, TOP, until } from "./support.mjs";

const program = process.env.FIREFOX;
const options = { skip: program ? false : "there is no Firefox: cargo xtask browser --firefox" };

const tandem = (args, input = "") => execFileSync(process.env.TANDEM_BIN, args, { input, maxBuffer: 1e9 }).toString();

let browser;
before(async () => {
  if (program) browser = await firefox(program);
});
after(() => browser?.close());

/** Goes to the page and waits for its figures; notes what its policy blocks from then on. */
async function opened(link = "") {
  await browser.goto("about:blank");
  await browser.goto(`${TOP}#${link}`);
  await until(() => browser.run("return document.documentElement.dataset.ready === 'true'"), Boolean, "figures");
  await browser.run(
    "window.blocked = []; document.addEventListener('securitypolicyviolation', (event) => window.blocked.push(event.effectiveDirective + ' ' + event.blockedURI))",
  );
}

const said = () => browser.run("return document.querySelector('[data-testid=sentence]').innerText");
const tiles = () => browser.run("return [...document.querySelectorAll('.tile .value')].map((tile) => tile.innerText)");

/** How many colours are on the chart, and all its pixels in one number. */
const PAINTED = `
  const canvas = document.querySelector(".chart-panel .plot canvas");
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const bytes = new Uint32Array(copy.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  let hash = 0;
  for (const pixel of bytes) hash = (hash * 31 + pixel) | 0;
  return { colours: new Set(bytes).size, hash, width: canvas.width };`;

test("Firefox shows the figures of the command line, and a slider moves them", options, async () => {
  for (const link of ["v1", "v1&model=deepseek-v3&isl=4k&rate=2&pool=b200*16"]) {
    await opened(link);
    const report = JSON.parse(tandem(["eval", link, "--json"]));
    assert.equal(await said(), report.sentence);
    const shown = await tiles();
    for (const id of ["ttft", "tpot", "per-chip"])
      assert.ok(
        shown.some((tile) => shows(tile, report.metrics[id].text)),
        `${id} in ${shown}`,
      );
    const before = await until(
      () => browser.run(PAINTED),
      ({ colours }) => colours > 20,
      "a painted chart",
    );
    assert.ok(before.width > 300);
    await browser.run(`
      const slider = document.querySelector("input[type=range]");
      slider.value = Number(slider.max) * 0.8 + Number(slider.min) * 0.2;
      for (const kind of ["input", "change"]) slider.dispatchEvent(new Event(kind, { bubbles: true }));`);
    const now = await until(tiles, (now) => JSON.stringify(now) !== JSON.stringify(shown), "tiles that move");
    const { hash } = await until(
      () => browser.run(PAINTED),
      ({ hash }) => hash !== before.hash,
      "curves that move",
    );
    assert.notEqual(hash, before.hash);
    const there = decodeURIComponent(
      await until(
        () => browser.run("return location.hash.slice(1)"),
        (own) => own !== link,
        "the address",
      ),
    );
    const moved = JSON.parse(tandem(["eval", there, "--json"]));
    assert.equal(await said(), moved.sentence);
    assert.ok(now.includes(moved.metrics.ttft.text), `${now}`);
    assert.deepEqual(await browser.run("return window.blocked"), []);
    const foreign = await browser.run(
      "return performance.getEntriesByType('resource').map((own) => own.name).filter((name) => !name.startsWith(location.origin))",
    );
    assert.deepEqual(foreign, []);
  }
});

test("axe finds nothing in Firefox, and every view is painted", options, async () => {
  await opened("v1");
  const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  for (const view of ["curves", "frontier", "breakeven", "sensitivity"]) {
    await browser.run("document.getElementById(arguments[0]).click()", `tab-${view}`);
    await until(
      () => browser.run(PAINTED).catch(() => ({ colours: 0 })),
      ({ colours }) => colours > 5,
      view,
    );
  }
  const found = await browser.run(
    `${source}; return window.axe.run(document).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ": " + target.join(" "))))`,
  );
  assert.deepEqual(found, []);
  assert.deepEqual(await browser.run("return window.blocked"), []);
});

test("two hundred random scenarios have the same report in Firefox and in the shell", options, async () => {
  await opened("v1&view=frontier");
  const worker = () =>
    browser.run(
      "return performance.getEntriesByType('resource').map((own) => own.name).find((name) => /[/]worker-[0-9a-f]+[.]js$/.test(name)) ?? null",
    );
  const script = await until(worker, Boolean, "the worker");
  const all = links(1, 200);
  const shell = tandem(["eval", "--batch"], all.join("\n")).trimEnd().split("\n");
  const answers = await browser.run(
    `const [script, questions] = arguments;
    return new Promise((resolve, reject) => {
      const worker = new Worker(script, { type: "module" });
      const answers = questions.map(() => "");
      let open = questions.length;
      worker.onerror = (event) => reject(new Error(event.message));
      worker.onmessage = ({ data }) => {
        if (data === "ready") return questions.forEach((question, id) => worker.postMessage({ id, question }));
        answers[data.id] += data.error ?? data.text;
        if (data.done || data.error !== undefined) open -= 1;
        if (open === 0) (worker.terminate(), resolve(answers));
      };
    });`,
    script,
    all.map((link) => `share\njson\n${link}\n`),
  );
  for (const [index, link] of all.entries()) assert.equal(answers[index], `${shell[index]}\n`, link);
  assert.ok(shell.filter((line) => line.includes('"metrics"')).length > 80);
});
