// A messenger app: a component that shows messages, who is online and who types, and what it does with what it hears.

import { strict as assert } from "node:assert";
import { once } from "node:events";
import { after, test } from "node:test";

import { io } from "./support/contract.mjs";
import { sceneOf } from "./support/scene.mjs";
import { startServer } from "./support/server.mjs";
import { ISO_MILLIS, MESSAGE_ID, assertAnswer } from "./support/shapes.mjs";
import { seconds, sign, tokenOf } from "./support/token.mjs";

const WORDS = {
  greetings: { connection: "connection", onlineUsers: "online_users" },
  online: "user_online",
  offline: "user_offline",
};

const server = await startServer({ dialect: "messenger" });
after(() => server.stop());

// What the app keeps, and the handlers that keep it.
class App {
  messages = [];
  onlineUsers = [];
  typing = null;
  unread = null;
  errors = [];

  constructor(device) {
    this.device = device;
    this.onlineUsers = device.greeting.onlineUsers;
    const { socket } = device;
    socket.on("online_users", (users) => { this.onlineUsers = users; });
    socket.on("receive_message", (message) => { this.messages.push(message); });
    socket.on("message_sent", ({ success, message }) => { if (success) this.messages.push(message); });
    socket.on("typing_indicator", ({ isTyping, userName }) => { this.typing = isTyping ? userName : null; });
    socket.on("unread_count", ({ count }) => { this.unread = count; });
    socket.on("error", ({ message }) => { this.errors.push(message); });
  }

  send(receiverId, content) {
    this.device.tell("send_message", { receiverId, content });
  }

  shows() {
    return this.messages.map(({ senderName, content }) => `${senderName}: ${content}`);
  }
}

function assertMessage(message, expected) {
  assert.match(message._id, MESSAGE_ID);
  assert.match(message.sentAt, ISO_MILLIS);
  const { _id, sentAt } = message;
  assert.deepEqual(message, { _id, sentAt, read: false, isDeleted: false, ...expected });
  return message;
}

// Alice and Bob, Bob with a second device, and Carol. Nobody has written to anybody.
async function crowd(context) {
  const scene = sceneOf(context, server, WORDS);
  const names = { alice: "Alice Adams", bob: "Bob Brown", carol: "Carol Clark" };
  const apps = [];
  for (const name of ["alice", "bob", "bob", "carol"]) {
    const token = tokenOf(scene.user(name), { name: names[name], username: name });
    apps.push(new App(await scene.device(name, { token })));
  }
  await scene.heard();
  const [alice, bob, bob2, carol] = apps;
  const people = Object.fromEntries(Object.entries(names).map(([name, full]) => [name, { _id: scene.user(name), name: full }]));
  const from = (sender, receiver, content, more) => ({
    content,
    senderId: people[sender]._id,
    senderName: people[sender].name,
    receiverId: people[receiver]._id,
    receiverName: people[receiver].name,
    ...more,
  });
  return { scene, alice, bob, bob2, carol, people, from };
}

test("the app connects at the plain address and in the namespace, and asks at once what waits", async () => {
  for (const namespace of ["", "/messenger"]) {
    const token = tokenOf("ann", { name: "Ann Archer", username: "ann", email: "ann@example.com", role: "customer" });
    const socket = io(server.url + namespace, { auth: { token }, transports: ["websocket", "polling"], forceNew: true });
    socket.on("connect", () => socket.emit("get_unread_count"));
    const [[connection], [users], [unread]] = await Promise.all(["connection", "online_users", "unread_count"].map((event) => once(socket, event)));
    assert.deepEqual(connection, { success: true, user: { _id: "ann", name: "Ann Archer", username: "ann" } });
    const ann = users.find(({ userId }) => userId === "ann");
    assert.match(ann.lastSeen, ISO_MILLIS);
    assert.deepEqual(ann, {
      userId: "ann", _id: "ann", name: "Ann Archer", username: "ann", email: "ann@example.com", role: "customer", lastSeen: ann.lastSeen,
    });
    assert.deepEqual(unread, { count: 0 });
    socket.close();
  }
});

