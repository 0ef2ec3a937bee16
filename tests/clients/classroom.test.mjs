// A classroom app: how it connects, what it emits, and what it shows.

import { strict as assert } from "node:assert";
import { once } from "node:events";
import { after, test } from "node:test";

import { io } from "./support/contract.mjs";
import { connect } from "./support/device.mjs";
import { request, restOf } from "./support/rest.mjs";
import { sceneOf } from "./support/scene.mjs";
import { startServer } from "./support/server.mjs";
import { CHAT_ID, ISO_MILLIS, MESSAGE_ID } from "./support/shapes.mjs";
import { seconds, sign, tokenOf } from "./support/token.mjs";

const WORDS = {
  greetings: { connected: "connected" },
  online: "user:online",
  offline: "user:offline",
  made: (id) => ["conversation:updated", ({ conversationId }) => conversationId === id],
};

const server = await startServer({ dialect: "classroom" });
after(() => server.stop());

const personOf = (id) => ({ _id: id, firstName: null, lastName: null, name: id, profileImage: null });

// A message. `expected` names at least seq, conversationId and senderId; the rest defaults to a text that reached nobody yet.
function assertMessage(message, expected) {
  assert.match(message._id, MESSAGE_ID);
  assert.match(message.createdAt, ISO_MILLIS);
  const { _id, createdAt, updatedAt } = message;
  assert.deepEqual(message, {
    _id,
    createdAt,
    updatedAt,
    text: null,
    media: [],
    messageType: "text",
    status: "sent",
    replyTo: null,
    deletedAt: null,
    ...expected,
    senderId: personOf(expected.senderId),
  });
  return message;
}

function assertError(error, code, more = {}) {
  assert.deepEqual(error, { message: error.message, code, ...more });
  assert.ok(typeof error.message === "string" && error.message !== "");
}

function assertRefused(ack, code) {
  assert.deepEqual(ack, { success: false, error: ack.error });
  assertError(ack.error, code);
}

// A REST answer of success; gives its data.
function assertData(response, status = 200) {
  assert.equal(response.status, status, response.text);
  assert.equal(response.body.success, true);
  return response.body.data;
}

// Alice and Bob with two devices each and a conversation between them, and Carol.
async function crowd(context) {
  const scene = sceneOf(context, server, WORDS);
  const [alice, alice2, bob, bob2, carol] = await scene.devicesOf("alice", "alice", "bob", "bob", "carol");
  const conversationId = await scene.chat("alice", "bob");
  await scene.heard();
  return { scene, alice, alice2, bob, bob2, carol, conversationId };
}

// What a chat screen keeps: the messages it heard of, and whether the other person types.
function screenOf(device) {
  const screen = { messages: [], isTyping: false };
  device.socket.on("new:message", ({ message }) => screen.messages.push(message));
  device.socket.on("typing:start", ({ userId }) => { if (userId !== device.user) screen.isTyping = true; });
  device.socket.on("typing:stop", ({ userId }) => { if (userId !== device.user) screen.isTyping = false; });
  return screen;
}

test("the app connects as on the web and as on a phone, at the plain address and in the namespace", async () => {
  for (const namespace of ["", "/classroom"]) {
    for (const options of [{}, { transports: ["websocket"] }]) {
      const socket = io(server.url + namespace, { auth: { token: tokenOf("ann") }, ...options, forceNew: true });
      const connected = once(socket, "connected");
      await once(socket, "connect");
      // Behind the argument comes the offset of connection state recovery, which the app does not look at.
      const [greeting] = await connected;
      assert.deepEqual(greeting, { userId: "ann", socketId: socket.id });
      socket.close();
    }
  }
});

test("a token that is refused is told as the app expects it", async () => {
  for (const [auth, message, reason] of [
    [{}, "Authentication error: No token provided", "no token"],
    [{ token: "broken" }, "Authentication error: Invalid token", "invalid token"],
    [{ token: sign({ sub: "ann", exp: seconds(-60) }) }, "Authentication error: Invalid token", "expired token"],
    [{ token: sign({ exp: seconds(60) }) }, "Authentication error: User not found", "unknown user"],
  ]) {
    const socket = io(server.url, { auth, transports: ["websocket"], forceNew: true });
    const [error] = await once(socket, "connect_error");
    assert.deepEqual([error.message, error.data], [message, { code: "AUTHENTICATION_ERROR", reason }]);
    socket.close();
  }
});

