// The page inside other people's pages, and the page without a network. Every host here is of another origin.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import {
  assertClean,
  axe,
  DEEP,
  launch,
  open,
  openReady,
  request,
  sentence,
  TOP,
  until,
  waitReady,
} from "./support.mjs";

const run = promisify(execFile);
const servers = new Set();

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
  for (const server of servers) server.close();
});

/** Serves what `answer(path)` gives, a `{ status, type, body }`; returns the address and a way to end it. */
async function serve(answer, name = "localhost") {
  const server = http.createServer(async (asked, reply) => {
    const {
      status = 200,
      type = "text/html; charset=utf-8",
      body = "",
    } = (await answer(asked.url.split("?")[0])) ?? {
      status: 404,
    };
    reply.writeHead(status, { "content-type": type });
    reply.end(body);
  });
  servers.add(server);
  await new Promise((resume) => server.listen(0, resume));
  const end = () => new Promise((resume) => (server.close(resume), server.closeAllConnections()));
  return { url: `http://${name}:${server.address().port}/`, end };
}

/** A host's page with a strict policy of its own, opened; `asked` are the addresses that it has asked our site for. */
async function host(body, { site = TOP, script = `<script async src="${site}embed.js"></script>`, ...options } = {}) {
  const policy = `default-src 'none'; script-src ${site} 'unsafe-inline'; style-src 'self'; frame-src ${site}`;
  const page = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
    <meta http-equiv="Content-Security-Policy" content="${policy}"><title>Host</title>${script}<body><main><h1>Host</h1>${body}</main></body></html>`;
  const { url } = await serve((path) => (path === "/" ? { body: page } : undefined));
  const context = await browser.newContext({ viewport: { width: 900, height: 1600 }, ...options });
  const [asked, problems] = [[], { errors: [] }];
  context.on("request", (request) => request.url().startsWith(site) && asked.push(request.url()));
  context.on(
    "console",
    (message) =>
      message.type() === "error" && !/favicon|404/.test(message.text()) && problems.errors.push(message.text()),
  );
  context.on("weberror", (error) => problems.errors.push(String(error.error())));
  const opened = await context.newPage();
  await opened.addInitScript(() => {
    globalThis.heard = [];
    addEventListener("message", ({ data }) => heard.push(data));
    globalThis.events = [];
    for (const type of ["ready", "state", "resize", "error"]) {
      addEventListener(`tandem-${type}`, (event) => events.push({ type, id: event.target.id, ...event.detail }));
    }
  });
  await opened.goto(url);
  return { page: opened, context, asked, problems, url };
}

const inside = (page, index = 0) => page.frames()[index + 1];
const events = (page, type, id) =>
  page.evaluate(
    ([type, id]) => globalThis.events.filter((own) => own.type === type && (!id || own.id === id)),
    [type, id],
  );
const heard = (page, type) =>
  page.evaluate((type) => globalThis.heard.filter((own) => own?.tandem && own.type === type), type);

const allReady = (page, count) =>
  until(
    () => page.evaluate(() => [...document.querySelectorAll("tandem-embed")].filter((own) => own.ready).length),
    (found) => found >= count,
    "embeds that are ready",
  );

test("two embeds stand in a strict page of another origin, and follow their attributes without a reload", async () => {
  const { page, context, problems } = await host(
    `<p class="poster small">Text</p><button>Button</button>
     <tandem-embed id="one" scenario="v1&isl=4k" loading="eager"></tandem-embed>
     <tandem-embed id="two" scenario="v1&model=llama3-8b&pool=h100-sxm*1&isl=2k" theme="dark" hide="remarks" show="tiles" height="500" loading="eager"></tandem-embed>`,
  );
  const plain = await page.evaluate(() => [
    history.length,
    location.href,
    getComputedStyle(document.querySelector("p")).display,
  ]);
  await allReady(page, 2);
  const [one, two] = [inside(page, 0), inside(page, 1)];
  assert.match(await sentence(one), /4k\/1k/);
  assert.match(await sentence(two), /2k\/1k/);
  assert.equal(await two.evaluate(() => document.documentElement.dataset.theme), "dark");
  assert.equal(await two.locator(".tile").count(), 7);
  assert.equal(await two.locator(".remarks").isVisible(), false);
  assert.equal(await one.locator(".tile").count(), 0);
  await one.evaluate(() => (globalThis.mark = true));

  await page.evaluate(() => {
    const one = document.getElementById("one");
    one.scenario = "v1&isl=32k";
    one.view = "frontier";
    one.theme = "dark";
  });
  await one.getByText(/\d+ deployments of the same chips/).waitFor();
  assert.match(await sentence(one), /32k\/1k/);
  assert.equal(await one.evaluate(() => document.documentElement.dataset.theme), "dark");
  assert.match(await sentence(two), /2k\/1k/, "the other one stays as it was");
  await page.evaluate(() => document.getElementById("one").setAttribute("hide", "chart,sentence"));
  await until(
    () => one.locator(".chart-panel, .answer").count(),
    (count) => count === 0,
    "parts that were hidden",
  );
  await page.evaluate(() => document.getElementById("one").removeAttribute("hide"));
  await one.locator(".chart-panel canvas").waitFor();
  await page.evaluate(() => document.getElementById("one").setAttribute("height", "333"));
  assert.equal(
    await page.evaluate(() => document.getElementById("one").shadowRoot.querySelector("iframe").offsetHeight),
    333,
  );
  assert.equal(await one.evaluate(() => globalThis.mark), true, "nothing was loaded anew");
  assert.match(
    await page.evaluate(() => document.getElementById("one").shadowRoot.querySelector("iframe").title),
    /Tandem/,
  );

  assert.deepEqual(
    await page.evaluate(() => [history.length, location.href, getComputedStyle(document.querySelector("p")).display]),
    plain,
    "the host's history, address and styles are as they were",
  );
  assert.equal(await page.evaluate(() => document.querySelectorAll("style, [style]").length), 0);
  assert.deepEqual(await axe(page), []);
  assertClean(problems);
  await context.close();
});

test("what the reader does in an embed is told, and leaves every history alone", async () => {
  const { page, context } = await host(`<tandem-embed id="one" scenario="v1&isl=4k" loading="eager"></tandem-embed>`);
  await allReady(page, 1);
  const length = await page.evaluate(() => history.length);
  const field = inside(page).locator(".cursor-field");
  await field.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  const [state] = await until(
    () => events(page, "state"),
    (found) => found.length > 0,
    "states",
  );
  assert.match(state.link, /^v1&isl=(?!4k)/);
  assert.equal(await page.evaluate(() => document.getElementById("one").link), state.link);
  assert.ok(inside(page).url().endsWith("#v1&isl=4k"), "its address stays what the host wrote");
  // The host asks for what it asked for before: the reader's change goes.
  await page.evaluate(() => document.getElementById("one").setAttribute("scenario", "v1&isl=4k&osl=1k"));
  await until(
    () => sentence(inside(page)),
    (text) => /4k\/1k/.test(text),
    "sentence",
  );
  assert.equal(await page.evaluate(() => history.length), length);
  await context.close();
});

test("an embed is as high as what it shows, wide or narrow, and does not grow by itself", async () => {
  for (const width of [320, 900]) {
    for (const view of ["curves", "replay"]) {
      const { page, context } = await host(
        `<tandem-embed id="one" scenario="v1&rate=1" view="${view}" loading="eager"></tandem-embed>`,
        { viewport: { width, height: 2600 } },
      );
      await allReady(page, 1);
      const frame = inside(page);
      await frame.locator(".plot canvas").first().waitFor();
      const heights = () =>
        Promise.all([
          page.evaluate(() => document.getElementById("one").shadowRoot.querySelector("iframe").clientHeight),
          frame.evaluate(() => Math.ceil(document.querySelector("main").getBoundingClientRect().height)),
        ]);
      await until(heights, ([outer, inner]) => outer === inner, "height of frame and content");
      await page.waitForTimeout(600);
      const [outer] = await until(heights, ([outer, inner]) => outer === inner, "height of frame and content");
      assert.ok(outer < 2500, `${outer}`);
      const wide = await frame.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.equal(wide, 0, `${view} at ${width} is too wide`);
      assert.deepEqual(await axe(frame), [], `${view} at ${width}`);
      await context.close();
    }
  }
});

test("messages set scenario, look, parts and height; wrong ones are answered and change nothing", async () => {
  const { page, context, problems } = await host(
    `<iframe title="Tandem" src="${TOP}?embed=1#v1&isl=4k" width="800" height="600"></iframe>
     <iframe title="Another" src="${TOP}accuracy.html"></iframe>`,
    { script: "" },
  );
  await until(
    () => heard(page, "ready"),
    (found) => found.length === 1,
    "ready",
  );
  const frame = page.frames().find((own) => own.url().includes("embed=1"));
  const say = (message) =>
    page.evaluate((message) => document.querySelector("iframe").contentWindow.postMessage(message, "*"), message);

  await say({ tandem: 1, type: "setScenario", link: "v1&isl=16k&view=curves" });
  const [state] = await until(
    () => heard(page, "state"),
    (found) => found.length > 0,
    "state",
  );
  assert.deepEqual(state, { tandem: 1, type: "state", link: "v1&isl=16k" });
  await say({ tandem: 1, type: "setTheme", theme: "dark" });
  await frame.waitForFunction(() => document.documentElement.dataset.theme === "dark");
  assert.equal((await heard(page, "resize")).length, 0, "a chart that fills its frame asks for no height");
  await say({ tandem: 1, type: "setHeight", height: 250 });
  await until(
    () => heard(page, "resize"),
    (found) => found.length > 0,
    "resize",
  );
  await until(
    () => frame.locator(".plot").evaluate((plot) => plot.offsetHeight),
    (height) => height === 250,
    "height of the chart",
  );
  await say({ tandem: 1, type: "setHeight", height: "fill" });
  await say({ tandem: 1, type: "setParts", hide: "table" });
  await until(
    () => frame.locator(".data").isVisible(),
    (seen) => !seen,
    "table",
  );
  await say({ tandem: 1, type: "getState" });
  await until(
    () => heard(page, "state"),
    (found) => found.length === 2,
    "answer to getState",
  );

  const before = await frame.evaluate(() => ({ ...document.documentElement.dataset }));
  const wrong = [
    [{ tandem: 2, type: "setTheme", theme: "dark" }, "tandem", "2", /1/],
    [{ tandem: 1, type: "explode" }, "type", "explode", /setScenario/],
    [{ tandem: 1, type: "constructor" }, "type", "constructor", /setScenario/],
    [{ tandem: 1, type: "setTheme", theme: "pink" }, "theme", "pink", /auto, light, dark/],
    [{ tandem: 1, type: "setTheme" }, "theme", "undefined", /auto, light, dark/],
    [{ tandem: 1, type: "setScenario", link: 5 }, "link", "5", /v1/],
    [{ tandem: 1, type: "setScenario", link: "model=llama3-8b" }, "link", "model=llama3-8b", /v1/],
    [{ tandem: 1, type: "setScenario", link: `v1&isl=${"9".repeat(70_000)}` }, "link", null, /65536/],
    [{ tandem: 1, type: "setScenario", link: "v1&isl=banana" }, "link", "v1&isl=banana", /isl=banana.*1 to 16M/],
    [{ tandem: 1, type: "setScenario", link: "v1&isl=1k&view=pie" }, "link", null, /pie.*curves, frontier/],
    [{ tandem: 1, type: "setHeight", height: 1e9 }, "height", "1000000000", /120 to 4000/],
    [{ tandem: 1, type: "setParts", hide: "everything" }, "hide", "everything", /sentence, .*table/],
    [{ tandem: 1, type: "setParts", show: ["tiles"] }, "show", null, /text/],
  ];
  for (const [index, [message, field, value, valid]] of wrong.entries()) {
    await say(message);
    const error = (
      await until(
        () => heard(page, "error"),
        (found) => found.length === index + 1,
        JSON.stringify(message),
      )
    )[index];
    assert.equal(error.field, field);
    if (value !== null) assert.equal(error.value, value);
    assert.match(error.valid, valid);
    assert.ok(error.value.length < 250 && error.message.startsWith(`${field} is "`), error.message);
  }
  // Others' messages are none of its business.
  for (const message of [null, 5, "text", {}, { type: "setTheme", theme: "light" }, [1]]) await say(message);
  const other = page.frames().find((own) => own.url().endsWith("accuracy.html"));
  await other.evaluate(() => parent.frames[0].postMessage({ tandem: 1, type: "setTheme", theme: "light" }, "*"));
  await page.waitForTimeout(400);
  assert.equal((await heard(page, "error")).length, wrong.length);
  assert.deepEqual(await frame.evaluate(() => ({ ...document.documentElement.dataset })), before);
  assertClean(problems);
  await context.close();
});

