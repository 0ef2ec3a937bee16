// Sending and reading over sockets: the ack, and what everybody hears.

import { strict as assert } from "node:assert";
import { after, test } from "node:test";

import { sceneOf } from "./support/scene.mjs";
import { startServer } from "./support/server.mjs";
import { ISO_MILLIS, assertAnswer, assertError, assertMessage, assertRefused } from "./support/shapes.mjs";

const server = await startServer();
after(() => server.stop());

const updatedBy = (message) => ["chat_updated", { chatId: message.chatId, latestMessage: message, updatedAt: message.createdAt }];
const sentBy = (message) => [["message_sent", { message }], updatedBy(message)];
const newsOf = (message) => [["new_message", { message }], updatedBy(message)];
const deliveryOf = (message) => ["message_delivered", { messageId: message._id, chatId: message.chatId }];

// Alice and Bob with two devices each, and Carol, who shares a chat with each of them but not this one.
async function crowd(context) {
  const scene = sceneOf(context, server);
  const [alice, alice2, bob, bob2, carol, dave] = await scene.devicesOf("alice", "alice", "bob", "bob", "carol", "dave");
  const chatId = await scene.chat("alice", "bob");
  await scene.chat("alice", "carol");
  await scene.chat("bob", "carol");
  const pair = { chatId, senderId: scene.user("alice"), receiverId: scene.user("bob") };
  await scene.heard();
  return { scene, alice, alice2, bob, bob2, carol, dave, chatId, pair };
}

test("a message with an ack: who hears what", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId, pair } = await crowd(t);
  const content = "  <b>Hi</b> & \"you\" – as sent \u{1f600}\n";
  const ack = await alice.ask("send_message", { chatId, receiverId: pair.receiverId, content, messageType: "text" });
  assert.deepEqual(Object.keys(ack).toSorted(), ["message", "success"]);
  assert.equal(ack.success, true);
  const message = assertMessage(ack.message, { ...pair, seq: 1, content });
  assert.equal(message.updatedAt, message.createdAt);
  await scene.heard(
    [alice, [...sentBy(message), deliveryOf(message)]],
    [alice2, [...newsOf(message), deliveryOf(message)]],
    [bob, newsOf(message)],
    [bob2, newsOf(message)],
  );
});

test("a message without an ack: who hears what", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId, pair } = await crowd(t);
  alice.tell("send_message", { chatId, content: "no receiver, no type, no ack" });
  await bob.until(() => bob.news().length > 0, "new_message");
  const [[, { message }]] = bob.news();
  assertMessage(message, { ...pair, seq: 1, content: "no receiver, no type, no ack" });
  await scene.heard(
    [alice, [...sentBy(message), deliveryOf(message)]],
    [alice2, [...newsOf(message), deliveryOf(message)]],
    [bob, newsOf(message)],
    [bob2, newsOf(message)],
  );
});

test("a message to somebody who is away is not delivered until they fetch it, and that once", async (t) => {
  const scene = sceneOf(t, server);
  const [alice] = await scene.devicesOf("alice");
  const chatId = await scene.chat("alice", "bob");
  const { message: first } = await alice.ask("send_message", { chatId, content: "one" });
  const { message: second } = await alice.ask("send_message", { chatId, content: "two" });
  await scene.heard([alice, [...sentBy(first), ...sentBy(second)]]);
  assertAnswer(await scene.rest("bob").get(`/api/message/chat/${chatId}`), 200);
  await scene.heard([alice, [deliveryOf(second)]]);
  assertAnswer(await scene.rest("bob").get(`/api/message/chat/${chatId}`), 200);
  await scene.heard();
});

test("media of every type, with and without words", async (t) => {
  const { alice, bob, chatId, pair } = await crowd(t);
  let seq = 0;
  for (const messageType of ["image", "video", "file", "text"]) {
    for (const content of messageType === "text" ? ["with text"] : [undefined, "", "caption"]) {
      const mediaUrl = `https://media.example/${messageType}?a=1&b=ü`;
      const { message } = await alice.ask("send_message", { chatId, content, mediaUrl, messageType });
      seq += 1;
      assertMessage(message, { ...pair, seq, content: content ?? null, mediaUrl, messageType });
      await bob.next("new_message", (heard) => heard.message._id === message._id);
    }
  }
});

test("text is bounded by characters, not by bytes", async (t) => {
  const { scene, alice, chatId } = await crowd(t);
  for (const content of ["\u{1f600}".repeat(4000), "ü".repeat(4000), "x".repeat(4000), "0", " . "]) {
    const ack = await alice.ask("send_message", { chatId, content, messageType: "text" });
    assert.equal(ack.message?.content, content);
  }
  const ack = await alice.ask("send_message", { chatId, content: "\u{1f600}".repeat(4001), messageType: "text" });
  assertRefused(ack, "VALIDATION_ERROR", { field: "content" });
  const data = assertAnswer(await scene.rest("alice").get(`/api/message/chat/${chatId}`), 200);
  assert.equal(data.pagination.total, 5);
});

