// What every browser test needs: a browser, a page that notes all that goes wrong in it, and a wait for the figures.
//
// `cargo xtask browser` serves the built page and tells the tests where: at the top of a host (`TANDEM_URL`) and
// under a deep path (`TANDEM_DEEP_URL`), both of another origin. `CHROME` is the browser.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

/** The page at the top of a host, with a slash at the end. */
export const TOP = given("TANDEM_URL");

/** The same files under a deep path, with a slash at the end. */
export const DEEP = given("TANDEM_DEEP_URL");

/** How long the page may take to show figures on a slow, busy machine. */
const PATIENCE = 30_000;

function given(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the browser tests through \`cargo xtask browser\``);
  return value;
}

/** Starts a browser. A test file does so once, in `before`, and closes it in `after`. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROME ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
  });
}

/**
 * Opens the page in a profile of its own (storage, clipboard, history).
 *
 * `link` is what stands behind the `#`: nothing there at all if it is null, else the default scenario if it is empty. Most
 * tests are about one chart, so that a link that names none opens on TTFT, unless `several` charts are wanted as a reader
 * gets them. `query` is what stands behind the `?`; `site` is `TOP` or `DEEP`; `offline` lets
 * the page leave its service worker behind, which would answer in the network's place; without `workers` the page has to
 * do all work itself; the rest goes to the browser's context: `viewport`, `colorScheme`, `deviceScaleFactor`, `reducedMotion`, `permissions` …
 *
 * Returns the page and its `problems`, which grow as they happen. `assertClean` wants none of them.
 */
export async function open(
  browser,
  { link = "", query = "", site = TOP, several = false, offline = false, workers = true, ...options } = {},
) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  if (!offline) await context.addInitScript(() => delete Navigator.prototype.serviceWorker);
  if (!workers) await context.addInitScript(blockWorkers);
  const problems = await note(context, new URL(site).origin);
  const page = await context.newPage();
  const bare = !site.endsWith("/") && !link;
  await page.goto(site + (query && `?${query}`) + fragment(bare ? null : link, several || Boolean(query)));
  return { page, context, problems };
}

function fragment(link, asItIs) {
  if (link === null) return "";
  const named = asItIs || /(^|&)(y|log|view)=/.test(link);
  return `#${link || "v1"}${named ? "" : "&y=ttft"}`;
}

function blockWorkers() {
  globalThis.Worker = class {
    constructor() {
      throw new DOMException("blocked", "SecurityError");
    }
  };
}

/** Opens the page as `open` does, and waits for its figures. */
export async function openReady(browser, options) {
  const opened = await open(browser, options);
  await waitReady(opened.page, opened.problems);
  return opened;
}

/** Waits until the page has figures on the screen. If it never has, says why it may be so. */
export async function waitReady(page, problems) {
  try {
    await page.waitForFunction(() => document.documentElement.dataset.ready === "true", null, { timeout: PATIENCE });
  } catch (reason) {
    const failure = await page
      .locator("#failure")
      .textContent({ timeout: 1000 })
      .catch(() => "");
    throw new Error(`the page was never ready. It says: ${failure || "nothing"}. Noted: ${report(problems)}`, {
      cause: reason,
    });
  }
}

/** Fails when anything went wrong in the page: see `open`. */
export function assertClean(problems) {
  const found = Object.values(problems ?? {}).flat();
  assert.deepEqual(found, [], `the page has problems: ${report(problems)}`);
}

/**
 * What axe finds wrong in the page as it stands, one line for each rule and place. `within` keeps it to the part that has
 * changed since it last looked, which is several times as fast; what belongs to pages as a whole (titles, landmarks) is
 * then left out.
 */
export async function axe(page, { within, ...options } = {}) {
  const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(source);
  const look = ([place, options]) => globalThis.axe.run(place ?? document, options);
  const { violations } = await page.evaluate(look, [within, options]);
  return violations.flatMap(({ id, impact, help, nodes }) =>
    nodes.map(({ target }) => `${id} (${impact}): ${help}: ${target.join(" ")}`),
  );
}

/** A request as a plain client makes it: nothing is added, unpacked or followed. */
export function request(url, headers = {}, method = "GET") {
  return new Promise((resolve, reject) => {
    http
      .request(url, { method, headers }, (answer) => {
        const chunks = [];
        answer.on("data", (chunk) => chunks.push(chunk));
        answer.on("end", () =>
          resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) }),
        );
      })
      .on("error", reject)
      .end();
  });
}

/** Listens for all that a sound page has none of. */
async function note(context, origin) {
  const failed = [];
  const left = departures(context);
  const problems = {
    errors: [],
    blocked: [],
    foreign: [],
    // Asked anew each time: that a document is left may be heard of after its requests were aborted.
    get failed() {
      return failed.filter(({ aborted }) => !(aborted && left(aborted))).map(({ what }) => what);
    },
  };
  await context.exposeBinding("noteBlocked", (_, what) => problems.blocked.push(what));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sourceFile, lineNumber }) =>
      globalThis.noteBlocked(`${effectiveDirective} blocked ${blockedURI} (${sourceFile}:${lineNumber})`),
    );
  });
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.errors.push(`console: ${message.text()}`);
  });
  context.on("weberror", (error) => problems.errors.push(`uncaught: ${error.error().stack ?? error.error()}`));
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (!["data:", "blob:"].includes(url.protocol) && url.origin !== origin) problems.foreign.push(request.url());
  });
  context.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText;
    failed.push({ what: `${request.url()}: ${reason}`, aborted: reason === "net::ERR_ABORTED" && request });
  });
  context.on("response", (response) => {
    if (response.status() >= 400) failed.push({ what: `${response.url()}: ${response.status()}` });
  });
  return problems;
}

