// REST: every route of recruiting, what it answers, and that sockets hear of it as if it had been done there.

import { strict as assert } from "node:assert";
import { after, test } from "node:test";

import { request } from "./support/rest.mjs";
import { sceneOf } from "./support/scene.mjs";
import { startServer } from "./support/server.mjs";
import { ISO_MILLIS, assertAnswer, assertChat, assertMessage, assertRestError } from "./support/shapes.mjs";
import { tokenOf } from "./support/token.mjs";

const server = await startServer();
after(() => server.stop());

const ABSENT = "0".repeat(24);

async function crowd(context) {
  const scene = sceneOf(context, server);
  const [alice, alice2, bob, bob2, carol] = await scene.devicesOf("alice", "alice", "bob", "bob", "carol");
  const chatId = await scene.chat("alice", "bob");
  await scene.chat("alice", "carol");
  await scene.heard();
  const users = [scene.user("alice"), scene.user("bob")];
  const pair = { chatId, senderId: users[0], receiverId: users[1] };
  return { scene, alice, alice2, bob, bob2, carol, chatId, users, pair, rest: scene.rest("alice"), bobs: scene.rest("bob") };
}

// Two people and messages with these words, sent one after the other by the first of them.
async function talk(context, ...words) {
  const scene = sceneOf(context, server);
  const chatId = await scene.chat("alice", "bob");
  const rest = scene.rest("alice");
  const messages = [];
  for (const content of words) messages.push(assertAnswer(await rest.post("/api/message/send", { chatId, content }), 201));
  return { scene, chatId, rest, bobs: scene.rest("bob"), carols: scene.rest("carol"), messages };
}

const numbers = (count) => Array.from({ length: count }, (_, index) => String(index + 1));
const contents = (data) => data.messages.map(({ content }) => content);
const updatedBy = (message) => ["chat_updated", { chatId: message.chatId, latestMessage: message, updatedAt: message.createdAt }];
const newsOf = (message) => [["new_message", { message }], updatedBy(message)];
const deliveryOf = (message) => ["message_delivered", { messageId: message._id, chatId: message.chatId }];

test("create-or-get: 201 and told to the other, then 200 for both and told to nobody", async (t) => {
  const scene = sceneOf(t, server);
  const [alice, alice2, bob, bob2] = await scene.devicesOf("alice", "alice", "bob", "bob");
  await scene.device("carol");
  await scene.heard();
  const users = [scene.user("alice"), scene.user("bob")];
  const created = assertAnswer(await scene.rest("alice").post("/api/chat/create-or-get", { otherUserId: users[1] }), 201);
  assertChat(created, { users });
  assert.equal(created.updatedAt, created.createdAt);
  const told = [["chat_updated", { chatId: created._id, latestMessage: null, updatedAt: created.updatedAt }]];
  await scene.heard([bob, told], [bob2, told]);
  assert.deepEqual(assertAnswer(await scene.rest("alice").post("/api/chat/create-or-get", { otherUserId: users[1] }), 200), created);
  assert.deepEqual(assertAnswer(await scene.rest("bob").post("/api/chat/create-or-get", { otherUserId: users[0] }), 200), created);
  await scene.heard();
  for (const device of [alice, alice2]) device.close();
});

test("both create the same chat at the same time: one is new", async (t) => {
  const scene = sceneOf(t, server);
  await scene.meet("alice", "bob");
  const calls = Array.from({ length: 10 }, (_, n) => {
    const [own, other] = n % 2 ? ["alice", "bob"] : ["bob", "alice"];
    return scene.rest(own).post("/api/chat/create-or-get", { otherUserId: scene.user(other) });
  });
  const answers = await Promise.all(calls);
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [...Array(9).fill(200), 201]);
  assert.equal(new Set(answers.map(({ body }) => body.data._id)).size, 1);
  for (const name of ["alice", "bob"]) {
    assert.equal(assertAnswer(await scene.rest(name).get("/api/chat/my-chats"), 200).pagination.total, 1);
  }
});