test("two people send at the same time: numbers without gaps, the same for both", async (t) => {
  const { scene, alice, bob, chatId } = await crowd(t);
  const sends = [];
  for (let n = 0; n < 15; n += 1) {
    for (const device of [alice, bob]) sends.push(device.ask("send_message", { chatId, content: `${device.name} ${n}` }));
  }
  const acks = await Promise.all(sends);
  const messages = acks.map(({ message }) => message).toSorted((one, other) => one.seq - other.seq);
  assert.deepEqual(messages.map(({ seq }) => seq), Array.from({ length: 30 }, (_, index) => index + 1));
  const { messages: listed } = assertAnswer(await scene.rest("bob").get(`/api/message/chat/${chatId}?afterSeq=0`), 200);
  assert.deepEqual(listed, messages);
});

test("whoever waits for the ack before the next send gets strict order", async (t) => {
  const { alice, bob, chatId } = await crowd(t);
  for (let n = 1; n <= 10; n += 1) {
    const { message } = await alice.ask("send_message", { chatId, content: String(n) });
    assert.equal(message.seq, n);
  }
  await bob.until(() => bob.heard.filter(([event]) => event === "new_message").length === 10, "ten messages");
  const heard = bob.heard.filter(([event]) => event === "new_message").map(([, { message }]) => message.seq);
  // Two sends' posts may overtake each other on the way; what was said is the same.
  assert.deepEqual(heard.toSorted((one, other) => one - other), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("reading with an ack: who hears what, and a repeat is heard by nobody", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId, pair } = await crowd(t);
  for (const content of ["one", "two", "three"]) await alice.ask("send_message", { chatId, content });
  await alice2.until(() => alice2.heard.filter(([event]) => event === "message_delivered").length === 3, "deliveries");
  await bob2.until(() => bob2.heard.filter(([event]) => event === "chat_updated").length === 3, "three messages");
  await scene.quiet();
  for (const device of scene.devices) device.heard.length = 0;
  assert.deepEqual(assertAnswer(await scene.rest("bob").get("/api/message/unread-count"), 200), { unreadCount: 3 });

  assert.deepEqual(await bob.ask("mark_messages_read", { chatId }), { success: true, chatId, markedCount: 3 });
  await alice.until(() => alice.news().length > 0, "messages_read_by_other");
  const [[, { readAt }]] = alice.news();
  assert.match(readAt, ISO_MILLIS);
  const marked = ["messages_marked_read", { chatId, markedCount: 3 }];
  const read = ["messages_read_by_other", { chatId, readByUserId: pair.receiverId, readAt }];
  await scene.heard([bob, [marked]], [bob2, [marked]], [alice, [read]], [alice2, [read]]);

  assert.deepEqual(await bob.ask("mark_messages_read", { chatId }), { success: true, chatId, markedCount: 0 });
  await scene.heard();
  assert.deepEqual(assertAnswer(await scene.rest("bob").get("/api/message/unread-count"), 200), { unreadCount: 0 });
  for (const name of ["alice", "bob"]) {
    const { messages } = assertAnswer(await scene.rest(name).get(`/api/message/chat/${chatId}`), 200);
    assert.deepEqual(messages.map(({ isRead }) => isRead), [true, true, true]);
  }
});

test("reading without an ack is confirmed by the event, a repeat to the calling socket only", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId, pair } = await crowd(t);
  const { message } = await alice.ask("send_message", { chatId, content: "one" });
  await scene.heard(
    [alice, [...sentBy(message), deliveryOf(message)]],
    [alice2, [...newsOf(message), deliveryOf(message)]],
    [bob, newsOf(message)],
    [bob2, newsOf(message)],
  );
  bob.tell("mark_messages_read", { chatId });
  await alice.until(() => alice.news().length > 0, "messages_read_by_other");
  const [[, { readAt }]] = alice.news();
  const read = ["messages_read_by_other", { chatId, readByUserId: pair.receiverId, readAt }];
  const marked = ["messages_marked_read", { chatId, markedCount: 1 }];
  await scene.heard([bob, [marked]], [bob2, [marked]], [alice, [read]], [alice2, [read]]);
  bob.tell("mark_messages_read", { chatId });
  await scene.heard([bob, [["messages_marked_read", { chatId, markedCount: 0 }]]]);
});

test("the sender's own messages are not theirs to mark", async (t) => {
  const { scene, alice, bob, chatId } = await crowd(t);
  await alice.ask("send_message", { chatId, content: "mine" });
  await bob.next("new_message");
  assert.deepEqual(await alice.ask("mark_messages_read", { chatId }), { success: true, chatId, markedCount: 0 });
  const { messages } = assertAnswer(await scene.rest("bob").get(`/api/message/chat/${chatId}`), 200);
  assert.equal(messages[0].isRead, false);
});

