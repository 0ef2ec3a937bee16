// The playground: the page at `/`, in a real Chromium. People chat in it as a visitor would let them.

import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { findBrowser, pageOf, startBrowser } from "./support/browser.mjs";
import { connect } from "./support/device.mjs";
import { request } from "./support/rest.mjs";
import { startServer } from "./support/server.mjs";
import { tokenOf } from "./support/token.mjs";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const ROOT = path.join(FOLDER, "../..");
const VENDOR = path.join(ROOT, "local/src/playground/vendor");
const PACKAGE = path.join(FOLDER, "node_modules/socket.io-client");
const SCREENSHOTS = path.join(ROOT, "target/screenshots");
const AXE = readFileSync(path.join(FOLDER, "node_modules/axe-core/axe.min.js"), "utf8");

const DIALECTS = ["recruiting", "marketplace", "messenger", "workspace", "classroom"];
const TOKEN_HEADERS = { "x-parlance-playground": "1" };

const server = await startServer();
const browser = findBrowser() && (await startBrowser());
after(async () => {
  await browser?.close();
  await server.stop();
});

const NO_BROWSER = "there is no Chromium: install the package chromium, or name a browser in PARLANCE_CHROMIUM";
const skip = browser ? false : NO_BROWSER;
const inBrowser = (name, body) => test(name, { skip }, body);

let scenes = 0;

// One pane of the page.
class Pane {
  constructor(page, number, user) {
    Object.assign(this, { page, user });
    this.at = page.getByRole("region", { name: new RegExp(`^Person ${number}:`) });
    this.messages = this.at.getByRole("region", { name: /^Messages of/ });
    this.chats = this.at.getByRole("navigation");
    this.notice = this.at.getByRole("alert");
    this.text = this.at.getByLabel("Message", { exact: true });
  }

  button(name) {
    return this.at.getByRole("button", { name, exact: true });
  }

  // Waits for a text anywhere in the pane.
  sees(text) {
    return this.at.getByText(text).filter({ visible: true }).first().waitFor();
  }

  // The message with this text.
  message(text) {
    return this.messages.getByRole("listitem").filter({ hasText: text });
  }

  // Waits until the line is there, and does not move to another transport any more: a client that leaves while it moves
  // makes the browser complain of a WebSocket that was closed too early.
  connected(transport = "websocket") {
    return this.sees(`Connected by ${transport}`);
  }

  async start(other) {
    await this.at.getByLabel("Chat with (user id)").fill(other.user);
    await this.button("Start chat").click();
    await this.text.waitFor();
  }

  async say(text) {
    await this.text.fill(text);
    await this.text.press("Enter");
  }

  // What can be done with a message shows while one points at it.
  async act(text, action) {
    await this.message(text).hover();
    await this.message(text).getByRole("button", { name: action }).click();
  }
}

// Opens the page with a pane for each [name, dialect, transport], all connected, each with a user id that nobody has
// yet.
async function scene(context, people, { at = server, ...options } = {}) {
  if (at === server) scenes += 1;
  const page = await pageOf(context, browser, at.url, options);
  const users = people.map(([name]) => name.toLowerCase() + (at === server ? `-${scenes}` : ""));
  const choices = people.map(([name, dialect, transport = "both"], n) => [users[n], `${dialect}:${transport}:${name}`]);
  await page.goto(`${at.url}/#${new URLSearchParams(choices)}`);
  const panes = users.map((user, n) => new Pane(page, n + 1, user));
  for (const [n, pane] of panes.entries()) await pane.connected(people[n][2] === "polling" ? "polling" : "websocket");
  return { page, panes };
}

// Two people with a chat, in which each has written once.
async function chat(context, dialects, options) {
  const [one, other] = dialects;
  const opened = await scene(context, [["Ann", one], ["Ben", other]], options);
  const [ann, ben] = opened.panes;
  await ann.start(ben);
  await ann.say("Hello Ben");
  await ben.message("Hello Ben").waitFor();
  await ben.say("Hello Ann");
  await ann.message("Hello Ann").waitFor();
  return { ...opened, ann, ben };
}

// A request with any headers, also those that fetch does not let one set.
function raw(method, where, headers, body = "") {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ port: server.port, method, path: where, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part) => { text += part; });
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

