// Blocking: per chat and per person; while anyone blocks, nobody sends.

import { strict as assert } from "node:assert";
import { after, test } from "node:test";

import { sceneOf } from "./support/scene.mjs";
import { startServer } from "./support/server.mjs";
import { assertAnswer, assertChat, assertError, assertRefused, assertRestError } from "./support/shapes.mjs";

const server = await startServer();
after(() => server.stop());

async function crowd(context) {
  const scene = sceneOf(context, server);
  const [alice, alice2, bob, bob2, carol] = await scene.devicesOf("alice", "alice", "bob", "bob", "carol");
  const chatId = await scene.chat("alice", "bob");
  await scene.chat("alice", "carol");
  await scene.heard();
  const ids = { alice: scene.user("alice"), bob: scene.user("bob") };
  return { scene, alice, alice2, bob, bob2, carol, chatId, ids, users: [ids.alice, ids.bob] };
}

const blocked = (chat) => ["user_blocked", { chat }];
const unblocked = (chat) => ["user_unblocked", { chat }];
const wereBlocked = (chatId, blockedByUserId) => ["you_were_blocked", { chatId, blockedByUserId }];
const wereUnblocked = (chatId, unblockedByUserId) => ["you_were_unblocked", { chatId, unblockedByUserId }];

async function listed(scene, name) {
  const data = assertAnswer(await scene.rest(name).get("/api/chat/blocked"), 200);
  assert.deepEqual(Object.keys(data), ["chats"]);
  return data.chats.map(({ _id }) => _id);
}

test("blocking and unblocking with an ack: who hears what", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId, ids, users } = await crowd(t);
  const ack = await alice.ask("block_user", { chatId });
  assert.deepEqual(Object.keys(ack).toSorted(), ["chat", "success"]);
  assert.equal(ack.success, true);
  const { chat } = ack;
  assertChat(chat, { _id: chatId, users, isBlocked: true, blockedBy: ids.alice });
  const bobHears = [wereBlocked(chatId, ids.alice)];
  await scene.heard([alice, [blocked(chat)]], [alice2, [blocked(chat)]], [bob, bobHears], [bob2, bobHears]);

  const free = await alice.ask("unblock_user", { chatId });
  assert.deepEqual(Object.keys(free).toSorted(), ["chat", "success"]);
  assert.equal(free.success, true);
  assertChat(free.chat, { _id: chatId, users });
  const bobHearsAgain = [wereUnblocked(chatId, ids.alice)];
  await scene.heard([alice, [unblocked(free.chat)]], [alice2, [unblocked(free.chat)]], [bob, bobHearsAgain], [bob2, bobHearsAgain]);
});

test("blocking and unblocking without an ack: who hears what", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId, ids, users } = await crowd(t);
  for (const [event, own, others, expected] of [
    ["block_user", "user_blocked", wereBlocked, { isBlocked: true, blockedBy: ids.alice }],
    ["unblock_user", "user_unblocked", wereUnblocked, {}],
  ]) {
    alice.tell(event, { chatId });
    await alice2.until(() => alice2.news().length > 0, own);
    const [[name, { chat }]] = alice2.news();
    assert.equal(name, own);
    assertChat(chat, { _id: chatId, users, ...expected });
    const told = [others(chatId, ids.alice)];
    await scene.heard([alice, [[own, { chat }]]], [alice2, [[own, { chat }]]], [bob, told], [bob2, told]);
  }
});

test("blocking twice is success and tells nobody, and so is unblocking what nobody blocks", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId, ids, users } = await crowd(t);
  assertChat((await alice.ask("unblock_user", { chatId })).chat, { _id: chatId, users });
  await scene.heard();
  await alice.ask("block_user", { chatId });
  await scene.passed(alice, alice2, bob, bob2);
  const again = await alice.ask("block_user", { chatId });
  assert.equal(again.success, true);
  assertChat(again.chat, { _id: chatId, users, isBlocked: true, blockedBy: ids.alice });
  alice.tell("block_user", { chatId });
  await scene.heard();
  await alice.ask("unblock_user", { chatId });
  await scene.passed(alice, alice2, bob, bob2);
  assert.equal((await alice.ask("unblock_user", { chatId })).success, true);
  alice.tell("unblock_user", { chatId });
  await scene.heard();
});