/** How many times the usual number of random messages is sent: `TANDEM_FUZZ=100` by hand. */
const MORE = Number(process.env.TANDEM_FUZZ ?? 1);

/**
 * Sends random messages to the frame, and returns what it must make of them: the errors it must answer, in order, and
 * the state that holds in the end. It judges by itself, from what embedding.html promises. Runs in the host's page, as
 * some of what can be sent cannot be handed from here to there.
 */
function bombard({ seed, count, wild }) {
  let at = seed;
  const random = () => {
    at = (at + 0x6d2b79f5) | 0;
    let bits = Math.imul(at ^ (at >>> 15), 1 | at);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end) => Math.floor(random() * end);
  const of = (list) => list[below(list.length)];
  const cycle = {};
  cycle.self = cycle;
  const deep = Array.from({ length: 500 }).reduce((inner) => ({ inner }), {});
  const odd = [
    undefined,
    null,
    true,
    0,
    -1,
    1,
    119,
    4001,
    1e308,
    NaN,
    Infinity,
    10n,
    "",
    " ",
    "1",
    "v1",
    "NaN",
    "\u0000",
    "\u202e",
    "x".repeat(70_000),
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "__proto__",
    "constructor",
    "toString",
    [],
    [1],
    ["dark"],
    ["setTheme"],
    {},
    { toString: 5 },
    { link: "v1" },
    cycle,
    deep,
    new Map([["a", 1]]),
    new Set(["dark"]),
    new Date(0),
    new ArrayBuffer(8),
    new Uint8Array(9),
    /x/,
    new Error("no"),
    new Blob(["x"]),
  ];
  const fine = {
    theme: ["light", "dark"],
    height: ["fill", 120, 250, 4000, "300"],
    hide: ["", undefined, null, "table", " table , remarks ", "sentence"],
    show: ["", undefined, "tiles", "tiles,chart"],
    link: ["v1&isl=2k", "https://example.org/#v1&isl=3k", "v1&model=llama3-8b&pool=h100-sxm*1", "v1&isl=5k&osl=256"],
  };
  const links = [
    "v1&isl=banana",
    "v1&nothing=1",
    "v2",
    "isl=4k",
    "v1&isl=1k&view=pie",
    "v1&pool=<b>",
    "v1x",
    "#",
    "v1&chip=a:bf16=1",
  ];
  const parts = ["sentence", "remarks", "tiles", "chart", "table"];
  const wrong = (field) => ({ wrong: field });
  const listed = (value) => {
    if (typeof (value ?? "") !== "string") return undefined;
    const names = (value ?? "")
      .split(",")
      .map((name) => name.trim())
      .filter(Boolean);
    return names.every((name) => parts.includes(name)) ? names : undefined;
  };
  // What a message must come to: the field that is wrong, or what it changes.
  const judge = ({ tandem, type, theme, height, hide, show, link }) => {
    if (tandem !== 1) return wrong("tandem");
    if (type === "getState") return {};
    if (type === "setTheme") return ["auto", ...fine.theme].includes(theme) ? { theme } : wrong("theme");
    if (type === "setScenario") return ["v1", ...fine.link].includes(link) ? { link } : wrong("link");
    if (type === "setHeight") {
      if (["auto", "fill"].includes(height)) return { height };
      const pixels = typeof height === "string" && /^\d+$/.test(height) ? Number(height) : height;
      return typeof pixels === "number" && pixels >= 120 && pixels <= 4000 ? { height: "set" } : wrong("height");
    }
    if (type === "setParts") {
      const [hidden, shown] = [listed(hide), listed(show)];
      if (!hidden || !shown) return wrong(hidden ? "show" : "hide");
      return {
        parts: parts.filter((part) => (part !== "tiles" || shown.includes(part)) && !hidden.includes(part)).join(" "),
      };
    }
    return wrong("type");
  };
  const [errors, state] = [[], {}];
  const frame = document.querySelector("iframe").contentWindow;
  for (let index = 0; index < count; index += 1) {
    if (wild && below(20) === 0) frame.postMessage(of(odd), "*"); // None of these has our mark on it.
    const type =
      wild && below(6) === 0
        ? of(odd)
        : of(["setScenario", "setTheme", "setParts", "setHeight", "getState", "explode", "ready"]);
    const message = { tandem: wild && below(8) === 0 ? of(odd) : 1, type };
    for (const field of Object.keys(fine)) {
      if (below(5) > 0) message[field] = wild || below(3) === 0 ? of([...odd, ...links]) : of(fine[field]);
    }
    const { wrong: field, ...change } = judge(message);
    if (wild && Object.keys(change).length > 0) continue;
    if (field) errors.push(field);
    Object.assign(state, change);
    frame.postMessage(message, "*");
  }
  return { errors, state };
}