test("create-or-get refuses what is nobody, oneself, or no id", async (t) => {
  const scene = sceneOf(t, server);
  await scene.meet("alice");
  const rest = scene.rest("alice");
  const create = (otherUserId) => rest.post("/api/chat/create-or-get", { otherUserId });
  assertRestError(await create("nobody-has-seen-them"), 404, "NOT_FOUND", { field: "otherUserId" });
  for (const other of [scene.user("alice"), undefined, null, "", 5, {}, "u".repeat(129)]) {
    assertRestError(await create(other), 400, "VALIDATION_ERROR", { field: "otherUserId" });
  }
  assert.equal(assertAnswer(await rest.get("/api/chat/my-chats"), 200).pagination.total, 0);
});

test("a chat by its id, as each of the two sees it", async (t) => {
  const { scene, chatId, rest, bobs, messages } = await talk(t, "one", "two");
  const users = [scene.user("alice"), scene.user("bob")];
  const latestMessage = messages[1];
  assertChat(assertAnswer(await rest.get(`/api/chat/${chatId}`), 200), { _id: chatId, users, latestMessage });
  assertChat(assertAnswer(await bobs.get(`/api/chat/${chatId}`), 200), { _id: chatId, users, latestMessage, unreadCount: 2 });
});

test("my-chats: most recent activity first, page by page", async (t) => {
  const scene = sceneOf(t, server);
  const rest = scene.rest("alice");
  const empty = assertAnswer(await rest.get("/api/chat/my-chats"), 200);
  assert.deepEqual(empty, { chats: [], pagination: { page: 1, limit: 20, total: 0, totalPages: 0 } });
  const ids = [];
  for (const n of numbers(5)) ids.unshift(await scene.chat("alice", `friend${n}`));
  const page = async (query, ...expected) => {
    const { chats, pagination, ...others } = assertAnswer(await rest.get(`/api/chat/my-chats${query}`), 200);
    assert.deepEqual(others, {});
    assert.deepEqual(chats.map(({ _id }) => _id), expected[0]);
    assert.deepEqual(pagination, expected[1]);
    return chats;
  };
  const whole = await page("", ids, { page: 1, limit: 20, total: 5, totalPages: 1 });
  for (const chat of whole) assertChat(chat, { users: chat.users });
  await page("?limit=2", ids.slice(0, 2), { page: 1, limit: 2, total: 5, totalPages: 3 });
  await page("?limit=2&page=3", ids.slice(4), { page: 3, limit: 2, total: 5, totalPages: 3 });
  await page("?page=4&limit=2", [], { page: 4, limit: 2, total: 5, totalPages: 3 });
  await page("?page=1000000000000&limit=100", [], { page: 1_000_000_000_000, limit: 100, total: 5, totalPages: 1 });
  // A message is activity, by either side.
  const [oldest] = ids.splice(4, 1);
  const message = assertAnswer(await scene.rest("friend1").post("/api/message/send", { chatId: oldest, content: "up" }), 201);
  const [first] = await page("?limit=3", [oldest, ...ids.slice(0, 2)], { page: 1, limit: 3, total: 5, totalPages: 2 });
  assert.deepEqual([first.latestMessage, first.unreadCount, first.updatedAt], [message, 1, message.createdAt]);
});

test("pages out of bounds are refused, and the field is named", async (t) => {
  const { chatId, rest } = await talk(t);
  for (const path of ["/api/chat/my-chats", `/api/message/chat/${chatId}`, `/api/message/chat/${chatId}/search?searchTerm=x`]) {
    for (const [field, values] of [["page", ["0", "-1", "1.5", "abc", "", "99999999999999999999"]], ["limit", ["0", "-1", "101", "1e1", "x", ""]]]) {
      for (const value of values) {
        const response = await rest.get(`${path}${path.includes("?") ? "&" : "?"}${field}=${value}`);
        assertRestError(response, 400, "VALIDATION_ERROR", { field });
      }
    }
    assertAnswer(await rest.get(`${path}${path.includes("?") ? "&" : "?"}limit=100&page=1`), 200);
  }
});

