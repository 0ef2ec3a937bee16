// A workspace app: the options it connects with, what it emits, and what it shows.

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
  made: (conversation) => ["conversation:updated", ({ id, lastMessage }) => id === conversation && lastMessage === null],
};

// How the app connects.
const OPTIONS = { transports: ["websocket", "polling"], reconnection: true, reconnectionDelay: 1000, reconnectionAttempts: 5 };

const server = await startServer({ dialect: "workspace" });
after(() => server.stop());

function assertMessage(message, expected) {
  assert.match(message.id, MESSAGE_ID);
  assert.match(message.timestamp, ISO_MILLIS);
  const { id, timestamp } = message;
  assert.deepEqual(message, { id, timestamp, type: "text", mediaUrl: null, isDeleted: false, ...expected });
  return message;
}

function assertConversation(conversation, expected) {
  assert.match(conversation.id, CHAT_ID);
  for (const time of [conversation.createdAt, conversation.updatedAt]) assert.match(time, ISO_MILLIS);
  const { id, createdAt, updatedAt } = conversation;
  assert.deepEqual(conversation, { id, createdAt, updatedAt, lastMessage: null, unreadCount: 0, ...expected });
  return conversation;
}

function assertRefused(ack, code, more) {
  assert.deepEqual(Object.keys(ack).toSorted(), ["error", "success"]);
  assert.equal(ack.success, false);
  assertError(ack.error, code, more);
}

function assertError(error, code, more = {}) {
  assert.deepEqual(error, { message: error.message, code, ...more });
  assert.ok(typeof error.message === "string" && error.message !== "");
}

// Alice and Bob with a conversation between them, Bob with a second device, and Carol.
async function crowd(context) {
  const scene = sceneOf(context, server, WORDS);
  const [alice, bob, bob2, carol] = await scene.devicesOf("alice", "bob", "bob", "carol");
  const conversationId = await scene.chat("alice", "bob");
  await scene.heard();
  const participants = [scene.user("alice"), scene.user("bob")].toSorted();
  return { scene, alice, bob, bob2, carol, conversationId, participants };
}

test("the app connects with its own options, at the plain address and in the namespace", async () => {
  for (const namespace of ["", "/workspace"]) {
    const socket = io(server.url + namespace, { auth: { token: tokenOf("ann") }, ...OPTIONS, forceNew: true });
    const connected = once(socket, "connected");
    await once(socket, "connect");
    // Behind the argument comes the offset of connection state recovery, which the app does not look at.
    const [greeting] = await connected;
    assert.deepEqual(greeting, { userId: "ann", socketId: socket.id });
    socket.disconnect();
  }
});

test("a token that is refused is told as the app expects it", async () => {
  for (const [auth, message, reason] of [
    [{}, "Authentication error: No token provided", "no token"],
    [{ token: "broken" }, "Authentication error: Invalid token", "invalid token"],
    [{ token: sign({ sub: "ann", exp: seconds(-60) }) }, "Authentication error: Invalid token", "expired token"],
    [{ token: sign({ exp: seconds(60) }) }, "Authentication error: User not found", "unknown user"],
  ]) {
    const socket = io(server.url, { auth, ...OPTIONS, forceNew: true });
    const [error] = await once(socket, "connect_error");
    assert.deepEqual([error.message, error.data], [message, { code: "AUTHENTICATION_ERROR", reason }]);
    socket.disconnect();
  }
});

test("a message goes to everybody but the socket that sent it, and notifies where the conversation is not open", async (t) => {
  const { scene, alice, bob, bob2, conversationId, participants } = await crowd(t);
  const alice2 = await scene.device("alice", { name: "alice2" });
  bob.tell("conversation:join", conversationId);
  assert.deepEqual(await bob.ask("conversation:join", conversationId), { success: true });
  alice.tell("message:send", { conversationId, content: "Hello, world!", type: "text" });
  const message = assertMessage(await bob.next("message:new"), {
    seq: 1, conversationId, senderId: scene.user("alice"), content: "Hello, world!",
  });
  const updated = ({ heard }) => heard.find(([event]) => event === "conversation:updated")[1];
  await bob.until(() => bob.heard.length > 0, "the conversation");
  const { createdAt, updatedAt } = updated(bob);
  const conversation = (unreadCount) => [
    "conversation:updated",
    { id: conversationId, participants, lastMessage: message, unreadCount, createdAt, updatedAt },
  ];
  const delivered = ["message:delivered", { messageId: message.id }];
  const notification = { id: message.id, message: "Hello, world!", type: "message", createdAt: message.timestamp };
  await scene.heard(
    [alice, [conversation(0), delivered]],
    [alice2, [["message:new", message], conversation(0), delivered]],
    [bob, [conversation(1)]],
    [bob2, [["message:new", message], conversation(1), ["notification:new", notification]]],
  );
});

