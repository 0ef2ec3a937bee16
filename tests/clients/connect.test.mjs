// Connecting: tokens, namespaces, paths, and what a socket is told first.

import { strict as assert } from "node:assert";
import { once } from "node:events";
import { after, test } from "node:test";

import { Device, connect, open } from "./support/device.mjs";
import { request } from "./support/rest.mjs";
import { sceneOf } from "./support/scene.mjs";
import { startServer } from "./support/server.mjs";
import { assertError, assertRestError } from "./support/shapes.mjs";
import { seconds, sign, tokenOf } from "./support/token.mjs";

const server = await startServer();
after(() => server.stop());

const NO_TOKEN = "Authentication error: No token provided";
const INVALID = "Authentication error: Invalid token";
const UNKNOWN = "Authentication error: User not found";

// What CONNECT_ERROR says.
async function refusal(options, namespace = "") {
  const socket = open(server.url + namespace, options);
  socket.once("connect", () => assert.fail("it connected"));
  const [error] = await once(socket, "connect_error");
  assert.equal(socket.active, false, "a refused client does not try again by itself");
  socket.disconnect();
  return error;
}

async function connectsAs(user, options) {
  const device = await connect(server.url, user, options);
  const { connected, onlineUsers } = device.greeting;
  assert.deepEqual(connected, { success: true, userId: user, socketId: device.socket.id, message: "Connected successfully" });
  assert.deepEqual(Object.keys(onlineUsers).toSorted(), ["count", "onlineUsers"]);
  assert.equal(onlineUsers.count, onlineUsers.onlineUsers.length);
  assert.ok(onlineUsers.onlineUsers.includes(user), "online lists include oneself");
  device.close();
}

test("the auth payload carries the token, bare or with Bearer", async () => {
  const token = tokenOf("ann");
  await connectsAs("ann", { token });
  await connectsAs("ann", { token: `Bearer ${token}` });
});

test("the Authorization header carries the token, bare or with Bearer", async () => {
  const token = tokenOf("ben");
  for (const Authorization of [`Bearer ${token}`, token]) {
    await connectsAs("ben", { auth: undefined, extraHeaders: { Authorization } });
  }
});

test("the auth payload counts before the header", async () => {
  await connectsAs("cat", { token: tokenOf("cat"), extraHeaders: { Authorization: `Bearer ${tokenOf("somebody-else")}` } });
  const error = await refusal({ auth: { token: "broken" }, extraHeaders: { Authorization: `Bearer ${tokenOf("cat")}` } });
  assert.equal(error.message, INVALID);
});

test("an auth function is asked for the token", async () => {
  await connectsAs("dan", { auth: (answer) => answer({ token: tokenOf("dan") }) });
});

test("the user is the claim sub, else userId, id or _id, and a number becomes text", async () => {
  const exp = seconds(60);
  for (const claims of [
    { sub: "eve", userId: "x", id: "x", _id: "x" },
    { userId: "eve", id: "x", _id: "x" },
    { id: "eve", _id: "x" },
    { _id: "eve" },
  ]) {
    await connectsAs("eve", { token: sign({ exp, ...claims }) });
  }
  await connectsAs("42", { token: sign({ exp, sub: 42 }) });
  await connectsAs("7", { token: sign({ exp, id: 7 }) });
});