const askToken = (body, headers = TOKEN_HEADERS) => request(server.url, "POST", "/playground/token", { body, headers });

test("whoever asks for HTML gets the page, and everybody else what was answered before", async () => {
  const page = await raw("GET", "/", { accept: "text/html,application/xhtml+xml,*/*;q=0.8" });
  assert.equal(page.status, 200);
  assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
  assert.match(page.text, /<title>Parlance playground<\/title>/);
  for (const accept of ["*/*", "application/json", ""]) {
    const answer = await raw("GET", "/", { accept });
    assert.equal(answer.status, 404, accept);
    assert.equal(JSON.parse(answer.text).error.code, "NOT_FOUND");
  }
  const posted = await raw("POST", "/", { accept: "text/html" });
  assert.equal(posted.status, 404);
});

test("the page may load nothing from elsewhere, and no other page may show it", async () => {
  const { headers } = await raw("GET", "/", { accept: "text/html" });
  const policy = headers["content-security-policy"];
  for (const rule of ["default-src 'self'", "connect-src 'self' ws:", "frame-ancestors 'none'"]) {
    assert.ok(policy.split("; ").includes(rule), `${rule} in ${policy}`);
  }
  assert.equal(headers["x-content-type-options"], "nosniff");
  const script = await raw("GET", "/playground/page.mjs", {});
  assert.equal(script.headers["content-type"], "text/javascript; charset=utf-8");
  assert.equal((await raw("GET", "/playground/../mod.rs", {})).status, 404);
  assert.equal((await raw("GET", "/playground/nothing.mjs", {})).status, 404);
});

test("the vendored client is the one of the lock file", () => {
  const { version } = JSON.parse(readFileSync(path.join(PACKAGE, "package.json"), "utf8"));
  const lock = JSON.parse(readFileSync(path.join(FOLDER, "package-lock.json"), "utf8"));
  assert.equal(version, lock.packages["node_modules/socket.io-client"].version);
  for (const [vendored, original] of [["socket.io.esm.min.js", "dist/socket.io.esm.min.js"], ["LICENSE", "LICENSE"]]) {
    const ours = readFileSync(path.join(VENDOR, vendored));
    assert.ok(ours.equals(readFileSync(path.join(PACKAGE, original))), vendored);
  }
  assert.ok(readFileSync(path.join(VENDOR, "README"), "utf8").includes(`socket.io-client ${version} (MIT)`));
  assert.deepEqual(readdirSync(VENDOR).toSorted(), ["LICENSE", "README", "socket.io.esm.min.js"]);
});

test("a token speaks for whoever was invented", async () => {
  const { status, body, headers } = await askToken({ user: "zoë", name: "Zoë" });
  assert.equal(status, 200);
  assert.equal(headers.get("cache-control"), "no-store");
  const zoe = await connect(server.url, "zoë", { token: body.token });
  assert.equal(zoe.greeting.connected.userId, "zoë");
  zoe.close();
});

test("another page of the same browser gets no token", async () => {
  const body = JSON.stringify({ user: "mallory" });
  const type = { "content-type": "application/json" };
  const bare = await raw("POST", "/playground/token", type, body);
  assert.deepEqual([bare.status, JSON.parse(bare.text)], [403, {
    message: "the header x-parlance-playground is required, so that no other page can make tokens",
  }]);
  for (const host of ["evil.example", "evil.example:3000", "localhost.evil.example", "0.0.0.0", "@localhost"]) {
    const foreign = await raw("POST", "/playground/token", { ...type, ...TOKEN_HEADERS, host }, body);
    assert.equal(foreign.status, 403, host);
    assert.match(foreign.text, /localhost, 127\.0\.0\.1, \[::1\]/);
  }
  for (const host of ["localhost", "LOCALHOST:1", "127.0.0.1:3000", "[::1]:3000"]) {
    assert.equal((await raw("POST", "/playground/token", { ...type, ...TOKEN_HEADERS, host }, body)).status, 200, host);
  }
  const asks = {
    origin: "https://evil.example",
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type,x-parlance-playground",
  };
  const preflight = await raw("OPTIONS", "/playground/token", asks);
  assert.equal(preflight.status, 405);
  const allowed = Object.keys(preflight.headers).filter((name) => name.startsWith("access-control"));
  assert.deepEqual(allowed, []);
});