test("a token that is refused is told as the app expects it", async () => {
  for (const [auth, message, reason] of [
    [{}, "Authentication error: No token provided", "no token"],
    [{ token: "broken" }, "Authentication error: Invalid token", "invalid token"],
    [{ token: sign({ sub: "ann", exp: seconds(-60) }) }, "Authentication error: Invalid token", "expired token"],
    [{ token: sign({ exp: seconds(60) }) }, "Authentication error: User not found", "unknown user"],
  ]) {
    const socket = io(server.url, { auth, transports: ["websocket"], forceNew: true, reconnection: false });
    const [error] = await once(socket, "connect_error");
    assert.equal(error.message, message);
    assert.deepEqual(error.data, { code: "AUTHENTICATION_ERROR", reason });
    socket.close();
  }
});

test("what is written is shown once to each device of both, and to nobody else", async (t) => {
  const { scene, alice, bob, bob2, carol, people, from } = await crowd(t);
  alice.send(people.bob._id, "hello");
  const message = await bob.device.next("receive_message");
  assertMessage(message, from("alice", "bob", "hello", { seq: 1 }));
  const notification = await bob.device.next("message_notification");
  assert.deepEqual(notification, { type: "new_message", from: people.alice, message: "hello", timestamp: message.sentAt });
  assert.deepEqual(await alice.device.next("message_sent"), { success: true, message });
  await alice.device.next("message_delivered", ({ messageId }) => messageId === message._id);
  await scene.heard([bob2.device, [["receive_message", message], ["message_notification", notification]]]);

  bob2.send(people.alice._id, "hello yourself");
  await Promise.all([alice.device.next("receive_message"), bob.device.next("message_sent"), bob2.device.next("message_sent")]);
  for (const app of [alice, bob, bob2]) {
    assert.deepEqual(app.shows(), ["Alice Adams: hello", "Bob Brown: hello yourself"]);
  }
  assert.deepEqual(carol.shows(), []);
});

test("an ack carries the same answer, and a send that is repeated is stored once", async (t) => {
  const { scene, alice, bob, bob2, people, from } = await crowd(t);
  const send = { receiverId: people.bob._id, content: "once", clientMessageId: "a" };
  const first = await alice.device.ask("send_message", send);
  assert.equal(first.success, true);
  assertMessage(first.message, from("alice", "bob", "once", { seq: 1 }));
  await scene.passed(alice.device, bob.device, bob2.device);
  assert.deepEqual(await alice.device.ask("send_message", send), first);
  await scene.heard();
  assert.deepEqual(bob.shows(), ["Alice Adams: once"]);
});

test("who opens a conversation marks it, and its sender sees that", async (t) => {
  const { scene, alice, bob, bob2, people, from } = await crowd(t);
  alice.send(people.bob._id, "have you seen this?");
  const { _id: messageId } = await bob.device.next("receive_message");
  await scene.passed(alice.device, bob.device, bob2.device);

  bob.device.tell("get_unread_count");
  await scene.heard([bob.device, [["unread_count", { count: 1 }]]]);
  bob.device.tell("mark_message_read", { messageId });
  const read = await alice.device.next("message_read");
  assert.match(read.readAt, ISO_MILLIS);
  assert.deepEqual(read, { messageId, readBy: people.bob, readAt: read.readAt });
  const confirmed = await bob.device.next("message_read_confirmed");
  assert.equal(confirmed.success, true);
  assertMessage(confirmed.message, from("alice", "bob", "have you seen this?", { seq: 1, read: true, readAt: read.readAt }));
  await scene.heard([bob2.device, [["message_read_confirmed", confirmed]]]);
  bob.device.tell("get_unread_count");
  await scene.heard([bob.device, [["unread_count", { count: 0 }]]]);
  assert.deepEqual([bob.unread, bob2.unread], [0, null]);
});

test("a history is paged back to its beginning", async (t) => {
  const { scene, alice, bob, people } = await crowd(t);
  for (const content of ["one", "two", "three"]) await alice.device.ask("send_message", { receiverId: people.bob._id, content });
  await scene.passed(bob.device);
  const shown = [];
  for (let page = 1, hasMore = true; hasMore; page += 1) {
    bob.device.tell("get_message_history", { otherUserId: people.alice._id, page, limit: 2 });
    const history = await bob.device.next("message_history");
    assert.deepEqual(history.otherUser, people.alice);
    assert.equal(history.pagination.page, page);
    shown.unshift(...history.messages.map(({ content }) => content));
    ({ hasMore } = history.pagination);
  }
  assert.deepEqual(shown, ["one", "two", "three"]);
  const missed = await bob.device.ask("get_message_history", { otherUserId: people.alice._id, afterSeq: 1 });
  assert.equal(missed.success, true);
  assert.deepEqual(missed.messages.map(({ seq }) => seq), [2, 3]);
});