test("every screen of both shows a message once, and the one that sent it is told its id", async (t) => {
  const { scene, alice, alice2, bob, bob2, conversationId } = await crowd(t);
  const screens = [alice, alice2, bob, bob2].map(screenOf);
  alice.tell("send:message", { conversationId, text: "Hello!", messageType: "text" });
  await bob.until(() => bob.news().length > 0, "the message");
  const [message] = screens[2].messages;
  assertMessage(message, { seq: 1, conversationId, senderId: scene.user("alice"), text: "Hello!" });
  const shown = ["new:message", { message }];
  const delivered = ["message:delivered", { messageId: message._id, conversationId }];
  await scene.heard(
    [alice, [["message:sent", { messageId: message._id, message }], shown, delivered]],
    [alice2, [shown, delivered]],
    [bob, [shown]],
    [bob2, [shown]],
  );
  for (const { messages } of screens) assert.deepEqual(messages, [message]);
});

test("with an ack the sender gets the message, and the client's own retries store it once", async (t) => {
  const { scene, bob, conversationId } = await crowd(t);
  const sender = await scene.device("alice", { name: "retrying", retries: 3, ackTimeout: 10_000 });
  const send = (text, clientMessageId) => new Promise((resolve, reject) => {
    const message = { conversationId, text, messageType: "text", clientMessageId };
    sender.socket.emit("send:message", message, (error, ack) => (error ? reject(error) : resolve(ack)));
  });
  const first = await send("one", "a");
  assert.deepEqual(Object.keys(first).toSorted(), ["message", "success"]);
  assertMessage(first.message, { seq: 1, conversationId, senderId: scene.user("alice"), text: "one" });
  assert.equal((await send("one", "a")).message._id, first.message._id);
  assert.equal((await send("two", "b")).message.seq, 2);
  await bob.until(() => bob.heard.filter(([event]) => event === "new:message").length === 2, "two messages");
  assertRefused(await send(" ", "c"), "VALIDATION_ERROR");
});

test("media and replies are shown as they were sent", async (t) => {
  const { scene, alice, bob, conversationId } = await crowd(t);
  const media = [
    { url: "https://example.com/image.jpg", type: "image", filename: "image.jpg", size: 1_024_000 },
    { url: "https://example.com/sound.ogg", type: "audio", filename: "sound.ogg", size: 0 },
  ];
  const { message } = await alice.ask("send:message", { conversationId, media, messageType: "image" });
  assertMessage(message, { seq: 1, conversationId, senderId: scene.user("alice"), messageType: "image", media });
  bob.tell("send:message", { conversationId, text: "Nice", messageType: "text", replyTo: message._id });
  const { message: reply } = await alice.next("new:message", ({ message: { seq } }) => seq === 2);
  assertMessage(reply, { seq: 2, conversationId, senderId: scene.user("bob"), text: "Nice", replyTo: message._id });
  bob.tell("send:message", { conversationId, media: [{ url: "http://example.com/image.jpg" }], messageType: "image" });
  assertError(await bob.next("error"), "VALIDATION_ERROR");
});

test("typing is shown where the conversation is open, and ends when the typist goes", async (t) => {
  const { scene, alice, bob, conversationId } = await crowd(t);
  const screen = screenOf(bob);
  assert.deepEqual(await bob.ask("join:conversation", { conversationId }), { success: true });
  const notice = { userId: scene.user("alice"), conversationId };
  alice.tell("typing:start", { conversationId });
  await scene.heard([bob, [["typing:start", notice]]]);
  assert.equal(screen.isTyping, true);
  alice.tell("typing:stop", { conversationId });
  await scene.heard([bob, [["typing:stop", notice]]]);
  assert.equal(screen.isTyping, false);
  alice.tell("typing:start", { conversationId });
  await scene.heard([bob, [["typing:start", notice]]]);
  alice.close();
  await scene.heard([bob, [["typing:stop", notice]]]);
  const other = await scene.device("alice");
  assert.deepEqual(await bob.ask("leave:conversation", { conversationId }), { success: true });
  other.tell("typing:start", { conversationId });
  await scene.heard();
});