for (const [what, body, complaint] of [
  ["no JSON", "user=zoe", /^the body must be a JSON object, such as /],
  ["no user", {}, /^user must be a text/],
  ["an empty user", { user: "" }, /^user: .*must be a string of 1 to 128 characters/],
  ["a user that is too long", { user: "x".repeat(129) }, /^user: .*must be a string of 1 to 128 characters/],
  ["a name that is no text", { user: "zoe", name: 7 }, /^name must be a text of at most 512 characters/],
  ["a name that is too long", { user: "zoe", name: "x".repeat(513) }, /^name must be a text of at most 512 characters/],
]) {
  test(`${what} is refused with the field and what is allowed`, async () => {
    const answer = await askToken(body);
    assert.equal(answer.status, 400);
    assert.match(answer.body.message, complaint);
  });
}

test("a token is signed with the secret of this system", async (t) => {
  const own = await startServer({ parameters: { JwtSecret: "a secret of at least thirty-two characters" } });
  t.after(() => own.stop());
  const asked = { body: { user: "zoe" }, headers: TOKEN_HEADERS };
  const { body } = await request(own.url, "POST", "/playground/token", asked);
  const device = await connect(own.url, "zoe", { token: body.token });
  device.close();
});

for (const [index, dialect] of DIALECTS.entries()) {
  const others = DIALECTS[(index + 1) % DIALECTS.length];
  inBrowser(`${dialect} chats with ${others}: messages, receipts and typing`, async (t) => {
    const { ann, ben } = await chat(t, [dialect, others]);
    await ann.message("Hello Ben").getByText("✓✓ read").waitFor();
    await ben.message("Hello Ann").getByText("✓✓ read").waitFor();
    await ben.at.getByLabel("Mark as read").uncheck();
    await ann.say("<b>two</b> <img src=x>");
    await ben.message("<b>two</b> <img src=x>").waitFor();
    await ann.message("<b>two</b>").getByText("✓✓ delivered").waitFor();
    await ben.chats.getByText("1 unread").waitFor();
    await ben.at.getByLabel("Mark as read").check();
    await ann.message("<b>two</b>").getByText("✓✓ read").waitFor();
    await ben.chats.getByText("1 unread").waitFor({ state: "detached" });
    for (const [typist, watcher] of [[ann, ben], [ben, ann]]) {
      await typist.text.pressSequentially("Hm");
      await watcher.sees(/typing …$/);
      await typist.text.press("Enter");
      await watcher.message("Hm").last().waitFor();
      await watcher.at.getByText(/typing …$/).waitFor({ state: "detached" });
    }
  });
}

inBrowser("a dialect shows what it has, and nothing else", async (t) => {
  for (const [dialect, actions, isThere] of [
    ["recruiting", ["Delete for all"], ["Block", "Search", "Send a picture or video"]],
    ["marketplace", ["Reply", "Delete for all"], ["Block", "Send a picture or video"]],
    ["messenger", [], []],
    ["workspace", [], ["Status", "Send a picture or video"]],
    ["classroom", ["Reply", "Delete for all", "Delete for me"], ["Send a picture or video"]],
  ]) {
    const { page, ann } = await chat(t, [dialect, "recruiting"]);
    const message = ann.message("Hello Ben");
    await message.hover();
    assert.deepEqual(await message.getByRole("button").allTextContents(), actions, dialect);
    const shown = {
      Block: ann.button("Block"),
      Search: ann.button("Search"),
      Status: ann.at.getByLabel("Status"),
      "Send a picture or video": ann.at.getByText("Send a picture or video"),
    };
    for (const [name, locator] of Object.entries(shown)) {
      const visible = (await locator.count()) > 0 && (await locator.isVisible());
      assert.equal(visible, isThere.includes(name), `${dialect}: ${name}`);
    }
    await page.close();
  }
});

