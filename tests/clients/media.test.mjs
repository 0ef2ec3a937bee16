// Media, as an app's own fetch and FormData send and fetch it.

import { strict as assert } from "node:assert";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";

import { fetched } from "./support/rest.mjs";
import { sceneOf } from "./support/scene.mjs";
import { startServer, temporaryFolder } from "./support/server.mjs";
import { assertAnswer, assertMessage, assertRestError, ISO_MILLIS } from "./support/shapes.mjs";
import { tokenOf } from "./support/token.mjs";

const server = await startServer();
after(() => server.stop());

const LARGEST = 52_428_800;
const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
const MP4 = Buffer.from("00000018667479706d703432000000006d70343269736f6d", "hex");
const NAME = /^\/api\/media\/[0-9a-f]{24}-[0-9a-f]{32}\.[a-z0-9]{1,8}$/;

// A file that begins like this and has this many bytes.
const file = (beginning, bytes, name = "file", type = "") => new File([beginning, new Uint8Array(bytes - beginning.length)], name, { type });

const bearer = (scene, name) => ({ authorization: `Bearer ${tokenOf(scene.user(name))}` });

// Sends a form as a page would.
async function sendForm(scene, name, chatId, fields) {
  const body = new FormData();
  for (const [field, value] of Object.entries(fields)) body.append(field, value);
  const response = await fetched(`${scene.url}/api/chat/${chatId}/send-media`, { method: "POST", headers: bearer(scene, name), body });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}

const download = (scene, name, url, headers = {}) => fetched(scene.url + url, { headers: { ...bearer(scene, name), ...headers } });

test("a form: everybody hears of it, participants fetch it, nobody else does", async (t) => {
  const scene = sceneOf(t, server);
  const [alice, bob] = await scene.devicesOf("alice", "bob");
  const chatId = await scene.chat("alice", "bob");
  await scene.meet("carol");
  const picture = file(PNG, 1_000, "../../holiday.html", "text/html");
  const message = assertAnswer(await sendForm(scene, "alice", chatId, { content: "Rex", media: picture }), 201);
  assert.match(message.mediaUrl, NAME);
  const expected = { seq: 1, chatId, senderId: alice.user, receiverId: bob.user, content: "Rex", messageType: "image", mediaUrl: message.mediaUrl };
  assertMessage(message, { ...expected, ...(message.media ? { media: message.media } : {}) });
  const { message: heard } = await bob.next("new_message");
  assert.equal(heard.mediaUrl, message.mediaUrl);
  await alice.next("new_message");

  const response = await download(scene, "bob", message.mediaUrl);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "image/png");
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  assert.match(response.headers.get("content-security-policy"), /^sandbox; default-src 'none'/);
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from(await picture.arrayBuffer()));
  const part = await download(scene, "bob", message.mediaUrl, { range: "bytes=1-3" });
  assert.equal(part.status, 206);
  assert.equal(await part.text(), "PNG");
  assert.equal((await download(scene, "carol", message.mediaUrl)).status, 404);
  assert.equal((await fetched(scene.url + message.mediaUrl)).status, 401);
});

test("a link shows a picture where no header can be sent", async (t) => {
  const scene = sceneOf(t, server);
  const chatId = await scene.chat("alice", "bob");
  const { mediaUrl } = assertAnswer(await sendForm(scene, "alice", chatId, { media: file(PNG, 100) }), 201);
  const answer = await scene.rest("bob").get(`${mediaUrl}/link`);
  assert.equal(answer.status, 200);
  assert.equal(answer.body.success, true);
  assert.match(answer.body.data.expiresAt, ISO_MILLIS);
  const response = await fetch(answer.body.data.url, { headers: { origin: "https://app.example" } });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  assert.equal((await response.arrayBuffer()).byteLength, 100);
  assert.equal((await fetch(answer.body.data.url.split("?")[0])).status, 403);
  assert.equal((await fetch(answer.body.data.url.replace(/Signature=..../, "Signature=0000"))).status, 403);
});

test("an upload: 50 MB, put where it is said, named in a message, fetched", async (t) => {
  const scene = sceneOf(t, server);
  const chatId = await scene.chat("alice", "bob");
  const film = file(MP4, LARGEST, "film.mp4", "video/mp4");
  const prepared = await scene.rest("alice").post("/api/media/uploads", { chatId, contentType: "video/mp4", size: film.size });
  assert.equal(prepared.status, 201, prepared.text);
  const { uploadId, method, url, headers, expiresAt } = prepared.body.data;
  assert.match(expiresAt, ISO_MILLIS);
  const preflight = await fetch(url, {
    method: "OPTIONS",
    headers: { origin: "https://app.example", "access-control-request-method": "PUT", "access-control-request-headers": "content-type" },
  });
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  assert.match(preflight.headers.get("access-control-allow-methods"), /PUT/);
  const shorter = await fetch(url, { method, headers, body: await film.slice(0, 100).arrayBuffer() });
  assert.equal(shorter.status, 403, "of another size");
  const stored = await fetch(url, { method, headers, body: await film.arrayBuffer() });
  assert.equal(stored.status, 200, await stored.text());
  const message = assertAnswer(await scene.rest("alice").post(`/api/chat/${chatId}/send-media`, { uploadId }), 201);
  assert.equal(message.content, "Sent video");
  assert.equal(message.messageType, "video");
  const response = await download(scene, "bob", message.mediaUrl);
  assert.equal(response.status, 200);
  assert.ok(response.redirected, "too large for an answer");
  assert.equal((await response.arrayBuffer()).byteLength, LARGEST);
});

test("too large, empty, and no picture", async (t) => {
  const scene = sceneOf(t, server);
  const chatId = await scene.chat("alice", "bob");
  const details = { field: "media" };
  assertRestError(await sendForm(scene, "alice", chatId, { media: file(PNG, LARGEST + 1) }), 413, "VALIDATION_ERROR", details);
  assertRestError(await sendForm(scene, "alice", chatId, { media: new File([], "a.png", { type: "image/png" }) }), 400, "VALIDATION_ERROR", details);
  const page = new File(["<!DOCTYPE html><script>alert(1)</script>"], "photo.jpg", { type: "image/jpeg" });
  assertRestError(await sendForm(scene, "alice", chatId, { media: page }), 400, "VALIDATION_ERROR", details);
  assertRestError(await sendForm(scene, "alice", chatId, { content: "words" }), 400, "VALIDATION_ERROR", details);
});

test("media are kept from one start to the next", async (t) => {
  const data = await temporaryFolder(t);
  const first = await startServer({ data });
  const scene = sceneOf(t, first);
  const chatId = await scene.chat("alice", "bob");
  const { mediaUrl } = assertAnswer(await sendForm(scene, "alice", chatId, { media: file(PNG, 100) }), 201);
  await first.stop();
  const second = await startServer({ data });
  t.after(() => second.stop());
  const response = await fetched(second.url + mediaUrl, { headers: bearer(scene, "bob") });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "image/png");
  assert.ok((await readdir(path.join(data, "media"))).length > 0);
});
