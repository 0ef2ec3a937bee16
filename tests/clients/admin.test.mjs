// The Socket.IO Admin UI: its protocol with the stock client and beside the official server, and its page, that of npm's
// @socket.io/admin-ui, in a real Chromium.

import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { io } from "socket.io-client";

import { findBrowser, pageOf, startBrowser } from "./support/browser.mjs";
import { connect, PATIENCE_MILLIS } from "./support/device.mjs";
import { request } from "./support/rest.mjs";
import { startServer, temporaryFolder } from "./support/server.mjs";
import { tokenOf } from "./support/token.mjs";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const ROOT = path.join(FOLDER, "../..");
const SCREENSHOTS = path.join(ROOT, "target/screenshots");
const ADMIN_UI = path.join(FOLDER, "node_modules/@socket.io/admin-ui");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png" };
const TRANSPORTS = { websocket: ["websocket"], polling: ["polling"], "polling and then websocket": ["polling", "websocket"] };
const PATIENCE = { timeout: 60_000 };
// A dialect whose clients join rooms. What greets a socket there is no matter here.
const WORKSPACE = { namespace: "/workspace", words: { greetings: {} } };

// The page as npm has it, on a port of its own.
async function servePage() {
  const dist = path.join(ADMIN_UI, "ui/dist");
  const pages = createServer(async (asked, answer) => {
    const file = path.join(dist, asked.url === "/" ? "index.html" : new URL(asked.url, "http://localhost").pathname);
    const content = file.startsWith(dist) && (await readFile(file).catch(() => undefined));
    answer.writeHead(content ? 200 : 404, { "content-type": TYPES[path.extname(file)] ?? "text/plain" });
    answer.end(content || "");
  });
  await new Promise((resolve) => pages.listen(0, "localhost", resolve));
  return pages;
}

// The password that a start printed.
const printedPassword = ({ printed }) => {
  const found = printed.map((line) => /^Socket\.IO Admin UI .*: user name admin, password (\S+)$/.exec(line)).find(Boolean);
  return found?.[1];
};

const server = await startServer();
const pages = await servePage();
const pageUrl = `http://localhost:${pages.address().port}`;
const browser = findBrowser() && (await startBrowser());
after(async () => {
  await browser?.close();
  pages.closeAllConnections();
  pages.close();
  await server.stop();
});

// The line is the first after the addresses, so it may come a moment after `startServer` is done.
while (!printedPassword(server)) await new Promise((resolve) => setTimeout(resolve, 10));
const password = printedPassword(server);

// A stock client of the Admin UI, which keeps every event that it hears.
class Admin {
  heard = [];

  constructor(context, url, auth, options = {}) {
    this.socket = io(`${url}/admin`, { forceNew: true, transports: ["websocket"], reconnection: false, withCredentials: true, auth, ...options });
    this.socket.onAny((...event) => this.heard.push(event));
    context.after(() => this.socket.disconnect());
  }

