// A second client, in another language and by other authors: one whole conversation in each dialect over python-socketio.

import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { FrameChecker, checkAnswer } from "./support/contract.mjs";
import { startServer } from "./support/server.mjs";
import { tokenOf } from "./support/token.mjs";

const PYTHON = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
const SCRIPT = fileURLToPath(new URL("python/conversation.py", import.meta.url));
// More than all that the script itself waits for in a conversation that works.
const PATIENCE_MILLIS = 60_000;
const REPORT_MAX_BYTES = 16 * 1_024 * 1_024;

const server = await startServer();
after(() => server.stop());

const DIALECTS = ["recruiting", "marketplace", "messenger", "workspace", "classroom"];
const TRANSPORTS = ["websocket", "polling", "default"];

// Checks what the script heard and was answered against the contract of the dialect.
function checkReport({ port, url }, dialect, report) {
  const checker = new FrameChecker(port);
  const packet = (type, data) => `4${type[0]}/${dialect},${type.slice(1)}${JSON.stringify(data)}`;
  const checks = {
    event: (...data) => checker.heard(packet("2", data)),
    refused: (payload) => checker.heard(packet("4", payload)),
    ack: (event, argument, answer) => {
      checker.sent(packet("20", [event, argument]));
      checker.heard(packet("30", [answer]));
    },
    rest: (method, path, body, status, answer) => checkAnswer(url + path, method, status, answer, body ?? undefined),
  };
  for (const line of report.split("\n").filter(Boolean)) {
    const [kind, ...what] = JSON.parse(line);
    checks[kind](...what);
  }
}

// Runs the script to its end, which must be a good one.
async function converse(server, dialect, transports, offsets) {
  assert.ok(existsSync(PYTHON), "no Python client to test with: tests/run installs it into .venv, from tests/requirements.txt");
  // All dialects share their people and chats, and each conversation is to begin with none.
  const people = [`ann-${dialect}-${transports}`, `ben-${dialect}-${transports}`].flatMap((user) => [user, tokenOf(user)]);
  const options = { timeout: PATIENCE_MILLIS, maxBuffer: REPORT_MAX_BYTES };
  const { ended, report, complaint } = await new Promise((resolve) => {
    const parts = [SCRIPT, server.url, dialect, transports, offsets, ...people];
    execFile(PYTHON, parts, options, (error, report, complaint) => {
      resolve({ ended: error ? (error.signal ?? error.code) : 0, report, complaint });
    });
  });
  assert.equal(ended, 0, complaint);
  assert.ok(report.includes('["ack", '), "it reports what it was answered");
  checkReport(server, dialect, report);
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
