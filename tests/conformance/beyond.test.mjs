// What the official suites do not prove of the same applications.

import { strict as assert } from "node:assert";
import { after, describe, it } from "node:test";

import { Line, PATIENCE_MILLIS, PING_INTERVAL, PING_TIMEOUT, Session, WEBSOCKET, io, opened, sleep, startEcho } from "./support.mjs";

const echo = await startEcho();
after(() => echo.stop());

const CONNECT_TIMEOUT = 1_000;
const ONE = '451-["message",{"_placeholder":true,"num":0}]';

// A client in the root namespace that answers pings.
async function joined() {
  const line = (await opened(echo.socket)).keepAlive();
  line.send("40");
  await line.take(2);
  return line;
}

// The stock client, connected.
async function stock(context, options) {
  const socket = io(echo.socket, { forceNew: true, reconnection: false, ...options });
  context.after(() => socket.disconnect());
  await once(socket, "connect");
  return socket;
}

const once = (emitter, event) => new Promise((resolve, reject) => {
  const late = setTimeout(() => reject(new Error(`waited in vain for ${event}`)), PATIENCE_MILLIS);
  emitter.once(event, (...args) => {
    clearTimeout(late);
    resolve(args);
  });
});

describe("connect timeout", () => {
  it("closes a client that answers each ping and joins no namespace", async () => {
    const start = Date.now();
    const line = (await opened(echo.socket)).keepAlive();
    await line.closed();
    const lived = Date.now() - start;
    assert.ok(lived > CONNECT_TIMEOUT - 100, `after ${lived} ms, not for want of a pong`);
  });

  it("leaves alone a client that joined a namespace and left it again", async () => {
    const line = await joined();
    line.send("41");
    await sleep(CONNECT_TIMEOUT + PING_INTERVAL + PING_TIMEOUT);
    line.send("40");
    assert.ok((await line.next()).startsWith("40{"));
    line.close();
  });

  it("closes a client that was refused", async () => {
    const line = (await opened(echo.socket)).keepAlive();
    line.send("40/random");
    await line.next();
    await line.closed();
  });
});

describe("heartbeat", () => {
  it("closes a client in a namespace that stops answering pings", async () => {
    const line = await opened(echo.socket);
    line.send("40");
    await line.take(2);
    await line.closed();
  });

  it("keeps a client that answers", async () => {
    const line = await joined();
    await sleep(3 * (PING_INTERVAL + PING_TIMEOUT));
    line.send('42["message",1]');
    assert.equal(await line.next(), '42["message-back",1]');
    line.close();
  });
});

describe("frames that close the connection", () => {
  for (const frame of ["1", "2", "5", "2probe", "", "3junk", '{"message":"x"}', "40", '44{"message":"no"}', '42/custom,["message"]', "41/custom",
    "43/custom,1[]", '42["connect"]', "42[]", "43[]", '4511-["message"]', '451-["message"]', '451-/custom,["message",{"_placeholder":true,"num":0}]']) {
    it(JSON.stringify(frame), async () => {
      const line = await joined();
      line.send(frame);
      await line.closed();
    });
  }

  for (const [what, frame] of [["an event", '42["message",1]'], ["an ack", "430[]"], ["a CONNECT", "40/custom"], ["a DISCONNECT", "41"], ["another header", ONE]]) {
    it(`${what} while attachments are awaited`, async () => {
      const line = await joined();
      line.send(ONE);
      line.send(frame);
      await line.closed();
    });
  }

  it("attachments that never come", async () => {
    const line = await joined();
    line.send(ONE);
    await line.closed();
  });

  it("a CONNECT while the same namespace is joined, by polling", async () => {
    const session = await Session.open(echo.socket);
    await session.post("40");
    await session.take(2);
    await session.post("40");
    assert.ok([400, 200].includes((await session.get()).status));
    assert.equal((await session.get()).status, 400);
  });
});