test("only who blocked can unblock; both may block; the chat is free when both have taken it back", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId, ids, users } = await crowd(t);
  const views = async () => {
    const show = async (name) => assertAnswer(await scene.rest(name).get(`/api/chat/${chatId}`), 200);
    const seen = [await show("alice"), await show("bob")];
    return seen.map(({ isBlocked, blockedBy }) => [isBlocked, blockedBy]);
  };
  const refusals = async () => {
    for (const device of [alice, bob]) {
      assertRefused(await device.ask("send_message", { chatId, content: "x" }), "BLOCKED_USER", {});
    }
  };
  await alice.ask("block_user", { chatId });
  await scene.passed(alice, alice2, bob, bob2);
  assert.deepEqual(await views(), [[true, ids.alice], [true, ids.alice]]);
  assertRefused(await bob.ask("unblock_user", { chatId }), "FORBIDDEN", {});
  await refusals();
  await scene.heard();

  const { chat: bobs } = await bob.ask("block_user", { chatId });
  assertChat(bobs, { _id: chatId, users, isBlocked: true, blockedBy: ids.bob });
  const aliceHears = [wereBlocked(chatId, ids.bob)];
  await scene.heard([bob, [blocked(bobs)]], [bob2, [blocked(bobs)]], [alice, aliceHears], [alice2, aliceHears]);
  assert.deepEqual(await views(), [[true, ids.alice], [true, ids.bob]]);
  assert.deepEqual([await listed(scene, "alice"), await listed(scene, "bob")], [[chatId], [chatId]]);

  const { chat: still } = await alice.ask("unblock_user", { chatId });
  assertChat(still, { _id: chatId, users, isBlocked: true, blockedBy: ids.bob });
  const bobHears = [wereUnblocked(chatId, ids.alice)];
  await scene.heard([alice, [unblocked(still)]], [alice2, [unblocked(still)]], [bob, bobHears], [bob2, bobHears]);
  assert.deepEqual([await listed(scene, "alice"), await listed(scene, "bob")], [[], [chatId]]);
  assertRefused(await alice.ask("unblock_user", { chatId }), "FORBIDDEN", {});
  await refusals();
  await scene.heard();

  const { chat: free } = await bob.ask("unblock_user", { chatId });
  assertChat(free, { _id: chatId, users });
  await scene.passed(alice, alice2, bob, bob2);
  assert.deepEqual(await views(), [[false, null], [false, null]]);
  assert.deepEqual([await listed(scene, "alice"), await listed(scene, "bob")], [[], []]);
  for (const [index, device] of [alice, bob].entries()) {
    assert.equal((await device.ask("send_message", { chatId, content: "free" })).message.seq, index + 1);
  }
});

test("a send while blocked is refused, stored nowhere and heard by nobody", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId } = await crowd(t);
  await bob.ask("block_user", { chatId });
  await scene.passed(alice, alice2, bob, bob2);
  for (const device of [alice, bob]) {
    assertRefused(await device.ask("send_message", { chatId, content: "x" }), "BLOCKED_USER", {});
    await scene.heard();
    device.tell("send_message", { chatId, content: "x" });
    assertError(await device.next("error"), "BLOCKED_USER", {});
    await scene.heard();
    assertRestError(await scene.rest(device.name).post("/api/message/send", { chatId, content: "x" }), 403, "BLOCKED_USER", {});
    await scene.heard();
  }
  const { messages, pagination } = assertAnswer(await scene.rest("alice").get(`/api/message/chat/${chatId}`), 200);
  assert.deepEqual([messages, pagination.total], [[], 0]);
});

test("reading, searching and deleting go on while blocked", async (t) => {
  const { scene, alice, bob, chatId } = await crowd(t);
  const { message } = await alice.ask("send_message", { chatId, content: "before" });
  await bob.ask("block_user", { chatId });
  const rest = scene.rest("bob");
  assert.equal(assertAnswer(await rest.get(`/api/message/chat/${chatId}`), 200).messages.length, 1);
  assert.equal(assertAnswer(await rest.get(`/api/message/chat/${chatId}/search?searchTerm=FOR`), 200).messages.length, 1);
  assert.deepEqual(await bob.ask("mark_messages_read", { chatId }), { success: true, chatId, markedCount: 1 });
  await alice.next("messages_read_by_other");
  assertAnswer(await scene.rest("alice").delete(`/api/message/${message._id}`), 200);
  await bob.next("message_deleted");
});

test("a stranger's block or unblock is refused and heard by nobody", async (t) => {
  const { scene, alice, bob, carol, chatId } = await crowd(t);
  for (const event of ["block_user", "unblock_user"]) {
    assertRefused(await carol.ask(event, { chatId }), "NOT_FOUND", { field: "chatId" });
    assertRefused(await carol.ask(event, { chatId: "0".repeat(24) }), "NOT_FOUND", { field: "chatId" });
    assertRefused(await carol.ask(event, {}), "VALIDATION_ERROR", { field: "chatId" });
    assertRefused(await carol.ask(event), "VALIDATION_ERROR", { field: "data" });
    carol.tell(event, { chatId });
    assertError(await carol.next("error"), "NOT_FOUND", { field: "chatId" });
  }
  await scene.heard();
  assert.equal((await alice.ask("send_message", { chatId, content: "still free" })).success, true);
  await bob.next("new_message");
});

test("a block is of one chat only", async (t) => {
  const { scene, alice, carol, chatId } = await crowd(t);
  await alice.ask("block_user", { chatId });
  const other = assertAnswer(await scene.rest("alice").post("/api/chat/create-or-get", { otherUserId: scene.user("carol") }), 200);
  assert.equal(other.isBlocked, false);
  assert.equal((await carol.ask("send_message", { chatId: other._id, content: "hello" })).success, true);
});
