// Working with scenarios: undo and redo, stories, saved scenarios, words on terms, keys; on a laptop and on a phone.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { assertClean, axe, becomes, LAPTOP, launch, openReady, PHONE, tiles, TOP, waitReady } from "./support.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const isl = (page) => page.locator("#isl").inputValue();
const undo = (page) => page.locator("[data-key=undo]");
const redo = (page) => page.locator("[data-key=redo]");
const link = (page) => page.evaluate(() => location.hash.slice(1));

/** Waits until the scripts beside the page listen. */
const assisted = (page) => page.waitForFunction(() => document.documentElement.dataset.assisted === "true");

/** Opens the page with its assistance. */
async function opened(options = {}) {
  const own = await openReady(browser, { viewport: LAPTOP, ...options });
  await assisted(own.page);
  return own;
}

/** Types a value and leaves the field, so that keys are the page's again. */
async function set(page, id, value) {
  await page.fill(`#${id}`, value);
  await page.press(`#${id}`, "Enter");
  await page.waitForURL(new RegExp(`${id}=${value}`));
  await page.locator("body").evaluate(() => document.activeElement.blur());
}

test("undo and redo walk through the steps, by key and by button, and with back and forward", async () => {
  const { page, problems } = await opened();
  const first = await tiles(page);
  assert.ok((await undo(page).isDisabled()) && (await redo(page).isDisabled()), "nothing to undo yet");
  await set(page, "isl", "16k");
  await set(page, "osl", "4k");
  await set(page, "isl", "2k");

  await page.keyboard.press("Control+z");
  await becomes(() => isl(page), "16k");
  await undo(page).click();
  await becomes(() => page.locator("#osl").inputValue(), "1k");
  await page.goBack();
  await becomes(() => tiles(page), first, "back is the same walk as undo");
  await becomes(() => undo(page).isDisabled(), true);
  await page.keyboard.press("Control+Shift+z");
  await becomes(() => isl(page), "16k");
  await redo(page).click();
  await becomes(() => page.locator("#osl").inputValue(), "4k");
  await page.keyboard.press("Control+y");
  await becomes(() => isl(page), "2k");
  await becomes(() => redo(page).isDisabled(), true);

  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  await becomes(() => page.locator("#osl").inputValue(), "1k", "two quick undos are two steps");
  assertClean(problems);
});

test("a reload keeps what can be undone and redone, and a new step ends what lay ahead", async () => {
  const { page, problems } = await opened();
  await set(page, "isl", "16k");
  await set(page, "isl", "32k");
  await undo(page).click();
  await becomes(() => isl(page), "16k");
  await page.reload();
  await waitReady(page, problems);
  await assisted(page);
  assert.equal(await isl(page), "16k");
  await redo(page).click();
  await becomes(() => isl(page), "32k");
  await undo(page).click();
  await becomes(() => isl(page), "16k");
  await set(page, "osl", "2k");
  await becomes(() => redo(page).isDisabled(), true);
  await undo(page).click();
  await becomes(() => page.locator("#osl").inputValue(), "1k");
  assertClean(problems);
});

test("a text field undoes its own typing", async () => {
  const { page } = await opened();
  await set(page, "osl", "2k");
  await page.click("#isl");
  await page.keyboard.press("End");
  await page.keyboard.type("x");
  await page.keyboard.press("Control+z");
  assert.equal(await page.locator("#osl").inputValue(), "2k", "the page keeps its step");
});

test("a drawn chart, a pin and a view are steps too", async () => {
  const { page } = await opened();
  await page.click("[data-testid=pin]");
  await becomes(() => page.locator(".comparison thead th").count(), 3);
  await page.click("[data-metric=cost]");
  await becomes(() => page.locator("#chart-y").inputValue(), "cost");
  await undo(page).click();
  await becomes(() => page.locator("#chart-y").inputValue(), "ttft");
  await undo(page).click();
  await becomes(() => page.locator(".comparison").count(), 0);
  await redo(page).click();
  await becomes(() => page.locator(".comparison thead th").count(), 3);
});

for (const colorScheme of ["light", "dark"]) {
  test(`every entry of the gallery has a picture of what it shows: ${colorScheme}`, async () => {
    const { page, problems } = await opened({ colorScheme });
    await page.click("#gallery");
    await page.locator(".starts .start").first().waitFor();
    const pictures = page.locator("#library .start img");
    assert.equal(await pictures.count(), await page.locator("#library .start").count());
    for (const picture of await pictures.all()) {
      await picture.scrollIntoViewIfNeeded();
      await becomes(() => picture.evaluate((own) => own.complete && own.naturalWidth > 0), true);
      assert.match(await picture.getAttribute("src"), new RegExp(`/pictures/[a-z0-9-]+-${colorScheme}\\.svg$`));
    }
    assert.deepEqual(await axe(page, { within: "#library" }), []);
    assertClean(problems);
  });
}

