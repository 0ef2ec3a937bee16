// The server is killed in the middle of a conversation, again and again: what was acknowledged is there, once, in order.

import { strict as assert } from "node:assert";
import { test } from "node:test";

import { PATIENCE_MILLIS, connect } from "./support/device.mjs";
import { restOf } from "./support/rest.mjs";
import { startServer, temporaryFolder } from "./support/server.mjs";
import { assertAnswer, assertMessage } from "./support/shapes.mjs";

const ROUNDS = 4;
// Sends of one user that wait for their ack at the same time.
const IN_FLIGHT = 6;
// The kill comes when so many more were acknowledged: each round at another moment.
const acksBefore = (round) => 25 + 17 * round;

async function everything(rest, chatId) {
  const messages = [];
  for (;;) {
    const data = assertAnswer(await rest.get(`/api/message/chat/${chatId}?afterSeq=${messages.length}&limit=100`), 200);
    messages.push(...data.messages);
    if (!data.pagination.hasMore) {
      assert.equal(messages.length, data.pagination.total);
      return messages;
    }
  }
}

test("what was acknowledged survives SIGKILL, exactly once and in order without gaps", async (t) => {
  const data = await temporaryFolder(t);
  const people = ["alice", "bob"];
  // By clientMessageId: what was acknowledged, and what was sent without an answer.
  const acked = new Map();
  const unanswered = new Map();
  let chatId;
  let sent = 0;

  for (let round = 0; round <= ROUNDS; round += 1) {
    const server = await startServer({ data });
    t.after(() => server.kill());
    const [alice, bob] = [restOf(server.url, "alice"), restOf(server.url, "bob")];
    for (const rest of [alice, bob]) assertAnswer(await rest.get("/api/message/unread-count"), 200);
    const made = await alice.post("/api/chat/create-or-get", { otherUserId: "bob" });
    chatId ??= made.body.data._id;
    assert.equal(made.status, round === 0 ? 201 : 200);

    // What the last kill left behind.
    const stored = await everything(alice, chatId);
    assert.deepEqual(await everything(bob, chatId), stored);
    stored.forEach((message, index) => {
      assert.equal(message.seq, index + 1);
      const receiverId = message.senderId === "alice" ? "bob" : "alice";
      assertMessage(message, { seq: index + 1, chatId, senderId: message.senderId, receiverId, content: message.content });
    });
    const byContent = new Map(stored.map((message) => [message.content, message]));
    assert.equal(byContent.size, stored.length, "something is there more than once");
    for (const content of byContent.keys()) {
      assert.ok(acked.has(content) || unanswered.has(content), `nobody sent ${content}`);
    }
    for (const [content, message] of acked) {
      const found = byContent.get(content);
      assert.ok(found, `${content} was acknowledged and is lost`);
      assert.deepEqual([found._id, found.seq, found.createdAt], [message._id, message.seq, message.createdAt]);
    }
    const unread = stored.filter(({ senderId }) => senderId === "alice").length;
    assert.deepEqual(assertAnswer(await bob.get("/api/message/unread-count"), 200), { unreadCount: unread });

    const devices = await Promise.all(people.map((name) => connect(server.url, name)));
    const gone = new Map(devices.map((device) => [device, new Promise((resolve) => { device.socket.once("disconnect", () => resolve()); })]));
    const send = async (device, content) => {
      const acknowledged = new Promise((resolve) => {
        device.socket.emit("send_message", { chatId, content, clientMessageId: content }, resolve);
      });
      const answer = await Promise.race([acknowledged, gone.get(device)]);
      if (answer === undefined) return false;
      assert.equal(answer.success, true, JSON.stringify(answer));
      assert.equal(answer.message.content, content);
      acked.set(content, answer.message);
      unanswered.delete(content);
      return true;
    };

    // Whatever had no answer is sent again under the same name: stored before or not, it is stored once.
    for (const [content, sender] of [...unanswered]) {
      const device = devices[people.indexOf(sender)];
      assert.ok(await send(device, content));
      const before = byContent.get(content);
      if (before) assert.equal(acked.get(content)._id, before._id);
    }
    assert.equal(unanswered.size, 0);
    if (round === ROUNDS) {
      for (const device of devices) device.close();
      break;
    }

    const goal = acked.size + acksBefore(round);
    const talk = async (device) => {
      while (acked.size < goal && device.socket.connected) {
        sent += 1;
        const content = `${device.user} ${sent}`;
        unanswered.set(content, device.user);
        if (!(await send(device, content))) return;
      }
      await server.kill();
    };
    await Promise.all(devices.flatMap((device) => Array.from({ length: IN_FLIGHT }, () => talk(device))));
    for (const device of devices) device.close();
    assert.ok(acked.size >= goal);
  }
  assert.ok(acked.size >= 25 * ROUNDS);
});

test("whose connection died with the server is found to be gone when something is said to them", { timeout: PATIENCE_MILLIS }, async (t) => {
  const data = await temporaryFolder(t);
  const first = await startServer({ data });
  t.after(() => first.kill());
  const alice = await connect(first.url, "alice");
  assertAnswer(await restOf(first.url, "bob").get("/api/message/unread-count"), 200);
  const { body } = await restOf(first.url, "bob").post("/api/chat/create-or-get", { otherUserId: "alice" });
  await alice.next("chat_updated");
  await first.kill();
  const second = await startServer({ data });
  t.after(() => second.kill());
  const bob = await connect(second.url, "bob");
  const { message } = await bob.ask("send_message", { chatId: body.data._id, content: "are you there?" });
  let online;
  do ({ onlineUsers: online } = await bob.ask("get_online_users")); while (online.includes("alice"));
  assert.deepEqual(online, ["bob"]);
  // It reached nobody.
  const back = await connect(second.url, "alice");
  assert.deepEqual(bob.heard.filter(([event]) => event === "message_delivered"), []);
  const { messages } = assertAnswer(await restOf(second.url, "alice").get(`/api/message/chat/${body.data._id}`), 200);
  assert.deepEqual(messages, [message]);
  assert.equal((await bob.next("message_delivered")).messageId, message._id);
  for (const device of [bob, back]) device.close();
});