test("random messages are answered one by one, and a wrong one changes nothing", async () => {
  const { page, context, problems } = await host(
    `<iframe title="Tandem" src="${TOP}?embed=1#v1&isl=4k" width="800" height="600"></iframe>`,
    { script: "" },
  );
  await until(
    () => heard(page, "ready"),
    (found) => found.length === 1,
    "ready",
  );
  const frame = page.frames()[1];
  // It listens before its figures are on the screen, and their coming is no answer to a message.
  await frame.waitForFunction(() => document.documentElement.dataset.ready === "true");
  const state = () =>
    frame.evaluate(() => ({
      ...document.documentElement.dataset,
      style: document.documentElement.getAttribute("style"),
    }));
  const last = async (order) => {
    await page.evaluate(
      (order) => document.querySelector("iframe").contentWindow.postMessage({ tandem: 1, ...order }, "*"),
      order,
    );
  };
  let seed = 1;
  for (const [wild, rounds, count] of [
    [true, 6 * MORE, 500],
    [false, 2 * MORE, 60],
  ]) {
    for (let round = 0; round < rounds; round += 1, seed += 1) {
      await page.evaluate(() => (globalThis.heard.length = 0));
      const before = await state();
      const expected = await page.evaluate(bombard, { seed, count, wild });
      await last({ type: "end" });
      const errors = await until(
        () => heard(page, "error"),
        (found) => found.at(-1)?.value === "end",
        `errors of seed ${seed}`,
      );
      assert.deepEqual(
        errors.slice(0, -1).map((own) => own.field),
        expected.errors,
        `seed ${seed}`,
      );
      for (const { field, value, valid, message } of errors) {
        assert.ok(typeof value === "string" && value.length < 250, `seed ${seed}: value of ${field}`);
        assert.ok(valid.length > 0 && message.startsWith(`${field} is "`), `seed ${seed}: ${message}`);
      }
      const after = await state();
      if (wild) {
        assert.deepEqual(after, before, `seed ${seed}`);
      } else {
        const { theme, height, parts } = expected.state;
        if (theme && theme !== "auto") assert.equal(after.theme, theme, `seed ${seed}`);
        if (height) assert.equal(after.height, height, `seed ${seed}`);
        if (parts !== undefined) assert.equal(after.parts, parts, `seed ${seed}`);
        if (expected.state.link) assert.match(after.link, /^v1/);
      }
    }
  }
  assertClean(problems);
  await context.close();
});

