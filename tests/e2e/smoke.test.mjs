// The page starts, wherever it is hosted, and keeps to itself.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { assertClean, axe, DEEP, launch, open, openReady, request, TOP, until, waitReady } from "./support.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

test("the page starts without a complaint", async () => {
  const { page, problems } = await openReady(browser);
  assert.equal(await page.locator("#skeleton").count(), 0, "the skeleton is gone");
  assert.ok((await page.locator("#app").innerText()).length > 0, "something stands in its place");
  assert.equal(await page.locator("#failure").isVisible(), false);
  assertClean(problems);
});

test("what a reload aborts is no problem of the page, and what the page gives up is one", async () => {
  const { page, context, problems } = await openReady(browser);
  // A request that waits is aborted for certain.
  await context.route("**/waits", () => {});
  const waits = page.waitForRequest("**/waits");
  await page.evaluate(() => void fetch("waits").catch(() => {}));
  await waits;
  const aborted = page.waitForEvent("requestfailed", (request) => request.url().endsWith("waits"));
  await page.reload();
  await aborted;
  await waitReady(page, problems);
  assertClean(problems);

  await page.evaluate(() => {
    const given = new AbortController();
    const asked = fetch("waits", { signal: given.signal }).catch(() => {});
    given.abort();
    return asked;
  });
  await until(
    () => problems.failed,
    (all) => all.length === 1,
    "nothing failed",
  );
  assert.match(problems.failed[0], /waits: net::ERR_ABORTED/);
  await page.reload();
  assert.equal(problems.failed.length, 0, "nobody misses it in a document that is gone");
});

test("the page starts under a deep path", async () => {
  const { page, problems } = await openReady(browser, { site: DEEP });
  assert.ok((await page.locator("#app").innerText()).length > 0);
  assertClean(problems);
});

test("no long question and no late view is loaded before one is asked for", async () => {
  for (const site of [TOP, DEEP]) {
    const { page, problems } = await openReady(browser, { site });
    const loaded = () =>
      page.evaluate(() => performance.getEntriesByType("resource").map((entry) => new URL(entry.name).pathname));
    assert.deepEqual(
      (await loaded()).filter((path) => /(later|worker|jobs|ask)-|part-split_(?!board)/.test(path)),
      [],
    );
    const worker = page.waitForEvent("worker");
    await page.click("#tab-frontier");
    assert.ok((await worker).url().startsWith(site));
    await page.getByText(/\d+ deployments of the same chips/).waitFor();
    assertClean(problems);
  }
});

test("the page holds scripts, styles and requests to its own origin", async () => {
  const { page, problems } = await openReady(browser);
  const outcome = await page.evaluate(async () => {
    const script = document.createElement("script");
    script.textContent = "globalThis.slipped = true";
    document.head.append(script);
    const away = await fetch("http://localhost:9/").then(
      () => "reached",
      () => "refused",
    );
    return { slipped: globalThis.slipped ?? false, away };
  });
  assert.deepEqual(outcome, { slipped: false, away: "refused" });
  // The page tells of a blocked thing a moment after it is blocked.
  const blocked = (directive) =>
    until(
      () => problems.blocked,
      (all) => all.some((what) => what.startsWith(directive)),
      `${directive} blocks nothing`,
    );
  await blocked("script-src");
  await blocked("connect-src");
});

test("axe finds nothing wrong", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const { page } = await openReady(browser, { colorScheme });
    assert.deepEqual(await axe(page), [], colorScheme);
  }
});

test("a page that cannot start says so", async () => {
  const { context } = await open(browser);
  await context.route("**/*.wasm", (route) => route.abort());
  const page = await context.newPage();
  await page.goto(TOP);
  await page.locator("#failure").waitFor({ state: "visible" });
  assert.match(await page.locator("#failure").innerText(), /could not start: .+/);
  assert.equal(await page.locator("#skeleton").count(), 0);
});

test("without scripts the page says what it needs", async () => {
  const { page } = await open(browser, { javaScriptEnabled: false });
  assert.match(await page.locator("noscript").innerText(), /needs JavaScript/);
});

test("every file comes with its type, compressed, and tagged", async () => {
  const home = await request(TOP);
  assert.equal(home.status, 200);
  assert.match(home.headers["content-type"], /^text\/html/);
  assert.equal(home.headers["cache-control"], "no-cache");

  // What other sites read of the page keeps its name; it is no part of it.
  const loaded = home.body.toString().replace(/<link rel="alternate".*>/g, "");
  const names = [...loaded.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, name]) => name);
  const types = { wasm: "application/wasm", js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
  assert.deepEqual(new Set(names.map((name) => name.split(".").at(-1))), new Set(Object.keys(types)));
  for (const name of names) {
    const url = new URL(name, TOP);
    const plain = await request(url);
    assert.ok(plain.headers["content-type"].startsWith(types[name.split(".").at(-1)]), name);
    assert.match(plain.headers["cache-control"], /immutable/, name);
    assert.equal(plain.headers["content-encoding"], undefined, name);
    for (const [coding, unpack] of [
      ["br", brotliDecompressSync],
      ["gzip", gunzipSync],
    ]) {
      const packed = await request(url, { "accept-encoding": coding });
      assert.equal(packed.headers["content-encoding"], coding, name);
      assert.ok(packed.body.length < plain.body.length, name);
      assert.deepEqual(unpack(packed.body), plain.body, name);
      const again = await request(url, { "accept-encoding": coding, "if-none-match": packed.headers.etag });
      assert.equal(again.status, 304, name);
      assert.equal(again.body.length, 0, name);
    }
  }
});

test("what is not there is not found", async () => {
  assert.equal((await request(new URL("nothing.js", TOP))).status, 404);
  assert.equal((await request(new URL("/index.html", DEEP))).status, 404);
  assert.equal((await request(new URL("%2e%2e/Cargo.toml", TOP))).status, 404);
  assert.equal((await request(TOP, {}, "POST")).status, 405);
  assert.equal((await request(TOP, {}, "HEAD")).body.length, 0);
});
