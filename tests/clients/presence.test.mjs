// Presence: who is here, who comes and goes, and ending a socket.

import { strict as assert } from "node:assert";
import { once } from "node:events";
import { after, test } from "node:test";

import { fetched, restOf } from "./support/rest.mjs";
import { sceneOf } from "./support/scene.mjs";
import { startServer } from "./support/server.mjs";
import { ISO_MILLIS } from "./support/shapes.mjs";

const server = await startServer();
after(() => server.stop());

// Asserts what each device was told of the scene's people coming and going, and forgets it.
async function told(scene, ...expected) {
  const wanted = new Map(expected);
  const users = new Set(scene.devices.map(({ user }) => user));
  const presence = (device) => device.heard.filter(([event, { userId }]) => event.startsWith("user_o") && users.has(userId));
  await Promise.all(expected.map(([device, events]) => device.until(() => presence(device).length >= events.length, JSON.stringify(events))));
  await scene.quiet();
  for (const device of scene.devices.filter(({ socket }) => socket.connected)) {
    const heard = presence(device).map(([event, argument]) => {
      if (event !== "user_offline") return [event, argument];
      const { lastSeen, ...rest } = argument;
      assert.match(lastSeen, ISO_MILLIS);
      return [event, rest];
    });
    assert.deepEqual(heard, wanted.get(device) ?? [], `what ${device.name} was told`);
    device.heard.length = 0;
  }
}

test("the first device comes online and the last one goes offline, told to others once and never to oneself", async (t) => {
  const scene = sceneOf(t, server);
  const [bob, stranger] = await scene.devicesOf("bob", "stranger");
  await scene.quiet();
  for (const device of scene.devices) device.heard.length = 0;
  const alice = await scene.device("alice");
  const online = ["user_online", { userId: scene.user("alice") }];
  const offline = ["user_offline", { userId: scene.user("alice") }];
  assert.deepEqual(alice.heard.filter(([, { userId }]) => userId === scene.user("alice")), []);
  await told(scene, [bob, [online]], [stranger, [online]]);
  const alice2 = await scene.device("alice");
  await told(scene);
  alice.close();
  await told(scene);
  alice2.close();
  await told(scene, [bob, [offline]], [stranger, [offline]]);
  const back = await scene.device("alice");
  await told(scene, [bob, [online]], [stranger, [online]]);
  back.socket.io.engine.close();
  await told(scene, [bob, [offline]], [stranger, [offline]]);
});

test("online users: in the greeting, as ack and as event", async (t) => {
  const scene = sceneOf(t, server);
  const devices = await scene.devicesOf("alice", "alice", "bob");
  const [alice, alice2, bob] = devices;
  const check = (list, ...names) => {
    assert.deepEqual(Object.keys(list).toSorted(), ["count", "onlineUsers"]);
    assert.equal(list.count, list.onlineUsers.length);
    assert.equal(new Set(list.onlineUsers).size, list.count, "each once, however many devices");
    const here = list.onlineUsers.filter((user) => user.endsWith(scene.suffix));
    assert.deepEqual(here.toSorted(), names.map((name) => scene.user(name)).toSorted());
  };
  check(alice.greeting.onlineUsers, "alice");
  check(alice2.greeting.onlineUsers, "alice");
  check(bob.greeting.onlineUsers, "alice", "bob");
  const { success, ...list } = await alice.ask("get_online_users");
  assert.equal(success, true);
  check(list, "alice", "bob");
  // An argument that nobody asked for does no harm.
  const { success: again, ...same } = await alice.ask("get_online_users", {});
  assert.equal(again, true);
  check(same, "alice", "bob");
  await scene.heard();
  alice.tell("get_online_users");
  check(await alice.next("online_users"), "alice", "bob");
  await scene.heard();
  bob.close();
  await alice.next("user_offline", ({ userId }) => userId === scene.user("bob"));
  const { success: third, ...fewer } = await alice.ask("get_online_users");
  assert.equal(third, true);
  check(fewer, "alice");
});