test("words on a term do not open over the tab just pressed, even if it is what the pointer met first", async () => {
  const { page, problems } = await opened({ link: "v1" });
  await page.click("#tab-sensitivity");
  await page.waitForTimeout(2500);
  assert.equal(await page.locator("#term").count(), 0);
  await page.mouse.move(5, 300);
  await page.hover("#tab-sensitivity");
  await page.locator("#term").waitFor();
  assertClean(problems);
});

test("every story can be walked through, and its words carry the figures of the answer", async () => {
  const { page, problems } = await opened();
  const { stories } = JSON.parse(await readFile(new URL("../../public/stories.json", import.meta.url), "utf8"));
  for (const [index, story] of stories.entries()) {
    await page.click("#gallery");
    await page.locator(".story-cards button").nth(index).click();
    for (const [at, step] of story.steps.entries()) {
      await page.locator(".story h2", { hasText: step.title }).waitFor();
      assert.equal(await page.locator(".story-head .caption").innerText(), `${at + 1} of ${story.steps.length}`);
      const words = await page.locator(".story-words p").innerText();
      assert.ok(await page.getByRole("button", { name: "Back to the step" }).isHidden(), step.title);
      assert.doesNotMatch(words, /[{}]|no figure/, words);
      if (/\{ttft\}/.test(step.text)) {
        const [ttft] = await tiles(page);
        assert.ok(words.includes(ttft), `${ttft} in: ${words}`);
      }
      assert.equal(await page.locator(".answer.refused, .notices").count(), 0);
      await page.waitForURL(new RegExp(`story=${story.id}:${at + 1}`));
      if (at + 1 < story.steps.length) await page.locator(".story-steps").getByText("Next").click();
    }
    const focused = await page.evaluate(() => document.activeElement.textContent);
    assert.equal(focused, "More stories", "the focus stays in the bar");
    await page.locator(".story-steps").getByText("Previous").click();
    await page.locator(".story h2", { hasText: story.steps.at(-2).title }).waitFor();
  }
  const before = await tiles(page);
  await page.getByRole("button", { name: "Close the story" }).click();
  await becomes(() => page.locator(".story").count(), 0);
  assert.deepEqual(await tiles(page), before, "the scenario stays");
  await undo(page).click();
  await page.locator(".story").waitFor();
  assertClean(problems);
});

test("a link opens a story at its step; one that is not there says so", async () => {
  const there = await opened({ link: "v1&story=phases:3" });
  await there.page.locator(".story-head", { hasText: "3 of 5" }).waitFor();
  assertClean(there.problems);
  const lost = await opened({ link: "v1&story=nonsense:9" });
  await lost.page.getByText("names a story that is not there").waitFor();
  await lost.page.locator(".story").getByRole("button").click();
  await becomes(() => lost.page.locator(".story").count(), 0);
  assertClean(lost.problems);
});

test("scenarios are saved, renamed, deleted, put back and opened", async () => {
  const { page, problems } = await opened({ link: "v1&isl=16k" });
  await page.click("#gallery");
  await page.fill("#save-name", "Long prompts <b>");
  await page.click("[data-testid=save]");
  const rows = page.locator(".saved .name");
  assert.deepEqual(await rows.allInnerTexts(), ["Long prompts <b>"], "a name is text");
  await page.click("[data-testid=save]");
  await page.getByText("is saved already").waitFor();
  await page.getByRole("button", { name: "Rename Long prompts" }).click();
  await page.keyboard.type("Renamed");
  await page.keyboard.press("Enter");
  assert.deepEqual(await rows.allInnerTexts(), ["Renamed"]);
  await page.reload();
  await waitReady(page, problems);
  await assisted(page);
  await page.click("#gallery");
  await becomes(() => rows.allInnerTexts(), ["Renamed"], "a reload keeps the list");
  await page.getByRole("button", { name: "Delete Renamed" }).click();
  assert.equal(await rows.count(), 0);
  await page.keyboard.press("Enter");
  await becomes(() => rows.allInnerTexts(), ["Renamed"], "put back");
  await page.keyboard.press("Escape");
  await set(page, "isl", "1k");
  await page.click("#gallery");
  await rows.first().click();
  await becomes(() => isl(page), "16k");
  assertClean(problems);
});