for (const [what, token, message, reason] of [
  ["no token", undefined, NO_TOKEN, "no token"],
  ["an empty token", "", NO_TOKEN, "no token"],
  ["Bearer and nothing else", "Bearer ", NO_TOKEN, "no token"],
  ["text that is no token", "nonsense", INVALID, "invalid token"],
  ["a token signed by somebody else", sign({ sub: "ann", exp: seconds(60) }, { secret: "another-secret" }), INVALID, "invalid token"],
  ["an unsigned token", sign({ sub: "ann", exp: seconds(60) }, { header: { alg: "none", typ: "JWT" } }), INVALID, "invalid token"],
  ["a token without an end", sign({ sub: "ann" }), INVALID, "token without expiry"],
  ["a token that is not valid yet", sign({ sub: "ann", nbf: seconds(600), exp: seconds(900) }), INVALID, "invalid token"],
  ["a token that ended", sign({ sub: "ann", exp: seconds(-1) }), INVALID, "expired token"],
  ["a token that names nobody", sign({ name: "Ann", exp: seconds(60) }), UNKNOWN, "unknown user"],
  ["a token with an empty user", sign({ sub: "", exp: seconds(60) }), UNKNOWN, "unknown user"],
]) {
  test(`${what} is refused, over the socket and over REST`, async () => {
    for (const namespace of ["", "/recruiting"]) {
      const error = await refusal(token === undefined ? {} : { auth: { token } }, namespace);
      assert.equal(error.message, message);
      assert.deepEqual(error.data, { code: "AUTHENTICATION_ERROR", reason });
    }
    if (token) {
      const error = await refusal({ extraHeaders: { Authorization: token } });
      assert.equal(error.message, message);
    }
    for (const path of ["/api/chat/my-chats", "/recruiting/api/message/unread-count"]) {
      const response = await request(server.url, "GET", path, token === undefined ? {} : { headers: { authorization: token } });
      assert.equal(assertRestError(response, 401, "AUTHENTICATION_ERROR", { reason }).message, message);
    }
  });
}

test("a token that is no text is refused", async () => {
  assert.equal((await refusal({ auth: { token: 42 } })).message, INVALID);
});

test("a token in the query string counts for nothing", async () => {
  const token = tokenOf("ann");
  const error = await refusal({ query: { token, auth: token, authorization: `Bearer ${token}` } });
  assert.equal(error.message, NO_TOKEN);
  const response = await request(server.url, "GET", `/api/chat/my-chats?token=${token}`);
  assertRestError(response, 401, "AUTHENTICATION_ERROR", { reason: "no token" });
});

test("a service token is not a user", async () => {
  const token = tokenOf("backend", { role: "service" });
  assert.equal((await refusal({ auth: { token } })).data.code, "FORBIDDEN");
  assertRestError(await request(server.url, "GET", "/api/chat/my-chats", { token }), 403, "FORBIDDEN", {});
});

test("a namespace that nobody speaks is invalid", async () => {
  for (const namespace of ["/nobody", "/recruiting/more", "/Recruiting"]) {
    const error = await refusal({ auth: { token: tokenOf("ann") } }, namespace);
    assert.equal(error.message, "Invalid namespace");
    assert.equal(error.data, undefined);
  }
});

test("a refused namespace leaves the others of its connection alone", async () => {
  const root = open(server.url, { auth: { token: tokenOf("fay") }, multiplex: true });
  const device = new Device("fay", root);
  await device.next("connected");
  const unknown = root.io.socket("/nobody", { auth: { token: tokenOf("fay") } });
  const [error] = await once(unknown, "connect_error");
  assert.equal(error.message, "Invalid namespace");
  const refused = root.io.socket("/recruiting", { auth: { token: "broken" } });
  const [second] = await once(refused, "connect_error");
  assert.equal(second.message, INVALID);
  // The same namespace may be tried again on the same connection.
  refused.auth = { token: tokenOf("fay") };
  refused.connect();
  await once(refused, "connect");
  assert.equal((await device.ask("ping")).success, true);
  assert.equal(root.io, refused.io);
  device.close();
  refused.disconnect();
});