for (const [dialect, others] of [["recruiting", "marketplace"], ["marketplace", "recruiting"]]) {
  inBrowser(`${dialect} blocks and unblocks, which ${others} hears`, async (t) => {
    const { ann, ben } = await chat(t, [dialect, others]);
    await ann.button("Block").click();
    await ann.sees(/blocked by you/);
    await ben.sees(/blocked by Ann/);
    await ben.say("Are you there?");
    await ben.notice.getByText(/^BLOCKED_USER: /).waitFor();
    assert.equal(await ben.text.inputValue(), "Are you there?", "what was refused can be sent again");
    await ann.button("Unblock").click();
    await ben.at.getByText(/blocked by/).waitFor({ state: "detached" });
    await ben.text.press("Enter");
    await ann.message("Are you there?").waitFor();
  });
}

inBrowser("blocks are heard in dialects that have none", async (t) => {
  for (const others of ["messenger", "workspace", "classroom"]) {
    const { page, ann, ben } = await chat(t, ["recruiting", others]);
    await ann.button("Block").click();
    await ben.sees(/blocked by Ann/);
    await ann.button("Unblock").click();
    await ben.at.getByText(/blocked by/).waitFor({ state: "detached" });
    await page.close();
  }
});

for (const [dialect, others] of [
  ["recruiting", "classroom"],
  ["marketplace", "messenger"],
  ["classroom", "workspace"],
]) {
  inBrowser(`${dialect} deletes a message for all, which ${others} hears`, async (t) => {
    const { ann, ben } = await chat(t, [dialect, others]);
    await ann.act("Hello Ben", "Delete for all");
    await ann.messages.getByText("Message deleted").waitFor();
    await ben.messages.getByText("Message deleted").waitFor();
    assert.equal(await ben.message("Hello Ben").count(), 0);
    assert.equal(await ben.message("Hello Ann").count(), 1);
  });
}

inBrowser("a message that is deleted for me stays for others", async (t) => {
  const { ann, ben } = await chat(t, ["classroom", "recruiting"]);
  await ann.act("Hello Ann", "Delete for me");
  await ann.message("Hello Ann").waitFor({ state: "detached" });
  assert.equal(await ben.message("Hello Ann").count(), 1);
});

for (const [dialect, others] of [["classroom", "marketplace"], ["marketplace", "classroom"]]) {
  inBrowser(`${dialect} replies to a message, which ${others} shows`, async (t) => {
    const { ann, ben } = await chat(t, [dialect, others]);
    await ann.act("Hello Ann", "Reply");
    await ann.sees("Reply to Ben: Hello Ann");
    await ann.say("How are you?");
    for (const pane of [ann, ben]) {
      await pane.message("How are you?").locator("blockquote", { hasText: "Hello Ann" }).waitFor();
    }
  });
}

inBrowser("a search finds messages of a chat", async (t) => {
  const { ann } = await chat(t, ["recruiting", "messenger"]);
  await ann.at.getByLabel("Search in this chat").fill("HELLO b");
  await ann.button("Search").click();
  await ann.sees("1 message with “HELLO b”");
  await ann.button("Close search").click();
  await ann.at.getByText("1 message with").waitFor({ state: "hidden" });
});

inBrowser("a picture is sent and shown", async (t) => {
  const { page, ann, ben } = await chat(t, ["workspace", "classroom"]);
  const picture = Buffer.from(await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(8, 6);
    canvas.getContext("2d").fillRect(0, 0, 8, 6);
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  }));
  await ann.text.fill("A black box");
  const file = { name: "box.png", mimeType: "image/png", buffer: picture };
  await ann.at.getByLabel("Send a picture or video").setInputFiles(file);
  for (const pane of [ann, ben]) {
    const image = pane.messages.getByRole("img", { name: "A black box" });
    await image.waitFor();
    const width = await image.evaluate((shown) => shown.decode().then(() => shown.naturalWidth));
    assert.equal(width, 8);
  }
});

inBrowser("a status is told to others, and going offline too", async (t) => {
  const { ann, ben } = await chat(t, ["workspace", "workspace"]);
  await ann.at.getByLabel("Status").selectOption("busy");
  await ben.sees(/^online, busy/);
  await ann.button("Disconnect").click();
  await ben.sees(/^offline/);
});