test("a list of messages is marked as read, everybody is told, and the count falls", async (t) => {
  const { scene, alice, alice2, bob, bob2, conversationId } = await crowd(t);
  const ids = [];
  for (const text of ["one", "two", "three"]) {
    ids.push((await alice.ask("send:message", { conversationId, text, messageType: "text" })).message._id);
  }
  await scene.passed(alice, alice2, bob, bob2);
  const rest = scene.rest("bob");
  const waiting = async () => assertData(await rest.get("/api/chat/unread-count"));
  assert.deepEqual(await waiting(), { unreadCount: 3 });
  const read = (messageIds, more = {}) => ["messages:read", { messageIds, readBy: scene.user("bob"), conversationId, ...more }];
  bob.tell("message:read", { messageIds: ids.slice(0, 2), conversationId });
  await scene.heard(...[alice, alice2, bob, bob2].map((device) => [device, [read(ids.slice(0, 2))]]));
  assert.deepEqual(await waiting(), { unreadCount: 1 });
  // Again, and nobody else is told.
  assert.deepEqual(await bob.ask("message:read", { messageIds: ids.slice(0, 2), conversationId }), { success: true, markedCount: 0 });
  await scene.heard();
  assert.deepEqual(assertData(await rest.post("/api/chat/messages/read", { conversationId })), { markedCount: 1 });
  await scene.heard(...[alice, alice2, bob, bob2].map((device) => [device, [read(ids.slice(2), { markedCount: 1 })]]));
  assert.deepEqual(await waiting(), { unreadCount: 0 });
});

test("who comes back fetches what was missed, which tells the sender that it arrived", async (t) => {
  const { scene, alice, alice2, bob, bob2, conversationId } = await crowd(t);
  bob.close();
  bob2.close();
  await alice.next("user:offline", ({ userId }) => userId === bob.user);
  const senderId = scene.user("alice");
  for (const text of ["one", "two"]) {
    const { message } = await alice.ask("send:message", { conversationId, text, messageType: "text" });
    assertMessage(message, { seq: message.seq, conversationId, senderId, text });
  }
  await scene.passed(alice, alice2);
  const path = `/api/chat/conversation/${conversationId}/messages`;
  const { body } = await scene.rest("bob").get(`${path}?page=1&limit=50`);
  assert.deepEqual(Object.keys(body).toSorted(), ["data", "pagination", "success"]);
  assert.deepEqual(body.pagination, { page: 1, limit: 50, total: 2 });
  body.data.forEach((message, index) => assertMessage(message, { seq: index + 1, conversationId, senderId, text: ["one", "two"][index] }));
  const newest = body.data[1]._id;
  await scene.heard(...[alice, alice2].map((device) => [device, [["message:delivered", { messageId: newest, conversationId }]]]));
  const { body: after } = await scene.rest("bob").get(`${path}?afterSeq=1`);
  assert.deepEqual(after.data.map(({ _id, status }) => [_id, status]), [[newest, "delivered"]]);
  assert.deepEqual(after.pagination, { limit: 50, total: 2, hasMore: false });
  const foreign = await scene.rest("carol").get(path);
  assert.deepEqual([foreign.status, foreign.body], [404, { success: false, code: "NOT_FOUND", message: foreign.body.message }]);
});

