// The inspector and the log of the running system: what a developer sees of a stock client.

import { strict as assert } from "node:assert";
import { once } from "node:events";
import { after, test } from "node:test";

import { PATIENCE_MILLIS, connect, open } from "./support/device.mjs";
import { startServer } from "./support/server.mjs";
import { seconds, sign, tokenOf } from "./support/token.mjs";

const server = await startServer({ environment: { LOG_LEVEL: "info" } });
after(() => server.stop());

// Reads the stream of records until one fits.
async function recordThat(fits, act) {
  const answer = await fetch(`${server.url}/_local/events`, { signal: AbortSignal.timeout(PATIENCE_MILLIS) });
  assert.equal(answer.headers.get("content-type"), "text/event-stream");
  await act();
  const seen = [];
  let text = "";
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events.filter((event) => event.startsWith("id: "))) {
      const record = JSON.parse(event.slice(event.indexOf("data: ") + 6));
      seen.push(record);
      if (fits(record)) return record;
    }
  }
  throw new Error(`the stream ended: ${JSON.stringify(seen)}`);
}

// Waits until the log has a line.
async function logged(pattern) {
  const deadline = Date.now() + PATIENCE_MILLIS;
  while (!pattern.test(server.log())) {
    assert.ok(Date.now() < deadline, `${pattern} is not in the log:\n${server.log()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("an event of a stock client and the error that answers it are records", async () => {
  const alice = await connect(server.url, "alice");
  const answer = await recordThat(
    ({ kind, packet, direction }) => kind === "packet" && direction === "out" && packet.type === "ack",
    () => alice.ask("send_message", { chatId: "none", content: "a text that is in no log" }),
  );
  assert.equal(answer.user, "alice");
  assert.ok(answer.packet.error, JSON.stringify(answer));
  alice.close();
});

test("the log tells in short lines what clients do, without texts, tokens and the noise of libraries", async () => {
  const alice = await connect(server.url, "alice", { namespace: "/recruiting" });
  await alice.ask("send_message", { chatId: "none", content: "a text that is in no log" });
  alice.close();
  const endless = sign({ sub: "bob" });
  const expired = sign({ sub: "carol", exp: seconds(-60) });
  for (const token of [endless, expired]) {
    const socket = open(server.url, { auth: { token } });
    await once(socket, "connect_error");
    socket.disconnect();
  }
  await logged(/^\S+ connects by websocket {2}\[/m);
  await logged(/^\S+ alice asks to join \/recruiting, token of alice, HS256, valid until \S+ {2}\[/m);
  await logged(/^\S+ alice joins \/recruiting {2}\[/m);
  await logged(/^\S+ alice emits send_message to \/recruiting, ack 0 {2}\[/m);
  await logged(/^\S+ alice is answered with an error: \S+, ack 0 {2}\[/m);
  await logged(/^\S+ alice leaves: 1\d\d\d .*\[/m);
  await logged(/^\S+ bob is refused at \/: .*, token of bob, HS256, without exp {2}\[/m);
  await logged(/^\S+ carol is refused at \/: .*, token of carol, HS256, expired at \S+ {2}\[/m);
  const log = server.log();
  for (const secret of ["a text that is in no log", ...endless.split("."), ...tokenOf("alice").split(".").slice(0, 2)]) {
    assert.ok(!log.includes(secret), `${secret} is in the log`);
  }
  assert.doesNotMatch(log, /aws_|hyper|smithy/, "libraries log nothing at this level");
});

test("the page and the state are there", async () => {
  const page = await fetch(`${server.url}/_local`);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /Parlance inspector/);
  const { connections } = await (await fetch(`${server.url}/_local/state`)).json();
  assert.ok(Array.isArray(connections));
});