inBrowser("older messages are loaded on demand, each once", async (t) => {
  const { page, ann, ben } = await chat(t, ["recruiting", "workspace"]);
  for (let n = 1; n <= 30; n += 1) await ann.say(`Message ${n}.`);
  await ben.message("Message 30.").waitFor();
  await page.reload();
  await ann.message("Message 30.").waitFor();
  assert.equal(await ann.message("Message 10.").count(), 0);
  await ann.button("Load older messages").click();
  await ann.message("Hello Ben").waitFor();
  assert.equal(await ann.messages.getByRole("listitem").count(), 32);
  assert.equal(await ann.button("Load older messages").isVisible(), false);
});

for (const transport of ["both", "polling"]) {
  inBrowser(`a cut line is recovered from, and the page says what was missed: ${transport}`, async (t) => {
    const { panes: [ann, ben] } = await scene(t, [["Ann", "recruiting", transport], ["Ben", "classroom"]]);
    await ann.start(ben);
    await ann.say("Hello Ben");
    // Nothing is on its way to her any more.
    await ann.message("Hello Ben").getByText("✓✓ read").waitFor();
    await ann.button("Cut the line for 5 s").click();
    await ann.sees("The line is cut. The client comes back in");
    for (const text of ["missed one", "missed two"]) await ben.say(text);
    await ann.sees("Recovered: the same session, and");
    const replayed = ann.at.getByRole("status").getByRole("listitem");
    const events = await replayed.filter({ hasText: "new_message" }).allTextContents();
    assert.deepEqual(events, ["new_message missed one", "new_message missed two"]);
    for (const text of ["missed one", "missed two"]) assert.equal(await ann.message(text).count(), 1);
    await ben.say("live");
    await ann.message("live").waitFor();
  });
}

inBrowser("a session that cannot be recovered is new, and nothing is missing", async (t) => {
  const own = await startServer({ parameters: { RecoveryWindowSeconds: 1 } });
  t.after(() => own.stop());
  const { ann, ben } = await chat(t, ["marketplace", "messenger"], { at: own });
  await ann.button("Cut the line for 5 s").click();
  await ben.say("missed");
  await ann.sees(/^Not recovered: a new session/);
  await ann.message("missed").waitFor();
});

inBrowser("a token of one's own is used, and a refusal says why", async (t) => {
  const { panes: [ann] } = await scene(t, [["Ann", "recruiting", "websocket"]]);
  await ann.button("Disconnect").click();
  const paste = async (token) => {
    await ann.at.getByText("A token of your own").click();
    await ann.at.getByLabel("Token (instead of one that this server makes)").fill(token);
    await ann.button("Connect").click();
  };
  await paste(tokenOf("zoe", { exp: 1 }));
  await ann.sees("Refused: Authentication error: Invalid token (expired token)");
  await ann.at.getByLabel("Token (instead of one that this server makes)").fill(tokenOf("zoe"));
  await ann.button("Connect").click();
  await ann.connected();
  await ann.sees("zoe · recruiting");
});

inBrowser("without a secret the page asks for a token", async (t) => {
  const { publicKey } = generateKeyPairSync("ed25519");
  const key = Buffer.from(publicKey.export({ type: "spki", format: "pem" })).toString("base64");
  const own = await startServer({ parameters: { JwtSecret: "none", JwtPublicKey: key } });
  t.after(() => own.stop());
  const page = await pageOf(t, browser, own.url, { expected: [/status of 409/] });
  await page.goto(own.url);
  const ann = new Pane(page, 1, "alice");
  await ann.notice.getByText(/JwtPublicKey .* paste a token/).waitFor();
  await ann.at.getByLabel("Token (instead of one that this server makes)").waitFor();
});

