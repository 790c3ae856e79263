// Drives a plain Firefox over Marionette, the wire that every Firefox brings along: messages of JSON behind their
// length. Playwright would want a Firefox of its own making, and others a program in between.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a fresh profile must not do: ask, tell, update, greet. */
const PREFERENCES = {
  "marionette.port": 0, // Any free one; Firefox writes down which.
  "app.update.disabledForTesting": true,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage": "about:blank",
  "browser.startup.page": 0,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "toolkit.telemetry.reportingpolicy.firstRun": false,
};

/** Starts Firefox without a window. */
export async function firefox(program, { width = 1440, height = 900 } = {}) {
  const profile = await mkdtemp(join(tmpdir(), "tandem-firefox-"));
  const lines = Object.entries(PREFERENCES).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  await writeFile(join(profile, "user.js"), lines.join(""));
  const child = spawn(
    program,
    ["--marionette", "--headless", "--no-remote", "--profile", profile, `--width=${width}`, `--height=${height}`],
    {
      stdio: "ignore",
      env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: "1" },
    },
  );
  const ended = new Promise((resume) => child.once("exit", resume));
  const port = await activePort(profile, child);
  const wire = await connect(port);
  await wire.ask("WebDriver:NewSession", { capabilities: { alwaysMatch: { acceptInsecureCerts: false } } });
  await wire.ask("WebDriver:SetTimeouts", { script: 120_000, pageLoad: 60_000 });
  return {
    goto: (url) => wire.ask("WebDriver:Navigate", { url }),
    /** Runs the body of a function in the page; `args` are its `arguments`, and it may return a promise. */
    run: async (body, ...args) =>
      (await wire.ask("WebDriver:ExecuteScript", { script: body, args, newSandbox: false, sandbox: null })).value,
    async close() {
      wire.end();
      child.kill();
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function activePort(profile, child) {
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) throw new Error(`Firefox ended with ${child.exitCode}`);
    const text = await readFile(join(profile, "MarionetteActivePort"), "utf8").catch(() => "");
    if (/^\d+$/.test(text.trim())) return Number(text);
    await new Promise((resume) => setTimeout(resume, 100));
  }
  throw new Error("Firefox never listened");
}

function connect(port) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    const waiting = new Map();
    let [rest, last] = [Buffer.alloc(0), 0];
    const ask = (name, parameters) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve, reject });
        const text = Buffer.from(JSON.stringify([0, last, name, parameters]));
        socket.write(Buffer.concat([Buffer.from(`${text.length}:`), text]));
      });
    const hear = (message) => {
      // The first message is a greeting.
      if (!Array.isArray(message)) return resolve({ ask, end: () => socket.destroy() });
      const [, id, error, result] = message;
      const asked = waiting.get(id);
      waiting.delete(id);
      if (error) asked?.reject(new Error(`${error.error}: ${error.message}`));
      else asked?.resolve(result);
    };
    socket.on("error", reject);
    socket.on("data", (piece) => {
      rest = Buffer.concat([rest, piece]);
      for (;;) {
        const colon = rest.indexOf(":");
        const length = colon < 0 ? NaN : Number(rest.subarray(0, colon));
        if (!(rest.length >= colon + 1 + length)) return;
        hear(JSON.parse(rest.subarray(colon + 1, colon + 1 + length)));
        rest = rest.subarray(colon + 1 + length);
      }
    });
  });
}
