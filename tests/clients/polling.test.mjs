// The stock client as it comes: it begins by long-polling and moves to WebSocket by itself, or stays.

import { strict as assert } from "node:assert";
import { after, test } from "node:test";

import { Device, PATIENCE_MILLIS, open } from "./support/device.mjs";
import { request } from "./support/rest.mjs";
import { sceneOf } from "./support/scene.mjs";
import { startServer } from "./support/server.mjs";
import { assertAnswer } from "./support/shapes.mjs";
import { tokenOf } from "./support/token.mjs";

const server = await startServer();
after(() => server.stop());

// What a client has that is told nothing of transports.
const BY_DEFAULT = { transports: undefined };
const POLLING = { transports: ["polling"] };

const transportOf = ({ socket }) => socket.io.engine.transport.name;

// Resolves once a client that began by polling has moved.
async function moved(device) {
  const deadline = Date.now() + PATIENCE_MILLIS;
  while (transportOf(device) !== "websocket" || device.socket.io.engine.upgrading) {
    assert.ok(Date.now() < deadline, `${device.name} does not move`);
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}

// The contents of the messages that a device heard of, in order.
const contents = (device) => device.heard.filter(([event]) => event === "new_message").map(([, { message }]) => message.content);

const sequence = (length, word = "") => Array.from({ length }, (_, n) => `${word}${n}`);

test("a client with default options begins by polling and moves to WebSocket", async (t) => {
  const scene = sceneOf(t, server);
  const alice = await scene.device("alice");
  const socket = open(server.url, { auth: { token: tokenOf(scene.user("bob")) }, ...BY_DEFAULT });
  const seen = [];
  socket.io.on("open", () => {
    seen.push(socket.io.engine.transport.name);
    socket.io.engine.on("upgrade", ({ name }) => seen.push(name));
    socket.io.engine.on("upgradeError", (error) => seen.push(error));
  });
  const bob = new Device("bob", socket, scene.user("bob"));
  scene.devices.push(bob);
  const { socketId } = await bob.next("connected");
  const until = Date.now() + 10_000;
  while (seen.length < 2 && Date.now() < until) await new Promise((resolve) => { setTimeout(resolve, 10); });
  assert.deepEqual(seen, ["polling", "websocket"]);
  assert.equal(socket.id, socketId, "the socket is the same");
  assert.equal((await bob.ask("ping")).success, true);
  const chatId = await scene.chat("alice", "bob");
  const { message } = await alice.ask("send_message", { chatId, content: "after the move" });
  assert.deepEqual(await bob.next("new_message"), { message });
  bob.close();
  await alice.next("user_offline", ({ userId }) => userId === bob.user);
});

test("a client that only polls has the same conversation as one on a WebSocket", async (t) => {
  const scene = sceneOf(t, server);
  const alice = await scene.device("alice", POLLING);
  const bob = await scene.device("bob");
  const chatId = await scene.chat("alice", "bob");
  for (const [from, to] of [[alice, bob], [bob, alice]]) {
    from.tell("typing_start", { chatId });
    assert.deepEqual(await to.next("user_typing"), { chatId, userId: from.user });
    const { message } = await from.ask("send_message", { chatId, content: "ünïcödé \u{1e} and \u2028" });
    assert.deepEqual(await to.next("new_message"), { message });
    assert.equal(message.content, "ünïcödé \u{1e} and \u2028");
    assert.equal((await to.ask("mark_messages_read", { chatId })).success, true);
    await from.next("messages_read_by_other");
  }
  assert.equal(transportOf(alice), "polling");
  alice.close();
  await bob.next("user_offline", ({ userId }) => userId === alice.user);
});

test("two clients that poll hear each other in order", async (t) => {
  const scene = sceneOf(t, server);
  const alice = await scene.device("alice", POLLING);
  const bob = await scene.device("bob", POLLING);
  const chatId = await scene.chat("alice", "bob");
  const answers = sequence(100).map((content) => alice.ask("send_message", { chatId, content }));
  const seqs = (await Promise.all(answers)).map(({ message }) => message.seq);
  assert.deepEqual(seqs, sequence(100).map((n) => Number(n) + 1), "what is posted is handled in order");
  await bob.until(() => contents(bob).length === 100, "a hundred messages");
  assert.deepEqual(contents(bob), sequence(100));
});

test("a client that tries every transport connects", async (t) => {
  const scene = sceneOf(t, server);
  const bob = await scene.device("bob", { ...BY_DEFAULT, tryAllTransports: true });
  assert.equal((await bob.ask("ping")).success, true);
  await moved(bob);
});

test("a client that may not move stays with polling", async (t) => {
  const scene = sceneOf(t, server);
  const bob = await scene.device("bob", { ...BY_DEFAULT, upgrade: false });
  for (let n = 0; n < 5; n += 1) assert.equal((await bob.ask("ping")).success, true);
  assert.equal(transportOf(bob), "polling");
});

test("a conversation goes on across the move: nothing lost, doubled or reordered", async (t) => {
  const scene = sceneOf(t, server);
  const alice = await scene.device("alice");
  const chatId = await scene.chat("alice", "bob");
  for (let round = 0; round < 10; round += 1) {
    let live = true;
    const sent = [];
    // Alice sends without a rest from before Bob connects until after he has moved, but no faster than a busy chat: what comes while a moving
    // client fetches nothing must fit its outbox.
    const sending = (async () => {
      for (let n = 0; live; n += 1) {
        sent.push(`${round}:${n}`);
        assert.equal((await alice.ask("send_message", { chatId, content: sent.at(-1) })).success, true);
        await new Promise((resolve) => { setTimeout(resolve, 20); });
      }
    })();
    const bob = await scene.device("bob", BY_DEFAULT);
    // Bob sends without waiting, while he moves.
    const own = sequence(10, `${round}:bob:`);
    const answers = Promise.all(own.map((content) => bob.ask("send_message", { chatId, content })));
    await moved(bob);
    assert.equal((await bob.ask("ping")).success, true);
    // A move can be quicker than two of Alice's messages, and Bob does not hear what she sent before he joined.
    await bob.until(() => contents(bob).length > 0, "one of Alice's messages");
    live = false;
    await sending;
    const stored = (await answers).map(({ message }) => message.content);
    assert.deepEqual(stored, own, "each of Bob's was answered with itself");
    await bob.until(() => contents(bob).at(-1) === sent.at(-1), `Alice's last message of round ${round}, ${sent.at(-1)}`);
    const heard = contents(bob);
    assert.deepEqual(heard, sent.slice(sent.indexOf(heard[0])), "once each, in order, from the first one on");
    await alice.until(() => contents(alice).length >= own.length, "Bob's messages");
    assert.deepEqual(contents(alice).toSorted(), own.toSorted());
    alice.heard.length = 0;
    const bobs = bob.user;
    bob.close();
    await alice.next("user_offline", ({ userId }) => userId === bobs);
    alice.heard.length = 0;
  }
  const { messages } = assertAnswer(await scene.rest("alice").get(`/api/message/chat/${chatId}?afterSeq=0&limit=100`), 200);
  assert.equal(new Set(messages.map(({ content }) => content)).size, messages.length);
});

test("namespaces joined before, during and after the move live on one connection", async (t) => {
  const scene = sceneOf(t, server);
  const friend = await scene.device("friend");
  const token = tokenOf(scene.user("gil"));
  const root = new Device("root", open(server.url, { auth: { token }, ...BY_DEFAULT }), scene.user("gil"));
  const named = new Device("named", root.socket.io.socket("/recruiting", { auth: { token } }), scene.user("gil"));
  await Promise.all([root.next("connected"), named.next("connected")]);
  await moved(root);
  assert.equal((await root.ask("ping")).success, true);
  assert.equal((await named.ask("ping")).success, true);
  const refused = root.socket.io.socket("/nobody", { auth: { token } });
  const error = await new Promise((resolve) => { refused.once("connect_error", resolve); });
  assert.equal(error.message, "Invalid namespace");
  const chatId = await scene.chat("friend", "gil");
  const { message } = await friend.ask("send_message", { chatId, content: "both of you" });
  assert.deepEqual(await root.next("new_message"), { message });
  assert.deepEqual(await named.next("new_message"), { message });
  named.close();
  assert.equal((await root.ask("ping")).success, true);
  root.close();
  refused.disconnect();
  await friend.next("user_offline", ({ userId }) => userId === scene.user("gil"));
});

test("many clients come at once by polling and all move", async (t) => {
  const scene = sceneOf(t, server);
  const devices = await Promise.all(sequence(20, "crowd-").map((name) => scene.device(name, BY_DEFAULT)));
  await Promise.all(devices.map(moved));
  const answers = await Promise.all(devices.map((device) => device.ask("ping")));
  assert.ok(answers.every(({ success }) => success));
});

test("a header proves who it is by polling too, and after the move", async (t) => {
  const scene = sceneOf(t, server);
  const extraHeaders = { Authorization: `Bearer ${tokenOf(scene.user("ben"))}` };
  const device = await scene.device("ben", { ...BY_DEFAULT, auth: undefined, extraHeaders });
  await moved(device);
  const named = new Device("named", device.socket.io.socket("/recruiting"));
  assert.equal((await named.next("connected")).userId, device.user);
});

test("what breaks the protocol by polling ends the connection, and the client comes back", async (t) => {
  const scene = sceneOf(t, server);
  const device = await scene.device("bob", { ...POLLING, reconnection: true, reconnectionDelay: 10 });
  const gone = new Promise((resolve) => { device.socket.once("disconnect", resolve); });
  device.socket.io.engine.write("9");
  assert.match(await gone, /^transport (close|error)$/);
  await device.next("connected");
  assert.equal((await device.ask("ping")).success, true);
});

test("each port speaks its dialect to those who poll", async (t) => {
  const ports = await startServer({ listen: ["0:recruiting"] });
  t.after(() => ports.stop());
  for (const { port } of ports.addresses) {
    const scene = sceneOf(t, { url: `http://localhost:${port}` });
    const device = await scene.device("bob", POLLING);
    assert.equal((await device.ask("ping")).success, true);
  }
});

test("a server that ends does not wait for those who wait, and they come back to the next one", async (t) => {
  let own = await startServer();
  t.after(() => own.stop());
  const scene = sceneOf(t, own);
  const device = await scene.device("bob", { ...POLLING, reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 50 });
  const gone = new Promise((resolve) => { device.socket.once("disconnect", resolve); });
  const start = Date.now();
  assert.deepEqual(await own.stop(), { code: 0, signal: null });
  assert.ok(Date.now() - start < 5_000, "it ends at once");
  assert.match(await gone, /^transport (close|error)$/);
  own = await startServer({ port: own.port });
  assert.equal((await device.next("connected")).userId, device.user);
});

test("a request that is not Engine.IO is told so", async () => {
  for (const [method, query, body] of [
    ["GET", "EIO=4&transport=carrier-pigeon", { code: 0, message: "Transport unknown" }],
    ["GET", "EIO=4&transport=polling&sid=nobody", { code: 1, message: "Session ID unknown" }],
    ["POST", "EIO=4&transport=polling", { code: 2, message: "Bad handshake method" }],
    ["GET", "EIO=3&transport=polling", { code: 5, message: "Unsupported protocol version" }],
  ]) {
    const answer = await request(server.url, method, `/socket.io/?${query}`);
    assert.deepEqual([answer.status, answer.body], [400, body]);
  }
});

const SENDS = {
  recruiting: (chatId) => ["send_message", { chatId, content: "hello" }],
  marketplace: (chatId) => ["sendMessage", { chatId, content: "hello", messageType: "text" }],
  messenger: (chatId, receiverId) => ["send_message", { receiverId, content: "hello" }],
  workspace: (conversationId) => ["message:send", { conversationId, content: "hello" }],
  classroom: (conversationId) => ["send:message", { conversationId, text: "hello" }],
};

for (const [dialect, send] of Object.entries(SENDS)) {
  test(`${dialect} is spoken over every choice of transports`, async (t) => {
    const scene = sceneOf(t, server);
    const bob = await scene.device("bob");
    await scene.meet("alice");
    const chatId = await scene.chat("alice", "bob");
    const choices = [BY_DEFAULT, POLLING, { transports: ["websocket"] }, { transports: ["websocket", "polling"], tryAllTransports: true }];
    for (const choice of choices) {
      const socket = open(`${server.url}/${dialect}`, { auth: { token: tokenOf(scene.user("alice")) }, forceNew: true, ...choice });
      const device = new Device("alice", socket, scene.user("alice"));
      scene.devices.push(device);
      const ack = await socket.timeout(PATIENCE_MILLIS).emitWithAck(...send(chatId, bob.user));
      assert.equal(ack.success, true, JSON.stringify([choice, ack]));
      assert.equal((await bob.next("new_message")).message.content, "hello");
      if (choice === BY_DEFAULT) await moved(device);
      device.close();
    }
  });
}
