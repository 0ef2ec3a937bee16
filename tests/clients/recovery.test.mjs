// The stock client comes back from a cut as if nothing had been: it is told what it missed before anything new. Where that cannot be, it is told
// so by a new session, and nothing in part.

import { strict as assert } from "node:assert";
import { after, test } from "node:test";

import { Device, PATIENCE_MILLIS, open } from "./support/device.mjs";
import { proxyTo } from "./support/proxy.mjs";
import { request } from "./support/rest.mjs";
import { sceneOf } from "./support/scene.mjs";
import { startServer } from "./support/server.mjs";
import { assertAnswer } from "./support/shapes.mjs";
import { seconds, tokenOf } from "./support/token.mjs";

const server = await startServer();
after(() => server.stop());

const TRANSPORTS = { default: undefined, polling: ["polling"], websocket: ["websocket"] };

// How each dialect tells of what can be missed: the event, and what to note of its argument.
const WORDS = {
  recruiting: {
    message: ["new_message", ({ message }) => message.content],
    read: ["messages_read_by_other", ({ readByUserId }) => readByUserId],
    deleted: ["message_deleted", ({ messageId }) => messageId],
    blocked: ["you_were_blocked", ({ blockedByUserId }) => blockedByUserId],
    unblocked: ["you_were_unblocked", ({ unblockedByUserId }) => unblockedByUserId],
  },
  marketplace: {
    message: ["newMessage", ({ content }) => content],
    read: ["messageRead", ({ userId }) => userId],
    deleted: ["messageDeleted", ({ messageId }) => messageId],
    blocked: ["chatBlocked", ({ blockedBy }) => blockedBy],
    unblocked: ["chatUnblocked", ({ unblockedBy }) => unblockedBy],
  },
  messenger: {
    message: ["receive_message", ({ content }) => content],
    read: ["message_read", ({ readBy }) => readBy._id],
    deleted: ["message_deleted", ({ messageId }) => messageId],
    blocked: ["user_blocked", ({ userId, byMe }) => (byMe ? "me" : userId)],
    unblocked: ["user_unblocked", ({ userId, byMe }) => (byMe ? "me" : userId)],
  },
  workspace: {
    message: ["message:new", ({ content }) => content],
    read: ["message:read", ({ userId }) => userId],
    deleted: ["message:deleted", ({ messageId }) => messageId],
    blocked: ["conversation:blocked", ({ userId }) => userId],
    unblocked: ["conversation:unblocked", ({ userId }) => userId],
  },
  classroom: {
    message: ["new:message", ({ message }) => message.text],
    read: ["messages:read", ({ readBy }) => readBy],
    deleted: ["message:deleted", ({ messageId }) => messageId],
    blocked: ["conversation:blocked", ({ userId }) => userId],
    unblocked: ["conversation:unblocked", ({ userId }) => userId],
  },
};

// What a device heard of these things, in order: `what: note`.
function told(device, dialect) {
  const lines = device.heard.map(([event, said]) => {
    const what = Object.entries(WORDS[dialect]).find(([, [name]]) => name === event);
    return what && `${what[0]}: ${what[1][1](said)}`;
  });
  return lines.filter(Boolean);
}

// The stock client behind a proxy, connected. What `auth` says is sent with each CONNECT packet.
async function client(scene, proxy, name, { dialect = "recruiting", transports = "websocket", auth = {}, token } = {}) {
  const user = scene.user(name);
  const socket = open(`${proxy.url}/${dialect}`, {
    transports: TRANSPORTS[transports],
    reconnection: true,
    reconnectionDelay: 10,
    reconnectionDelayMax: 50,
    auth: (send) => send({ token: token?.() ?? tokenOf(user), ...auth }),
  });
  const device = new Device(name, socket, user);
  socket.on("connect", () => device.heard.push(["(connected)"]));
  scene.devices.push(device);
  await connected(device);
  return device;
}

// Waits until the client is connected, however often it was before, and gives whether it recovered.
async function connected(device) {
  await device.next("(connected)");
  return device.socket.recovered;
}

async function cut(proxy, device) {
  const gone = new Promise((resolve) => { device.socket.once("disconnect", resolve); });
  proxy.cut();
  assert.match(await gone, /^transport (close|error)$/);
  device.heard.length = 0;
}

// What the stock client keeps for its next CONNECT, which it has no public names for.
const kept = ({ socket }) => ({ pid: socket._pid, offset: socket._lastOffset });

