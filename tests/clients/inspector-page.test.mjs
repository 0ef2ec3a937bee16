// The inspector's page at `/_local`, in a real Chromium.

import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { findBrowser, pageOf, startBrowser } from "./support/browser.mjs";
import { connect, open } from "./support/device.mjs";
import { startServer } from "./support/server.mjs";
import { sign } from "./support/token.mjs";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const SCREENSHOTS = path.join(FOLDER, "../../target/screenshots");
const AXE = readFileSync(path.join(FOLDER, "node_modules/axe-core/axe.min.js"), "utf8");

const server = await startServer();
const browser = findBrowser() && (await startBrowser());
after(async () => {
  await browser?.close();
  await server.stop();
});

const NO_BROWSER = "there is no Chromium: install the package chromium, or name a browser in PARLANCE_CHROMIUM";
const inBrowser = (name, body) => test(name, { skip: browser ? false : NO_BROWSER }, body);

// Opens the page, watching.
async function inspector(context, options = {}) {
  const page = await pageOf(context, browser, server.url, options);
  await page.goto(`${server.url}/_local`);
  await page.getByText("watching", { exact: true }).waitFor();
  return page;
}

const records = (page) => page.getByRole("list", { name: "Records, oldest first" });
const tab = (page, name) => page.getByRole("tab", { name, exact: true });

async function screenshot(page, name) {
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SCREENSHOTS, `inspector-${name}.png`) });
}

async function assertAccessible(page) {
  // Playwright evaluates outside of the page's own policy.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
}

inBrowser("packets appear as they come, with the error that answered them, and markup in them stays text", async (context) => {
  const page = await inspector(context);
  const alice = await connect(server.url, "alice");
  const hostile = "<img src=x onerror=alert(1)><b>bold</b>";
  await alice.ask("send_message", { chatId: "none", content: hostile });
  const event = records(page).getByRole("listitem").filter({ hasText: "send_message" }).first();
  await event.getByText(/answered with/).waitFor();
  await event.locator("summary").click();
  await event.locator("pre").getByText(hostile).waitFor();
  assert.equal(await page.locator("img, b").count(), 0, "nothing of it became an element");
  await page.getByRole("button", { name: /alice at \// }).waitFor();
  await screenshot(page, "live");
  await assertAccessible(page);
  alice.close();
});

inBrowser("a refused client shows why", async (context) => {
  const page = await inspector(context);
  const socket = open(server.url, { auth: { token: sign({ sub: "refused-one" }) } });
  const item = records(page).getByRole("listitem").filter({ hasText: "refused-one" }).filter({ hasText: "connect_error" });
  await item.getByText(/Authentication error/).first().waitFor();
  await item.getByText(/without exp/).first().waitFor();
  socket.disconnect();
});

inBrowser("the filter, the pause and the clearing do what they say", async (context) => {
  const page = await inspector(context);
  const dora = await connect(server.url, "dora");
  const emil = await connect(server.url, "emil");
  await records(page).getByText("emil").first().waitFor();
  await page.getByLabel("User").fill("dora");
  await records(page).getByText("dora").first().waitFor();
  assert.equal(await records(page).getByText("emil", { exact: true }).count(), 0);
  await page.getByRole("button", { name: "Pause" }).click();
  await dora.ask("get_online_users", {});
  await page.getByRole("button", { name: "Clear" }).click();
  assert.equal(await records(page).getByRole("listitem").count(), 0);
  await page.getByRole("button", { name: "Pause" }).click();
  await dora.ask("get_online_users", {});
  await records(page).getByText(/get_online_users/).first().waitFor();
  dora.close();
  emil.close();
});

inBrowser("the records are copied as a transcript of the tests", async (context) => {
  const page = await inspector(context, { permissions: ["clipboard-read", "clipboard-write"] });
  const fay = await connect(server.url, "fay");
  await records(page).getByText("fay").first().waitFor();
  await page.getByLabel("User").fill("fay");
  await records(page).getByText(/event connected/).first().waitFor();
  await page.getByRole("button", { name: "Copy as test transcript" }).click();
  await page.getByText(/lines are copied/).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /^fay hears 40\{"sid":"…"\}$/m);
  assert.match(copied, /^fay hears 42\["connected",\{.*"socketId":"…".*\}\]$/m, "without its offset");
  fay.close();
});

inBrowser("the other tabs show invocations, rows and costs, by keyboard too", async (context) => {
  const page = await inspector(context);
  const gus = await connect(server.url, "gus");
  await gus.ask("get_online_users", {});
  await tab(page, "Live").focus();
  await page.keyboard.press("ArrowRight");
  const ofEvent = page.getByRole("listitem").filter({ hasText: "MESSAGE get_online_users" });
  // Which function handles events is a setting of the system.
  const handler = process.env.PARLANCE_ISOLATION === "inline" ? "switchboard" : "presence";
  const invocation = ofEvent.filter({ hasText: handler }).filter({ hasText: "gus" });
  await invocation.locator("summary").click();
  await invocation.getByRole("table").first().waitFor();
  await screenshot(page, "invocations");
  await assertAccessible(page);
  await page.keyboard.press("Shift+Tab");
  await tab(page, "Tables").click();
  await page.getByLabel("Table", { exact: true }).selectOption("Users");
  await page.getByRole("cell", { name: "gus", exact: true }).first().waitFor();
  await screenshot(page, "tables");
  await assertAccessible(page);
  await tab(page, "Functions and cost").click();
  await page.getByRole("cell", { name: "switchboard", exact: true }).waitFor();
  await page.getByRole("cell", { name: "Sum", exact: true }).waitFor();
  await screenshot(page, "functions");
  await assertAccessible(page);
  gus.close();
});

inBrowser("the page fits a phone, and the dark", async (context) => {
  const page = await inspector(context, { viewport: { width: 390, height: 844 }, colorScheme: "dark" });
  const hal = await connect(server.url, "hal");
  await records(page).getByText("hal").first().waitFor();
  const [width, shown] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(width <= shown, `the page is ${width} wide on a screen of ${shown}`);
  await screenshot(page, "phone");
  await assertAccessible(page);
  hal.close();
});
