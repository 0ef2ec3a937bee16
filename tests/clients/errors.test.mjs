// What is refused over a socket, how, and that the socket lives on.

import { strict as assert } from "node:assert";
import { after, test } from "node:test";

import { sceneOf } from "./support/scene.mjs";
import { startServer } from "./support/server.mjs";
import { assertAnswer, assertError, assertRefused } from "./support/shapes.mjs";

const server = await startServer();
after(() => server.stop());

const ABSENT = "0".repeat(24);
const URL = "https://media.example/a.png";

async function pair(context) {
  const scene = sceneOf(context, server);
  const [alice, bob] = await scene.devicesOf("alice", "bob");
  const chatId = await scene.chat("alice", "bob");
  return { scene, alice, bob, chatId };
}

// Refused as a failed ack and no event; without an ack as the event; both times nothing is stored or told.
async function refusedBothWays(scene, device, args, code, details) {
  assertRefused(await device.ask(...args), code, details);
  device.tell(...args);
  assertError(await device.next("error"), code, details);
  await scene.heard();
}

const wrong = (field, what, data) => ({ field, what, data });
const SENDS = [
  wrong("chatId", "no chatId", { chatId: undefined }),
  wrong("chatId", "chatId null", { chatId: null }),
  wrong("chatId", "chatId a number", { chatId: 7 }),
  wrong("chatId", "chatId an object", { chatId: { $ne: 1 } }),
  wrong("chatId", "chatId empty", { chatId: "" }),
  wrong("chatId", "chatId of absurd length", { chatId: "a".repeat(5000) }),
  wrong("content", "no content", { content: undefined }),
  wrong("content", "content null", { content: null }),
  wrong("content", "content empty", { content: "" }),
  wrong("content", "content only white space", { content: " \t\r\n\u00a0\u2003" }),
  wrong("content", "content too long", { content: "x".repeat(4001) }),
  wrong("content", "content a number", { content: 5 }),
  wrong("content", "content a list", { content: ["x"] }),
  wrong("content", "caption too long", { content: "x".repeat(4001), messageType: "image", mediaUrl: URL }),
  wrong("messageType", "messageType of another dialect", { messageType: "audio" }),
  wrong("messageType", "messageType in capitals", { messageType: "Text" }),
  wrong("messageType", "messageType empty", { messageType: "" }),
  wrong("messageType", "messageType a number", { messageType: 1 }),
  wrong("mediaUrl", "an image without media", { messageType: "image" }),
  wrong("mediaUrl", "a video without media", { messageType: "video", mediaUrl: null }),
  wrong("mediaUrl", "a file without media", { messageType: "file", content: undefined }),
  wrong("mediaUrl", "media over http", { messageType: "image", mediaUrl: "http://media.example/a.png" }),
  wrong("mediaUrl", "media as script", { messageType: "image", mediaUrl: "javascript:alert(1)" }),
  wrong("mediaUrl", "media as data", { messageType: "image", mediaUrl: "data:image/png;base64,AA==" }),
  wrong("mediaUrl", "media at no host", { messageType: "image", mediaUrl: "https://" }),
  wrong("mediaUrl", "media by a bare path", { messageType: "image", mediaUrl: "/a.png" }),
  wrong("mediaUrl", "a media address too long", { messageType: "image", mediaUrl: `https://media.example/${"a".repeat(2048)}` }),
  wrong("mediaUrl", "mediaUrl a number", { messageType: "image", mediaUrl: 3 }),
  wrong("receiverId", "a receiver who is not in the chat", { receiverId: "somebody" }),
  wrong("receiverId", "receiverId empty", { receiverId: "" }),
  wrong("receiverId", "receiverId a number", { receiverId: 3 }),
  wrong("clientMessageId", "clientMessageId empty", { clientMessageId: "" }),
  wrong("clientMessageId", "clientMessageId too long", { clientMessageId: "m".repeat(65) }),
  wrong("clientMessageId", "clientMessageId a number", { clientMessageId: 3 }),
];

test("a send with a wrong field is refused and the field is named", async (t) => {
  const { scene, alice, chatId } = await pair(t);
  for (const { field, what, data } of SENDS) {
    await t.test(what, async () => {
      const args = ["send_message", { chatId, content: "x", messageType: "text", ...data }];
      await refusedBothWays(scene, alice, args, "VALIDATION_ERROR", { field });
    });
  }
  const own = ["send_message", { chatId, content: "x", receiverId: scene.user("alice") }];
  await refusedBothWays(scene, alice, own, "VALIDATION_ERROR", { field: "receiverId" });
  const { pagination } = assertAnswer(await scene.rest("alice").get(`/api/message/chat/${chatId}`), 200);
  assert.equal(pagination.total, 0);
});