test("what comes out of a frame is checked by the page around it", async () => {
  const { page, context, problems } = await host(
    `<tandem-embed id="one" scenario="v1&isl=4k" height="auto" loading="eager"></tandem-embed>`,
  );
  await allReady(page, 1);
  const link = await page.evaluate(() => document.getElementById("one").link);
  await inside(page).evaluate((rounds) => {
    const odd = [
      undefined,
      null,
      5,
      NaN,
      -Infinity,
      1e308,
      "",
      "x".repeat(9999),
      {},
      [],
      10n,
      new Map(),
      { toString: 5 },
      ["v1"],
    ];
    for (let round = 0; round < rounds; round += 1) {
      for (const type of ["ready", "state", "resize", "ready ", "constructor", "__proto__", 5, null, ["ready"], {}]) {
        for (const value of odd)
          parent.postMessage(
            { tandem: 1, type, link: typeof value === "string" ? [value] : value, height: value },
            "*",
          );
      }
      for (const value of odd) parent.postMessage(value, "*");
    }
    parent.postMessage({ tandem: 1, type: "error", field: "end" }, "*");
  }, 20 * MORE);
  await until(
    () => events(page, "error"),
    (found) => found.at(-1)?.field === "end",
    "the last message",
  );
  const own = await page.evaluate(() => {
    const one = document.getElementById("one");
    return { link: one.link, ready: one.ready, height: one.shadowRoot.querySelector("iframe").offsetHeight };
  });
  assert.equal(own.link, link);
  assert.equal(own.ready, true);
  assert.ok(own.height >= 80 && own.height <= 6002, `${own.height}`);
  assert.ok((await events(page, "state")).every((event) => typeof event.link === "string"));
  assertClean(problems);
  await context.close();
});