test("block, blocked and unblock: what they answer and who hears it", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId, users, rest, bobs } = await crowd(t);
  const blocked = assertAnswer(await rest.post(`/api/chat/${chatId}/block`), 200);
  assertChat(blocked, { _id: chatId, users, isBlocked: true, blockedBy: users[0] });
  const own = [["user_blocked", { chat: blocked }]];
  const others = [["you_were_blocked", { chatId, blockedByUserId: users[0] }]];
  await scene.heard([alice, own], [alice2, own], [bob, others], [bob2, others]);
  assert.deepEqual(assertAnswer(await rest.get("/api/chat/blocked"), 200), { chats: [blocked] });
  assert.deepEqual(assertAnswer(await bobs.get("/api/chat/blocked"), 200), { chats: [] });
  assert.deepEqual(assertAnswer(await rest.post(`/api/chat/${chatId}/block`), 200), blocked);
  assertRestError(await bobs.post(`/api/chat/${chatId}/unblock`), 403, "FORBIDDEN", {});
  await scene.heard();
  const free = assertAnswer(await rest.post(`/api/chat/${chatId}/unblock`), 200);
  assertChat(free, { _id: chatId, users });
  const freed = [["user_unblocked", { chat: free }]];
  const othersFreed = [["you_were_unblocked", { chatId, unblockedByUserId: users[0] }]];
  await scene.heard([alice, freed], [alice2, freed], [bob, othersFreed], [bob2, othersFreed]);
  assert.deepEqual(assertAnswer(await rest.post(`/api/chat/${chatId}/unblock`), 200), free);
  await scene.heard();
  assert.deepEqual(assertAnswer(await rest.get("/api/chat/blocked"), 200), { chats: [] });
});

test("send: 201, and every socket of both hears it as a new message", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId, users, pair, rest } = await crowd(t);
  const body = { chatId, receiverId: users[1], content: "over REST", mediaUrl: "https://media.example/a.png", messageType: "image", clientMessageId: "r1" };
  const message = assertAnswer(await rest.post("/api/message/send", body), 201);
  assertMessage(message, { ...pair, seq: 1, content: body.content, mediaUrl: body.mediaUrl, messageType: "image" });
  const own = [...newsOf(message), deliveryOf(message)];
  await scene.heard([alice, own], [alice2, own], [bob, newsOf(message)], [bob2, newsOf(message)]);
  assert.deepEqual(assertAnswer(await rest.post("/api/message/send", body), 200), message);
  await scene.heard();
});

test("send refuses what the event refuses, in REST's shape", async (t) => {
  const { scene, rest, chatId } = await crowd(t);
  for (const [field, data] of [
    ["chatId", { chatId: undefined }],
    ["chatId", { chatId: 5 }],
    ["content", { content: undefined }],
    ["content", { content: " \n" }],
    ["content", { content: "x".repeat(4001) }],
    ["messageType", { messageType: "audio" }],
    ["mediaUrl", { messageType: "image" }],
    ["mediaUrl", { mediaUrl: "ftp://x" }],
    ["receiverId", { receiverId: "somebody" }],
    ["clientMessageId", { clientMessageId: "m".repeat(65) }],
  ]) {
    assertRestError(await rest.post("/api/message/send", { chatId, content: "x", ...data }), 400, "VALIDATION_ERROR", { field });
  }
  const { pagination } = assertAnswer(await rest.get(`/api/message/chat/${chatId}`), 200);
  assert.equal(pagination.total, 0);
  await scene.heard();
});

