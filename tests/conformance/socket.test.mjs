// The cases of Socket.IO's official test suite, by their names.

import { strict as assert } from "node:assert";
import { after, describe, it } from "node:test";

import { closes, handshakes, heartbeats, upgrades } from "./handshake.mjs";
import { Line, WEBSOCKET, opened, startEcho } from "./support.mjs";

const echo = await startEcho();
after(() => echo.stop());
const url = () => echo.socket;

// What a CONNECT is answered with: its confirmation, and what the application heard of it.
async function assertConnects(connect, prefix, auth) {
  const line = await opened(url());
  line.send(connect);
  const [confirmation, heard] = await line.take(2);
  assert.ok(confirmation.startsWith(`40${prefix}`), confirmation);
  const { sid, ...rest } = JSON.parse(confirmation.slice(2 + prefix.length));
  assert.equal(typeof sid, "string");
  assert.deepEqual(rest, {});
  assert.equal(heard, `42${prefix}${JSON.stringify(["auth", auth])}`);
  line.close();
}

// A client in the root namespace.
async function joined() {
  const line = await opened(url());
  line.send("40");
  await line.take(2);
  return line;
}

async function assertCloses(line, frame) {
  line.send(frame);
  await line.closed();
}

async function assertAnswers(frames, answers) {
  const line = await joined();
  for (const frame of frames) line.send(frame);
  assert.deepEqual(await line.take(answers.length), answers);
  line.close();
}

const PLACES = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';
const ATTACHMENTS = [Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])];

describe("Engine.IO protocol", () => {
  const name = (_, should) => should;
  handshakes(url, name);
  heartbeats(url, name);
  closes(url, name);
  upgrades(url, name, async (line) => {
    line.send("40");
    assert.ok((await line.next()).startsWith("40{"));
  });
});

describe("Socket.IO protocol", () => {
  describe("connect", () => {
    it("should allow connection to the main namespace", () => assertConnects("40", "", {}));

    it("should allow connection to the main namespace with a payload", () => assertConnects('40{"token":"123"}', "", { token: "123" }));

    it("should allow connection to a custom namespace", () => assertConnects("40/custom,", "/custom,", {}));

    it("should allow connection to a custom namespace with a payload", () =>
      assertConnects('40/custom,{"token":"abc"}', "/custom,", { token: "abc" }));

    it("should disallow connection to an unknown namespace", async () => {
      const line = await opened(url());
      line.send("40/random");
      assert.equal(await line.next(), '44/random,{"message":"Invalid namespace"}');
      line.close();
    });

    it("should disallow connection with an invalid handshake", async () => assertCloses(await opened(url()), "4abc"));

    it("should close the connection if no handshake is received", () => new Line(url(), WEBSOCKET).closed());
  });

  describe("disconnect", () => {
    it("should disconnect from the main namespace", async () => {
      const line = await joined();
      line.send("41");
      assert.equal(await line.next({ any: true }), "2");
      line.close();
    });

    it("should connect then disconnect from a custom namespace", async () => {
      const line = await joined();
      while (await line.next({ any: true }) !== "2");
      line.send("40/custom");
      await line.take(2);
      line.send("41/custom");
      line.send('42["message","message to main namespace"]');
      assert.equal(await line.next(), '42["message-back","message to main namespace"]');
      line.close();
    });
  });

  describe("message", () => {
    it("should send a plain-text packet", () =>
      assertAnswers(['42["message",1,"2",{"3":[true]}]'], ['42["message-back",1,"2",{"3":[true]}]']));

    it("should send a packet with binary attachments", () =>
      assertAnswers([`452-["message",${PLACES}]`, ...ATTACHMENTS], [`452-["message-back",${PLACES}]`, ...ATTACHMENTS]));

    it("should send a plain-text packet with an ack", () =>
      assertAnswers(['42456["message-with-ack",1,"2",{"3":[false]}]'], ['43456[1,"2",{"3":[false]}]']));

    it("should send a packet with binary attachments and an ack", () =>
      assertAnswers([`452-789["message-with-ack",${PLACES}]`, ...ATTACHMENTS], [`462-789[${PLACES}]`, ...ATTACHMENTS]));

    it("should close the connection upon invalid format (unknown packet type)", async () => assertCloses(await joined(), "4abc"));

    it("should close the connection upon invalid format (invalid payload format)", async () => assertCloses(await joined(), "42{}"));

    it("should close the connection upon invalid format (invalid ack id)", async () =>
      assertCloses(await joined(), '42abc["message-with-ack",1,"2",{"3":[false]}]'));
  });
});
