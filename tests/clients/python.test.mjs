// A second client, in another language and by other authors: one whole conversation in each dialect over python-socketio.

import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { startServer } from "./support/server.mjs";
import { tokenOf } from "./support/token.mjs";

const PYTHON = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
const SCRIPT = fileURLToPath(new URL("python/conversation.py", import.meta.url));
// More than all that the script itself waits for in a conversation that works.
const PATIENCE_MILLIS = 60_000;

const server = await startServer();
after(() => server.stop());

const DIALECTS = ["recruiting", "marketplace", "messenger", "workspace", "classroom"];
const TRANSPORTS = ["websocket", "polling", "default"];

// Runs the script to its end, which must be a good one.
async function converse({ url }, dialect, transports, offsets) {
  assert.ok(existsSync(PYTHON), "no Python client to test with: tests/run installs it into .venv, from tests/requirements.txt");
  // All dialects share their people and chats, and each conversation is to begin with none.
  const people = [`ann-${dialect}-${transports}`, `ben-${dialect}-${transports}`].flatMap((user) => [user, tokenOf(user)]);
  const { ended, complaint } = await new Promise((resolve) => {
    execFile(PYTHON, [SCRIPT, url, dialect, transports, offsets, ...people], { timeout: PATIENCE_MILLIS }, (error, _, complaint) => {
      resolve({ ended: error ? (error.signal ?? error.code) : 0, complaint });
    });
  });
  assert.equal(ended, 0, complaint);
}

for (const dialect of DIALECTS) {
  for (const transports of TRANSPORTS) {
    test(`two people converse in ${dialect} over python-socketio, by handlers of one argument, transports: ${transports}`, async () => {
      await converse(server, dialect, transports, "none");
    });
  }
}

test("with RecoveryOffsets=on, handlers that take more hear an offset", async (t) => {
  const own = await startServer({ parameters: { RecoveryOffsets: "on" } });
  t.after(() => own.stop());
  for (const transports of TRANSPORTS) await converse(own, "recruiting", transports, "some");
});