test("messages of a chat: page 1 the newest, inside a page the oldest first", async (t) => {
  const { scene, chatId, rest, bobs, messages } = await talk(t, ...numbers(53));
  const path = `/api/message/chat/${chatId}`;
  const page = async (query, words, pagination) => {
    const data = assertAnswer(await bobs.get(path + query), 200);
    assert.deepEqual(Object.keys(data).toSorted(), ["messages", "pagination"]);
    assert.deepEqual(contents(data), words);
    assert.deepEqual(data.pagination, pagination);
  };
  const words = numbers(53);
  await page("", words.slice(3), { page: 1, limit: 50, total: 53, totalPages: 2 });
  await page("?page=2", words.slice(0, 3), { page: 2, limit: 50, total: 53, totalPages: 2 });
  await page("?page=3", [], { page: 3, limit: 50, total: 53, totalPages: 2 });
  await page("?page=18&limit=3", words.slice(0, 2), { page: 18, limit: 3, total: 53, totalPages: 18 });
  await page("?limit=100", words, { page: 1, limit: 100, total: 53, totalPages: 1 });
  await page("?page=99999999999", [], { page: 99_999_999_999, limit: 50, total: 53, totalPages: 2 });

  await page("?afterSeq=0", words.slice(0, 50), { limit: 50, total: 53, hasMore: true });
  await page("?afterSeq=50", words.slice(50), { limit: 50, total: 53, hasMore: false });
  await page("?afterSeq=51&limit=1", ["52"], { limit: 1, total: 53, hasMore: true });
  await page("?afterSeq=53", [], { limit: 50, total: 53, hasMore: false });
  await page("?afterSeq=99999999999", [], { limit: 50, total: 53, hasMore: false });
  for (const value of ["-1", "x", "1.5", "", "99999999999999999999"]) {
    assertRestError(await rest.get(`${path}?afterSeq=${value}`), 400, "VALIDATION_ERROR", { field: "afterSeq" });
  }
  assertRestError(await rest.get(`${path}?afterSeq=1&page=1`), 400, "VALIDATION_ERROR", { field: "afterSeq" });
  assertRestError(await rest.get(`${path}?afterSeq=1&limit=101`), 400, "VALIDATION_ERROR", { field: "limit" });

  const whole = assertAnswer(await rest.get(`${path}?limit=100`), 200);
  assert.deepEqual(whole.messages, messages);
  messages.forEach((message, index) => {
    const pair = { chatId, senderId: scene.user("alice"), receiverId: scene.user("bob") };
    assertMessage(message, { ...pair, seq: index + 1, content: words[index] });
  });
});

test("mark-read and unread-count: what they answer and who hears it", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId, users, rest, bobs } = await crowd(t);
  for (const content of ["one", "two"]) assertAnswer(await rest.post("/api/message/send", { chatId, content }), 201);
  const other = assertAnswer(await scene.rest("carol").post("/api/chat/create-or-get", { otherUserId: users[1] }), 201);
  assertAnswer(await scene.rest("carol").post("/api/message/send", { chatId: other._id, content: "three" }), 201);
  await scene.passed(alice, alice2, bob, bob2);
  const count = async (caller) => assertAnswer(await caller.get("/api/message/unread-count"), 200);
  assert.deepEqual(await count(bobs), { unreadCount: 3 });
  assert.deepEqual(await count(rest), { unreadCount: 0 });

  assert.deepEqual(assertAnswer(await bobs.post(`/api/message/chat/${chatId}/mark-read`), 200), { markedCount: 2 });
  await alice.until(() => alice.news().length > 0, "messages_read_by_other");
  const [[, { readAt }]] = alice.news();
  assert.match(readAt, ISO_MILLIS);
  const marked = [["messages_marked_read", { chatId, markedCount: 2 }]];
  const read = [["messages_read_by_other", { chatId, readByUserId: users[1], readAt }]];
  await scene.heard([bob, marked], [bob2, marked], [alice, read], [alice2, read]);
  assert.deepEqual(await count(bobs), { unreadCount: 1 });
  assert.deepEqual(assertAnswer(await bobs.post(`/api/message/chat/${chatId}/mark-read`), 200), { markedCount: 0 });
  assert.deepEqual(assertAnswer(await rest.post(`/api/message/chat/${chatId}/mark-read`), 200), { markedCount: 0 });
  await scene.heard();
  for (const caller of [rest, bobs]) {
    const { messages } = assertAnswer(await caller.get(`/api/message/chat/${chatId}`), 200);
    assert.deepEqual(messages.map(({ isRead }) => isRead), [true, true]);
  }
});

