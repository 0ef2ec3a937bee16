// The programs in examples/ against the running system: Node and Python in terminals, React in Chromium; and the types
// of all that have some.

import { strict as assert } from "node:assert";
import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { findBrowser, pageOf, startBrowser } from "./support/browser.mjs";
import { connect } from "./support/device.mjs";
import { proxyTo } from "./support/proxy.mjs";
import { startServer, temporaryFolder } from "./support/server.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const EXAMPLES = path.join(ROOT, "examples");
const PYTHON = path.join(ROOT, ".venv/bin/python");
const AXE = readFileSync(path.join(ROOT, "tests/clients/node_modules/axe-core/axe.min.js"), "utf8");
// A program that hangs fails its test.
const timeout = 60_000;
// Long enough that a busy machine renews in time, and short enough to wait for.
const TOKEN_SECONDS = 9;
const INSTALL = "tests/run installs what the examples need: npm --prefix examples ci";
assert.ok(existsSync(path.join(EXAMPLES, "node_modules")), INSTALL);

const server = await startServer();
const browser = findBrowser() && (await startBrowser());
after(async () => {
  await browser?.close();
  await server.stop();
});

const PROGRAMS = {
  node: [process.execPath, path.join(EXAMPLES, "node/chat.mjs")],
  python: [PYTHON, path.join(EXAMPLES, "python/chat.py")],
};

// A terminal in which somebody chats by an example. It is closed when the test ends.
function terminal(context, language, user, other, { url = server.url, environment = {} } = {}) {
  const [program, script] = PROGRAMS[language];
  const child = spawn(program, [script, user, other, url], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  context.after(() => child.kill());
  const lines = [];
  const waiting = [];
  const ended = new Promise((resolve) => child.once("close", (code) => resolve(code)));
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    for (const wake of waiting.splice(0)) wake();
  });
  return {
    lines,
    type: (text) => child.stdin.write(`${text}\n`),
    // Waits until lines that `fits` were printed so often.
    shows: async (fits, times = 1) => {
      while (lines.filter(fits).length < times) await new Promise((resolve) => waiting.push(resolve));
    },
    leave: () => { child.stdin.end(); return ended; },
  };
}

const is = (text) => (line) => line === text;
const begins = (text) => (line) => line.startsWith(text);
const messages = ({ lines }) => lines.filter((line) => !line.startsWith("--"));

// Makes people known to the system.
async function known(...users) {
  for (const user of users) (await connect(server.url, user)).close();
}

for (const [one, other] of [["node", "python"], ["python", "node"]]) {
  const [ann, ben] = [`ann-${one}`, `ben-${other}`];

  test(`${one} chats with ${other}: history, and what was missed while the line was cut`, { timeout }, async (t) => {
    await known(ann, ben);
    const proxy = await proxyTo(t, server.port);
    const bens = terminal(t, other, ben, ann);
    await bens.shows(begins("-- you are"));
    bens.type("Are you there?");
    await bens.shows(is(`1 ${ben}: Are you there?`));
    const anns = terminal(t, one, ann, ben, { url: proxy.url });
    await anns.shows(is(`1 ${ben}: Are you there?`));
    await anns.shows(begins("-- you are"));
    anns.type("Now I am \u{1f600}");
    await bens.shows(is(`2 ${ann}: Now I am \u{1f600}`));

    proxy.cut();
    await anns.shows(begins("-- disconnected"));
    bens.type("Did you hear that?");
    await bens.shows(begins("3 "));
    anns.type("Sent without a line");
    proxy.restore();
    await anns.shows(begins("-- connected"), one === "python" ? 2 : 1);
    if (one === "node") assert.ok(anns.lines.includes("-- connected, session recovered"), anns.lines.join("\n"));
    await bens.shows(is(`4 ${ann}: Sent without a line`));
    await anns.shows(begins("4 "));
    bens.type("Good");
    for (const one of [anns, bens]) await one.shows(begins("5 "));

    // Each message once, in order, in both terminals.
    const said = [
      `1 ${ben}: Are you there?`,
      `2 ${ann}: Now I am \u{1f600}`,
      `3 ${ben}: Did you hear that?`,
      `4 ${ann}: Sent without a line`,
      `5 ${ben}: Good`,
    ];
    assert.deepEqual([messages(anns), messages(bens)], [said, said]);
    assert.deepEqual([await anns.leave(), await bens.leave()], [0, 0]);
  });
}

