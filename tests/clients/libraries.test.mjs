// Client libraries in other languages, by the frames that they send: each connects, converses, leaves and comes back, over every transport it has.

import { strict as assert } from "node:assert";
import { after, describe, test } from "node:test";

import { PATIENCE_MILLIS } from "./support/device.mjs";
import { Arduino, Cpp, Dart, DotNet, Java, LIBRARIES, Swift } from "./support/libraries.mjs";
import { sceneOf } from "./support/scene.mjs";
import { startServer } from "./support/server.mjs";
import { tokenOf } from "./support/token.mjs";

// Who shares no chat is not told of: clients that come all at once are many.
const QUIETLY = { PresenceEveryoneBelow: 0 };
const server = await startServer({ parameters: QUIETLY });
after(async () => {
  await server.stop();
  assert.equal(server.log(), "", "nothing worth a warning happened");
});

// A connection of which nothing is heard must fail its test, not hang it.
const PATIENCE = { timeout: 4 * PATIENCE_MILLIS };
// Those that do not wait for the server race it, and must not lose once.
const RACES = new Map([[Cpp, 20], [Arduino, 15], [DotNet, 15]]);
const TIMES = 5;
// What every library's JSON writes in its own way.
const TEXT = "Grüße </b> \"&\" 'a'+`b` 世界 👋🏽";

// A client that is gone when its test ends.
function client(t, Library, options = {}, { port } = server) {
  const made = new Library(port, options);
  t.after(() => made.vanish());
  return made;
}

// The same, connected. `reply` is what CONNECT was answered with, `greeting` all arguments of its first event.
async function joined(t, Library, way, user, options, at) {
  const made = client(t, Library, options, at);
  await made.start(way, { token: tokenOf(user) });
  made.reply = await made.connected();
  made.greeting = await made.hear("connected");
  assert.equal(made.greeting[0].userId, user);
  return made;
}

const ways = LIBRARIES.flatMap((Library) => Library.ways.map((way) => ({ Library, way, title: `${Library.title}, ${way}` })));

