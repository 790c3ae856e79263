// Takes the pictures that README.md opens with, from a served build: `node pictures.mjs` with its address in
// TANDEM_URL and TANDEM_DEEP_URL.

import { fileURLToPath } from "node:url";
import { launch, waitReady } from "./support.mjs";

const browser = await launch();
for (const colorScheme of ["light", "dark"]) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme });
  const page = await context.newPage();
  await page.goto(process.env.TANDEM_URL);
  await waitReady(page);
  // The valley of the mix board comes last.
  await page.locator(".strip .offer").waitFor();
  await page.waitForTimeout(500);
  const path = fileURLToPath(new URL(`../../docs/pictures/page-${colorScheme}.png`, import.meta.url));
  await page.screenshot({ path });
}
await browser.close();