test("a sandboxed embed computes, searches without a worker, and follows its host", async () => {
  const { page, context, problems } = await host(
    `<tandem-embed id="one" scenario="v1&isl=4k" view="frontier" sandbox="allow-scripts" loading="eager"></tandem-embed>`,
  );
  await allReady(page, 1);
  const frame = inside(page);
  assert.equal(await frame.evaluate(() => self.origin), "null");
  await frame.getByText(/\d+ deployments of the same chips/).waitFor();
  await page.evaluate(() => (document.getElementById("one").scenario = "v1&isl=1k"));
  await until(
    () => sentence(frame),
    (text) => /1k\/1k/.test(text),
    "sentence",
  );
  assertClean(problems);
  await context.close();
});

test("a poster loads nothing before it is clicked", async () => {
  const { page, context, asked } = await host(
    `<tandem-embed id="one" poster="What a context costs" scenario="v1&isl=4k"></tandem-embed>
     <tandem-embed id="two" poster scenario="v1&model=llama3-8b&pool=h100-sxm*1"></tandem-embed>`,
  );
  const button = page.locator("#one").getByRole("button", { name: "Show the live figure" });
  await button.waitFor();
  assert.match(await page.locator("#one .poster").innerText(), /What a context costs/);
  assert.match(await page.locator("#two .poster").innerText(), /llama3-8b on h100-sxm\*1/);
  assert.deepEqual(await axe(page), []);
  await page.waitForTimeout(300);
  assert.deepEqual(asked, [`${TOP}embed.js`]);
  await button.focus();
  await page.keyboard.press("Enter");
  await allReady(page, 1);
  assert.match(await sentence(inside(page)), /4k\/1k/);
  assert.equal(page.frames().length, 2, "the other one still waits");
  await context.close();
});