async function moved(device) {
  const deadline = Date.now() + PATIENCE_MILLIS;
  while (device.socket.io.engine.transport.name !== "websocket") {
    assert.ok(Date.now() < deadline, "it does not move to WebSocket");
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}

// The message that somebody sends over REST.
async function say(scene, name, chatId, content) {
  return assertAnswer(await scene.recruiting(name).post("/api/message/send", { chatId, content }), 201);
}

// The id of a chat that somebody makes, whatever the dialect of those who hear of it.
async function chatOf(scene, one, other) {
  return assertAnswer(await scene.recruiting(one).post("/api/chat/create-or-get", { otherUserId: scene.user(other) }), 201)._id;
}

// Ann behind a proxy and Ben, with a chat in which she heard one message.
async function pair(t, options = {}, at = server) {
  const scene = sceneOf(t, at);
  const proxy = await proxyTo(t, at.port);
  await scene.meet("ben");
  const ann = await client(scene, proxy, "ann", options);
  const chatId = await chatOf(scene, "ben", "ann");
  return { scene, proxy, ann, chatId };
}

for (const dialect of Object.keys(WORDS)) {
  for (const transports of Object.keys(TRANSPORTS)) {
    test(`what a ${dialect} client missed comes first when it is back, transports: ${transports}`, async (t) => {
      const { scene, proxy, ann, chatId } = await pair(t, { dialect, transports });
      const ben = scene.user("ben");
      if (transports === "default") await moved(ann);
      const hers = await say(scene, "ann", chatId, "hers");
      const one = await say(scene, "ben", chatId, "one");
      await ann.until(() => told(ann, dialect).includes("message: one"), "the first message");
      const { id } = ann.socket;

      await cut(proxy, ann);
      await say(scene, "ben", chatId, "two");
      await say(scene, "ben", chatId, "three");
      const rest = scene.recruiting("ben");
      assertAnswer(await rest.post(`/api/message/chat/${chatId}/mark-read`), 200);
      assertAnswer(await rest.delete(`/api/message/${one._id}`), 200);
      assertAnswer(await rest.post(`/api/chat/${chatId}/block`), 200);

      proxy.restore();
      assert.equal(await connected(ann), true, "it is recovered");
      assert.equal(ann.socket.id, id, "the sid is the same");
      assertAnswer(await rest.post(`/api/chat/${chatId}/unblock`), 200);
      await say(scene, "ben", chatId, "four");
      await ann.until(() => told(ann, dialect).includes("message: four"), "the last message");
      const lines = told(ann, dialect);
      const missed = lines.slice(0, -2);
      assert.deepEqual(lines.slice(-2), [`unblocked: ${ben}`, "message: four"], "what is new comes last");
      assert.deepEqual(missed.filter((line) => line.startsWith("message:")), ["message: two", "message: three"]);
      assert.deepEqual(
        missed.toSorted(),
        [`blocked: ${ben}`, `deleted: ${one._id}`, "message: three", "message: two", `read: ${ben}`],
        JSON.stringify([hers._id, ann.heard]),
      );
    });
  }
}

test("cut after cut, each is recovered from and nothing comes twice", async (t) => {
  const { scene, proxy, ann, chatId } = await pair(t);
  for (let round = 0; round < 5; round += 1) {
    await cut(proxy, ann);
    await say(scene, "ben", chatId, `away ${round}`);
    proxy.restore();
    assert.equal(await connected(ann), true);
    await say(scene, "ben", chatId, `back ${round}`);
    await ann.until(() => told(ann, "recruiting").length >= 2, "both messages");
    assert.deepEqual(told(ann, "recruiting"), [`message: away ${round}`, `message: back ${round}`]);
  }
});

test("who is cut before hearing anything of a chat misses nothing of it", async (t) => {
  const scene = sceneOf(t, server);
  const proxy = await proxyTo(t, server.port);
  await scene.meet("ben");
  const ann = await client(scene, proxy, "ann");
  await ann.next("connected");
  await cut(proxy, ann);
  await say(scene, "ben", await chatOf(scene, "ben", "ann"), "hello");
  proxy.restore();
  assert.equal(await connected(ann), true);
  await ann.until(() => told(ann, "recruiting").length > 0, "the message");
  assert.deepEqual(told(ann, "recruiting"), ["message: hello"]);
});

test("the session of somebody else is nobody's, and tells nothing", async (t) => {
  const { scene, proxy, ann, chatId } = await pair(t);
  await say(scene, "ben", chatId, "secret");
  await ann.until(() => told(ann, "recruiting").length > 0, "the message");
  const auth = kept(ann);
  const mallory = await client(scene, proxy, "mallory", { auth });
  assert.notEqual(kept(mallory).pid, auth.pid);
  assert.notEqual(mallory.socket.id, ann.socket.id);
  await scene.quiet();
  assert.deepEqual(told(mallory, "recruiting"), []);
  await say(scene, "ben", chatId, "still hers");
  await ann.until(() => told(ann, "recruiting").includes("message: still hers"), "the next message");
});

for (const [what, alter] of [
  ["a pid that never was", () => ({ pid: "0123456789abcdef0123456789abcdef", offset: "x" })],
  ["a pid that is no pid", () => ({ pid: "../../\u0000", offset: "x" })],
  ["an empty pid", () => ({ pid: "", offset: "" })],
  ["a pid that is no text", () => ({ pid: { $gt: "" }, offset: 7 })],
]) {
  test(`${what} is answered with a new session`, async (t) => {
    const { scene, proxy, chatId } = await pair(t);
    const auth = alter();
    const second = await client(scene, proxy, "ann", { auth });
    assert.match(kept(second).pid, /./);
    assert.notEqual(kept(second).pid, auth.pid);
    await say(scene, "ben", chatId, "live");
    await second.until(() => told(second, "recruiting").length > 0, "the message");
    assert.deepEqual(told(second, "recruiting"), ["message: live"]);
  });
}

// Whether that is taken for no offset, from which a session is told from its beginning, or for no session: never a part.
for (const offset of ["x", "0", "ünïcödé", "\u0000", "9".repeat(10_000), 7, { $gt: "" }]) {
  test(`an offset that is none recovers all or nothing: ${JSON.stringify(offset).slice(0, 20)}`, async (t) => {
    const { scene, proxy, ann, chatId } = await pair(t);
    await say(scene, "ben", chatId, "one");
    await ann.until(() => told(ann, "recruiting").length > 0, "the message");
    await cut(proxy, ann);
    proxy.restore();
    const { pid } = kept(ann);
    ann.close();
    const second = await client(scene, proxy, "ann", { auth: { pid, offset } });
    assert.match(kept(second).pid, /./);
    await say(scene, "ben", chatId, "live");
    await second.until(() => told(second, "recruiting").includes("message: live"), "the message");
    const missed = kept(second).pid === pid ? ["message: one"] : [];
    assert.deepEqual(told(second, "recruiting"), [...missed, "message: live"]);
  });
}

test("a session that is asked for twice goes to the one who asked last, and both calls are answered", async (t) => {
  const { scene, proxy, ann, chatId } = await pair(t);
  await say(scene, "ben", chatId, "one");
  await ann.until(() => told(ann, "recruiting").length > 0, "the message");
  const auth = kept(ann);
  await cut(proxy, ann);
  proxy.restore();
  assert.equal(await connected(ann), true);
  // Else it would come back at once, ask last, and take the session again.
  ann.socket.io.reconnection(false);
  const second = await client(scene, proxy, "ann", { auth });
  await say(scene, "ben", chatId, "two");
  await second.until(() => told(second, "recruiting").length > 0, "the message");
  assert.deepEqual(told(second, "recruiting"), ["message: two"]);
  assert.equal((await second.ask("ping")).success, true);
});

test("a token that has ended does not recover, and a new one still does", async (t) => {
  let claims = { exp: seconds(3) };
  const scene = sceneOf(t, server);
  const proxy = await proxyTo(t, server.port);
  await scene.meet("ben");
  const ann = await client(scene, proxy, "ann", { token: () => tokenOf(scene.user("ann"), claims) });
  const chatId = await chatOf(scene, "ben", "ann");
  await cut(proxy, ann);
  await say(scene, "ben", chatId, "missed");
  const refused = new Promise((resolve) => { ann.socket.on("connect_error", (error) => error.data && resolve(error)); });
  await new Promise((resolve) => { setTimeout(resolve, claims.exp * 1_000 - Date.now()); });
  proxy.restore();
  const { message, data } = await refused;
  assert.deepEqual([message, data.code], ["Authentication error: Invalid token", "AUTHENTICATION_ERROR"]);
  assert.deepEqual(told(ann, "recruiting"), []);
  claims = {};
  ann.socket.connect();
  assert.equal(await connected(ann), true);
  await ann.until(() => told(ann, "recruiting").length > 0, "the message");
  assert.deepEqual(told(ann, "recruiting"), ["message: missed"]);
});

test("more than 500 missed messages are not replayed in part", { timeout: 4 * PATIENCE_MILLIS }, async (t) => {
  const { scene, proxy, ann, chatId } = await pair(t);
  const before = kept(ann).pid;
  await cut(proxy, ann);
  const ben = await scene.device("ben");
  const sends = Array.from({ length: 501 }, (_, n) => n);
  const work = async () => {
    while (sends.length > 0) assert.equal((await ben.ask("send_message", { chatId, content: `${sends.shift()}` })).success, true);
  };
  await Promise.all(Array.from({ length: 8 }, work));
  proxy.restore();
  assert.equal(await connected(ann), false, "it is told that it cannot recover");
  assert.notEqual(kept(ann).pid, before);
  await say(scene, "ben", chatId, "live");
  await ann.until(() => told(ann, "recruiting").length > 0, "the message");
  assert.deepEqual(told(ann, "recruiting"), ["message: live"]);
  const { messages } = assertAnswer(await scene.recruiting("ann").get(`/api/message/chat/${chatId}?afterSeq=0&limit=100`), 200);
  assert.equal(messages.length, 100, "it can be fetched");
});

test("past the window a client begins anew", async (t) => {
  const own = await startServer({ parameters: { RecoveryWindowSeconds: 1 } });
  t.after(() => own.stop());
  const { scene, ann, chatId } = await pair(t, {}, own);
  const { pid } = kept(ann);
  const { id } = ann.socket;
  const gone = new Promise((resolve) => { ann.socket.once("disconnect", resolve); });
  // The window begins when the server knows: it closes what speaks nonsense.
  ann.socket.io.reconnection(false);
  ann.socket.io.engine.write("9");
  assert.equal(await gone, "transport close");
  ann.heard.length = 0;
  await say(scene, "ben", chatId, "missed");
  await new Promise((resolve) => { setTimeout(resolve, 2_000); });
  ann.socket.connect();
  assert.equal(await connected(ann), false);
  assert.notEqual(kept(ann).pid, pid);
  assert.notEqual(ann.socket.id, id);
  await say(scene, "ben", chatId, "live");
  await ann.until(() => told(ann, "recruiting").length > 0, "the message");
  assert.deepEqual(told(ann, "recruiting"), ["message: live"]);
});

test("with a window of nothing there is neither pid nor offset", async (t) => {
  const own = await startServer({ parameters: { RecoveryWindowSeconds: 0 } });
  t.after(() => own.stop());
  const { scene, proxy, ann, chatId } = await pair(t, {}, own);
  const lengths = [];
  ann.socket.onAny((...args) => lengths.push(args.length));
  await say(scene, "ben", chatId, "one");
  await ann.until(() => told(ann, "recruiting").length > 0, "the message");
  assert.deepEqual(kept(ann), { pid: undefined, offset: undefined });
  assert.deepEqual([...new Set(lengths)], [2], "an event and its argument");
  await cut(proxy, ann);
  proxy.restore();
  assert.ok(!(await connected(ann)));
});

test("a chat that was deleted meanwhile is told to be gone, and its messages are not told", async (t) => {
  const { scene, proxy, ann, chatId } = await pair(t);
  await say(scene, "ben", chatId, "one");
  await ann.until(() => told(ann, "recruiting").length > 0, "the message");
  await cut(proxy, ann);
  await say(scene, "ben", chatId, "two");
  assertAnswer(await scene.recruiting("ben").delete(`/api/chat/${chatId}`), 200);
  proxy.restore();
  assert.equal(await connected(ann), true);
  assert.deepEqual(await ann.next("chat_deleted"), { chatId });
  await scene.quiet();
  assert.deepEqual(told(ann, "recruiting"), []);
});

test("somebody who may not come any more is refused, whatever they had", async (t) => {
  const own = await startServer({ parameters: { AllowedRoles: "member" } });
  t.after(() => own.stop());
  const scene = sceneOf(t, own);
  const proxy = await proxyTo(t, own.port);
  let role = "member";
  const ann = await client(scene, proxy, "ann", { token: () => tokenOf(scene.user("ann"), { role }) });
  await cut(proxy, ann);
  role = "banned";
  const refused = new Promise((resolve) => { ann.socket.on("connect_error", (error) => error.data && resolve(error)); });
  proxy.restore();
  assert.equal((await refused).data.code, "FORBIDDEN");
  role = "member";
  const answer = await request(own.url, "GET", "/api/chat/my-chats", { token: tokenOf(ann.user, { role }) });
  assert.equal(answer.status, 200);
  ann.socket.connect();
  assert.equal(await connected(ann), true);
});