test("search: any case, any place, newest page first", async (t) => {
  const { scene, chatId, rest, bobs, messages } = await talk(t, "Apple pie", "banana", "pineAPPLE", "ÄPFEL", "100% _x_ (a|b).*", "apple");
  const search = async (term, query = "") => {
    const data = assertAnswer(await bobs.get(`/api/message/chat/${chatId}/search?searchTerm=${encodeURIComponent(term)}${query}`), 200);
    assert.deepEqual(Object.keys(data).toSorted(), ["messages", "pagination"]);
    return data;
  };
  const found = await search("aPPle");
  assert.deepEqual(found.messages, [messages[0], messages[2], messages[5]]);
  assert.deepEqual(found.pagination, { page: 1, limit: 50, total: 3, totalPages: 1 });
  const first = await search("apple", "&limit=2");
  assert.deepEqual([contents(first), first.pagination], [["pineAPPLE", "apple"], { page: 1, limit: 2, total: 3, totalPages: 2 }]);
  const second = await search("apple", "&limit=2&page=2");
  assert.deepEqual([contents(second), second.pagination], [["Apple pie"], { page: 2, limit: 2, total: 3, totalPages: 2 }]);
  const past = await search("apple", "&limit=2&page=3");
  assert.deepEqual([contents(past), past.pagination], [[], { page: 3, limit: 2, total: 3, totalPages: 2 }]);
  assert.deepEqual(contents(await search("äpfel")), ["ÄPFEL"]);
  assert.deepEqual(contents(await search(".*")), ["100% _x_ (a|b).*"]);
  assert.deepEqual((await search("cherry")).pagination, { page: 1, limit: 50, total: 0, totalPages: 0 });
  for (const query of ["", "?searchTerm="]) {
    assertRestError(await bobs.get(`/api/message/chat/${chatId}/search${query}`), 400, "VALIDATION_ERROR", { field: "searchTerm" });
  }
  assertAnswer(await rest.delete(`/api/message/${messages[2]._id}`), 200);
  assert.deepEqual(contents(await search("apple")), ["Apple pie", "apple"]);
  assert.equal((await search("apple")).pagination.total, 2);
  await scene.meet("carol");
  const foreign = await scene.rest("carol").get(`/api/message/chat/${chatId}/search?searchTerm=apple`);
  assertRestError(foreign, 404, "NOT_FOUND", { field: "chatId" });
});

