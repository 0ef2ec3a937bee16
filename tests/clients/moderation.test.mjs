// Moderation with fetch, against the real binary and the unmodified client: every answer is as the contract says, and the
// commands of docs/moderation.md run as they stand.

import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { checkExportLine, io } from "./support/contract.mjs";
import { connect } from "./support/device.mjs";
import { fetched, restOf } from "./support/rest.mjs";
import { startServer } from "./support/server.mjs";
import { tokenOf } from "./support/token.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const server = await startServer({ environment: { LOG_LEVEL: "warn,audit=info" } });
after(() => server.stop());

const token = tokenOf("moderator", { role: "service" });

// One request of a service, checked against the contract.
async function moderate(method, path, bearer = token) {
  const headers = bearer ? { authorization: `Bearer ${bearer}` } : {};
  const answer = await fetched(`${server.url}/moderation${path}`, { method, headers });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

const bodyOf = async (...request) => JSON.parse((await moderate(...request)).text);

// All entries of a list, page after page.
async function all(path) {
  const entries = [];
  for (let cursor = ""; cursor !== null;) {
    const { data, pagination } = await bodyOf("GET", `${path}${cursor && `&cursor=${cursor}`}`);
    entries.push(...data);
    cursor = pagination.nextCursor;
  }
  return entries;
}

async function chatting(one, other) {
  const [ones, others] = [restOf(server.url, one), restOf(server.url, other)];
  for (const rest of [ones, others]) await rest.get("/api/message/unread-count");
  const { body } = await ones.post("/api/chat/create-or-get", { otherUserId: other });
  const chatId = body.data._id;
  for (const [rest, content] of [[ones, "hello"], [others, "hi"], [ones, "how are you?"]]) await rest.post("/api/message/send", { chatId, content });
  return { chatId, ones, others };
}

test("a token of a user gets 403, and none 401", async () => {
  for (const [method, path] of [["GET", "/users"], ["GET", "/users/alice/export"], ["DELETE", "/users/alice"], ["POST", "/users/alice/disconnect"]]) {
    assert.equal((await moderate(method, path, tokenOf("alice"))).status, 403);
    assert.equal((await moderate(method, path, null)).status, 401);
  }
});

test("everybody is listed once, with chats and messages", async () => {
  const { chatId } = await chatting("ann", "ben");
  const users = (await all("/users?limit=1")).map(({ userId }) => userId);
  assert.ok(users.includes("ann") && users.includes("ben"));
  assert.equal(new Set(users).size, users.length);
  assert.deepEqual((await all("/users/ann/chats?limit=1")).map((chat) => chat.chatId), [chatId]);
  const messages = await all(`/chats/${chatId}/messages?limit=2&order=oldest`);
  assert.deepEqual(messages.map(({ seq, senderId, text }) => [seq, senderId, text]), [[1, "ann", "hello"], [2, "ben", "hi"], [3, "ann", "how are you?"]]);
  assert.equal((await moderate("GET", `/chats/${"0".repeat(24)}`)).status, 404);
});

for (const transport of ["websocket", "polling"]) {
  test(`a disconnected client hears that the server did it: ${transport}`, async (t) => {
    const user = `dan-${transport}`;
    const socket = io(server.url, { auth: { token: tokenOf(user) }, transports: [transport], forceNew: true });
    t.after(() => socket.close());
    await new Promise((resolve) => { socket.once("connect", resolve); });
    const { data } = await bodyOf("GET", `/users/${user}/sockets`);
    assert.deepEqual(data.map(({ socketId, transport: by }) => [socketId, by]), [[socket.id, transport]]);
    const reason = new Promise((resolve) => { socket.once("disconnect", resolve); });
    assert.deepEqual((await bodyOf("POST", `/users/${user}/disconnect`)).data, { disconnected: 1 });
    assert.equal(await reason, "io server disconnect");
    assert.equal(socket.active, false, "the client does not reconnect by itself");
    assert.deepEqual((await bodyOf("GET", `/users/${user}/sockets`)).data, []);
  });
}

test("an export has what the user wrote, and a deletion leaves placeholders of it", async (t) => {
  const { chatId, others } = await chatting("eve", "fay");
  const fay = await connect(server.url, "fay");
  t.after(() => fay.close());
  const { text, headers } = await moderate("GET", "/users/eve/export");
  assert.equal(headers.get("content-type"), "application/x-ndjson");
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  lines.forEach(checkExportLine);
  assert.equal(headers.get("x-next-cursor"), null);
  assert.deepEqual(lines.map(({ type }) => type), ["profile", "chat", "message", "message", "end"]);
  assert.deepEqual(lines.filter(({ type }) => type === "message").map(({ data }) => data.text), ["hello", "how are you?"]);
  assert.deepEqual((await bodyOf("DELETE", "/users/eve")).data, { done: true, sockets: 0, messages: 2, chats: 1 });
  for (const number of [1, 3]) await fay.next("message_deleted", ({ messageId }) => Number.parseInt(messageId.slice(24), 16) === number);
  const { body } = await others.get(`/api/message/chat/${chatId}`);
  assert.deepEqual(body.data.messages.map(({ seq, content, isDeleted }) => [seq, content, isDeleted]), [[1, null, true], [2, "hi", false], [3, null, true]]);
  assert.equal((await moderate("GET", "/users/eve")).status, 404);
  assert.equal((await moderate("DELETE", "/users/eve")).status, 200);
  assert.equal((await others.post("/api/message/send", { chatId, content: "still here" })).status, 201);
});

test("the audit has who, what and whose, and no texts", async () => {
  await chatting("gus", "hal");
  await moderate("GET", "/users/gus/export");
  await moderate("GET", "/users/gus", tokenOf("hal"));
  const lines = server.log().split("\n").filter((line) => line.includes("gus"));
  assert.equal(lines.length, 2, server.log());
  assert.match(lines[0], /audit.*actor\.id=moderator.*export user.*user\.id="?gus.*status=200/);
  assert.match(lines[1], /audit.*actor\.id=hal.*show user.*user\.id="?gus.*status=403/);
  assert.ok(!server.log().includes("how are you"));
});

test("the commands of docs/moderation.md run as they stand", async () => {
  await chatting("alice", "bob");
  const page = await readFile(`${ROOT}docs/moderation.md`, "utf8");
  const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, commands]) => commands);
  assert.equal(blocks.length, 4);
  const program = process.env.PARLANCE_BIN ?? `${ROOT}target/debug/parlance`;
  const script = blocks.join("").replaceAll("http://localhost:3000", server.url).replace(/^curl (.*)$/gm, "curl -f $1; echo");
  const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", `parlance() { "${program}" "$@"; }\n${script}`]);
  const answers = stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const ok = answers.filter(({ success }) => success === true);
  assert.equal(ok.length, 9, stdout);
  assert.deepEqual(answers.filter(({ type }) => type).map(({ type }) => type), ["profile", "chat", "message", "message", "end"]);
  assert.deepEqual(ok.at(-1).data, { done: true, sockets: 0, messages: 2, chats: 1 });
});
