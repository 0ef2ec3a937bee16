// One system on several ports, each with its dialect.

import { strict as assert } from "node:assert";
import { after, test } from "node:test";

import { connect } from "./support/device.mjs";
import { request } from "./support/rest.mjs";
import { startRefused, startServer } from "./support/server.mjs";
import { tokenOf } from "./support/token.mjs";

const server = await startServer({ listen: ["0:recruiting", "0:recruiting"] });
after(() => server.stop());

test("it says which port speaks what", () => {
  assert.deepEqual(server.addresses.map(({ dialect }) => dialect), ["recruiting", "recruiting", "recruiting"]);
  assert.equal(new Set(server.addresses.map(({ port }) => port)).size, 3, "each 0 is another free port");
});

test("people at different ports are in one world, over sockets and over REST", async () => {
  const [one, , other] = server.addresses.map(({ port }) => `http://localhost:${port}`);
  const ann = await connect(one, "ann");
  const ben = await connect(other, "ben");
  const token = tokenOf("ben");
  const made = await request(other, "POST", "/api/chat/create-or-get", { token, body: { otherUserId: "ann" } });
  assert.equal(made.status, 201);
  const { data: chat } = made.body;
  const sent = await ann.socket.emitWithAck("send_message", { chatId: chat._id, content: "across" });
  assert.equal(sent.success, true);
  const { message } = await ben.next("new_message");
  assert.equal(message.content, "across");
  for (const device of [ann, ben]) device.close();
});

for (const [what, args, complaint] of [
  ["a port like --port's", ["--port", "5000", "--listen", "5000:recruiting"], "--listen adds to --port, which is 5000 already: give one of them another number"],
  ["the port that --port is unless said", ["--listen", "3000:recruiting"], "--listen adds to --port, which is 3000 already: give one of them another number"],
  ["a port twice", ["--listen", "5000:recruiting", "--listen", "5000:recruiting"], "--listen names port 5000 twice: one port speaks one dialect"],
]) {
  test(`${what} is refused with a sentence`, () => {
    assert.deepEqual(startRefused("--memory", ...args), { status: 1, stderr: `${complaint}\n` });
  });
}

test("a listener that cannot be read is refused with what it should be", () => {
  for (const [listener, complaint] of [
    ["5000", "must be PORT:DIALECT, such as 5000:recruiting"],
    ["five:recruiting", "five is not a port"],
    ["5000:nobody", "there is recruiting"],
  ]) {
    const { status, stderr } = startRefused("--memory", "--listen", listener);
    assert.equal(status, 2);
    assert.ok(stderr.includes(complaint), stderr);
  }
});