test("a deleted message leaves a placeholder, is unread no more, and both hear of it", async (t) => {
  const { scene, alice, alice2, bob, bob2, carol, chatId, pair, rest, bobs } = await crowd(t);
  const sent = [];
  for (const content of ["one", "two", "three"]) sent.push(assertAnswer(await rest.post("/api/message/send", { chatId, content }), 201));
  await scene.passed(alice, alice2, bob, bob2);
  const [, second, third] = sent;
  const gone = (message) => [["message_deleted", { messageId: message._id, chatId }]];

  assertRestError(await bobs.delete(`/api/message/${second._id}`), 403, "FORBIDDEN", {});
  assertRestError(await scene.rest("carol").delete(`/api/message/${second._id}`), 404, "NOT_FOUND", { field: "messageId" });
  await scene.heard();
  assert.deepEqual(assertAnswer(await bobs.get("/api/message/unread-count"), 200), { unreadCount: 3 });

  for (const [message, unreadCount] of [[second, 2], [third, 1]]) {
    assertAnswer(await rest.delete(`/api/message/${message._id}`), 200);
    await scene.heard([alice, gone(message)], [alice2, gone(message)], [bob, gone(message)], [bob2, gone(message)]);
    assert.deepEqual(assertAnswer(await bobs.get("/api/message/unread-count"), 200), { unreadCount });
    assertAnswer(await rest.delete(`/api/message/${message._id}`), 200);
    await scene.heard();
    assert.deepEqual(assertAnswer(await bobs.get("/api/message/unread-count"), 200), { unreadCount });
  }
  for (const caller of [rest, bobs]) {
    const { messages, pagination } = assertAnswer(await caller.get(`/api/message/chat/${chatId}`), 200);
    assert.equal(pagination.total, 3);
    assertMessage(messages[0], { ...pair, seq: 1, content: "one" });
    assertMessage(messages[1], { ...pair, _id: second._id, seq: 2, isDeleted: true });
    assertMessage(messages[2], { ...pair, _id: third._id, seq: 3, isDeleted: true });
    const { chats } = assertAnswer(await caller.get("/api/chat/my-chats"), 200);
    assert.deepEqual(chats.find(({ _id }) => _id === chatId).latestMessage, messages[2]);
  }
  assert.deepEqual(assertAnswer(await bobs.post(`/api/message/chat/${chatId}/mark-read`), 200), { markedCount: 1 });
  await scene.passed(alice, bob);

  // One that was read already: nothing falls below zero.
  assertAnswer(await rest.delete(`/api/message/${sent[0]._id}`), 200);
  await scene.passed(alice, bob);
  assert.deepEqual(assertAnswer(await bobs.get("/api/message/unread-count"), 200), { unreadCount: 0 });
  const next = assertAnswer(await rest.post("/api/message/send", { chatId, content: "four" }), 201);
  assert.equal(next.seq, 4, "a number is never used again");
  assert.deepEqual(carol.news(), []);
});

test("a deleted chat is gone for both, and a new one starts empty and as blocked as it was", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId, users, pair, rest, bobs } = await crowd(t);
  const old = [];
  for (const content of ["one", "two"]) {
    old.push(assertAnswer(await rest.post("/api/message/send", { chatId, content, clientMessageId: content }), 201));
  }
  assertAnswer(await rest.post(`/api/chat/${chatId}/block`), 200);
  await scene.passed(alice, alice2, bob, bob2);
  assertRestError(await scene.rest("carol").delete(`/api/chat/${chatId}`), 404, "NOT_FOUND", { field: "chatId" });
  await scene.heard();
  assertAnswer(await bobs.delete(`/api/chat/${chatId}`), 200);
  const gone = [["chat_deleted", { chatId }]];
  await scene.heard([alice, gone], [alice2, gone], [bob, gone], [bob2, gone]);
  for (const caller of [rest, bobs]) {
    for (const path of [`/api/chat/${chatId}`, `/api/message/chat/${chatId}`, `/api/message/chat/${chatId}/search?searchTerm=o`]) {
      assertRestError(await caller.get(path), 404, "NOT_FOUND", { field: "chatId" });
    }
    assertRestError(await caller.post("/api/message/send", { chatId, content: "x" }), 404, "NOT_FOUND", { field: "chatId" });
    assertRestError(await caller.post(`/api/message/chat/${chatId}/mark-read`), 404, "NOT_FOUND", { field: "chatId" });
    assert.deepEqual(assertAnswer(await caller.get("/api/chat/blocked"), 200), { chats: [] });
    assert.deepEqual(assertAnswer(await caller.get("/api/message/unread-count"), 200), { unreadCount: 0 });
  }
  assertRestError(await rest.delete(`/api/message/${old[0]._id}`), 404, "NOT_FOUND", { field: "messageId" });
  assert.equal(assertAnswer(await bobs.get("/api/chat/my-chats"), 200).pagination.total, 0);
  assert.equal(assertAnswer(await rest.get("/api/chat/my-chats"), 200).pagination.total, 1, "the chat with Carol");
  await scene.heard();

  const anew = assertAnswer(await rest.post("/api/chat/create-or-get", { otherUserId: users[1] }), 201);
  assertChat(anew, { users, isBlocked: true, blockedBy: users[0] });
  const told = [["chat_updated", { chatId: anew._id, latestMessage: null, updatedAt: anew.updatedAt }]];
  await scene.heard([bob, told], [bob2, told]);
  const empty = assertAnswer(await bobs.get(`/api/message/chat/${anew._id}`), 200);
  assert.deepEqual(empty, { messages: [], pagination: { page: 1, limit: 50, total: 0, totalPages: 0 } });
  assertRestError(await rest.delete(`/api/message/${old[1]._id}`), 404, "NOT_FOUND", { field: "messageId" });
  assertRestError(await bobs.post("/api/message/send", { chatId: anew._id, content: "let me in" }), 403, "BLOCKED_USER", {});
  assertAnswer(await rest.post(`/api/chat/${anew._id}/unblock`), 200);
  const message = assertAnswer(await rest.post("/api/message/send", { chatId: anew._id, content: "fresh" }), 201);
  assertMessage(message, { ...pair, chatId: anew._id, seq: 1, content: "fresh" });
  assert.ok(!old.some(({ _id }) => _id === message._id), "ids are never used again");
  assert.deepEqual(contents(assertAnswer(await bobs.get(`/api/message/chat/${anew._id}?afterSeq=0`), 200)), ["fresh"]);
  assert.deepEqual(assertAnswer(await bobs.get("/api/message/unread-count"), 200), { unreadCount: 1 });
});

