// A little of messages.mjs in every run of the tests, without a browser.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fuzz, TARGETS, told } from "./messages.mjs";

for (const name of Object.keys(TARGETS)) {
  test(`${name}: random messages break no promise`, async () => {
    const ran = await fuzz(name, { runs: 40_000, seed: 20_260_401 });
    assert.equal(ran.broken && told(ran), undefined);
    assert.equal(ran.done, 40_000);
    for (const [what, count] of Object.entries(ran.counts)) assert.ok(count > 0, `${what} never came`);
  });
}

test("what is broken is found, and the same seed does the same again", async () => {
  const broken = {
    host: [
      ["number >= LEAST", "number >= 0"],
      ["source !== parent ||", ""],
      ["text.length > 200", "text.length > 300"],
      ["remarks.length < MOST_REMARKS &&", ""],
      ["wrong instanceof Wrong ? wrong :", "true ? wrong :"],
    ],
    frame: [
      ["Math.min(Math.max(data.height, 80), 6000)", "data.height"],
      ["!this.#frame || source !== this.#frame.contentWindow ||", ""],
      ['view.replace(/[\\ud800-\\udfff]/gu, "\\ufffd")', "view"],
      ["\\d{1,5}", "\\d+"],
    ],
    desk: [
      ["if (breathing ||", "if ("],
      ["    drop(id);\n    if (cancel) return;", "    if (cancel) return drop(id);"],
    ],
  };
  const files = { host: "host.js", frame: "embed.js", desk: "jobs.js" };
  for (const [name, changes] of Object.entries(broken)) {
    const script = await readFile(new URL(`../../public/${files[name]}`, import.meta.url), "utf8");
    for (const [from, to] of changes) {
      assert.ok(script.includes(from), `${files[name]} has no ${from}`);
      const find = () => fuzz(name, { runs: 40_000, seed: 7, script: script.replace(from, to) });
      const [first, second] = [await find(), await find()];
      assert.ok(first.broken, `${name} without ${from} goes unseen`);
      assert.equal(first.done, second.done);
    }
  }
});
