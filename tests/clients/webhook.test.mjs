// Webhooks, as a receiver gets them: verified with the reference library of Standard Webhooks.

import { strict as assert } from "node:assert";
import { createServer } from "node:http";
import { after, test } from "node:test";

import { Webhook } from "standardwebhooks";

import { sceneOf } from "./support/scene.mjs";
import { startServer } from "./support/server.mjs";

// Starts a receiver that answers with these statuses in turn, and then with 204.
async function receiver() {
  const posts = [];
  const statuses = [];
  let arrived = () => {};
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      posts.push({ path: request.url, headers: request.headers, body });
      response.writeHead(statuses.shift() ?? 204).end();
      arrived();
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  return {
    url: `http://127.0.0.1:${server.address().port}/hook`,
    statuses,
    // The first post that is like this.
    async post(isLike) {
      for (;;) {
        const found = posts.find(isLike);
        if (found) return found;
        await new Promise((resolve) => { arrived = resolve; });
      }
    },
    posts,
  };
}

const inbox = await receiver();
const server = await startServer({ webhook: inbox.url });
after(() => server.stop());
const secret = server.printed.map((line) => /^Webhooks .* are signed with (whsec_\S+)$/.exec(line)?.[1]).find(Boolean);

test("a message is posted, and the reference library verifies it", async (t) => {
  const scene = sceneOf(t, server);
  const [alice] = await scene.devicesOf("alice", "bob");
  const chatId = await scene.chat("alice", "bob");
  await alice.ask("send_message", { chatId, content: "hällo \u{1f600}" });
  const post = await inbox.post(({ body }) => body.includes(chatId) && body.includes("message.created"));
  assert.equal(post.path, "/hook");
  assert.equal(post.headers["content-type"], "application/json");
  const event = new Webhook(secret).verify(post.body, post.headers);
  assert.equal(event.type, "message.created");
  assert.equal(event.id, post.headers["webhook-id"]);
  assert.equal(event.data.message.text, "hällo \u{1f600}");
  assert.equal(event.data.message.sender, scene.user("alice"));
  assert.throws(() => new Webhook(secret).verify(post.body.replace("hällo", "hallo"), post.headers), /signature/i);
  assert.throws(() => new Webhook(`whsec_${Buffer.alloc(32).toString("base64")}`).verify(post.body, post.headers), /signature/i);
});

test("what the receiver does not accept comes again with the same id and body, and a new signature", async (t) => {
  const scene = sceneOf(t, server);
  const [alice] = await scene.devicesOf("alice", "bob");
  const chatId = await scene.chat("alice", "bob");
  await inbox.post(({ body }) => body.includes(chatId) && body.includes("chat.created"));
  inbox.statuses.push(500);
  await alice.ask("send_message", { chatId, content: "again" });
  const isLike = ({ body }) => body.includes(chatId) && body.includes("message.created");
  const first = await inbox.post(isLike);
  const second = await inbox.post((post) => isLike(post) && post !== first);
  assert.equal(second.body, first.body);
  assert.equal(second.headers["webhook-id"], first.headers["webhook-id"]);
  assert.notEqual(second.headers["webhook-timestamp"], first.headers["webhook-timestamp"]);
  new Webhook(secret).verify(second.body, second.headers);
});