test("deleting a chat twice is success both times, whoever does it", async (t) => {
  const { chatId, rest, bobs } = await talk(t, "one");
  for (const caller of [rest, rest, bobs]) assertAnswer(await caller.delete(`/api/chat/${chatId}`), 200);
});

test("what is somebody else's and what is not there get the same bytes, the time apart", async (t) => {
  const { scene, chatId, messages } = await talk(t, "secret");
  await scene.meet("carol");
  const carols = scene.rest("carol");
  const absent = messages[0]._id.replace(/^.{24}/, ABSENT);
  for (const [method, route, ids] of [
    ["get", (id) => `/api/chat/${id}`, [chatId, ABSENT, "x"]],
    ["delete", (id) => `/api/chat/${id}`, [chatId, ABSENT, "x"]],
    ["post", (id) => `/api/chat/${id}/block`, [chatId, ABSENT, "x"]],
    ["post", (id) => `/api/chat/${id}/unblock`, [chatId, ABSENT, "x"]],
    ["get", (id) => `/api/message/chat/${id}`, [chatId, ABSENT, "%20"]],
    ["get", (id) => `/api/message/chat/${id}?afterSeq=0`, [chatId, ABSENT]],
    ["get", (id) => `/api/message/chat/${id}/search?searchTerm=secret`, [chatId, ABSENT]],
    ["post", (id) => `/api/message/chat/${id}/mark-read`, [chatId, ABSENT]],
    ["delete", (id) => `/api/message/${id}`, [messages[0]._id, absent, "x"]],
  ]) {
    const texts = [];
    for (const id of ids) {
      const response = await carols[method](route(id));
      assertRestError(response, 404, "NOT_FOUND", { field: route("").startsWith("/api/message/") && method === "delete" ? "messageId" : "chatId" });
      texts.push(response.text.replace(/"timestamp":\d+/, ""));
    }
    assert.equal(new Set(texts).size, 1, `${method} ${route(":id")}: ${texts.join("\n")}`);
  }
  const sends = [];
  for (const id of [chatId, ABSENT]) sends.push(await carols.post("/api/message/send", { chatId: id, content: "x" }));
  const [foreign, missing] = sends.map(({ text }) => text.replace(/"timestamp":\d+/, ""));
  assert.equal(foreign, missing);
});

test("the prefix says the same as no prefix", async (t) => {
  const { scene, chatId, rest } = await talk(t, "one");
  const prefixed = scene.rest("alice", { prefix: "/recruiting" });
  for (const path of ["/api/chat/my-chats", `/api/chat/${chatId}`, "/api/chat/blocked", `/api/message/chat/${chatId}`, "/api/message/unread-count"]) {
    const [plain, named] = [await rest.get(path), await prefixed.get(path)];
    assert.deepEqual([named.status, named.text], [plain.status, plain.text]);
  }
  const message = assertAnswer(await prefixed.post("/api/message/send", { chatId, content: "two" }), 201);
  assert.equal(message.seq, 2);
});