test("an embed far below is loaded when it comes near", async () => {
  const { page, context, asked } = await host(
    `${"<p>Text</p>".repeat(400)}<tandem-embed id="one" scenario="v1&isl=4k"></tandem-embed>`,
    { viewport: { width: 800, height: 600 } },
  );
  await page.waitForFunction(() => customElements.get("tandem-embed"));
  await page.waitForTimeout(300);
  assert.deepEqual(asked, [`${TOP}embed.js`]);
  await page.locator("#one").scrollIntoViewIfNeeded();
  await allReady(page, 1);
  await context.close();
});

test("the script finds its place under a deep path, as a script and as a module", async () => {
  // A module of another origin needs the server's leave, which ours gives.
  for (const kind of ["async", `type="module"`]) {
    const { page, context, problems } = await host(
      `<tandem-embed scenario="v1&isl=4k" loading="eager"></tandem-embed>`,
      {
        site: DEEP,
        script: `<script ${kind} src="${DEEP}embed.js"></script>`,
      },
    );
    await allReady(page, 1);
    assert.ok(inside(page).url().startsWith(`${DEEP}?embed=1`), inside(page).url());
    assertClean(problems);
    await context.close();
  }
  const { page, context } = await host(`<tandem-embed scenario="v1&isl=4k" loading="eager"></tandem-embed>`, {
    site: DEEP,
    script: `<script>import("${DEEP}embed.js")</script>`,
  });
  await allReady(page, 1);
  await context.close();
});

test("a property that was set before the script came is taken up", async () => {
  const { page, context } = await host(
    `<tandem-embed id="one" loading="eager"></tandem-embed><script>document.getElementById("one").scenario = "v1&isl=4k"</script>`,
    { script: "" },
  );
  await page.evaluate((address) => {
    const script = document.createElement("script");
    script.src = address;
    document.head.append(script);
  }, `${TOP}embed.js`);
  await allReady(page, 1);
  assert.match(await sentence(inside(page)), /4k\/1k/);
  await context.close();
});

test("options behind the question mark that cannot be are told, and the rest holds", async () => {
  const { page, problems } = await openReady(browser, {
    query: "embed=1&hide=table,nothing&theme=pink&height=9&view=pie&show=tiles",
    link: "v1&isl=4k",
  });
  const notice = page.locator(".notices");
  await notice.waitFor();
  const text = await notice.innerText();
  for (const part of [
    /hide is "nothing".*sentence/,
    /theme is "pink".*auto, light, dark/,
    /height is "9".*120 to 4000/,
    /view=pie.*curves/,
  ]) {
    assert.match(text, part);
  }
  assert.equal(await page.locator(".data").isVisible(), false);
  assert.equal(await page.locator(".tile").count(), 7);
  assert.match(await sentence(page), /4k\/1k/);
  assertClean(problems);
});

