// The client that README shows: two people chat in two terminals.

import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { after, test } from "node:test";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { connect } from "./support/device.mjs";
import { startServer } from "./support/server.mjs";
import { tokenOf } from "./support/token.mjs";

const server = await startServer({ limits: true });
after(() => server.stop());

const PROGRAM = fileURLToPath(new URL("readme.mjs", import.meta.url));

const DIALECTS = ["recruiting", "marketplace", "messenger", "workspace", "classroom"];

function terminal(context, user, other, dialect) {
  const child = spawn(process.execPath, [PROGRAM, tokenOf(user), other, dialect, server.url], { stdio: ["pipe", "pipe", "inherit"] });
  context.after(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return {
    say: (text) => child.stdin.write(`${text}\n`),
    hears: async () => (await lines.next()).value,
    // Ctrl-D; becomes the exit status.
    leave: () => { child.stdin.end(); return ended; },
  };
}

for (const [index, dialect] of DIALECTS.entries()) {
  const others = DIALECTS[(index + 1) % DIALECTS.length];
  test(`README's client: ${dialect} chats with ${others}`, async (t) => {
    const [one, two] = [`alice-${dialect}`, `bob-${others}`];
    const watcher = await connect(server.url, `watcher-${dialect}`);
    const hears = (event, user) => watcher.next(event, ({ userId }) => userId === user);
    // Whom one writes to has been seen before.
    for (const user of [one, two]) {
      const seen = await connect(server.url, user);
      await hears("user_online", user);
      seen.close();
      await hears("user_offline", user);
    }
    const alice = terminal(t, one, two, dialect);
    const bob = terminal(t, two, one, others);
    for (const user of [one, two]) await hears("user_online", user);
    watcher.close();
    alice.say("Hello Bob");
    assert.equal(await bob.hears(), `${one}: Hello Bob`);
    bob.say("Hello Alice");
    bob.say("How are you?");
    assert.equal(await alice.hears(), `${two}: Hello Alice`);
    assert.equal(await alice.hears(), `${two}: How are you?`);
    alice.say("Fine \u{1f600}");
    assert.equal(await bob.hears(), `${one}: Fine \u{1f600}`);
    assert.deepEqual([await alice.leave(), await bob.leave()], [0, 0]);
  });
}
