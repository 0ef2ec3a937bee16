// A thousand people are cut off at once, are written to while they are away, and come back at once.

import { strict as assert } from "node:assert";
import { test } from "node:test";

import { io } from "./support/contract.mjs";
import { connect } from "./support/device.mjs";
import { proxyTo } from "./support/proxy.mjs";
import { startServer } from "./support/server.mjs";
import { tokenOf } from "./support/token.mjs";

const PEOPLE = 1_000;
// Those who write to them: each to so many that what one of them says waits for nobody else.
const WRITERS = 10;
// Most that connect at the same time at first; all come back at the same time.
const AT_ONCE = 50;
// Nothing is proved by it; a test that waits in vain shall end.
const PATIENCE_MILLIS = 300_000;

// Most speak WebSocket from the start; some begin by polling as the client does by default, some stay with it.
const transportsOf = (n) => {
  if (n % 50 === 0) return ["polling"];
  return n % 10 === 0 ? undefined : ["websocket"];
};

const MESSENGER = { greetings: { connection: "connection", onlineUsers: "online_users" }, online: "user_online", offline: "user_offline" };

class Person {
  constructor(url, n) {
    this.name = `person-${n}`;
    this.contents = [];
    this.recoveries = [];
    this.awaited = [];
    this.socket = io(url, { forceNew: true, transports: transportsOf(n), auth: { token: tokenOf(this.name) } });
    this.socket.on("connect", () => {
      this.recoveries.push(this.socket.recovered);
      this.look();
    });
    this.socket.on("disconnect", () => this.look());
    this.socket.on("new_message", ({ message }) => {
      this.contents.push(message.content);
      this.look();
    });
  }

  look() {
    this.awaited = this.awaited.filter(({ done, resolve }) => !done() || resolve());
  }

  until(done) {
    return new Promise((resolve) => {
      this.awaited.push({ done, resolve });
      this.look();
    });
  }
}

// Does something for each of a list, so many at the same time.
async function each(list, atOnce, act) {
  const waiting = [...list];
  const work = async () => { while (waiting.length > 0) await act(waiting.shift()); };
  await Promise.all(Array.from({ length: atOnce }, work));
}

test("a thousand clients that are cut off at once all recover and have missed nothing", { timeout: PATIENCE_MILLIS }, async (t) => {
  const server = await startServer();
  // Nobody is told of a thousand goodbyes.
  t.after(() => server.kill());
  const proxy = await proxyTo(t, server.port);
  const people = [];
  t.after(() => { for (const { socket } of people) socket.disconnect(); });
  await each(Array(PEOPLE).keys(), AT_ONCE, async (n) => {
    const person = new Person(proxy.url, n);
    people.push(person);
    await person.until(() => person.socket.connected);
  });

  const names = Array.from({ length: WRITERS }, (_, n) => `writer-${n}`);
  const writers = await Promise.all(names.map((name) => connect(server.url, name, { namespace: "/messenger", words: MESSENGER })));
  t.after(() => { for (const writer of writers) writer.close(); });
  const write = (content) => Promise.all(writers.map(async (writer, n) => {
    for (const { name } of people.filter((_, index) => index % WRITERS === n)) {
      const { success } = await writer.ask("send_message", { receiverId: name, content });
      assert.equal(success, true);
    }
  }));
  const heard = (contents) => Promise.all(people.map((person) => person.until(() => person.contents.length >= contents.length)));

  await write("before");
  await heard(["before"]);

  proxy.cut();
  await Promise.all(people.map((person) => person.until(() => !person.socket.connected)));
  await write("first while away");
  await write("second while away");

  proxy.restore();
  await Promise.all(people.map((person) => person.until(() => person.socket.connected)));
  const all = ["before", "first while away", "second while away", "after"];
  const lost = people.filter(({ recoveries }) => recoveries.join() !== "false,true");
  assert.deepEqual(lost.map(({ name, recoveries }) => [name, recoveries]), [], "all are recovered");
  await write("after");
  await heard(all);
  for (const { name, contents } of people) assert.deepEqual(contents, all, name);
});