test("an export comes back, and of a bad file each fault is named while the rest survives", async () => {
  const { page, problems } = await opened({ link: "v1&isl=16k", several: true });
  await page.click("#gallery");
  await page.fill("#save-name", "One");
  await page.click("[data-testid=save]");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByText("Export as a file").click()]);
  const text = await readFile(await download.path(), "utf8");
  assert.deepEqual(JSON.parse(text).scenarios, [{ name: "One", link: "v1&isl=16k" }]);
  await page.getByRole("button", { name: "Delete One" }).click();

  const file = (name, body) => ({ name, mimeType: "application/json", buffer: Buffer.from(body) });
  const take = (name, body) => page.setInputFiles("#saved-file", file(name, body));
  const notice = page.locator(".saved-area .notice");
  const rows = page.locator(".saved .name");
  await take("own.json", text);
  await becomes(() => rows.allInnerTexts(), ["One"]);
  await take("junk.json", "not json at all");
  await notice.getByText("junk.json is not JSON").waitFor();
  await take("empty.json", "{}");
  await notice.getByText("has no list").waitFor();
  const mixed = [
    7,
    { name: "", link: "v1" },
    { name: "no link" },
    { name: "script", link: "javascript:alert(1)" },
    { name: "odd", link: "v1&isl=banana" },
    { name: "good", link: `${TOP}#v1&osl=2k` },
    { name: "One", link: "v1&isl=16k" },
  ];
  await take("mixed.json", JSON.stringify({ scenarios: mixed }));
  await notice.getByText("2 of mixed.json taken").waitFor();
  const said = await notice.innerText();
  for (const part of [
    "Entry 1 is not",
    "Entry 2: name",
    "Entry 3 (no link)",
    "Entry 4 (script)",
    "isl=banana",
    "Entry 7 (One) is in the list",
  ]) {
    assert.ok(said.includes(part), `${part} in: ${said}`);
  }
  assert.deepEqual(await rows.allInnerTexts(), ["odd", "good", "One"]);

  // A file that is dropped is read as well.
  const transfer = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(['[{"name": "dropped", "link": "v1"}]'], "drop.json", { type: "application/json" }));
    return data;
  });
  await page.dispatchEvent(".saved-area", "drop", { dataTransfer: transfer });
  await becomes(() => rows.count(), 4);
  assertClean(problems);
});

test("blocked storage and a spoiled list are told, and the list works for the visit", async () => {
  const { page, context } = await opened();
  await page.evaluate(() => localStorage.setItem("tandem-saved", "{ nonsense"));
  await page.click("#gallery");
  await page.getByText("could not be read").waitFor();
  await context.addInitScript(() => {
    for (const name of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(window, name, {
        get: () => {
          throw new DOMException("blocked", "SecurityError");
        },
      });
    }
  });
  await page.reload();
  await waitReady(page);
  await assisted(page);
  await page.click("#gallery");
  await page.fill("#save-name", "For now");
  await page.click("[data-testid=save]");
  await page.getByText("lasts as long as the visit").waitFor();
  assert.deepEqual(await page.locator(".saved .name").allInnerTexts(), ["For now"]);
});

test("terms explain themselves by keyboard and pointer, and Escape puts the words away", async () => {
  const { page, problems } = await opened();
  const tip = page.getByRole("tooltip");
  await page.keyboard.press("Tab");
  await page.locator("#isl").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Shift+Tab");
  await tip.getByText("Input length").waitFor();
  const described = await page.evaluate(() => document.activeElement.getAttribute("aria-describedby"));
  assert.match(described, /term/);
  await page.keyboard.press("Escape");
  assert.equal(await tip.count(), 0);

  for (const metric of await page.locator(".tile").all()) {
    await metric.hover();
    await tip.waitFor();
    const words = await tip.innerText();
    assert.match(words, /\.\n/, words);
    assert.ok(await tip.locator(".formula").count(), words);
    await page.mouse.move(700, 5);
    await becomes(() => tip.count(), 0);
  }
  await page.locator("[data-metric=tpot]").hover();
  await tip.hover();
  await page.waitForTimeout(600);
  assert.equal(await tip.count(), 1, "the pointer may go onto the words");
  const found = await axe(page);
  assert.deepEqual(found, []);
  const answer = await page.request.get(`${TOP}glossary.html`);
  assert.match(await answer.text(), /<dt id="tpot">/);
  assertClean(problems);
});

