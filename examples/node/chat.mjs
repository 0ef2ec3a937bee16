// A chat of two people in the terminal: node chat.mjs USER OTHER [URL]
//
// Each line that you type is sent. Lines that begin with "--" say what the connection does.

import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

import { fetchToken } from "./token.mjs";

/** @typedef {import("@parlance/types/recruiting").Message} Message */
/** @typedef {import("@parlance/types/recruiting").MessagesPage} MessagesPage */
/**
 * @typedef {import("socket.io-client").Socket<
 *   import("@parlance/types/recruiting").ServerToClientEvents,
 *   import("@parlance/types/recruiting").ClientToServerEvents
 * >} ChatSocket
 */

const ACK_TIMEOUT_MILLIS = 5_000;
const ATTEMPTS_MAX = 10;
const HISTORY_LIMIT = 20;

const [user, other, url = "http://localhost:3000"] = process.argv.slice(2);
if (!user || !other) {
  console.error("usage: node chat.mjs USER OTHER [URL]");
  process.exit(2);
}

/** The newest message that was printed. Every message of a chat has a number: 1, 2, 3, ... */
let lastSeq = 0;
/** @type {NodeJS.Timeout | undefined} */
let renewal;

/**
 * A token, which is renewed when two thirds of its life are over.
 *
 * @param {ChatSocket} socket
 */
async function freshToken(socket) {
  const { token, endsAt } = await fetchToken(user);
  clearTimeout(renewal);
  renewal = setTimeout(() => void renew(socket), ((endsAt - Date.now()) * 2) / 3);
  return token;
}

/**
 * Renews the token of a live socket. While there is no connection, `auth` gets the next token.
 *
 * @param {ChatSocket} socket
 */
async function renew(socket) {
  if (!socket.connected) return;
  const answer = await socket
    .timeout(ACK_TIMEOUT_MILLIS)
    .emitWithAck("authenticate", { token: await freshToken(socket) })
    .catch(() => null);
  if (answer?.success) console.log("-- token renewed");
}

/**
 * A REST request; resolves to `data` of the answer.
 *
 * @param {string} path
 * @param {{ method?: string, body?: object }} [options]
 */
async function rest(path, { method = "GET", body } = {}) {
  const { token } = await fetchToken(user);
  const response = await fetch(`${url}/recruiting/api${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const { data, message } = await response.json();
  if (!response.ok) throw new Error(message);
  return data;
}

/** @param {Message} message */
function print(message) {
  // A message may come twice, for example by an event and in a list.
  if (message.seq <= lastSeq) return;
  lastSeq = message.seq;
  const text = message.isDeleted ? "(deleted)" : (message.content ?? message.mediaUrl);
  console.log(`${message.seq} ${message.senderId}: ${text}`);
}

/**
 * Prints what was sent after `lastSeq`.
 *
 * @param {string} chatId
 */
async function catchUp(chatId) {
  for (let hasMore = true; hasMore; ) {
    /** @type {MessagesPage} */
    const page = await rest(`/message/chat/${chatId}?afterSeq=${lastSeq}&limit=100`);
    page.messages.forEach(print);
    hasMore = "hasMore" in page.pagination && page.pagination.hasMore;
  }
}

/**
 * Sends until the server has answered. The id makes that safe: the server stores a message once, and answers a repeat
 * with the first message.
 *
 * @param {ChatSocket} socket
 * @param {string} chatId
 * @param {string} content
 */
async function send(socket, chatId, content) {
  const clientMessageId = randomUUID();
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    try {
      const answer = await socket
        .timeout(ACK_TIMEOUT_MILLIS)
        .emitWithAck("send_message", { chatId, content, clientMessageId });
      if (answer.success) return receive(chatId, answer.message);
      return console.log(`-- not sent: ${answer.error.message}`);
    } catch {
      console.log(`-- no answer, attempt ${attempt}`);
    }
  }
  console.log(`-- not sent: ${content}`);
}

/**
 * Prints a new message, and before it those that did not arrive.
 *
 * @param {string} chatId
 * @param {Message} message
 */
async function receive(chatId, message) {
  if (message.chatId !== chatId) return;
  if (message.seq > lastSeq + 1) await catchUp(chatId);
  print(message);
}

/** @type {ChatSocket} */
const socket = io(`${url}/recruiting`, {
  // A function, so that each connection gets a token that is still valid.
  auth: (use) => void freshToken(socket).then((token) => use({ token })),
});

socket.on("disconnect", (reason) => console.log(`-- disconnected: ${reason}`));
socket.on("connect_error", (error) => {
  console.log(`-- not connected: ${error.message}`);
  // Without an answer, socket.io-client tries again by itself. Here the server refused.
  if (!socket.active) process.exit(1);
});
await new Promise((resolve) => socket.once("connected", resolve));

const chat = await rest("/chat/create-or-get", { method: "POST", body: { otherUserId: other } }).catch((error) => {
  console.error(`-- ${error.message}; start the example for ${other}, too`);
  process.exit(1);
});
/** @type {MessagesPage} */
const history = await rest(`/message/chat/${chat._id}?limit=${HISTORY_LIMIT}`);
history.messages.forEach(print);

socket.on("connect", () => {
  console.log(socket.recovered ? "-- connected, session recovered" : "-- connected, new session");
  // After a recovery the server sends the missed events itself. In a new session the client asks for them.
  if (!socket.recovered) void catchUp(chat._id);
});
socket.on("new_message", ({ message }) => void receive(chat._id, message));
// What was sent between the list and the listener.
await catchUp(chat._id);
console.log(`-- you are ${user}, and write to ${other}`);

for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim()) await send(socket, chat._id, line);
}
clearTimeout(renewal);
socket.close();