  // Resolves with the arguments of the first event of this name that fits, heard already or still to come.
  async hears(name, fits = () => true) {
    const deadline = Date.now() + PATIENCE_MILLIS;
    for (;;) {
      const found = this.heard.find(([event, ...args]) => event === name && fits(...args));
      if (found) return found.slice(1);
      if (Date.now() > deadline) {
        const heard = this.heard.map((event) => JSON.stringify(event).slice(0, 300)).join("\n");
        assert.fail(`waited in vain for ${name}; heard ${heard}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  // The socket of a user, as it is or will be shown.
  async socketOf(user, nsp = "/") {
    const isOf = (socket) => socket.data.user === user && socket.nsp === nsp;
    const [sockets] = await this.hears("all_sockets");
    return sockets.find(isOf) ?? (await this.hears("socket_connected", isOf))[0];
  }

  async refused() {
    const error = await new Promise((resolve) => this.socket.once("connect_error", resolve));
    return error.message;
  }
}

const credentials = { username: "admin", password };
let people = 0;
const person = (name) => `${name}${(people += 1)}`;

for (const [name, transports] of Object.entries(TRANSPORTS)) {
  test(`whoever has the password sees sockets, rooms and events as they happen, by ${name}`, PATIENCE, async (t) => {
    const [early, user] = [person("early"), person("alice")];
    const before = await connect(server.url, early);
    t.after(() => before.close());
    const admin = new Admin(t, server.url, credentials, { transports });
    const [session] = await admin.hears("session");
    assert.match(session, /^[0-9a-f]{64}$/);
    const [config] = await admin.hears("config");
    assert.deepEqual(config, { supportedFeatures: ["DISCONNECT", "AGGREGATED_EVENTS", "ALL_EVENTS"] });
    assert.equal((await admin.socketOf(early)).handshake.address, "127.0.0.1");
    const own = await admin.socketOf("admin", "/admin");
    assert.equal(own.id, admin.socket.id);

    const alice = await connect(server.url, user, WORKSPACE);
    t.after(() => alice.close());
    const shown = await admin.socketOf(user, "/workspace");
    assert.deepEqual(shown.rooms, [alice.socket.id, `user:${user}`]);
    assert.deepEqual([shown.id, shown.transport], [alice.socket.id, "websocket"]);
    assert.equal(shown.clientId.length, 12);

    const created = await request(server.url, "POST", "/recruiting/api/chat/create-or-get", { token: tokenOf(user), body: { otherUserId: early } });
    const chat = created.body.data._id;
    alice.socket.emit("conversation:join", chat);
    const isAlice = (nsp, id) => nsp === "/workspace" && id === shown.id;
    const [, , received, at] = await admin.hears("event_received", (nsp, id, args) => isAlice(nsp, id) && args[0] === "conversation:join");
    assert.deepEqual(received, ["conversation:join", chat]);
    assert.ok(Math.abs(Date.now() - Date.parse(at)) < 60_000);
    await admin.hears("room_joined", (nsp, room, id) => isAlice(nsp, id) && room === chat);
    alice.socket.emit("conversation:leave", chat);
    await admin.hears("room_left", (nsp, room, id) => isAlice(nsp, id) && room === chat);

    alice.tell("user:status", "gone at once");
    alice.close();
    await admin.hears("event_received", (nsp, id, args) => isAlice(nsp, id) && args[1] === "gone at once");
    const [, , reason] = await admin.hears("socket_disconnected", isAlice);
    assert.equal(reason, "client namespace disconnect");
    await admin.hears("server_stats", ({ namespaces }) => namespaces.some((one) => one.name === "/workspace" && one.socketsCount === 0));
    assert.ok(admin.heard.every(([event, nsp]) => !event.startsWith("event_") || nsp !== "/admin"), "not of itself");
  });
}

test("an event to a socket is shown with its arguments, and no token ever is", PATIENCE, async (t) => {
  const admin = new Admin(t, server.url, credentials);
  await admin.hears("all_sockets");
  const [one, other] = [person("one"), person("other")];
  const [a, b] = [await connect(server.url, one), await connect(server.url, other)];
  t.after(() => [a, b].forEach((device) => device.close()));
  const created = await request(server.url, "POST", "/recruiting/api/chat/create-or-get", { token: tokenOf(one), body: { otherUserId: other } });
  await a.ask("send_message", { chatId: created.body.data._id, content: "can you see this?" });
  const [, , args] = await admin.hears("event_sent", (nsp, id, [event]) => id === b.socket.id && event === "new_message");
  assert.ok(JSON.stringify(args).includes("can you see this?"), JSON.stringify(args));
  await b.ask("authenticate", { token: tokenOf(other) }).catch(() => {});
  await admin.hears("event_received", (nsp, id, [event]) => id === b.socket.id && event === "authenticate");
  const everything = JSON.stringify(admin.heard);
  assert.ok(!everything.includes("eyJ") && !everything.includes(password));
});

test("a client that moves from polling to a websocket stays one socket", PATIENCE, async (t) => {
  const admin = new Admin(t, server.url, credentials);
  await admin.hears("all_sockets");
  const user = person("mover");
  const socket = io(server.url, { forceNew: true, auth: { token: tokenOf(user) } });
  t.after(() => socket.disconnect());
  await new Promise((resolve) => socket.once("connect", resolve));
  const shown = await admin.socketOf(user);
  assert.equal(shown.id, socket.id);
  if (shown.transport === "polling") {
    const [updated] = await admin.hears("socket_updated", ({ id }) => id === shown.id);
    assert.deepEqual(updated, { id: shown.id, nsp: "/", transport: "websocket" });
    assert.ok(!JSON.stringify(admin.heard).includes(socket.io.engine.id), "the id of a polling connection is a secret");
  }
  assert.ok(!admin.heard.some(([event, , id]) => event === "socket_disconnected" && id === shown.id));
});

test("a socket that is disconnected does not come back, and one that is not there is told", PATIENCE, async (t) => {
  const admin = new Admin(t, server.url, credentials);
  const user = person("alice");
  const alice = await connect(server.url, user);
  const { id, nsp } = await admin.socketOf(user);
  const gone = new Promise((resolve) => alice.socket.once("disconnect", resolve));
  admin.socket.emit("_disconnect", nsp, false, id);
  assert.equal(await gone, "io server disconnect");
  const [, , reason] = await admin.hears("socket_disconnected", (of, sid) => of === nsp && sid === id);
  assert.equal(reason, "server namespace disconnect");
  const answer = await admin.socket.emitWithAck("_disconnect", nsp, false, id);
  assert.deepEqual(answer, { error: { message: `there is no socket ${id} in the namespace /` } });
});

test("a wrong password is refused as by the official server, and a session brings a page back", PATIENCE, async (t) => {
  const wrong = new Admin(t, server.url, { username: "admin", password: "wrong horse battery staple" });
  assert.equal(await wrong.refused(), "invalid credentials");
  const first = new Admin(t, server.url, credentials);
  const [sessionId] = await first.hears("session");
  first.socket.disconnect();
  const second = new Admin(t, server.url, { sessionId });
  await second.hears("all_sockets");
  assert.ok(!second.heard.some(([event]) => event === "session"));
  assert.equal(await new Admin(t, server.url, { sessionId: "0".repeat(64) }).refused(), "invalid credentials");
});

test("a data folder keeps its password, and a parameter sets another one or none", PATIENCE, async (t) => {
  const data = path.join(await temporaryFolder(t), "data");
  const passwords = [];
  for (let start = 0; start < 2; start += 1) {
    const started = await startServer({ data });
    while (!printedPassword(started)) await new Promise((resolve) => setTimeout(resolve, 10));
    passwords.push(printedPassword(started));
    await started.stop();
  }
  assert.equal(passwords[0], passwords[1]);
  assert.notEqual(passwords[0], password);
  const given = await startServer({ parameters: { AdminPassword: "correct horse battery staple" } });
  const none = await startServer({ parameters: { AdminPassword: "none" } });
  t.after(() => Promise.all([given.stop(), none.stop()]));
  await new Admin(t, given.url, { username: "admin", password: "correct horse battery staple" }).hears("all_sockets");
  assert.equal(await new Admin(t, none.url, credentials).refused(), "Invalid namespace");
  assert.equal(printedPassword(given) ?? printedPassword(none), undefined);
});

test("what a page hears has the form of what the official server sends", PATIENCE, async (t) => {
  const load = createRequire(import.meta.url);
  const [{ Server }, { instrument }, { hashSync }] = ["socket.io", "@socket.io/admin-ui", "bcryptjs"].map(load);
  const http = createServer();
  const official = new Server(http, { cors: { origin: true, credentials: true } });
  instrument(official, { auth: { type: "basic", username: "admin", password: hashSync(password, 4) }, mode: "development" });
  official.on("connection", (socket) => {
    socket.on("join", (room) => socket.join(room));
    socket.on("leave", (room) => socket.leave(room));
    socket.on("question", (ask) => socket.emit("answer", ask));
  });
  await new Promise((resolve) => http.listen(0, "localhost", resolve));
  t.after(() => official.close());

  // What each event's arguments are made of: the types of values, and of objects the members.
  const form = (value) => {
    if (Array.isArray(value)) return value.length ? [form(value[0])] : [];
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, form(member)]));
    return typeof value === "string" && !Number.isNaN(Date.parse(value)) && value.includes("T") ? "time" : typeof value;
  };
  const forms = async (url, options, { join, leave, namespace = "" }) => {
    const admin = new Admin(t, url, credentials);
    await admin.hears("all_sockets");
    const client = io(`${url}${namespace}`, { forceNew: true, transports: ["websocket"], ...options });
    await admin.hears("socket_connected", ({ nsp }) => nsp === (namespace || "/"));
    client.emit(...join);
    await admin.hears("room_joined", (nsp, room) => nsp === (namespace || "/") && room === join[1]);
    client.emit(...leave);
    await admin.hears("room_left", (nsp, room) => room === join[1]);
    client.emit("question", { text: "?" });
    await admin.hears("event_received", (nsp, id, args) => args[0] === join[0]);
    await admin.hears("event_sent");
    await admin.hears("server_stats", ({ aggregatedEvents }) => aggregatedEvents.length > 0);
    client.disconnect();
    await admin.hears("socket_disconnected");
    const found = {};
    for (const [event, ...args] of admin.heard) found[event] = args.map(form);
    const named = (event) => admin.heard.filter(([name]) => name === event).at(-1).slice(1);
    found.event_sent = ["nsp", "id", "args", "at"].map((_, index) => (index === 2 ? "array" : form(named("event_sent")[index])));
    found.event_received = ["nsp", "id", "args", "at"].map((_, index) => (index === 2 ? "array" : form(named("event_received")[index])));
    return found;
  };
  const theirs = await forms(`http://localhost:${http.address().port}`, {}, { join: ["join", "red"], leave: ["leave", "red"] });
  const [user, other] = [person("one"), person("other")];
  const device = await connect(server.url, other);
  t.after(() => device.close());
  const created = await request(server.url, "POST", "/recruiting/api/chat/create-or-get", { token: tokenOf(other), body: { otherUserId: other } });
  const met = await connect(server.url, user);
  met.close();
  const chat = await request(server.url, "POST", "/recruiting/api/chat/create-or-get", { token: tokenOf(user), body: { otherUserId: other } });
  assert.ok(created.status >= 400 && chat.body.data._id);
  const ours = await forms(server.url, { auth: { token: tokenOf(user) } }, {
    namespace: "/workspace", join: ["conversation:join", chat.body.data._id], leave: ["conversation:leave", chat.body.data._id],
  });
  assert.deepEqual(Object.keys(ours).sort(), Object.keys(theirs).sort());
  for (const event of Object.keys(theirs)) {
    const mask = (forms) => JSON.parse(JSON.stringify(forms), (name, value) => {
      // What an application keeps, which headers and parameters there are, and what each number counts is not the protocol's.
      if (["data", "headers", "query"].includes(name)) return "object";
      return name === "aggregatedEvents" ? "array" : value;
    });
    const [our, their] = [mask(ours[event]), mask(theirs[event])];
    const handshake = (forms) => forms.flat().map((one) => one?.handshake).find(Boolean);
    if (handshake(our)) {
      // The page shows these; the others (`secure`, `url`, `xdomain`) are nowhere on it.
      for (const name of ["address", "headers", "query", "issued", "time"]) assert.ok(name in handshake(our) && name in handshake(their), name);
      for (const forms of [our, their]) delete forms.flat().find((one) => one?.handshake).handshake;
    }
    assert.deepEqual(our, their, event);
  }
});

test("the whiteboard, which knows nothing of the chat, has the Admin UI as well", PATIENCE, async (t) => {
  const binary = ["target/debug/whiteboard-local", "target/release/whiteboard-local"].map((file) => path.resolve(ROOT, file)).find(existsSync);
  assert.ok(binary, "build it with `cargo build -p whiteboard-local`");
  const child = spawn(binary, ["0", password], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill());
  let url;
  for await (const line of createInterface({ input: child.stdout })) {
    url = /^The whiteboard is at (\S+)$/.exec(line)?.[1];
    if (url) break;
  }
  const admin = new Admin(t, url, credentials);
  await admin.hears("all_sockets");
  const drawer = io(url, { forceNew: true, transports: ["websocket"], auth: { board: "blue" } });
  t.after(() => drawer.disconnect());
  await new Promise((resolve) => drawer.once("connect", resolve));
  const [{ rooms }] = await admin.hears("socket_connected", ({ id }) => id === drawer.id);
  assert.deepEqual(rooms, [drawer.id, "blue"]);
  drawer.emit("draw", [1, 2]);
  await admin.hears("event_received", (nsp, id, args) => JSON.stringify(args) === '["draw",[1,2]]');
});

const NO_BROWSER = "there is no Chromium: install the package chromium, or name a browser in PARLANCE_CHROMIUM";
const inBrowser = (name, body) => test(name, { skip: browser ? false : NO_BROWSER, ...PATIENCE }, body);

// The official page, with the form of a connection filled in.
async function openForm(context, secret) {
  // The page asks two other hosts for fonts, which no test may reach: they are answered here with nothing.
  const fonts = ["https://fonts.googleapis.com", "https://cdn.jsdelivr.net"];
  const page = await pageOf(context, browser, pageUrl, { also: [server.url, ...fonts] });
  const isOfFonts = (url) => fonts.includes(url.origin);
  await page.route(isOfFonts, (route) => route.fulfill({ contentType: "text/css", body: "" }));
  await page.goto(pageUrl);
  await page.getByLabel("Server URL").fill(server.url);
  await page.getByLabel("Username").fill("admin");
  await page.getByLabel("Password").fill(secret);
  return page;
}

// The official page, connected to the server with the password that it printed.
async function openPage(context, { websocketOnly }) {
  const page = await openForm(context, password);
  if (websocketOnly) {
    await page.getByText("Advanced options").click();
    await page.getByText("WebSocket only?").click();
  }
  await page.getByRole("button", { name: "Connect" }).click();
  await page.getByText("Connection and disconnection events").waitFor();
  return page;
}

// Opens one of the views of the page.
const view = (page, name) => page.getByRole("navigation").getByText(name, { exact: true }).click();

for (const websocketOnly of [true, false]) {
  inBrowser(`the official page shows sockets, rooms and events, by ${websocketOnly ? "WebSocket alone" : "polling at first"}`, async (t) => {
    const user = person("alice");
    const page = await openPage(t, { websocketOnly });
    const alice = await connect(server.url, user, WORKSPACE);
    t.after(() => alice.close());
    const row = (text) => page.getByRole("row").filter({ hasText: text });
    await row("/workspace").getByText("1", { exact: true }).waitFor();
    await row("/marketplace").getByText("0", { exact: true }).waitFor();
    await view(page, "Sockets");
    await page.getByRole("button", { name: "Select namespace" }).click();
    await page.getByRole("option", { name: "/workspace", exact: true }).click();
    await row(alice.socket.id).getByText("127.0.0.1").waitFor();
    await row(alice.socket.id).click();
    await page.getByText(`"user": "${user}"`).waitFor();
    await page.getByText(`user:${user}`).first().waitFor();

    await view(page, "Events");
    alice.socket.emit("user:status", "busy");
    await row("Event received").filter({ hasText: "user:status" }).filter({ hasText: alice.socket.id }).waitFor();
    await view(page, "Rooms");
    await row(`user:${user}`).waitFor();
    await view(page, "Servers");
    await row("local").getByText("Healthy").waitFor();

    await mkdir(SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: path.join(SCREENSHOTS, `admin-ui-${websocketOnly ? "websocket" : "polling"}.png`) });
  });
}

inBrowser("the official page disconnects a socket, and comes back by its session when it is loaded again", async (t) => {
  const user = person("alice");
  const alice = await connect(server.url, user, { ...WORKSPACE, namespace: "/classroom" });
  const page = await openPage(t, { websocketOnly: true });
  await view(page, "Sockets");
  await page.getByRole("button", { name: "Select namespace" }).click();
  await page.getByRole("option", { name: "/classroom", exact: true }).click();
  const row = page.getByRole("row").filter({ hasText: alice.socket.id });
  const gone = new Promise((resolve) => alice.socket.once("disconnect", resolve));
  await row.getByRole("button").click();
  assert.equal(await gone, "io server disconnect");
  // The button is in a row, whose click leads to the details of the socket.
  await page.getByText("disconnected", { exact: true }).first().waitFor();
  await view(page, "Sockets");
  await page.getByText("No data available").waitFor();
  assert.equal(await row.count(), 0);

  await page.reload();
  await view(page, "Servers");
  await page.getByRole("row").filter({ hasText: "local" }).getByText("Healthy").waitFor();
  assert.equal(await page.getByLabel("Password").count(), 0, "no password is asked for");
});

inBrowser("the official page says that a password is wrong", async (t) => {
  const page = await openForm(t, "wrong horse battery staple");
  await page.getByRole("button", { name: "Connect" }).click();
  await page.getByText("Invalid credentials").waitFor();
});
