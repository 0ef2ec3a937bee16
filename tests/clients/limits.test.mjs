// Limits: what is too much is refused, says when to try again, and is not stored. Windows are fixed, so one may end while a test fills it:
// each test goes on until it is refused, which takes at most two windows' worth.

import { strict as assert } from "node:assert";
import { after, test } from "node:test";

import { sceneOf } from "./support/scene.mjs";
import { startServer } from "./support/server.mjs";
import { assertAnswer, assertError, assertRefused, assertRestError } from "./support/shapes.mjs";

const server = await startServer({ limits: true });
after(() => server.stop());

const EVENTS_PER_SECOND = 50;
const MESSAGES_PER_MINUTE = 120;
const CHATS_PER_HOUR = 60;

// A refusal over REST: the seconds to wait are in the body and in the header.
function assertTooMany(response, window) {
  const { retryAfter } = response.body.error.details;
  assertRestError(response, 429, "RATE_LIMIT", { retryAfter });
  assert.ok(Number.isSafeInteger(retryAfter) && retryAfter >= 1 && retryAfter <= window, `${retryAfter}`);
  assert.equal(response.headers.get("retry-after"), String(retryAfter));
}

// Calls until one is refused; gives how many were not.
async function untilRefused(limit, call, window) {
  for (let accepted = 0; accepted <= 2 * limit; accepted += 1) {
    const response = await call(accepted);
    if (response.status !== 429) {
      assertAnswer(response, 201);
    } else {
      assertTooMany(response, window);
      assert.ok(accepted >= limit, `only ${accepted} were accepted`);
      return accepted;
    }
  }
  return assert.fail(`more than ${2 * limit} were accepted`);
}

test("messages per minute: one count per user, over REST and every socket, and refusals are not stored", async (t) => {
  const scene = sceneOf(t, server);
  const [alice, bob] = await scene.devicesOf("alice", "bob");
  const chatId = await scene.chat("alice", "bob");
  const rest = scene.rest("alice");
  const send = (n) => rest.post("/api/message/send", { chatId, content: `${n}`, clientMessageId: `m${n}` });
  let accepted = await untilRefused(MESSAGES_PER_MINUTE, send, 60);
  // The minute may end before the socket is tried; then it is filled again.
  let refused;
  for (let round = 0; round < 5 && !refused; round += 1) {
    const ack = await alice.ask("send_message", { chatId, content: "over the socket" });
    if (ack.success) {
      accepted += 1;
      while ((await send(`round${round}-${accepted}`)).status === 201) accepted += 1;
    } else {
      refused = ack;
    }
  }
  const { retryAfter } = refused.error.details;
  assertRefused(refused, "RATE_LIMIT", { retryAfter });
  assert.ok(Number.isSafeInteger(retryAfter) && retryAfter >= 1 && retryAfter <= 60);
  // A repeat is answered all the same.
  assert.equal(assertAnswer(await send(0), 200).content, "0");
  assert.equal((await alice.ask("send_message", { chatId, content: "0", clientMessageId: "m0" })).message.content, "0");
  // The other's count is their own, and reading costs nothing.
  assert.equal((await bob.ask("send_message", { chatId, content: "mine" })).success, true);
  const { pagination } = assertAnswer(await rest.get(`/api/message/chat/${chatId}`), 200);
  assert.equal(pagination.total, accepted + 1);
});

test("new chats per hour: finding one does not count", async (t) => {
  const scene = sceneOf(t, server);
  const friends = Array.from({ length: 2 * CHATS_PER_HOUR + 1 }, (_, n) => `friend${n}`);
  await scene.meet("alice", ...friends);
  const rest = scene.rest("alice");
  const create = (n) => rest.post("/api/chat/create-or-get", { otherUserId: scene.user(friends[n]) });
  assertAnswer(await create(0), 201);
  for (let n = 0; n < 5; n += 1) assertAnswer(await create(0), 200);
  const more = await untilRefused(CHATS_PER_HOUR - 1, (n) => create(n + 1), 3600);
  assertAnswer(await create(0), 200);
  const { pagination } = assertAnswer(await rest.get("/api/chat/my-chats?limit=1"), 200);
  assert.equal(pagination.total, more + 1);
});

test("events per second: of one socket, as ack or as event, and refusals are not stored", async (t) => {
  const scene = sceneOf(t, server);
  const [alice, other] = await scene.devicesOf("alice", "alice");
  const chatId = await scene.chat("alice", "bob");
  // Far more than a second's worth at once, however slow the machine.
  const acks = await Promise.all(Array.from({ length: 10 * EVENTS_PER_SECOND }, (_, n) =>
    alice.ask("typing_start", { chatId, n })));
  assert.equal((await other.ask("ping")).success, true, "another socket is not held back");
  const refused = acks.filter(({ success }) => !success);
  assert.ok(refused.length > 0, "nothing was refused");
  assert.ok(acks.length - refused.length >= EVENTS_PER_SECOND, "fewer than the limit were accepted");
  for (const ack of refused) assertRefused(ack, "RATE_LIMIT", { retryAfter: 1 });

  const sender = await scene.device("carol");
  const own = await scene.chat("carol", "bob");
  const sends = await Promise.all(Array.from({ length: 4 * EVENTS_PER_SECOND }, (_, n) => sender.ask("send_message", { chatId: own, content: `${n}` })));
  const stored = assertAnswer(await scene.rest("carol").get(`/api/message/chat/${own}?limit=100`), 200).messages;
  const acked = sends.filter(({ success }) => success).map(({ message }) => message._id);
  assert.deepEqual(stored.map(({ _id }) => _id).toSorted(), acked.toSorted());

  const shouting = await scene.device("dave");
  for (let n = 0; n < 10 * EVENTS_PER_SECOND; n += 1) shouting.tell("ping");
  assertError(await shouting.next("error"), "RATE_LIMIT", { retryAfter: 1 });
});