test("a call over REST makes nobody online", async (t) => {
  const scene = sceneOf(t, server);
  const [alice] = await scene.devicesOf("alice");
  await scene.meet("bob");
  await scene.quiet();
  assert.equal(alice.heard.some(([, { userId }]) => userId === scene.user("bob")), false);
  assert.equal((await alice.ask("get_online_users")).onlineUsers.includes(scene.user("bob")), false);
});

test("ping is acked with the server's time, and without an ack says nothing", async (t) => {
  const scene = sceneOf(t, server);
  const [alice] = await scene.devicesOf("alice");
  const pong = await alice.ask("ping");
  assert.deepEqual(Object.keys(pong).toSorted(), ["success", "timestamp"]);
  assert.equal(pong.success, true);
  assert.ok(Number.isSafeInteger(pong.timestamp) && pong.timestamp > 1_600_000_000_000, "epoch milliseconds");
  assert.equal((await alice.ask("ping", { any: "thing" })).success, true);
  alice.tell("ping");
  await scene.heard();
});

for (const acked of [true, false]) {
  test(`manual_disconnect ${acked ? "with" : "without"} an ack ends the socket from the server's side, and no other`, async (t) => {
    const scene = sceneOf(t, server);
    const [bob, alice, alice2] = await scene.devicesOf("bob", "alice", "alice");
    const gone = once(alice.socket, "disconnect");
    if (acked) assert.deepEqual(await alice.ask("manual_disconnect"), { success: true });
    else alice.tell("manual_disconnect");
    assert.deepEqual((await gone)[0], "io server disconnect");
    assert.equal(alice.socket.active, false, "such a client does not come back by itself");
    assert.equal((await alice2.ask("ping")).success, true);
    for (const device of scene.devices) device.heard.length = 0;
    alice2.tell("manual_disconnect");
    await bob.next("user_offline", ({ userId }) => userId === scene.user("alice"));
    // It may come again.
    alice.socket.connect();
    await alice.next("connected");
    assert.equal((await alice.ask("ping")).success, true);
  });
}

test("many devices coming and going at once leave the right people online", async (t) => {
  const scene = sceneOf(t, server);
  const [watcher] = await scene.devicesOf("watcher");
  const names = ["p", "q", "r", "s"];
  const devices = await Promise.all([...names, ...names, ...names].map((name) => scene.device(name)));
  const leaving = devices.filter(({ name }, index) => name !== "s" || index < 8);
  for (const device of leaving) device.close();
  for (const name of ["p", "q", "r"]) await watcher.next("user_offline", ({ userId }) => userId === scene.user(name));
  await scene.quiet();
  const { onlineUsers } = await watcher.ask("get_online_users");
  const here = onlineUsers.filter((user) => user.endsWith(scene.suffix));
  assert.deepEqual(here.toSorted(), ["s", "watcher"].map((name) => scene.user(name)));
  const events = watcher.heard.filter(([, { userId }]) => userId === scene.user("s")).map(([event]) => event);
  assert.deepEqual(events, ["user_online"]);
});

test("the health route counts people and wants no token", async (t) => {
  const scene = sceneOf(t, server);
  await scene.devicesOf("alice", "alice");
  for (const prefix of ["", "/recruiting"]) {
    const response = await fetched(`${server.url}${prefix}/api/socket/health`);
    assert.equal(response.status, 200);
    const body = await response.json();
    assert.deepEqual(Object.keys(body).toSorted(), ["socket", "status"]);
    assert.equal(body.status, "ok");
    assert.deepEqual(Object.keys(body.socket).toSorted(), ["connected", "initialized", "rooms"]);
    assert.equal(body.socket.initialized, true);
    assert.ok(Number.isSafeInteger(body.socket.connected) && body.socket.connected >= 1);
    assert.ok(Number.isSafeInteger(body.socket.rooms));
  }
  assert.equal((await restOf(server.url, scene.user("alice")).get("/api/socket/health")).status, 200);
});
