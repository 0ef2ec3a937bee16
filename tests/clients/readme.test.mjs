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

function terminal(context, user, other) {
  const child = spawn(process.execPath, [PROGRAM, tokenOf(user), other, server.url], { stdio: ["pipe", "pipe", "inherit"] });
  context.after(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { say: (text) => child.stdin.write(`${text}\n`), hears: async () => (await lines.next()).value };
}

test("README's client: two people chat", async (t) => {
  const watcher = await connect(server.url, "watcher");
  const alice = terminal(t, "alice", "bob");
  const bob = terminal(t, "bob", "alice");
  for (const user of ["alice", "bob"]) await watcher.next("user_online", ({ userId }) => userId === user);
  watcher.close();
  alice.say("Hello Bob");
  assert.equal(await bob.hears(), "alice: Hello Bob");
  bob.say("Hello Alice");
  bob.say("How are you?");
  assert.equal(await alice.hears(), "bob: Hello Alice");
  assert.equal(await alice.hears(), "bob: How are you?");
  alice.say("Fine \u{1f600}");
  assert.equal(await bob.hears(), "alice: Fine \u{1f600}");
});