test("with an ack the sender gets the message, and the client's own retries store it once", async (t) => {
  const { scene, bob, conversationId } = await crowd(t);
  const sender = await scene.device("alice", { name: "retrying", retries: 3, ackTimeout: 10_000 });
  const send = (content, clientMessageId) => new Promise((resolve, reject) => {
    const message = { conversationId, content, clientMessageId };
    sender.socket.emit("message:send", message, (error, ack) => (error ? reject(error) : resolve(ack)));
  });
  const first = await send("one", "a");
  assert.deepEqual(Object.keys(first).toSorted(), ["message", "success"]);
  assertMessage(first.message, { seq: 1, conversationId, senderId: scene.user("alice"), content: "one" });
  assert.deepEqual(await send("one", "a"), first);
  assert.equal((await send("two", "b")).message.seq, 2);
  await bob.until(() => bob.heard.filter(([event]) => event === "message:new").length === 2, "two messages");
  assertRefused(await send(" ", "c"), "VALIDATION_ERROR");
});

test("typing is shown where the conversation is open", async (t) => {
  const { scene, alice, bob, conversationId } = await crowd(t);
  await bob.ask("conversation:join", conversationId);
  const notice = { userId: scene.user("alice"), conversationId };
  alice.tell("typing:start", { conversationId });
  await scene.heard([bob, [["typing:start", notice]]]);
  alice.tell("typing:stop", { conversationId });
  await scene.heard([bob, [["typing:stop", notice]]]);
  alice.tell("typing:start", { conversationId });
  await scene.heard([bob, [["typing:start", notice]]]);
  alice.close();
  await scene.heard([bob, [["typing:stop", notice]]]);
  const alice2 = await scene.device("alice");
  await bob.ask("conversation:leave", conversationId);
  alice2.tell("typing:start", { conversationId });
  await scene.heard();
});

test("the sender learns of reading, and the count of what waits falls", async (t) => {
  const { scene, alice, bob, bob2, conversationId, participants } = await crowd(t);
  const sent = [];
  for (const content of ["one", "two"]) sent.push((await alice.ask("message:send", { conversationId, content })).message);
  await scene.passed(alice, bob, bob2);
  const waiting = async () => {
    const { status, body } = await scene.rest("bob").get("/api/conversations");
    assert.deepEqual([status, Object.keys(body).toSorted()], [200, ["data", "pagination", "success"]]);
    assert.deepEqual(body.pagination, { page: 1, limit: 20, total: 1 });
    return assertConversation(body.data[0], { participants, lastMessage: sent[1], unreadCount: body.data[0].unreadCount }).unreadCount;
  };
  assert.equal(await waiting(), 2);
  bob.tell("message:read", { messageId: sent[0].id });
  const { readAt, ...read } = await alice.next("message:read");
  assert.deepEqual(read, { messageId: sent[0].id, userId: scene.user("bob") });
  assert.match(readAt, ISO_MILLIS);
  assert.deepEqual(await bob.ask("message:read", { messageId: sent[0].id }), { success: true });
  await scene.heard();
  assert.equal(await waiting(), 1);
});

test("a status is a bare word that the others hear", async (t) => {
  const { scene, alice, bob, carol } = await crowd(t);
  const isAlice = ({ userId }) => userId === scene.user("alice");
  for (const status of ["away", "busy", "online"]) {
    assert.deepEqual(await alice.ask("user:status", status), { success: true });
    for (const device of [bob, carol]) {
      assert.deepEqual(await device.next("user:online", isAlice), { userId: scene.user("alice"), status });
    }
  }
  alice.tell("user:status", "offline");
  for (const device of [bob, carol]) assert.deepEqual(await device.next("user:offline", isAlice), { userId: scene.user("alice") });
  alice.tell("user:status", "invisible");
  assertError(await alice.next("error"), "VALIDATION_ERROR");
});

