// The whiteboard of examples/whiteboard: an application that knows nothing of the chat, with the stock client.

import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { io } from "socket.io-client";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
// Nothing is proved by it; a test that waits in vain shall end.
const PATIENCE = { timeout: 60_000 };
const TRANSPORTS = { websocket: ["websocket"], polling: ["polling"], "polling and then websocket": ["polling", "websocket"] };

// Starts the binary and resolves with its address.
async function startWhiteboard(t) {
  const binary = ["target/debug/whiteboard-local", "target/release/whiteboard-local"].map((file) => path.resolve(ROOT, file)).find(existsSync);
  assert.ok(binary, "build it with `cargo build -p whiteboard-local`");
  const child = spawn(binary, ["0"], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill());
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /^The whiteboard is at (\S+)$/.exec(line);
    if (address) return address[1];
  }
  throw new Error("the whiteboard ended before it ran");
}

// A client that keeps every event it receives, and waits for those to come.
class Drawer {
  constructor(t, url, board, transports) {
    this.events = [];
    this.waiting = [];
    this.socket = io(url, { forceNew: true, transports, auth: { board } });
    t.after(() => this.socket.disconnect());
    this.socket.onAny((...event) => {
      this.events.push(event);
      this.waiting = this.waiting.filter(({ name, resolve }) => name !== event[0] || resolve(event[1]));
    });
  }

  // Resolves once the client uses the last of these transports.
  async moved(transports) {
    const { engine } = this.socket.io;
    while (engine.transport.name !== transports.at(-1)) await new Promise((resolve) => engine.once("upgrade", resolve));
  }

  // The argument of the next event of this name.
  next(name) {
    return new Promise((resolve) => this.waiting.push({ name, resolve }));
  }
}

for (const [name, transports] of Object.entries(TRANSPORTS)) {
  test(`people draw on a board together, by ${name}`, PATIENCE, async (t) => {
    const url = await startWhiteboard(t);
    const [one, two, elsewhere] = ["blue", "blue", "red"].map((board) => new Drawer(t, url, board, transports));
    assert.deepEqual(await Promise.all([one.next("strokes"), two.next("strokes"), elsewhere.next("strokes")]), [[], [], []]);

    await Promise.all([one, two, elsewhere].map((drawer) => drawer.moved(transports)));
    const drawn = two.next("drawn");
    assert.deepEqual(await one.socket.emitWithAck("draw", { from: [0, 0], to: [3, 4] }), { stored: true });
    assert.deepEqual(await drawn, { from: [0, 0], to: [3, 4] });
    const back = one.next("drawn");
    await two.socket.emitWithAck("draw", "a dot");
    assert.equal(await back, "a dot");

    const later = new Drawer(t, url, "blue", transports);
    assert.deepEqual(await later.next("strokes"), [{ from: [0, 0], to: [3, 4] }, "a dot"]);
    assert.deepEqual(elsewhere.events, [["strokes", []]], "another board hears nothing");
    assert.deepEqual(one.events.map(([event]) => event), ["strokes", "drawn"], "nobody hears what they drew");

    // The server asks back, and clears the board when the client agrees.
    one.socket.once("sure?", (answer) => answer(false));
    await Promise.all([one.next("sure?"), one.socket.emit("clear")]);
    one.socket.once("sure?", (answer) => answer(true));
    const cleared = two.next("cleared");
    one.socket.emit("clear");
    await cleared;
    const last = new Drawer(t, url, "blue", transports);
    assert.deepEqual(await last.next("strokes"), []);
  });
}

test("a client that names no board may not join", PATIENCE, async (t) => {
  const url = await startWhiteboard(t);
  for (const auth of [undefined, {}, { board: "" }, { board: 7 }, { board: "x".repeat(101) }]) {
    const socket = io(url, { forceNew: true, reconnection: false, auth });
    t.after(() => socket.disconnect());
    const error = await new Promise((resolve) => socket.once("connect_error", resolve));
    assert.equal(error.message, "auth.board must be a string of 1 to 100 characters");
  }
});

test("a client that was away joins its board again and sees what was drawn meanwhile", PATIENCE, async (t) => {
  const url = await startWhiteboard(t);
  const [one, two] = ["blue", "blue"].map((board) => new Drawer(t, url, board));
  await Promise.all([one.next("strokes"), two.next("strokes")]);
  const again = one.next("strokes");
  one.socket.io.engine.close();
  assert.deepEqual(await two.socket.emitWithAck("draw", 1), { stored: true });
  const strokes = await again;
  if (strokes.length === 0) assert.equal(await one.next("drawn"), 1);
  else assert.deepEqual(strokes, [1]);
  assert.ok(!one.socket.recovered, "it is a new session");
});

test("its local system has the inspector", PATIENCE, async (t) => {
  const url = await startWhiteboard(t);
  const page = await fetch(`${url}/_local`);
  assert.match(await page.text(), /<title>Parlance inspector<\/title>/);
  const drawer = new Drawer(t, url, "blue", ["websocket"]);
  await drawer.next("strokes");
  const state = await (await fetch(`${url}/_local/state`)).json();
  assert.equal(state.connections.length, 1);
});
