// The page of the contracts at `/docs`, in a real Chromium, and the documents that it shows.

import { strict as assert } from "node:assert";
import { readFileSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { findBrowser, pageOf, startBrowser } from "./support/browser.mjs";
import { startServer } from "./support/server.mjs";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const API = path.join(FOLDER, "../../docs/api");
const SCREENSHOTS = path.join(FOLDER, "../../target/screenshots");
const AXE = readFileSync(path.join(FOLDER, "node_modules/axe-core/axe.min.js"), "utf8");
const DOCUMENTS = readdirSync(API).filter((name) => name.endsWith(".json"));
const DIALECTS = [...new Set(DOCUMENTS.map((name) => name.split(".")[0]))];

const server = await startServer();
const browser = findBrowser() && (await startBrowser());
after(async () => {
  await browser?.close();
  await server.stop();
});

const NO_BROWSER = "there is no Chromium: install the package chromium, or name a browser in PARLANCE_CHROMIUM";
const inBrowser = (name, body) => test(name, { skip: browser ? false : NO_BROWSER }, body);

const read = (name) => readFileSync(path.join(API, name), "utf8");

async function opened(context, hash = "", options = {}) {
  const page = await pageOf(context, browser, server.url, options);
  await page.goto(`${server.url}/docs${hash}`);
  await page.getByRole("status").filter({ hasText: /entries/ }).waitFor();
  return page;
}

// The entries that are shown now.
const entries = (page) => page.getByRole("article");
const search = (page) => page.getByRole("searchbox", { name: "Search" });

async function assertAccessible(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
}

test("the documents are served as they are in the repository, also to pages of other origins", async () => {
  const listed = await (await fetch(`${server.url}/docs/documents`)).json();
  assert.deepEqual(listed.documents.toSorted(), DOCUMENTS.toSorted());
  for (const name of DOCUMENTS) {
    const answer = await fetch(`${server.url}/docs/${name}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "application/json");
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    assert.equal(await answer.text(), read(name));
  }
  const absent = await fetch(`${server.url}/docs/nothing.json`);
  assert.equal(absent.status, 404);
  assert.match((await absent.json()).message, /no nothing\.json here/);
});

for (const dialect of DIALECTS) {
  inBrowser(`${dialect}: every event, route and object is shown`, async (context) => {
    const page = await opened(context, `#${dialect}`);
    const forms = DOCUMENTS.filter((name) => name.startsWith(`${dialect}.`));
    const [asyncapi, openapi] = ["asyncapi", "openapi"].map((form) => (
      forms.includes(`${dialect}.${form}.json`) ? JSON.parse(read(`${dialect}.${form}.json`)) : null
    ));
    const events = Object.values(asyncapi?.operations ?? {})
      .map(({ messages: [{ $ref }] }) => asyncapi.components.messages[$ref.split("/").at(-1)].name);
    const routes = Object.entries(openapi?.paths ?? {})
      .flatMap(([route, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${route}`));
    const objects = Object.keys({ ...asyncapi?.components.schemas, ...openapi?.components.schemas });
    const shown = await entries(page).locator("h4").allTextContents();
    assert.deepEqual(shown.toSorted(), [...events, ...routes, ...objects].toSorted());
    await page.getByRole("navigation", { name: "Dialects" }).locator("[aria-current]").getByText(dialect).waitFor();
  });
}

inBrowser("a search leaves what has all of its words, and says how many entries these are", async (context) => {
  const page = await opened(context, "#recruiting");
  const all = await entries(page).count();
  await search(page).fill("send_message");
  assert.deepEqual(await page.locator("article:visible h4").allTextContents(), ["send_message"]);
  await page.getByText(`1 of ${all} entries`, { exact: true }).waitFor();
  const contents = page.getByRole("navigation", { name: "Contents" }).getByRole("link");
  assert.deepEqual(await contents.allTextContents(), ["send_message"]);
  // The name of a field finds those who have it, and words narrow each other.
  await search(page).fill("clientmessageid post");
  const routes = await page.locator("article:visible h4").allTextContents();
  assert.ok(routes.includes("POST /api/message/send") && !routes.includes("send_message"), routes.join());
  await search(page).fill("no such thing");
  await page.getByText(`0 of ${all} entries`, { exact: true }).waitFor();
  await search(page).fill("");
  await page.getByText(`${all} entries`, { exact: true }).waitFor();
});

inBrowser("an address names an entry, links lead to objects, and the keyboard suffices", async (context) => {
  const page = await opened(context, "#classroom/emit-send.message");
  await page.waitForFunction(() => document.activeElement.id === "classroom/emit-send.message");
  const entry = entries(page).filter({ has: page.getByRole("heading", { name: "send:message", exact: true }) });
  const row = entry.getByRole("row").filter({ hasText: "conversationId" }).first();
  await row.getByText("string, not empty").waitFor();
  // Hidden by a search, it is shown again when a link leads to it.
  await search(page).fill("send:message");
  await entry.getByRole("link", { name: "Message", exact: true }).first().focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.id === "classroom/object-Message");
  assert.equal(await search(page).inputValue(), "");
  await page.getByRole("navigation", { name: "Dialects" }).getByRole("link", { name: "workspace" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "workspace", exact: true }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "classroom", exact: true }).waitFor();
});

for (const [name, options] of Object.entries({
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  phone: { viewport: { width: 360, height: 700 }, colorScheme: "dark" },
})) {
  inBrowser(`${name}: everything is readable, and nothing is wider than the window`, async (context) => {
    const page = await opened(context, "#marketplace", options);
    await page.locator("summary").first().click();
    await assertAccessible(page);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
    await mkdir(SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: path.join(SCREENSHOTS, `docs-${name}.png`) });
  });
}

inBrowser("playground, inspector and contracts link to each other", async (context) => {
  const page = await pageOf(context, browser, server.url);
  const paths = { Playground: "/", Inspector: "/_local", Contracts: "/docs" };
  for (const [own, at] of Object.entries(paths)) {
    await page.goto(server.url + at);
    for (const [name, to] of Object.entries(paths).filter(([name]) => name !== own)) {
      const link = page.getByRole("link", { name, exact: true });
      assert.equal(await link.getAttribute("href"), to, `${name} at ${at}`);
    }
  }
});