/**
 * Tells of a request whether the document that made it has been left since, or was being left when it was made: a
 * reload, a link or a frame taken away aborts whatever is still under way, an icon and a late script included.
 */
function departures(context) {
  const visits = new WeakMap(); // How many documents a frame has set out for.
  const underWay = new WeakMap(); // The document that a frame is on its way to.
  const made = new WeakMap(); // Where and when a request was made.
  context.on("request", (request) => {
    const frame = frameOf(request);
    if (!frame) return;
    if (request.isNavigationRequest()) {
      visits.set(frame, (visits.get(frame) ?? 0) + 1);
      underWay.set(frame, request);
    }
    made.set(request, { frame, visit: visits.get(frame), leaving: underWay.get(frame) !== undefined });
  });
  const arrived = (request) => {
    const frame = frameOf(request);
    if (frame && underWay.get(frame) === request) underWay.delete(frame);
  };
  context.on("requestfinished", arrived);
  context.on("requestfailed", arrived);
  return (request) => {
    const { frame, visit, leaving } = made.get(request) ?? {};
    if (!frame) return false;
    const superseded = visits.get(frame) !== visit;
    return superseded || frame.isDetached() || (leaving && !request.isNavigationRequest());
  };
}

/** The frame of a request; a service worker has none, nor has a document that is not there yet. */
function frameOf(request) {
  try {
    return request.frame();
  } catch {
    return undefined;
  }
}

function report(problems) {
  const lines = Object.entries(problems ?? {}).flatMap(([kind, found]) => found.map((what) => `${kind}: ${what}`));
  return lines.join("\n") || "nothing";
}

/** Picks an entry of the list that `entry` opens, by its identifier. */
export async function pick(page, entry, value, options) {
  await page.fill(entry, value);
  await page.locator(`${entry}-list [role=option][data-value="${value}"]`).click(options);
}

/** What is picked in `entry`. */
export const picked = (page, entry) => page.locator(entry).getAttribute("data-value");

/** What a test that holds the page against the command line runs under. */
export const native = { skip: process.env.TANDEM_BIN ? false : "TANDEM_BIN is not set" };

/** What the command line prints when it reads `input`. */
export function tandem(args, input = "") {
  return new Promise((resolve, reject) => {
    const child = spawn(process.env.TANDEM_BIN, args, { stdio: ["pipe", "pipe", "ignore"] });
    const pieces = [];
    child.stdout.on("data", (piece) => pieces.push(piece));
    child.on("error", reject);
    child.on("close", () => resolve(Buffer.concat(pieces).toString()));
    child.stdin.on("error", () => {}); // Who reads no input closes it.
    child.stdin.end(input);
  });
}

/** A laptop's screen and a phone's, in CSS pixels. */
export const LAPTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

export const sentence = (page) => page.locator("[data-testid=sentence]").innerText();
export const tiles = (page) => page.locator(".tile .value").allInnerTexts();

/** Whether a tile shows a figure of the command line: it keeps three digits, and leaves out a unit that its title names. */
export function shows(tile, text) {
  const [[number, unit], [own, full]] = [tile, text].map((all) =>
    all
      .replace(/(\.\d*?)0+(?=\D|$)/, "$1")
      .replace(/\.(?=\D|$)/, "")
      .split("\u00a0"),
  );
  return number === own && (unit ?? full) === full;
}

/** Waits until `read` gives something that `holds`, and returns it; gives up after so many milliseconds. */
export async function until(read, holds, what, patience = PATIENCE) {
  const end = performance.now() + patience;
  for (;;) {
    const now = await read();
    if (holds(now)) return now;
    if (performance.now() > end) throw new Error(`${what}: ${JSON.stringify(now)}`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

/** Waits until what `read` gives is no longer `before`, and returns it. */
export function changed(read, before) {
  const old = JSON.stringify(before);
  return until(read, (now) => JSON.stringify(now) !== old, "nothing changed");
}

/** Waits until `read` gives `wanted`. */
export async function becomes(read, wanted, what) {
  const whole = JSON.stringify(wanted);
  const last = await until(read, (now) => JSON.stringify(now) === whole, what).catch(read);
  assert.deepEqual(last, wanted, what);
}

/**
 * Presses a button in the first frame in which it is shown and `text` stands in `place`: what it stops may be over before
 * a pointer has found its way there.
 */
export async function pressInTime(page, button, { place, text }) {
  const press = ([button, place, text]) => {
    const found = document.querySelector(button);
    const there =
      found?.checkVisibility() && document.querySelector(place)?.textContent.replace(/\s+/g, " ").includes(text);
    if (there) found.click();
    return there;
  };
  await page.waitForFunction(press, [button, place, text], { timeout: 60_000 });
}

/** Waits until a place is there and hidden: what is not there yet counts as hidden too, and views come late. */
export async function gone(page, place) {
  await page.locator(place).waitFor({ state: "attached", timeout: 60_000 });
  await page.locator(place).waitFor({ state: "hidden", timeout: 60_000 });
}

/** All pixels of a canvas in one number. */
export const pixels = (page, place = ".chart-panel .plot canvas") =>
  page.locator(place).evaluate((canvas) => {
    // A copy is read, for reading the canvas itself would make the browser paint it otherwise.
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    let hash = 0;
    for (const byte of copy.getImageData(0, 0, canvas.width, canvas.height).data) hash = (hash * 31 + byte) | 0;
    return hash;
  });