test("a touch on a label explains it", async () => {
  const { page, problems } = await opened({ viewport: PHONE, hasTouch: true, isMobile: true });
  await page.getByText("Change the scenario").tap();
  await page.locator("label[for=isl]").tap();
  await page.getByRole("tooltip").getByText("Input length").waitFor();
  assertClean(problems);
});

test("a story says when its scenario was changed, and leads back", async () => {
  const { page } = await opened({ link: "v1&kv=fp8&prefill=h100-sxm*8&decode=h100-sxm*8&y=tpot&story=phases:2" });
  const back = page.getByRole("button", { name: "Back to the step" });
  await page.locator(".story h2").waitFor();
  assert.ok(await back.isHidden());
  await set(page, "isl", "2k");
  await back.click();
  await becomes(() => isl(page), "8k");
  await back.waitFor({ state: "hidden" });
});

test("own lengths let go of what came with a typical workload", async () => {
  const { page, problems } = await opened();
  await page.selectOption("#workload", "agent");
  await page.waitForURL(/sessions=/);
  const length = await isl(page);
  await page.selectOption("#workload", "");
  await page.waitForURL((url) => !/sessions=|lengths=|pause=|shared=/.test(url.hash));
  assert.equal(await isl(page), length);
  assertClean(problems);
});

test("the keys are listed, work, and can be switched off", async () => {
  const { page, problems } = await opened();
  await page.keyboard.press("?");
  const help = page.locator("#help");
  await help.getByText("Redo").waitFor();
  await page.keyboard.press("Escape");
  await becomes(() => help.count(), 0);
  await page.keyboard.press("]");
  await becomes(() => page.locator("[aria-controls=chart-panel][aria-selected=true]").innerText(), "Frontier");
  await page.keyboard.press("[");
  await becomes(() => page.locator("[aria-controls=chart-panel][aria-selected=true]").innerText(), "Curves");
  await page.keyboard.press("p");
  await page.locator(".comparison").waitFor();
  await page.keyboard.press("t");
  await becomes(() => page.evaluate(() => document.documentElement.dataset.theme), "light");
  await page.keyboard.press("g");
  await page.locator("#library").waitFor();
  await page.keyboard.press("Escape");
  await page.fill("#isl", "");
  await page.locator("#isl").press("p");
  assert.match(await page.locator("[data-testid=pin]").innerText(), /1\/4/, "a letter typed is a letter");

  await page.locator("body").evaluate(() => document.activeElement.blur());
  await page.keyboard.press("?");
  await page.getByLabel("Single keys work").uncheck();
  await page.keyboard.press("Escape");
  const before = await link(page);
  await page.keyboard.press("t");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "light");
  assert.equal(await link(page), before);
  assertClean(problems);
});

for (const [name, viewport] of [
  ["laptop", LAPTOP],
  ["phone", PHONE],
]) {
  for (const colorScheme of ["light", "dark"]) {
    test(`axe finds nothing in gallery, story and help: ${name}, ${colorScheme}`, async () => {
      const { page, problems } = await opened({ viewport, colorScheme, link: "v1&story=phases:1" });
      await page.locator(".story").waitFor();
      assert.deepEqual(await axe(page), [], "story");
      const wide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok((await wide()) <= 0, "nothing sticks out");
      await page.click("#gallery");
      await page.locator(".story-cards button").first().waitFor();
      await page.click("[data-testid=save]");
      assert.deepEqual(await axe(page), [], "gallery");
      await page.keyboard.press("Escape");
      await page.locator("body").press("?");
      await page.locator("#help").waitFor();
      assert.deepEqual(await axe(page), [], "help");
      assertClean(problems);
    });
  }
}

test("on a phone the controls are a sheet below the answer", async () => {
  const { page, problems } = await opened({ viewport: PHONE });
  await page.getByText("Change the scenario").click();
  const sheet = await page.locator(".controls").boundingBox();
  assert.ok(sheet.y > 200 && sheet.y + sheet.height <= PHONE.height + 1, JSON.stringify(sheet));
  const before = await tiles(page);
  await page.fill("#isl", "32k");
  await becomes(async () => JSON.stringify(await tiles(page)) !== JSON.stringify(before), true);
  assert.deepEqual(await axe(page), []);
  await page.getByText("Hide the scenario").click();
  assert.equal(await page.locator("#isl").isVisible(), false);
  assertClean(problems);
});