test("data that is no object is refused", async (t) => {
  const { scene, alice } = await pair(t);
  for (const event of ["send_message", "mark_messages_read", "typing_start", "typing_stop", "block_user", "unblock_user"]) {
    for (const args of [[], [null], ["text"], [5], [true], [[{ chatId: ABSENT }]]]) {
      assertRefused(await alice.ask(event, ...args), "VALIDATION_ERROR", { field: "data" });
    }
    alice.tell(event, "text");
    assertError(await alice.next("error"), "VALIDATION_ERROR", { field: "data" });
    assertRefused(await alice.ask(event, {}), "VALIDATION_ERROR", { field: "chatId" });
    assertRefused(await alice.ask(event, { chatId: 5 }), "VALIDATION_ERROR", { field: "chatId" });
  }
  await scene.heard();
});

test("an unknown event is refused, and the socket lives on", async (t) => {
  const { scene, alice } = await pair(t);
  for (const event of ["nonsense", "error", "new_message", "sendMessage", "SEND_MESSAGE", "message", "__proto__", "constructor", "ü", " "]) {
    await refusedBothWays(scene, alice, [event, { any: "thing" }], "VALIDATION_ERROR", { field: "event" });
  }
  assert.equal((await alice.ask("ping")).success, true);
});

test("a chat of others and a chat that is not there look the same", async (t) => {
  const { scene, chatId } = await pair(t);
  const carol = await scene.device("carol");
  for (const [event, more] of [
    ["send_message", { content: "x" }],
    ["mark_messages_read", {}],
    ["typing_start", {}],
    ["typing_stop", {}],
    ["block_user", {}],
    ["unblock_user", {}],
  ]) {
    const errors = [];
    for (const id of [chatId, ABSENT, "not-an-id", chatId.toUpperCase()]) {
      errors.push(assertRefused(await carol.ask(event, { chatId: id, ...more }), "NOT_FOUND", { field: "chatId" }));
    }
    const said = errors.map(({ timestamp, ...rest }) => JSON.stringify(rest));
    assert.equal(new Set(said).size, 1, `${event}: ${said}`);
    carol.tell(event, { chatId, ...more });
    assertError(await carol.next("error"), "NOT_FOUND", { field: "chatId" });
  }
  await scene.heard();
});

test("more arguments than an event has do no harm", async (t) => {
  const { alice, chatId } = await pair(t);
  const { message } = await alice.ask("send_message", { chatId, content: "x", extra: { deep: [1] }, _id: "mine", seq: 99, senderId: "bob" }, 2, null);
  assert.equal(message.seq, 1);
  assert.equal(message.senderId, alice.user);
  assert.notEqual(message._id, "mine");
});

test("text of every kind comes back as it was sent", async (t) => {
  const { alice, bob, chatId } = await pair(t);
  for (const content of ["\u0000\u0001", "\u2028\u2029", "\"\\/", "</script>", "\ufeff", "e\u0301", "مرحبا", "\u{10ffff}", "42[\"x\"]", "null", "\u001e"]) {
    assert.equal((await alice.ask("send_message", { chatId, content: `${content}.` })).message.content, `${content}.`);
    assert.equal((await bob.next("new_message")).message.content, `${content}.`);
  }
});

test("binary attachments are refused, and the socket lives on", async (t) => {
  const scene = sceneOf(t, server);
  const alice = await scene.device("alice", { forceBase64: true });
  const chatId = await scene.chat("alice", "bob");
  for (const data of [{ chatId, content: Buffer.from("hi") }, { chatId, content: "x", more: [Buffer.alloc(3), new Uint8Array(2)] }, Buffer.from("x")]) {
    const { error } = await alice.ask("send_message", data);
    assert.equal(error.code, "VALIDATION_ERROR");
    assert.deepEqual(Object.keys(error).toSorted(), ["code", "details", "message", "timestamp"]);
    assert.equal(typeof error.details.field, "string");
    alice.tell("send_message", data);
    assert.equal((await alice.next("error")).code, "VALIDATION_ERROR");
    await scene.heard();
  }
  assertRefused(await alice.ask("unheard_of", Buffer.from("x")), "VALIDATION_ERROR", { field: "event" });
  assert.equal((await alice.ask("send_message", { chatId, content: "words" })).message.seq, 1);
});