test("an embed of a link that is not understood shows no figure and asks back", async () => {
  const { page, problems } = await open(browser, {
    query: "embed=1&show=tiles",
    link: "v1&model=lama3-8b&pool=h200*1",
  });
  const banner = page.locator(".misread");
  await banner.waitFor();
  assert.match(await banner.innerText(), /unknown model "lama3-8b"/);
  assert.equal(await page.locator("[data-testid=sentence], .tile, canvas").count(), 0);
  await banner.getByRole("button", { name: "llama3-8b", exact: true }).click();
  await page.locator(".tile").first().waitFor();
  assert.match(await sentence(page), /Llama 3 \/ 3\.1 8B/);
  assert.equal(await page.locator(".misread").count(), 0);
  assertClean(problems);
});

/** Our files from a server that can be changed and taken away. */
async function mirror(base = "/") {
  let change = (_, body) => body;
  const { url, end } = await serve(async (path) => {
    if (!path.startsWith(base)) return undefined;
    const { status, headers, body } = await request(new URL(path.slice(base.length), TOP));
    return { status, type: headers["content-type"], body: change(path.slice(base.length), body) };
  });
  return { url: url + base.slice(1), end, change: (to) => (change = to) };
}

const keptBy = (page) => page.evaluate(() => caches.keys());
/** Which service workers there are. */
const workers = (page) =>
  page.evaluate(async () => {
    const { active, waiting } = (await navigator.serviceWorker.getRegistration()) ?? {};
    return {
      active: active?.state === "activated",
      waiting: Boolean(waiting),
      controls: Boolean(navigator.serviceWorker.controller),
    };
  });
const kept = (page) =>
  until(
    () => workers(page),
    ({ active, controls }) => active && controls,
    "service worker",
  );

test("without a network the page reloads, searches, and its other pages open", async () => {
  const { url, end } = await mirror("/a/deep/path/");
  const { page, context, problems } = await openReady(browser, { site: url, offline: true, link: "v1&isl=4k" });
  const text = await sentence(page);
  await kept(page);
  assert.deepEqual(problems.foreign, []);
  assert.deepEqual(await context.cookies(), []);
  await end();

  await page.reload();
  await waitReady(page, problems);
  assert.equal(await sentence(page), text);
  await page.click("#tab-frontier");
  await page.getByText(/\d+ deployments of the same chips/).waitFor();
  for (const name of ["accuracy.html", "claims.html", "embedding.html"]) {
    await page.goto(url + name);
    assert.ok((await page.locator("h1").innerText()).length > 0, name);
  }
  assert.match(await page.locator("main").innerText(), /scenario/);
  const nothing = await page.goto(`${url}nothing.html`).catch((reason) => String(reason));
  assert.match(String(nothing), /ERR_/, "what is no page of ours is not made up");
  await context.close();
});

test("a new build takes over when the old one's pages have gone, and the old one is thrown away", async () => {
  const { url, change } = await mirror();
  const { page, context } = await openReady(browser, { site: url, offline: true });
  await kept(page);
  await page.evaluate(() => caches.open("of somebody else"));
  const [old] = (await keptBy(page)).filter((name) => name.startsWith("tandem "));

  change((name, body) =>
    name === "sw.js"
      ? Buffer.from(body.toString().replace(/const BUILD = "[0-9a-f]+"/, 'const BUILD = "another"'))
      : name === ""
        ? Buffer.from(body.toString().replace("<body>", '<body class="another">'))
        : body,
  );
  await page.reload();
  await page.waitForFunction(() => document.documentElement.dataset.ready === "true");
  assert.equal(await page.locator("body.another").count(), 1, "while there is a network the newest page is shown");
  await until(
    () => workers(page),
    ({ waiting }) => waiting,
    "the next service worker",
  );
  assert.ok((await keptBy(page)).includes(old), "the open page keeps its files");
  // The browser sees in its own time that no page of the old one is left.
  const visited = async () => {
    await page.goto("about:blank");
    await page.waitForTimeout(500);
    await page.goto(url);
    return keptBy(page);
  };
  const names = await until(visited, (names) => !names.includes(old), "what is kept");
  assert.deepEqual(names.sort(), ["of somebody else", old.replace(/\S+$/, "another")]);
  await context.close();
});

test("an embed leaves no service worker behind", async () => {
  const { page, context } = await openReady(browser, { query: "embed=1", offline: true });
  await page.waitForTimeout(3000);
  assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
  await context.close();
});