inBrowser("the code that the page shows does what was done", async (t) => {
  const permissions = ["clipboard-read", "clipboard-write"];
  const { page, ann, ben } = await chat(t, ["recruiting", "messenger"], { permissions });
  await ann.at.getByText("Client code", { exact: true }).click();
  const copied = async (what) => {
    await ann.button(`Copy ${what}`).click();
    await ann.notice.getByText(`The ${what} is copied.`).waitFor();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  const token = await copied("token");
  const code = (await copied("code")).replace('"TOKEN"', JSON.stringify(token));
  assert.match(code, /await socket\.emitWithAck\("send_message", /);
  const run = ["--input-type=module", "--eval", code];
  const child = spawn(process.execPath, run, { cwd: FOLDER, stdio: ["ignore", "ignore", "inherit"] });
  t.after(() => child.kill());
  for (const pane of [ann, ben]) await pane.message("Hello Ben").nth(1).waitFor();
});

inBrowser("people are added, up to six, and go again; the address brings them back", async (t) => {
  const { page, panes: [ann] } = await scene(t, [["Ann", "recruiting"]]);
  const add = page.getByRole("button", { name: "Add a person" });
  for (let n = 2; n <= 6; n += 1) {
    await add.click();
    const focused = await page.evaluate(() => document.activeElement.name);
    assert.equal(focused, "user");
  }
  assert.equal(await add.isDisabled(), true);
  const panes = page.getByRole("region", { name: /^Person \d:/ });
  assert.equal(await panes.count(), 6);
  for (let n = 6; n > 1; n -= 1) await panes.nth(n - 1).getByRole("button", { name: "Remove" }).click();
  assert.equal(await ann.button("Remove").count(), 0);
  await page.reload();
  await ann.connected();
  assert.equal(await panes.count(), 1);
});

inBrowser("whoever opens the address finds Alice and Bob, and two steps later they chat", async (t) => {
  const own = await startServer();
  t.after(() => own.stop());
  const page = await pageOf(t, browser, own.url);
  await page.goto(own.url);
  const [alice, bob] = [new Pane(page, 1, "alice"), new Pane(page, 2, "bob")];
  await alice.connected();
  await bob.connected();
  await alice.button("Start chat").click();
  await alice.text.waitFor();
  await alice.say("Hello Bob");
  await bob.message("Hello Bob").waitFor();
});

const DESKTOP = { viewport: { width: 1280, height: 780 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

async function assertAccessible(page, what) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map(({ id, help, nodes }) => [id, help, nodes.map(({ html }) => html)]);
  assert.deepEqual(found, [], what);
}

for (const [device, options] of [["desktop", DESKTOP], ["phone", PHONE]]) {
  for (const colorScheme of ["light", "dark"]) {
    inBrowser(`everybody can use it, and it fits: ${device}, ${colorScheme}`, async (t) => {
      const people = [["Alice", "recruiting"], ["Bob", "classroom"]];
      const own = await startServer();
      t.after(() => own.stop());
      const { page, panes: [alice, bob] } = await scene(t, people, { at: own, ...options, colorScheme });
      await assertAccessible(page, "nothing yet");
      await alice.start(bob);
      for (const [pane, text] of [
        [alice, "Hi Bob! Your application was on my desk this morning."],
        [bob, "Good news, I hope?"],
        [alice, "Very good. Can you come by on Thursday at ten?"],
        [bob, "With pleasure. I bring my portfolio."],
      ]) {
        await pane.say(text);
        for (const each of [alice, bob]) await each.message(text).waitFor();
        await pane.message(text).getByText("✓✓ read").waitFor();
      }
      await bob.text.pressSequentially("And");
      await alice.sees(/typing …$/);
      await mkdir(SCREENSHOTS, { recursive: true });
      const picture = path.join(SCREENSHOTS, `playground-${device}-${colorScheme}.png`);
      await page.screenshot({ path: picture, fullPage: device === "phone" });
      await bob.message("Good news").hover();
      await alice.at.getByText("Client code", { exact: true }).click();
      await bob.message("Very good").getByRole("button", { name: "Reply" }).focus();
      await alice.at.getByLabel("Search in this chat").fill("thursday");
      await alice.button("Search").click();
      await alice.sees("1 message with");
      await alice.button("Block").click();
      await alice.button("Unblock").waitFor();
      await bob.text.press("Enter");
      await bob.notice.getByText(/^BLOCKED_USER/).waitFor();
      await assertAccessible(page, "two people chat");
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= options.viewport.width, `the page is ${width} wide`);
      await page.getByRole("button", { name: "Add a person" }).click();
      await bob.button("Cut the line for 5 s").click();
      await bob.sees("The line is cut. The client comes back in");
      await alice.button("Disconnect").click();
      await assertAccessible(page, "one was cut off, one is not connected");
    });
  }
}
