// Frames that no client sends: whatever breaks the protocol closes the connection, and nothing else happens.

import { strict as assert } from "node:assert";
import { once } from "node:events";
import { after, test } from "node:test";
import WebSocket from "ws";

import { FrameChecker } from "./support/contract.mjs";
import { PATIENCE_MILLIS, connect, open } from "./support/device.mjs";
import { startServer } from "./support/server.mjs";
import { tokenOf } from "./support/token.mjs";

const server = await startServer();
const connections = [];
after(async () => {
  for (const { ws } of connections) ws.terminate();
  await server.stop();
  assert.equal(server.log(), "", "nothing worth a warning happened");
});

// A connection that is not closed must fail its test, not hang it.
const PATIENCE = { timeout: PATIENCE_MILLIS };

const address = (query = "EIO=4&transport=websocket", path = "/socket.io/") => `ws://localhost:${server.port}${path}?${query}`;

// A raw connection with the frames it got and did not look at yet.
class Raw {
  frames = [];
  #wake = () => {};
  #checker = new FrameChecker(server.port);

  constructor(user) {
    this.user = user;
    this.ws = new WebSocket(address());
    connections.push(this);
    this.closed = once(this.ws, "close").then(([code, reason]) => ({ code, reason: reason.toString() }));
    this.ws.on("message", (data, isBinary) => {
      assert.equal(isBinary, false, "the server sends text alone");
      const frame = data.toString();
      this.#checker.heard(frame);
      // People of other tests come and go.
      if (!/^42\S*\["user_o/.test(frame)) this.frames.push(frame);
      this.#wake();
    });
    this.ws.on("close", () => this.#wake());
  }

  async next() {
    while (this.frames.length === 0) {
      assert.notEqual(this.ws.readyState, WebSocket.CLOSED, "closed too early");
      await new Promise((resolve) => { this.#wake = resolve; });
    }
    return this.frames.shift();
  }

  send(frame) {
    this.#checker.sent(frame);
    this.ws.send(frame);
  }

  // Opens, and joins a namespace.
  static async joined(user = "raw", namespace = "") {
    const raw = new Raw(user);
    raw.opening = await raw.next();
    raw.send(`40${namespace}${JSON.stringify({ token: tokenOf(user) })}`);
    raw.connected = await raw.next();
    for (const event of ["connected", "online_users"]) assert.ok((await raw.next()).includes(`["${event}",`));
    return raw;
  }
}

test("the open packet has exactly five keys, and the sids differ", PATIENCE, async () => {
  const raw = await Raw.joined();
  assert.match(raw.opening, /^0\{/);
  const packet = JSON.parse(raw.opening.slice(1));
  assert.deepEqual(Object.keys(packet).toSorted(), ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"]);
  assert.deepEqual(packet.upgrades, []);
  assert.equal(packet.maxPayload, 32_768);
  assert.ok(packet.pingInterval + packet.pingTimeout < 2 ** 31);
  assert.match(raw.connected, /^40\{/);
  assert.notEqual(JSON.parse(raw.connected.slice(2)).sid, packet.sid);
  raw.ws.close();
});

const BREAKING = [
  "", " ", "x", "9", "2", "2abc", "2probe", "3junk", "5", "0", "0{}", "4", "47", "4x", "46-", "{\"message\":\"Internal server error\"}", "42",
  "42{}", "42[]", "42\"ping\"", "42[\"ping\"", "42[\"ping\"]x", "42[null]", "42[{}]", "42[true]", "42[[\"ping\"]]", "42[\"connect\"]",
  "42[\"connect_error\"]", "42[\"disconnect\"]", "42[\"disconnecting\"]", "42[\"newListener\"]", "42[\"removeListener\"]",
  "42[\"send_message\",{\"content\":\"\\ud80\"}]", "42,[\"ping\"]", "42/[\"ping\"]", "42/recruiting,[\"ping\"]", "42/nobody,[\"ping\"]",
  "42-1[\"ping\"]", "421.5[\"ping\"]", "ü2[\"ping\"]", "4ü", "43", "43[]", "431{}", "43/recruiting,1[]", "44", "44{\"message\":\"x\"}", "41{}",
  "41[\"x\"]", "40", "40{}", `40{"token":"${tokenOf("raw")}"}`, "40\"text\"", "40[]", "45[\"x\"]", "451[\"x\"]", "4511-[\"send_message\",{\"_placeholder\":true,\"num\":0}]", "45-1-[\"x\"]",
  "45999999999999999999999-[\"x\"]", `42["${"x".repeat(10)}`, "[\"ping\"]", "null",
];

for (const frame of BREAKING) {
  test(`${JSON.stringify(frame)} closes the connection`, PATIENCE, async () => {
    const raw = await Raw.joined();
    raw.send(frame);
    const answered = new Promise((resolve) => { raw.ws.on("message", () => { if (raw.frames.length > 0) resolve(raw.frames); }); });
    assert.deepEqual(await Promise.race([raw.closed.then(({ code }) => code), answered]), 1000);
  });
}

const HARMLESS = ["3", "6", "431[]", "439999999999999999999999[\"x\",{}]", "42[\"ping\"]", "42[5]"];

for (const frame of HARMLESS) {
  test(`${JSON.stringify(frame)} does not close the connection`, PATIENCE, async () => {
    const raw = await Raw.joined();
    raw.send(frame);
    raw.send("4277[\"ping\"]");
    let answer;
    // An unknown event is answered too.
    do answer = await raw.next(); while (answer.startsWith("42"));
    assert.match(answer, /^4377\[\{/);
    raw.ws.close();
  });
}

test("an ack id is any run of digits, and comes back as it was", PATIENCE, async () => {
  const raw = await Raw.joined();
  for (const id of ["0", "7", "007", "18446744073709551616", "9".repeat(60)]) {
    raw.send(`42${id}["ping"]`);
    const frame = await raw.next();
    assert.ok(frame.startsWith(`43${id}[{`), frame);
  }
  raw.ws.close();
});

test("a namespace of its own is named in every frame", PATIENCE, async () => {
  const watcher = await connect(server.url, "watcher");
  const raw = await Raw.joined("named", "/recruiting,");
  assert.ok(raw.connected.startsWith("40/recruiting,{"));
  raw.send("42/recruiting,5[\"ping\"]");
  assert.ok((await raw.next()).startsWith("43/recruiting,5[{"));
  raw.send("41/recruiting,");
  await watcher.next("user_offline", ({ userId }) => userId === "named");
  // The connection stays and may join again.
  raw.send(`40/recruiting,${JSON.stringify({ token: tokenOf("named") })}`);
  assert.ok((await raw.next()).startsWith("40/recruiting,{"));
  watcher.close();
  raw.ws.close();
});

test("frames before CONNECT close the connection", PATIENCE, async () => {
  for (const frame of ["42[\"ping\"]", "43[]", "41", "450-[\"x\"]"]) {
    const raw = new Raw();
    await raw.next();
    raw.send(frame);
    await raw.closed;
  }
});

// As early as can be: before the open packet, which other clients wait for.
for (const frame of ["9", "1", "5", "2probe", "42[\"ping\"]", "41", "450-[\"x\"]"]) {
  test(`${JSON.stringify(frame)} closes the connection even if it is sent as soon as the WebSocket is open`, PATIENCE, async () => {
    await Promise.all(Array.from({ length: 5 }, async () => {
      const raw = new Raw();
      raw.ws.once("open", () => raw.send(frame));
      assert.equal((await raw.closed).code, 1000);
    }));
  });
}

test("a refused CONNECT leaves the connection open", PATIENCE, async () => {
  const raw = new Raw();
  await raw.next();
  raw.send("40/nobody");
  assert.equal(await raw.next(), "44/nobody,{\"message\":\"Invalid namespace\"}");
  raw.send("40/nobody,");
  assert.equal(await raw.next(), "44/nobody,{\"message\":\"Invalid namespace\"}");
  raw.send("40");
  const refusal = await raw.next();
  assert.match(refusal, /^44\{/);
  assert.equal(JSON.parse(refusal.slice(2)).message, "Authentication error: No token provided");
  raw.send(`40${JSON.stringify({ token: tokenOf("late") })}`);
  assert.ok((await raw.next()).startsWith("40{"));
  raw.ws.close();
});

test("binary frames and oversize frames are closed by the gateway", PATIENCE, async () => {
  const binary = await Raw.joined();
  binary.send(Buffer.from("42[\"ping\"]"));
  assert.equal((await binary.closed).code, 1003);
  const large = await Raw.joined();
  large.send(`42["send_message",{"content":"${"x".repeat(32_768)}"}]`);
  assert.equal((await large.closed).code, 1009);
});

test("a client that sends binary frames is dropped, and comes back", PATIENCE, async () => {
  const device = await connect(server.url, "buffers", { reconnection: true, reconnectionDelay: 10 });
  const gone = new Promise((resolve) => { device.socket.once("disconnect", resolve); });
  device.tell("send_message", { content: Buffer.from("x") });
  assert.match(await gone, /^transport (close|error)$/);
  await device.next("connected");
  assert.equal((await device.ask("ping")).success, true);
  device.close();
});

test("what is no Engine.IO v4 over WebSocket is not let in", PATIENCE, async () => {
  for (const [query, path, status] of [
    ["EIO=3&transport=websocket", "/socket.io/", 400],
    ["transport=websocket", "/socket.io/", 400],
    ["EIO=4&transport=polling", "/socket.io/", 400],
    ["EIO=4", "/socket.io/", 400],
    ["EIO=4&transport=websocket&sid=abc", "/socket.io/", 400],
    ["EIO=4&transport=websocket", "/elsewhere/", 403],
  ]) {
    const ws = new WebSocket(address(query, path));
    const [, response] = await once(ws, "unexpected-response");
    assert.equal(response.statusCode, status, query);
    response.destroy();
  }
});

test("a storm of broken connections leaves the others alone", PATIENCE, async () => {
  const device = await connect(server.url, "steady");
  const broken = await Promise.all(Array.from({ length: 20 }, (_, n) => Raw.joined(`storm-${n}`)));
  for (const [index, raw] of broken.entries()) raw.send(BREAKING[index]);
  await Promise.all(broken.map(({ closed }) => closed));
  assert.equal((await device.ask("ping")).success, true);
  const refused = open(server.url, { auth: { token: "x" } });
  await once(refused, "connect_error");
  refused.disconnect();
  device.close();
});