test("tokens that end are renewed, and the connections stay", { timeout }, async (t) => {
  const people = ["eva-node", "eli-python"];
  await known(...people);
  const environment = { TOKEN_SECONDS: String(TOKEN_SECONDS) };
  const [eva, eli] = ["node", "python"].map((language, index) => (
    terminal(t, language, people[index], people[1 - index], { environment })
  ));
  await Promise.all([eva, eli].map((one) => one.shows(begins("-- you are"))));
  // With the second renewal, the first token has ended.
  await Promise.all([eva, eli].map((one) => one.shows(is("-- token renewed"), 2)));
  eva.type("Still here");
  await eli.shows(is(`1 ${people[0]}: Still here`));
  assert.equal([...eva.lines, ...eli.lines].filter(begins("-- disconnected")).length, 0);
  assert.deepEqual([await eva.leave(), await eli.leave()], [0, 0]);
});

for (const language of ["node", "python"]) {
  test(`${language}: somebody who is not known cannot be written to, and the program ends`, { timeout }, async (t) => {
    const one = terminal(t, language, "lone", "nobody");
    assert.equal(await one.leave(), 1);
  });
}

for (const name of ["node", "hook", "react", "react-native"]) {
  test(`examples/${name} is taken by TypeScript`, async () => {
    const compiler = path.join(EXAMPLES, "node_modules/.bin/tsc");
    const compile = promisify(execFile)(compiler, ["--project", path.join(EXAMPLES, name)]);
    await compile.catch(({ stdout, stderr }) => assert.fail(`${stdout}${stderr}`));
  });
}

const NO_BROWSER = "there is no Chromium: install the package chromium, or name a browser in PARLANCE_CHROMIUM";

// Builds the React page for a server at `url`, and serves it; gives its address.
async function reactPage(context, url) {
  const vite = await import(pathToFileURL(path.join(EXAMPLES, "node_modules/vite/dist/node/index.js")));
  const settings = { root: path.join(EXAMPLES, "react"), logLevel: "warn" };
  const outDir = await temporaryFolder(context);
  process.env.VITE_PARLANCE_URL = url;
  await vite.build({ ...settings, build: { outDir, emptyOutDir: true } });
  const preview = await vite.preview({ ...settings, build: { outDir }, preview: { host: "localhost", port: 0 } });
  context.after(() => preview.close());
  const { port } = preview.httpServer.address();
  return `http://localhost:${port}`;
}

async function assertAccessible(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
}

const inBrowser = (name, body) => test(name, { skip: browser ? false : NO_BROWSER }, body);

inBrowser("react: two tabs chat, see typing and marks, and come back after the line was cut", async (t) => {
  const proxy = await proxyTo(t, server.port);
  const url = proxy.url.replace("127.0.0.1", "localhost");
  const address = await reactPage(t, url);
  // What a browser says about a line that is cut, and about a user who is not known.
  const options = { also: [url], expected: [/ERR_CONNECTION|ERR_EMPTY_RESPONSE|WebSocket|status of 404/] };
  const enter = async (user, other) => {
    const page = await pageOf(t, browser, address, options);
    await page.goto(address);
    await page.getByLabel("You are").fill(user);
    await page.getByLabel("You write to").fill(other);
    await assertAccessible(page);
    await page.getByRole("button", { name: "Enter" }).click();
    return page;
  };
  const status = (page, text) => page.getByRole("status").filter({ hasText: text }).waitFor();
  const line = (page, text) => page.getByRole("listitem").filter({ hasText: text });
  const say = async (page, text) => {
    await page.getByLabel(/^Message to/).fill(text);
    await page.getByRole("button", { name: "Send", exact: true }).click();
  };

  // Alice is first, and Bob is not known yet.
  const alice = await enter("alice-react", "bob-react");
  await status(alice, /not found/i);
  const bob = await enter("bob-react", "alice-react");
  for (const page of [alice, bob]) await status(page, /^Connected$/);
  await alice.getByLabel(/^Message to/).pressSequentially("He");
  await bob.getByText("is typing …").waitFor();
  await say(alice, "Hello Bob");
  await line(bob, "Hello Bob").waitFor();
  await bob.getByText("online", { exact: true }).waitFor();
  await line(alice, "Hello Bob").getByText("✓✓ read").waitFor();
  for (const page of [alice, bob]) await assertAccessible(page);

  proxy.cut();
  for (const page of [alice, bob]) await status(page, /No connection/);
  await say(bob, "Sent without a line");
  await line(bob, "Sent without a line").getByText("sending").waitFor();
  proxy.restore();
  for (const page of [alice, bob]) await status(page, /session recovered/);
  await line(alice, "Sent without a line").waitFor();
  await line(bob, "Sent without a line").getByText("✓✓ read").waitFor();
  for (const page of [alice, bob]) assert.equal(await line(page, "Sent without a line").count(), 1);

  await alice.reload();
  await line(alice, "Sent without a line").waitFor();
  const texts = await alice.getByRole("list", { name: "Messages" }).locator("p").allTextContents();
  assert.deepEqual(texts, ["Hello Bob", "Sent without a line"]);
});