test("typing is shown by name until it stops or the typist goes", async (t) => {
  const { scene, alice, bob, bob2, people } = await crowd(t);
  const receiverId = people.bob._id;
  const indicator = (isTyping) => ["typing_indicator", { userId: people.alice._id, userName: people.alice.name, isTyping }];
  alice.device.tell("typing_start", { receiverId });
  await scene.heard([bob.device, [indicator(true)]], [bob2.device, [indicator(true)]]);
  assert.equal(bob.typing, "Alice Adams");
  alice.device.tell("typing_stop", { receiverId });
  await scene.heard([bob.device, [indicator(false)]], [bob2.device, [indicator(false)]]);
  assert.equal(bob.typing, null);
  alice.device.tell("typing_start", { receiverId });
  await scene.heard([bob.device, [indicator(true)]], [bob2.device, [indicator(true)]]);
  alice.device.close();
  await scene.heard([bob.device, [indicator(false)]], [bob2.device, [indicator(false)]]);
});

test("people come and go by name, once whatever the number of their devices", async (t) => {
  const { scene, alice, bob, bob2, people } = await crowd(t);
  const isBob = ({ userId }) => userId === people.bob._id;
  bob.device.close();
  await scene.heard();
  assert.ok(!alice.device.heard.some(([event, user]) => event === "user_offline" && isBob(user)));
  bob2.device.close();
  const gone = await alice.device.next("user_offline", isBob);
  assert.match(gone.lastSeen, ISO_MILLIS);
  assert.deepEqual(gone, { userId: people.bob._id, lastSeen: gone.lastSeen });
  await scene.device("bob", { token: tokenOf(people.bob._id, { name: people.bob.name, username: "bob" }) });
  assert.deepEqual(await alice.device.next("user_online", isBob), { userId: people.bob._id, name: people.bob.name, username: "bob" });
});

test("errors are told by event or ack, and the app goes on", async (t) => {
  const { scene, alice, bob, bob2, carol, people } = await crowd(t);
  alice.send("nobody-at-all", "hello");
  await alice.device.next("error");
  alice.send(people.bob._id, "   ");
  await alice.device.next("error");
  alice.send(people.bob._id, "hello");
  const { _id: messageId } = await bob.device.next("receive_message");
  await scene.passed(alice.device, bob2.device);
  for (const device of [alice.device, carol.device]) device.tell("mark_message_read", { messageId });
  await Promise.all([alice, carol].map(({ device }) => device.next("error")));
  assert.deepEqual(alice.errors, ["Receiver not found", "content must not be empty", "Access denied"]);
  assert.deepEqual(carol.errors, ["Access denied"]);
  const refused = await alice.device.ask("send_message", { receiverId: "nobody-at-all", content: "hello" });
  assert.deepEqual(refused, { success: false, error: { message: "Receiver not found", code: "NOT_FOUND" } });
  await scene.heard();
});

test("what somebody does in another dialect is heard in this one's words", async (t) => {
  const { scene, alice, bob, bob2, people } = await crowd(t);
  alice.send(people.bob._id, "hello");
  const { _id: messageId } = await bob.device.next("receive_message");
  await scene.passed(alice.device, bob2.device);
  const bobs = scene.recruiting("bob");
  const chat = assertAnswer(await bobs.post("/api/chat/create-or-get", { otherUserId: people.alice._id }), 200);
  assertAnswer(await bobs.post(`/api/chat/${chat._id}/block`), 200);
  const blocked = (userId, byMe) => [["user_blocked", { userId, byMe }]];
  const [byBob, ofAlice] = [blocked(people.bob._id, false), blocked(people.alice._id, true)];
  await scene.heard([alice.device, byBob], [bob.device, ofAlice], [bob2.device, ofAlice]);
  alice.send(people.bob._id, "are you there?");
  assert.equal((await alice.device.next("error")).code, "BLOCKED_USER");
  assertAnswer(await scene.recruiting("alice").delete(`/api/message/${messageId}`), 200);
  const deleted = [["message_deleted", { messageId }]];
  await scene.heard([alice.device, deleted], [bob.device, deleted], [bob2.device, deleted]);
});