describe("what is binary", () => {
  it("may come as base64 text, and goes out as a binary frame", async () => {
    const line = await joined();
    line.send(ONE);
    line.send("bAQID");
    assert.deepEqual(await line.take(2), ['451-["message-back",{"_placeholder":true,"num":0}]', Buffer.from([1, 2, 3])]);
    line.close();
  });

  it("survives pings between its frames", async () => {
    const line = await joined();
    line.send(ONE);
    await line.next({ any: true });
    line.send("bAQID");
    assert.deepEqual(await line.take(2), ['451-["message-back",{"_placeholder":true,"num":0}]', Buffer.from([1, 2, 3])]);
    line.close();
  });

  it("goes both ways as base64 by polling", async () => {
    const session = await Session.open(echo.socket);
    await session.post("40");
    await session.take(2);
    await session.post(`${ONE}\x1ebAQID`);
    assert.deepEqual(await session.take(2), ['451-["message-back",{"_placeholder":true,"num":0}]', "bAQID"]);
  });

  for (const [how, options] of [
    ["WebSocket", { transports: ["websocket"] }],
    ["WebSocket and base64", { transports: ["websocket"], forceBase64: true }],
    ["polling", { transports: ["polling"] }],
    ["polling and then WebSocket", {}],
  ]) {
    it(`comes back to the stock client by ${how}`, async (context) => {
      const socket = await stock(context, options);
      for (let n = 0; n < 5; n += 1) {
        const sent = [Buffer.from([n, 255, 0]), { deep: [Buffer.alloc(1_000, n)] }, "text"];
        assert.deepEqual(await socket.timeout(PATIENCE_MILLIS).emitWithAck("message-with-ack", ...sent).then((first) => first), sent[0]);
        const back = once(socket, "message-back");
        socket.emit("message", ...sent);
        assert.deepEqual(await back, sent);
      }
    });
  }
});

describe("server-to-client acks", () => {
  for (const [how, options] of [["WebSocket", { transports: ["websocket"] }], ["polling", { transports: ["polling"] }], ["both", {}]]) {
    it(`the stock client answers by ${how}`, async (context) => {
      const socket = await stock(context, options);
      socket.on("question", (why, answer) => answer("because", why));
      const answered = once(socket, "answered");
      socket.emit("ask", "why");
      assert.deepEqual(await answered, ["what was asked", "because", "why"]);
    });
  }

  it("the stock client answers with something binary", async (context) => {
    const socket = await stock(context, { transports: ["websocket"] });
    socket.on("question", (_, answer) => answer(Buffer.from([7])));
    const answered = once(socket, "answered");
    socket.emit("ask", "why");
    assert.deepEqual(await answered, ["what was asked", Buffer.from([7])]);
  });

  it("an answer counts once, and one that nobody asked for not at all", async () => {
    const line = await joined();
    line.send("437[]");
    line.send('42["ask","why"]');
    const [, id] = /^42(\d+)\["question","why"\]$/.exec(await line.next());
    // Whichever comes first: frames sent without waiting are handled in no order.
    for (let n = 0; n < 3; n += 1) line.send(`43${id}[${n}]`);
    assert.match(await line.next(), /^42\["answered","what was asked",[012]\]$/);
    line.send(`43${id}[3]`);
    for (let n = 0; n < 3; n += 1) {
      line.send(`42["message",${n}]`);
      assert.equal(await line.next(), `42["message-back",${n}]`);
    }
    line.close();
  });
});

describe("namespaces", () => {
  it("live side by side on one connection of the stock client", async (context) => {
    const root = await stock(context, { transports: ["websocket"], auth: { token: "a" } });
    const custom = root.io.socket("/custom", { auth: { token: "b" } });
    assert.deepEqual(await once(custom, "auth"), [{ token: "b" }]);
    custom.disconnect();
    const back = once(root, "message-back");
    root.emit("message", "still here");
    assert.deepEqual(await back, ["still here"]);
  });

  it("an unknown one is refused to the stock client", async (context) => {
    const socket = io(`${echo.socket}/random`, { forceNew: true, reconnection: false });
    context.after(() => socket.disconnect());
    const [error] = await once(socket, "connect_error");
    assert.equal(error.message, "Invalid namespace");
  });

  it("the WebSocket of a former connection is no session", () => new Line(echo.socket, `${WEBSOCKET}&sid=unheard`).closed());
});