// Side by side, since they wait for the server most of the time.
describe("libraries", { concurrency: 4 }, () => {
  for (const { Library, way, title } of ways) {
    for (const namespace of ["/", "/recruiting"]) {
      test(`a client converses, leaves and comes back: ${title}, in ${namespace}`, PATIENCE, async (t) => {
        const scene = sceneOf(t, server);
        const ben = await scene.device("ben");
        const chatId = await scene.chat("ann", "ben");
        const user = scene.user("ann");
        const sids = new Set();
        for (let round = 0; round < 2; round += 1) {
          const ann = await joined(t, Library, way, user, { namespace });
          assert.equal(ann.reply.sid, ann.greeting[0].socketId);
          sids.add(ann.opened.sid).add(ann.reply.sid);
          const ack = await ann.ask("send_message", { chatId, content: TEXT });
          assert.equal(ack.success, true, JSON.stringify(ack));
          assert.equal(ack.message.content, TEXT);
          assert.deepEqual(await ben.next("new_message"), { message: ack.message });
          const { message } = await ben.ask("send_message", { chatId, content: TEXT });
          assert.deepEqual((await ann.hear("new_message", (said) => said.message._id === message._id))[0], { message });
          const wrong = await ann.ask("no such event", {});
          assert.equal(wrong.error.code, "VALIDATION_ERROR", "an event that there is not is answered");
          assert.equal((await ann.ask("ping", {})).success, true, "and does no harm");
          await ann.leave();
          await ben.next("user_offline", ({ userId }) => userId === user);
        }
        assert.equal(sids.size, 4, "no id was given twice");
      });
    }

    test(`CONNECT is answered however early it comes: ${title}`, PATIENCE, async (t) => {
      const scene = sceneOf(t, server);
      const times = RACES.get(Library) ?? TIMES;
      const users = Array.from({ length: times }, (_, n) => scene.user(`ann-${n}`));
      const clients = await Promise.all(users.map((user) => joined(t, Library, way, user)));
      const pings = await Promise.all(clients.map((ann) => ann.ask("ping", {})));
      assert.ok(pings.every(({ success }) => success));
    });

    test(`a refusal is heard however early it comes, and a better token is taken after it: ${title}`, PATIENCE, async (t) => {
      const scene = sceneOf(t, server);
      await Promise.all(Array.from({ length: RACES.get(Library) ?? TIMES }, async (_, n) => {
        const user = scene.user(`ann-${n}`);
        const ann = client(t, Library);
        await ann.start(way, { token: `${tokenOf(user)}broken` });
        const { message, data } = await ann.refused();
        assert.deepEqual([message, data.code], ["Authentication error: Invalid token", "AUTHENTICATION_ERROR"]);
        for (const packet of ann.connects({ token: tokenOf(user) })) await ann.say(packet);
        await ann.connected();
        assert.equal((await ann.hear("connected"))[0].userId, user);
      }));
    });

    test(`a token in a header is enough: ${title}`, PATIENCE, async (t) => {
      const scene = sceneOf(t, server);
      const user = scene.user("ann");
      const ann = client(t, Library, { extraHeaders: { Authorization: `Bearer ${tokenOf(user)}` } });
      await ann.start(way);
      await ann.connected();
      assert.equal((await ann.hear("connected"))[0].userId, user);
    });
  }

  test("C++ joins the root namespace beside its own, and is heard in both", PATIENCE, async (t) => {
    const scene = sceneOf(t, server);
    const ann = await joined(t, Cpp, "websocket", scene.user("ann"), { namespace: "/marketplace" });
    const root = (await ann.inbox.next((text) => text.startsWith("40{"), "answer in the root namespace"));
    assert.notEqual(JSON.parse(root.slice(2)).sid, ann.reply.sid);
    assert.equal((await ann.ask("online", {})).success, true);
    ann.namespace = "/";
    assert.equal((await ann.ask("ping", {})).success, true);
  });

  test(".NET hears by WebSocket what was said to it before it moved", PATIENCE, async (t) => {
    const scene = sceneOf(t, server);
    const ben = await scene.device("ben");
    const chatId = await scene.chat("ann", "ben");
    const user = scene.user("ann");
    const ann = client(t, DotNet);
    await ann.get();
    await ann.hearOpen();
    for (const packet of ann.connects({ token: tokenOf(user) })) await ann.post(packet);
    await ben.next("user_online", ({ userId }) => userId === user);
    const said = Array.from({ length: 5 }, (_, n) => `${n}`);
    for (const content of said) await ben.ask("send_message", { chatId, content });
    await ann.move([]);
    await ann.connected();
    for (const content of said) assert.equal((await ann.hear("new_message"))[0].message.content, content);
    assert.deepEqual(ann.inbox.rest().filter((text) => text.startsWith("3")), [], "no probe is answered that was not sent");
  });

  test(".NET sends a long message in several frames", PATIENCE, async (t) => {
    const scene = sceneOf(t, server);
    const ben = await scene.device("ben");
    const chatId = await scene.chat("ann", "ben");
    const content = "世".repeat(4_000);
    for (const way of DotNet.ways) {
      const ann = await joined(t, DotNet, way, scene.user("ann"));
      assert.equal((await ann.ask("send_message", { chatId, content })).success, true, way);
      assert.equal((await ben.next("new_message")).message.content, content);
      await ann.leave();
    }
  });

  test("Arduino names a subprotocol, and is given it", PATIENCE, async (t) => {
    const scene = sceneOf(t, server);
    const ann = await joined(t, Arduino, "move", scene.user("ann"));
    assert.equal(ann.ws.protocol, "arduino");
  });

  // The first fits into one line of base64, the second does not, the third is none at all.
  for (const Library of [Java, DotNet, Swift]) {
    for (const length of [3, 100, 0]) {
      test(`an attachment of ${length} bytes by polling is taken, and the session goes on: ${Library.title}`, PATIENCE, async (t) => {
        const scene = sceneOf(t, server);
        const ann = await joined(t, Library, "polling", scene.user("ann"));
        const bytes = Buffer.alloc(length, 0xfb);
        const chatId = "0".repeat(24);
        const argument = { chatId, content: { _placeholder: true, num: 0 } };
        await ann.emitBinary(`451-77${ann.json(["send_message", argument])}`, [bytes]);
        const ack = await ann.answer("77");
        assert.equal(ack.success, false, "no dialect has a use for it");
        assert.equal(ack.error.code, "VALIDATION_ERROR");
        assert.equal((await ann.ask("ping", {})).success, true);
      });
    }
  }

  // Which clients hear an offset as the last argument of an event, and may come back to their session by it.
  for (const setting of ["auto", "on", "off"]) {
    test(`with RecoveryOffsets=${setting}, who hears a second argument`, PATIENCE, async (t) => {
      const own = await startServer({ parameters: { ...QUIETLY, RecoveryOffsets: setting } });
      t.after(() => own.stop());
      const scene = sceneOf(t, own);
      const ben = await scene.device("ben");
      await Promise.all(ways.map(async ({ Library, way, title }) => {
        const name = title.replaceAll(/\W+/g, "-");
        const chatId = await scene.chat(name, "ben");
        const ann = await joined(t, Library, way, scene.user(name), {}, own);
        const hears = setting === "on" || (setting === "auto" && !Library.saysThatItTakesOneArgument(way));
        assert.deepEqual(Object.keys(ann.reply).toSorted(), hears ? ["pid", "sid"] : ["sid"], title);
        assert.equal(ann.greeting.length, hears ? 2 : 1, title);
        await ben.ask("send_message", { chatId, content: "hello" });
        const heard = await ann.hear("new_message");
        assert.equal(heard[0].message.content, "hello");
        assert.deepEqual(heard.slice(1).map((offset) => typeof offset), hears ? ["string"] : [], title);
      }));
    });
  }

  test("with RecoveryOffsets=on, a Dart client comes back to its session and is told what it missed", PATIENCE, async (t) => {
    const own = await startServer({ parameters: { ...QUIETLY, RecoveryOffsets: "on" } });
    t.after(() => own.stop());
    const scene = sceneOf(t, own);
    const ben = await scene.device("ben");
    const chatId = await scene.chat("ann", "ben");
    const user = scene.user("ann");
    const before = await joined(t, Dart, "websocket", user, {}, own);
    await ben.ask("send_message", { chatId, content: "heard" });
    const [, offset] = await before.hear("new_message");
    before.vanish();
    await ben.next("user_offline", ({ userId }) => userId === user);
    await ben.ask("send_message", { chatId, content: "missed" });
    const ann = client(t, Dart, {}, own);
    await ann.start("websocket", { pid: before.reply.pid, offset, token: tokenOf(user) });
    assert.deepEqual(await ann.connected(), before.reply);
    assert.equal((await ann.hear("new_message"))[0].message.content, "missed");
  });

  for (const Library of [Dart, Java]) {
    const gets = Library === Java;
    test(`by default, the session of a former connection is ${gets ? "" : "not "}given back: ${Library.title}`, PATIENCE, async (t) => {
      const scene = sceneOf(t, server);
      const ben = await scene.device("ben");
      const chatId = await scene.chat("ann", "ben");
      const user = scene.user("ann");
      const before = await joined(t, Java, "websocket", user);
      before.vanish();
      await ben.next("user_offline", ({ userId }) => userId === user);
      await ben.ask("send_message", { chatId, content: "missed" });
      const ann = client(t, Library);
      await ann.start("websocket", { pid: before.reply.pid, offset: before.greeting[1], token: tokenOf(user) });
      const reply = await ann.connected();
      if (gets) assert.deepEqual(reply, before.reply);
      else assert.deepEqual(Object.keys(reply), ["sid"]);
      await ben.ask("send_message", { chatId, content: "live" });
      assert.equal((await ann.hear("new_message"))[0].message.content, gets ? "missed" : "live");
    });
  }
});