test("a repeated clientMessageId answers with the first message and is not heard again", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId, pair } = await crowd(t);
  const otherChat = await scene.chat("alice", "erin");
  const clientMessageId = "m".repeat(64);
  const { message } = await alice.ask("send_message", { chatId, content: "once", clientMessageId });
  assertMessage(message, { ...pair, seq: 1, content: "once" });
  await scene.heard(
    [alice, [...sentBy(message), deliveryOf(message)]],
    [alice2, [...newsOf(message), deliveryOf(message)]],
    [bob, newsOf(message)],
    [bob2, newsOf(message)],
  );
  const again = { success: true, message };
  assert.deepEqual(await alice.ask("send_message", { chatId, content: "once", clientMessageId }), again);
  assert.deepEqual(await alice2.ask("send_message", { chatId, content: "other words", clientMessageId }), again, "on the other device");
  assert.deepEqual(await alice.ask("send_message", { chatId: otherChat, content: "elsewhere", clientMessageId }), again, "in another chat");
  const repeat = await scene.rest("alice").post("/api/message/send", { chatId, content: "once more", clientMessageId });
  assert.deepEqual(assertAnswer(repeat, 200), message);
  await scene.heard();

  // It belongs to its sender: somebody else's is another.
  const { message: own } = await bob.ask("send_message", { chatId, content: "bob's", clientMessageId });
  assert.equal(own.seq, 2);
  await alice.next("new_message");
  assert.equal((await alice.ask("block_user", { chatId })).success, true);
  assert.deepEqual(await alice.ask("send_message", { chatId, content: "while blocked", clientMessageId }), again);
  assert.equal((await alice.ask("unblock_user", { chatId })).success, true);

  // Deleted since: the answer is its placeholder.
  assertAnswer(await scene.rest("alice").delete(`/api/message/${message._id}`), 200);
  const gone = await alice.ask("send_message", { chatId, content: "once", clientMessageId });
  assertMessage(gone.message, { ...pair, _id: message._id, seq: 1, isDeleted: true });
  const { pagination } = assertAnswer(await scene.rest("alice").get(`/api/message/chat/${chatId}`), 200);
  assert.equal(pagination.total, 2);
});

test("a repeat without an ack is not heard", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId } = await crowd(t);
  const { message } = await alice.ask("send_message", { chatId, content: "once", clientMessageId: "x" });
  await scene.heard(
    [alice, [...sentBy(message), deliveryOf(message)]],
    [alice2, [...newsOf(message), deliveryOf(message)]],
    [bob, newsOf(message)],
    [bob2, newsOf(message)],
  );
  alice.tell("send_message", { chatId, content: "once", clientMessageId: "x" });
  assert.equal((await alice.ask("send_message", { chatId, content: "once", clientMessageId: "x" })).message._id, message._id);
  const { pagination } = assertAnswer(await scene.rest("alice").get(`/api/message/chat/${chatId}`), 200);
  assert.equal(pagination.total, 1);
  for (const device of [alice2, bob, bob2]) assert.deepEqual(device.news(), []);
});

test("the same clientMessageId sent many times at once is one message", async (t) => {
  const { scene, alice, alice2, chatId } = await crowd(t);
  const sends = Array.from({ length: 12 }, (_, n) =>
    (n % 2 ? alice : alice2).ask("send_message", { chatId, content: "race", clientMessageId: "race" }));
  const ids = new Set((await Promise.all(sends)).map(({ message }) => message._id));
  assert.equal(ids.size, 1);
  const { pagination } = assertAnswer(await scene.rest("alice").get(`/api/message/chat/${chatId}`), 200);
  assert.equal(pagination.total, 1);
});

test("the client's own retries work, and a refusal is an answer that is not retried", async (t) => {
  const { scene, bob, chatId, pair } = await crowd(t);
  const sender = await scene.device("alice", { name: "retrying", retries: 3, ackTimeout: 10_000 });
  const emit = (event, data) => new Promise((resolve, reject) => {
    sender.socket.emit(event, data, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
  const answers = await Promise.all([1, 2, 3].map((n) => emit("send_message", { chatId, content: `${n}`, clientMessageId: `r${n}` })));
  answers.forEach(({ success, message }, index) => {
    assert.equal(success, true);
    assertMessage(message, { ...pair, seq: index + 1, content: `${index + 1}` });
  });
  assertRefused(await emit("send_message", { chatId, content: "" }), "VALIDATION_ERROR", { field: "content" });
  await bob.until(() => bob.heard.filter(([event]) => event === "new_message").length === 3, "three messages");
});

test("a refused send is a failed ack, or else the error event, and is heard by nobody else", async (t) => {
  const { scene, alice, chatId } = await crowd(t);
  assertRefused(await alice.ask("send_message", { chatId, content: " \n\t" }), "VALIDATION_ERROR", { field: "content" });
  await scene.heard();
  alice.tell("send_message", { chatId, content: " \n\t" });
  assertError(await alice.next("error"), "VALIDATION_ERROR", { field: "content" });
  await scene.heard();
});