test("the guide's figures live, and its examples name the place it is read at", async () => {
  for (const viewport of [
    { width: 1100, height: 900 },
    { width: 390, height: 844 },
  ]) {
    const { page, problems, context } = await open(browser, { viewport, site: `${TOP}embedding.html` });
    assert.ok((await page.locator("pre").first().innerText()).includes(`src="${TOP}embed.js"`));
    await page.locator("#spoken-with").scrollIntoViewIfNeeded();
    await until(() => page.evaluate(() => document.getElementById("spoken-with").ready), Boolean, "ready");
    await page.click("[data-order=long]");
    await until(
      () => page.locator("#log").innerText(),
      (text) => /tandem-state.*isl=32k/.test(text),
      "log",
    );
    await page.click("[data-order=wrong]");
    await until(
      () => page.locator("#log").innerText(),
      (text) => /tandem-error.*isl=banana/.test(text),
      "log",
    );
    assert.equal(
      await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
      0,
    );
    assert.deepEqual(await axe(page), []);
    assertClean(problems);
    await context.close();
  }
  const { page, problems, context } = await open(browser, { site: `${TOP}accuracy.html` });
  await page.getByRole("button", { name: "Show the live figure" }).first().click();
  await until(() => page.evaluate(() => document.querySelector("tandem-embed").ready), Boolean, "ready");
  await page.frameLocator("tandem-embed iframe").first().getByText("Measured").first().waitFor();
  assertClean(problems);
  await context.close();
});

test("other sites can preview the page", async () => {
  const home = (await request(TOP)).body.toString();
  for (const name of ["og:title", "og:description", "og:image", "og:image:alt"]) {
    assert.match(home, new RegExp(`<meta property="${name}" content="[^"{]+">`));
  }
  const oembed = JSON.parse((await request(new URL("oembed.json", TOP))).body.toString());
  assert.equal(oembed.type, "rich");
  assert.match(oembed.html, /<iframe src="[^"{]*\?embed=1"/);
  const picture = (await request(new URL("og.png", TOP))).body;
  assert.ok(picture.length < 60_000, `${picture.length}`);
  assert.deepEqual([picture.readUInt32BE(16), picture.readUInt32BE(20)], [1200, 630]);
});

/** MkDocs in a folder of its own, or why it cannot be had. */
async function mkdocs(folder) {
  const bin = join(folder, "venv", "bin");
  try {
    await run("python3", ["-m", "venv", join(folder, "venv")], { timeout: 60_000 });
    const pip = ["install", "--quiet", "--disable-pip-version-check", "--no-input", "--retries", "1", "mkdocs>=1.6,<2"];
    await run(join(bin, "pip"), pip, { timeout: 90_000 });
    return { program: join(bin, "mkdocs") };
  } catch (reason) {
    return {
      lacking: `MkDocs cannot be had here: ${String(reason.stderr || reason.message)
        .trim()
        .split("\n")
        .pop()}`,
    };
  }
}

test("a site that MkDocs builds has live figures", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "tandem-mkdocs-"));
  try {
    const { program, lacking } = await mkdocs(folder);
    if (lacking) return context.skip(lacking);
    await mkdir(join(folder, "docs"));
    await writeFile(join(folder, "mkdocs.yml"), `site_name: Docs\nextra_javascript:\n  - ${DEEP}embed.js\n`);
    await writeFile(
      join(folder, "docs", "index.md"),
      `# Serving\n\nBefore the figure.\n\n<tandem-embed scenario="v1&amp;model=llama3-8b&amp;pool=h100-sxm*1&amp;isl=2k"></tandem-embed>\n\nAfter the *figure*, and one inline: <tandem-embed scenario="v1&amp;isl=4k" poster="Another"></tandem-embed>\n`,
    );
    await run(program, ["build", "--quiet", "--strict"], { cwd: folder, timeout: 60_000 });
    const types = { html: "text/html", css: "text/css", js: "text/javascript" };
    const { url } = await serve(async (path) => {
      const name = path.endsWith("/") ? `${path}index.html` : path;
      const body = await readFile(join(folder, "site", name)).catch(() => undefined);
      return body && { body, type: types[name.split(".").pop()] };
    });
    const visit = await browser.newContext();
    const page = await visit.newPage();
    await page.goto(url);
    await allReady(page, 1);
    assert.match(await sentence(inside(page)), /2k\/1k/);
    assert.ok(inside(page).url().startsWith(DEEP));
    assert.equal(await page.locator("em").innerText(), "figure");
    await page.getByRole("button", { name: "Show the live figure" }).click();
    await allReady(page, 2);
    assert.match(await sentence(inside(page, 1)), /4k\/1k/);
    await visit.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