test("bad requests get errors in recruiting's shape", async (t) => {
  const { scene, chatId } = await talk(t);
  const token = tokenOf(scene.user("alice"));
  const call = (method, path, options) => request(server.url, method, path, { token, ...options });
  for (const prefix of ["", "/recruiting"]) {
    for (const body of ["{", "{\"chatId\":}", "not json", "{\"content\":\"\\ud80\"}", "\u0000", "{} {}"]) {
      assertRestError(await call("POST", `${prefix}/api/message/send`, { body }), 400, "VALIDATION_ERROR", { field: "body" });
    }
    for (const body of ["[]", "null", "5", "\"text\""]) {
      assertRestError(await call("POST", `${prefix}/api/message/send`, { body }), 400, "VALIDATION_ERROR", { field: "body" });
    }
    assertRestError(await call("POST", `${prefix}/api/message/send`), 400, "VALIDATION_ERROR", { field: "chatId" });
    const long = { chatId, content: "x".repeat(1 << 20) };
    assertRestError(await call("POST", `${prefix}/api/message/send`, { body: long }), 413, "VALIDATION_ERROR", { field: "body" });
    for (const [method, path] of [["PUT", "/api/message/send"], ["GET", "/api/message/send"], ["POST", "/api/chat/my-chats"], ["PATCH", `/api/chat/${chatId}`]]) {
      assertRestError(await call(method, prefix + path), 405, "VALIDATION_ERROR", {});
    }
    for (const path of ["/api", "/api/", "/api/nothing", "/api/chat", "/api/chat/a/b/c", "/api/message/chat"]) {
      const response = await call("GET", prefix + path);
      if (response.status !== 405) assertRestError(response, 404, "NOT_FOUND", {});
    }
    for (const [method, path] of [["POST", "/api/message/send"], ["GET", "/api/chat/my-chats"], ["DELETE", `/api/chat/${chatId}`]]) {
      assertRestError(await request(server.url, method, prefix + path), 401, "AUTHENTICATION_ERROR", { reason: "no token" });
    }
  }
  assertRestError(await call("GET", "/nowhere"), 404, "NOT_FOUND", {});
  assertRestError(await call("GET", `/api/chat/%ff`), 400, "VALIDATION_ERROR", { field: "path" });
  // The longest text there may be fits, however it is written.
  const escaped = `{"chatId":"${chatId}","content":"${"\\ud83d\\ude00".repeat(4000)}"}`;
  assert.equal(assertAnswer(await call("POST", "/api/message/send", { body: escaped }), 201).content, "\u{1f600}".repeat(4000));
});

test("pages of other origins may call", async () => {
  const origin = "https://app.example";
  for (const path of ["/api/message/send", "/recruiting/api/chat/my-chats", "/api/socket/health"]) {
    const preflight = await fetch(server.url + path, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "DELETE", "access-control-request-headers": "authorization,content-type" },
    });
    assert.ok([200, 204].includes(preflight.status));
    assert.ok(["*", origin].includes(preflight.headers.get("access-control-allow-origin")));
    const list = (name) => preflight.headers.get(name).toLowerCase().split(/ *, */);
    for (const method of ["get", "post", "put", "delete"]) assert.ok(list("access-control-allow-methods").includes(method), method);
    for (const header of ["authorization", "content-type"]) assert.ok(list("access-control-allow-headers").includes(header), header);
  }
  for (const [path, status] of [["/api/socket/health", 200], ["/api/chat/my-chats", 401], ["/nowhere", 404]]) {
    const response = await request(server.url, "GET", path, { headers: { origin } });
    assert.equal(response.status, status);
    assert.ok(["*", origin].includes(response.headers.get("access-control-allow-origin")));
    assert.match(response.headers.get("access-control-expose-headers"), /retry-after/i);
  }
});
