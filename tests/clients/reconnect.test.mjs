// The client comes back by itself: after a connection that was closed under it, and after a restart of the server.

import { strict as assert } from "node:assert";
import { test } from "node:test";

import { sceneOf } from "./support/scene.mjs";
import { startServer, temporaryFolder } from "./support/server.mjs";
import { assertAnswer, assertChat } from "./support/shapes.mjs";

const AGAIN = { reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 100 };

const disconnected = ({ socket }) => new Promise((resolve) => { socket.once("disconnect", resolve); });

// Makes the server close the connection: a packet that no Socket.IO client sends breaks the protocol.
async function cut(device) {
  const gone = disconnected(device);
  device.socket.io.engine.write("9");
  assert.equal(await gone, "transport close");
  assert.equal(device.socket.active, true, "it will try again");
}

test("a closed connection comes back with a new sid, and what was missed can be fetched", async (t) => {
  // As it is without connection state recovery, or too late for it.
  const server = await startServer({ parameters: { RecoveryWindowSeconds: 0 } });
  t.after(() => server.stop());
  const scene = sceneOf(t, server);
  const [alice] = await scene.devicesOf("alice");
  const bob = await scene.device("bob", AGAIN);
  const chatId = await scene.chat("alice", "bob");
  const { message: first } = await alice.ask("send_message", { chatId, content: "one" });
  await bob.next("new_message");
  const before = bob.socket.id;
  // It may not come back before the message it is to miss is sent.
  bob.socket.io.reconnection(false);
  await cut(bob);
  await alice.next("user_offline", ({ userId }) => userId === scene.user("bob"));
  const { message: missed } = await alice.ask("send_message", { chatId, content: "two" });
  bob.heard.length = 0;
  bob.socket.io.reconnection(true);
  bob.socket.connect();
  const { userId, socketId } = await bob.next("connected");
  assert.deepEqual([userId, socketId], [scene.user("bob"), bob.socket.id]);
  assert.notEqual(socketId, before);
  const { messages } = assertAnswer(await scene.rest("bob").get(`/api/message/chat/${chatId}?afterSeq=${first.seq}`), 200);
  assert.deepEqual(messages, [missed]);
  await alice.next("user_online", ({ userId: user }) => user === scene.user("bob"));
  const { message: third } = await alice.ask("send_message", { chatId, content: "three" });
  assert.deepEqual(await bob.next("new_message", ({ message }) => message._id === third._id), { message: third });
});

test("a client comes back by itself from cut after cut", async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const scene = sceneOf(t, server);
  const bob = await scene.device("bob", AGAIN);
  for (let round = 0; round < 5; round += 1) {
    await cut(bob);
    assert.equal((await bob.next("connected")).userId, scene.user("bob"));
    await bob.next("online_users");
    assert.equal((await bob.ask("ping")).success, true);
  }
});

test("the client's own retries store a message once, however often its connection is cut", async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const scene = sceneOf(t, server);
  const alice = await scene.device("alice", { ...AGAIN, retries: 100, ackTimeout: 1_000 });
  const chatId = await scene.chat("alice", "bob");
  const send = (n) => new Promise((resolve, reject) => {
    const data = { chatId, content: `${n}`, clientMessageId: `c${n}` };
    alice.socket.emit("send_message", data, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
  const seqs = [];
  for (let n = 1; n <= 15; n += 1) {
    const answered = send(n);
    // Now and then the connection is cut right behind the send.
    if (n % 3 === 0) alice.socket.io.engine.write("9");
    const { success, message } = await answered;
    assert.equal(success, true);
    assert.equal(message.content, `${n}`);
    seqs.push(message.seq);
  }
  const { messages } = assertAnswer(await scene.rest("alice").get(`/api/message/chat/${chatId}?afterSeq=0`), 200);
  assert.deepEqual(messages.map(({ content }) => content), Array.from({ length: 15 }, (_, n) => `${n + 1}`));
  assert.deepEqual(seqs, messages.map(({ seq }) => seq));
});

test("after a restart on the same data clients come back, and everything is as it was", async (t) => {
  const data = await temporaryFolder(t);
  let server = await startServer({ data });
  t.after(() => server.stop());
  const scene = sceneOf(t, server);
  const alice = await scene.device("alice", AGAIN);
  const bob = await scene.device("bob", AGAIN);
  const chatId = await scene.chat("alice", "bob");
  const { message } = await alice.ask("send_message", { chatId, content: "before", clientMessageId: "c" });
  await bob.ask("mark_messages_read", { chatId });
  await alice.next("messages_read_by_other");
  await bob.ask("block_user", { chatId });
  await alice.next("you_were_blocked");
  const show = async (name) => assertAnswer(await scene.rest(name).get(`/api/chat/${chatId}`), 200);
  const saw = [await show("alice"), await show("bob")];

  const gone = [disconnected(alice), disconnected(bob)];
  const { code, signal } = await server.stop();
  assert.deepEqual([code, signal], [0, null], "it ends in good order");
  assert.deepEqual(await Promise.all(gone), ["transport close", "transport close"]);
  for (const device of [alice, bob]) device.heard.length = 0;
  server = await startServer({ data, port: server.port });
  for (const device of [alice, bob]) {
    assert.equal((await device.next("connected")).userId, device.user);
    await device.next("online_users");
  }
  assert.deepEqual([await show("alice"), await show("bob")], saw);
  assertChat(saw[0], { users: [alice.user, bob.user], latestMessage: { ...message, isRead: true, updatedAt: saw[0].latestMessage.updatedAt }, isBlocked: true, blockedBy: bob.user });
  assert.equal((await bob.ask("unblock_user", { chatId })).success, true);
  await alice.next("you_were_unblocked");
  const again = await alice.ask("send_message", { chatId, content: "other words", clientMessageId: "c" });
  assert.equal(again.message._id, message._id);
  const { message: next } = await alice.ask("send_message", { chatId, content: "after" });
  assert.equal(next.seq, 2);
  assert.deepEqual(await bob.next("new_message"), { message: next });
});

test("who was online when the server ended is offline until they come back", async (t) => {
  const data = await temporaryFolder(t);
  let server = await startServer({ data });
  t.after(() => server.stop());
  const scene = sceneOf(t, server);
  await scene.devicesOf("alice", "alice");
  await server.stop();
  server = await startServer({ data, port: server.port });
  const bob = await scene.device("bob");
  assert.deepEqual(bob.greeting.onlineUsers, { onlineUsers: [bob.user], count: 1 });
});