test("conversations are made and their messages fetched over REST", async (t) => {
  const { scene, alice, carol } = await crowd(t);
  const rest = scene.rest("alice");
  const made = await rest.post("/api/conversations", { participantId: scene.user("carol") });
  assert.equal(made.status, 201, made.text);
  const participants = [scene.user("alice"), scene.user("carol")].toSorted();
  const conversation = assertConversation(made.body.data, { participants });
  assert.deepEqual(made.body, { success: true, data: conversation });
  assert.deepEqual(await carol.next("conversation:updated"), conversation);
  const found = await rest.post("/api/conversations", { participantId: scene.user("carol") });
  assert.deepEqual([found.status, found.body], [200, made.body]);
  const sent = [];
  for (const content of ["one", "two", "three"]) {
    sent.push((await alice.ask("message:send", { conversationId: conversation.id, content })).message);
  }
  const path = `/api/conversations/${conversation.id}/messages`;
  const page = await scene.rest("carol").get(`${path}?page=1&limit=2`);
  assert.deepEqual(page.body, { success: true, data: sent.slice(1), pagination: { page: 1, limit: 2, total: 3 } });
  const after = await scene.rest("carol").get(`${path}?afterSeq=2`);
  assert.deepEqual(after.body, { success: true, data: sent.slice(2), pagination: { limit: 50, total: 3, hasMore: false } });
  const foreign = await scene.rest("bob").get(path);
  const { success, ...error } = foreign.body;
  assert.deepEqual([foreign.status, success], [404, false]);
  assertError(error, "NOT_FOUND");
});

test("a notification by the app's own backend reaches all devices", async (t) => {
  const { scene, bob, bob2 } = await crowd(t);
  const token = tokenOf("backend", { role: "service" });
  const body = { message: "Maintenance at noon", type: "system" };
  const { status, text } = await request(server.url, "POST", `/api/users/${scene.user("bob")}/notifications`, { token, body });
  assert.equal(status, 200, text);
  for (const device of [bob, bob2]) {
    const { id, createdAt, ...notification } = await device.next("notification:new");
    assert.deepEqual(notification, body);
    assert.ok(typeof id === "string" && ISO_MILLIS.test(createdAt));
  }
  await scene.heard();
});

test("the health check needs no token", async (t) => {
  const { bob, conversationId } = await crowd(t);
  await bob.ask("conversation:join", conversationId);
  const { status, body } = await request(server.url, "GET", "/api/socket/health");
  assert.equal(status, 200);
  const { connected, rooms } = body.socket;
  assert.deepEqual(body, { status: "ok", socket: { initialized: true, connected, rooms } });
  assert.ok(connected >= 4 && rooms >= 1, JSON.stringify(body));
});

test("a live socket takes a new token of the same user", async () => {
  const device = await connect(server.url, "eve", { words: WORDS });
  assert.deepEqual(await device.ask("authenticate", { token: tokenOf("eve") }), { success: true });
  assertRefused(await device.ask("authenticate", { token: tokenOf("mallory") }), "AUTHENTICATION_ERROR", { reason: "invalid token" });
  device.close();
});

test("an app that emits too fast is told when to go on", async (t) => {
  const limited = await startServer({ dialect: "workspace", limits: true });
  t.after(() => limited.stop());
  await restOf(limited.url, "ben").get("/api/conversations");
  const { body } = await restOf(limited.url, "ann").post("/api/conversations", { participantId: "ben" });
  const ann = await connect(limited.url, "ann", { words: WORDS });
  const type = () => ann.ask("typing:start", { conversationId: body.data.id });
  const answers = await Promise.all(Array.from({ length: 60 }, type));
  const refused = answers.filter(({ success }) => !success);
  assert.ok(answers.length - refused.length >= 10, "ten are taken in any second");
  assert.ok(refused.length > 0, "sixty are more than the seconds they take allow");
  for (const { error } of refused) assertError(error, "RATE_LIMIT", { retryAfter: 1 });
  ann.close();
});