test("two namespaces on one connection are two sockets that leave one by one", async (t) => {
  const scene = sceneOf(t, server);
  const friend = await scene.device("friend");
  const token = tokenOf(scene.user("gil"));
  const root = new Device("root", open(server.url, { auth: { token }, multiplex: true }), scene.user("gil"));
  const named = new Device("named", root.socket.io.socket("/recruiting", { auth: { token } }), scene.user("gil"));
  scene.devices.push(root, named);
  const greetings = [await root.next("connected"), await named.next("connected")];
  assert.deepEqual(greetings.map(({ socketId }) => socketId), [root.socket.id, named.socket.id]);
  assert.notEqual(root.socket.id, named.socket.id);
  assert.equal(root.socket.io.engine.id, named.socket.io.engine.id);
  await Promise.all([root.next("online_users"), named.next("online_users")]);

  const chatId = await scene.chat("friend", "gil");
  const { message } = await friend.ask("send_message", { chatId, content: "both of you" });
  const updated = ["chat_updated", { chatId, latestMessage: message, updatedAt: message.createdAt }];
  const news = [["new_message", { message }], updated];
  const delivered = ["message_delivered", { messageId: message._id, chatId }];
  await scene.heard([friend, [["message_sent", { message }], updated, delivered]], [root, news], [named, news]);

  named.close();
  const { message: second } = await friend.ask("send_message", { chatId, content: "the one that stayed" });
  assert.deepEqual((await root.next("new_message")).message, second);
  assert.equal(friend.heard.some(([event, { userId }]) => event === "user_offline" && userId === scene.user("gil")), false);
  root.close();
  await friend.next("user_offline", ({ userId }) => userId === scene.user("gil"));
});

test("the stage's own path serves sockets too", async () => {
  for (const path of ["/prod", "/prod/", "/socket.io"]) await connectsAs("hal", { path });
});

test("a client that tries every transport comes to WebSocket", async () => {
  await connectsAs("kim", { transports: undefined, tryAllTransports: true });
});

test("a socket is told that its token has ended, is closed, and comes back by itself with a new one", async (t) => {
  const scene = sceneOf(t, server);
  const friend = await scene.device("friend");
  const user = scene.user("ida");
  const exp = seconds(3);
  // As an app does that gets a new token when the old one has ended.
  const token = () => (Date.now() / 1000 < exp ? sign({ sub: user, exp }) : tokenOf(user));
  const auth = (answer) => answer({ token: token() });
  const device = await connect(server.url, user, { auth, reconnection: true, reconnectionDelay: 10 });
  t.after(() => device.close());
  const chatId = await scene.chat("friend", "ida");
  const end = new Promise((resolve) => { device.socket.once("disconnect", resolve); });
  let ended = false;
  void end.then(() => { ended = true; });
  // Each ping is answered until the token's last moment; the next one ends the socket.
  while (!ended) {
    const pong = new Promise((resolve) => { device.socket.emit("ping", resolve); });
    await Promise.race([pong, end]);
  }
  assert.ok(Date.now() / 1000 >= exp, "not before its time");
  assert.equal(await end, "transport close", "no DISCONNECT packet, after which it would stay away");
  assertError(await device.next("error"), "AUTHENTICATION_ERROR", { reason: "expired token" });
  const old = await refusal({ auth: { token: sign({ sub: user, exp }) } });
  assert.deepEqual([old.message, old.data.reason], [INVALID, "expired token"]);
  await friend.ask("send_message", { chatId, content: "welcome back" });
  await device.until(() => device.heard.some(([event]) => event === "new_message"), "the message");
  assert.equal(device.socket.connected, true);
});

test("profile claims of any size do no harm", async () => {
  const claims = { name: "N".repeat(2000), firstName: "", lastName: 5, username: null, email: "a@example.com", picture: {} };
  await connectsAs("joe", { token: tokenOf("joe", claims) });
});

test("user ids may be any text of 1 to 128 characters", async () => {
  for (const user of ["ü".repeat(128), "a#b|c/d e", "auth0|6f", "../x"]) await connectsAs(user, {});
  assert.equal((await refusal({ auth: { token: tokenOf("u".repeat(129)) } })).data.code, "AUTHENTICATION_ERROR");
});
