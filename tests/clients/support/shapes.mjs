// The objects of recruiting, held to their exact keys and to the form of what cannot be foretold.

import { strict as assert } from "node:assert";

export const ISO_MILLIS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
export const CHAT_ID = /^[0-9a-f]{24}$/;
export const MESSAGE_ID = /^[0-9a-f]{25,}$/;

// A message. `expected` names at least seq, chatId, senderId and receiverId; the rest defaults to a text that nobody has read.
export function assertMessage(message, expected) {
  assert.match(message._id, MESSAGE_ID);
  assert.match(message.createdAt, ISO_MILLIS);
  assert.match(message.updatedAt, ISO_MILLIS);
  assert.ok(message.updatedAt >= message.createdAt);
  assert.deepEqual(message, {
    _id: message._id,
    content: null,
    mediaUrl: null,
    messageType: "text",
    isRead: false,
    isDeleted: false,
    createdAt: message.createdAt,
    updatedAt: message.updatedAt,
    ...expected,
  });
  return message;
}

// A chat. `expected` names at least users.
export function assertChat(chat, expected) {
  assert.match(chat._id, CHAT_ID);
  assert.match(chat.createdAt, ISO_MILLIS);
  assert.match(chat.updatedAt, ISO_MILLIS);
  assert.ok(chat.updatedAt >= chat.createdAt);
  const { users, ...rest } = expected;
  assert.deepEqual(chat.users.toSorted(), users.toSorted());
  assert.deepEqual(chat, {
    _id: chat._id,
    users: chat.users,
    latestMessage: null,
    isBlocked: false,
    blockedBy: null,
    unreadCount: 0,
    createdAt: chat.createdAt,
    updatedAt: chat.updatedAt,
    ...rest,
  });
  return chat;
}

// The error object of the socket, and `error` of a REST body. `details` is what it must be, exactly.
export function assertError(error, code, details) {
  assert.deepEqual(Object.keys(error).toSorted(), ["code", "details", "message", "timestamp"]);
  assert.equal(error.code, code, JSON.stringify(error));
  assert.equal(typeof error.message, "string");
  assert.notEqual(error.message, "");
  assert.ok(Number.isSafeInteger(error.timestamp) && error.timestamp > 1_600_000_000_000, "epoch milliseconds");
  assert.deepEqual(error.details, details, JSON.stringify(error));
  return error;
}

// A failed ack.
export function assertRefused(ack, code, details) {
  assert.deepEqual(Object.keys(ack).toSorted(), ["error", "success"]);
  assert.equal(ack.success, false);
  return assertError(ack.error, code, details);
}

// A REST answer of success; gives its data.
export function assertAnswer(response, status) {
  assert.equal(response.status, status, response.text);
  assert.match(response.headers.get("content-type"), /^application\/json/);
  assert.deepEqual(Object.keys(response.body).toSorted(), ["data", "message", "success"]);
  assert.equal(response.body.success, true);
  assert.equal(typeof response.body.message, "string");
  return response.body.data;
}

// A REST answer of failure.
export function assertRestError(response, status, code, details) {
  assert.equal(response.status, status, response.text);
  assert.match(response.headers.get("content-type"), /^application\/json/);
  assert.deepEqual(Object.keys(response.body).toSorted(), ["error", "message", "success"]);
  assert.equal(response.body.success, false);
  assert.equal(response.body.message, response.body.error.message);
  return assertError(response.body.error, code, details);
}