test("conversations are made by asking for the other, and list who is here", async (t) => {
  const { scene, alice, alice2, bob, bob2, carol } = await crowd(t);
  const path = `/api/chat/conversation/${scene.user("carol")}`;
  const made = assertData(await scene.rest("alice").get(path), 201);
  assert.match(made._id, CHAT_ID);
  const updated = ["conversation:updated", { conversationId: made._id, lastMessageAt: made.lastMessageAt }];
  await scene.heard([carol, [updated]]);
  assert.equal(assertData(await scene.rest("alice").get(path))._id, made._id);
  const sent = await scene.rest("alice").post("/api/chat/message", { conversationId: made._id, text: "Hello!", messageType: "text" });
  const message = assertData(sent, 201);
  await scene.passed(alice, alice2, carol);
  for (const device of [bob, bob2]) device.close();
  const list = assertData(await scene.rest("alice").get("/api/chat/conversations"));
  assert.equal(list.length, 2);
  const [first, second] = list;
  assert.deepEqual(first.lastMessage, { ...message, status: "delivered" });
  assert.deepEqual(first, {
    ...made, lastMessage: first.lastMessage, lastMessageAt: message.createdAt, updatedAt: message.createdAt, participants: first.participants,
  });
  const seen = ({ participants }, user) => participants.find(({ _id }) => _id === scene.user(user));
  const { lastSeen, ...here } = seen(first, "carol");
  assert.deepEqual(here, { ...personOf(scene.user("carol")), isOnline: true });
  assert.ok(Number.isSafeInteger(lastSeen) && Math.abs(Date.now() - lastSeen) < 60_000);
  const isBob = ({ userId }) => userId === scene.user("bob");
  const offline = await alice.next("user:offline", isBob);
  assert.deepEqual(seen(assertData(await scene.rest("alice").get("/api/chat/conversations"))[1], "bob"), {
    ...personOf(scene.user("bob")), isOnline: false, lastSeen: offline.lastSeen,
  });
  assert.equal(second.isGroup, false);
});

test("a message is deleted for me alone or for everyone", async (t) => {
  const { scene, alice, alice2, bob, bob2, conversationId } = await crowd(t);
  const sent = [];
  for (const text of ["one", "two"]) sent.push((await alice.ask("send:message", { conversationId, text, messageType: "text" })).message);
  await scene.passed(alice, alice2, bob, bob2);
  const deleted = (message, deletedForEveryone) => ["message:deleted", { messageId: message._id, conversationId, deletedForEveryone }];
  const path = ({ _id }) => `/api/chat/message/${_id}`;
  assertData(await scene.rest("bob").delete(path(sent[0]), { deleteForEveryone: false }));
  await scene.heard(...[bob, bob2].map((device) => [device, [deleted(sent[0], false)]]));
  const refused = await scene.rest("bob").delete(path(sent[1]), { deleteForEveryone: true });
  assert.deepEqual([refused.status, refused.body.code], [403, "FORBIDDEN"]);
  const placeholder = assertData(await scene.rest("alice").delete(path(sent[1]), { deleteForEveryone: true }));
  assert.match(placeholder.deletedAt, ISO_MILLIS);
  assert.deepEqual([placeholder.text, placeholder.media], [null, []]);
  await scene.heard(...[alice, alice2, bob, bob2].map((device) => [device, [deleted(sent[1], true)]]));
  const { body } = await scene.rest("bob").get(`/api/chat/conversation/${conversationId}/messages`);
  assert.deepEqual(body.data, [placeholder]);
  assert.equal(body.pagination.total, 2);
});

test("an app that sends too much is told when to go on", async (t) => {
  const limited = await startServer({ dialect: "classroom", limits: true });
  t.after(() => limited.stop());
  const ann = await connect(limited.url, "ann", { words: WORDS });
  t.after(() => ann.close());
  const rest = restOf(limited.url, "ann");
  await restOf(limited.url, "ben").get("/api/chat/conversations");
  const { _id: conversationId } = assertData(await rest.get("/api/chat/conversation/ben"), 201);
  // A minute may end in between.
  let accepted = 0;
  let refused;
  while (!refused && accepted <= 60) {
    const response = await rest.post("/api/chat/message", { conversationId, text: "again", messageType: "text" });
    if (response.status === 201) accepted += 1;
    else refused = response;
  }
  assert.ok(accepted >= 30, `only ${accepted} were accepted`);
  const { retryAfter } = refused.body;
  assert.ok(Number.isSafeInteger(retryAfter) && retryAfter >= 1 && retryAfter <= 60);
  assert.deepEqual(refused.body, { success: false, code: "RATE_LIMIT", message: refused.body.message, retryAfter });
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, String(retryAfter)]);
  const health = await request(limited.url, "GET", "/api/socket/health");
  assert.equal(health.body.status, "ok");
});
