// The recipe of a study: killed in the middle and started again, it gives the bytes of one straight run. It needs Dask,
// and runs where Python has it; where `CI` asks for everything, Dask is installed into a folder of its own.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { links } from "./scenarios.mjs";
import { until } from "./support.mjs";

const run = promisify(execFile);
const RECIPE = new URL("../../docs/recipes/study.py", import.meta.url).pathname;

/** A Python with Dask, or why there is none. */
async function python(folder) {
  const own = process.env.TANDEM_PYTHON ?? "python3";
  const has = await run(own, ["-c", "import dask.bag"]).then(
    () => true,
    () => false,
  );
  if (has) return { program: own };
  if (!process.env.CI) return { lacking: "Python has no Dask here, and CI is not set" };
  try {
    await run("python3", ["-m", "venv", join(folder, "venv")], { timeout: 60_000 });
    const pip = [
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--no-input",
      "--retries",
      "1",
      "dask[bag]>=2025",
    ];
    await run(join(folder, "venv", "bin", "pip"), pip, { timeout: 120_000 });
    return { program: join(folder, "venv", "bin", "python3") };
  } catch (reason) {
    return {
      lacking: `Dask cannot be had here: ${String(reason.stderr || reason.message)
        .trim()
        .split("\n")
        .pop()}`,
    };
  }
}

test("a study that is killed goes on where it was, and gives the bytes of a straight run", {
  timeout: 300_000,
}, async (context) => {
  const tandem = process.env.TANDEM_BIN;
  if (!tandem) return context.skip("TANDEM_BIN is not set");
  const folder = await mkdtemp(join(tmpdir(), "tandem-study-"));
  try {
    const { program, lacking } = await python(folder);
    if (lacking) return context.skip(lacking);
    const [given, straight, answers] = ["links.txt", "straight.jsonl", "answers.jsonl"].map((name) =>
      join(folder, name),
    );
    const all = links(5, 2000);
    all.splice(700, 0, "", "nonsense", "v1&isl=banana");
    await writeFile(given, all.join("\n")); // The last line has no end.
    await run("sh", ["-c", `"${tandem}" eval --batch < "${given}" > "${straight}"`]);

    const parts = `${answers}.parts`;
    const done = async () => (await readdir(parts).catch(() => [])).filter((name) => name.endsWith(".jsonl")).length;
    const start = (...more) =>
      spawn(program, [RECIPE, given, answers, "--tandem", tandem, "--shard", "60", "--workers", "2", ...more], {
        detached: true,
        stdio: ["ignore", "ignore", "pipe"],
      });
    const child = start();
    await until(done, (count) => count >= 2, "some shards", 60_000);
    process.kill(-child.pid, "SIGKILL");
    await new Promise((resume) => child.once("exit", resume));
    const before = await done();
    assert.ok(before >= 2 && before < 34, `${before} shards were done when it was killed`);
    await assert.rejects(readFile(answers), "no answers before all are there");

    // Another question must not be answered with what is there.
    await assert.rejects(
      run(program, [RECIPE, given, answers, "--tandem", tandem, "--shard", "60", "--strict"]),
      /another study/,
    );

    const again = start("--keep");
    let said = "";
    again.stderr.on("data", (piece) => (said += piece));
    assert.equal(await new Promise((resume) => again.once("exit", resume)), 0, said);
    assert.match(said, new RegExp(`2003 links in 34 shards, ${before} done before`));
    assert.match(said, /100% Completed/);
    assert.deepEqual(await readFile(answers), await readFile(straight));
    assert.equal(await done(), 34);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});
