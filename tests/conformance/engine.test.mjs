// The cases of Engine.IO's official test suite, by their names.

import { strict as assert } from "node:assert";
import { after, describe, it } from "node:test";

import { closes, handshakes, heartbeats, upgrades } from "./handshake.mjs";
import { DISTURBED, SEPARATOR, Session, opened, sleep, startEcho, undisturbed } from "./support.mjs";

const echo = await startEcho();
after(() => echo.stop());
const url = () => echo.engine;
const name = (words) => words;

async function assertEchoes(...packets) {
  const session = await Session.open(url());
  assert.deepEqual(await session.post(packets.join(SEPARATOR)), { status: 200, body: "ok" });
  assert.deepEqual(await session.take(packets.length), packets);
}

describe("Engine.IO protocol", () => {
  handshakes(url, name);

  describe("message", () => {
    describe("HTTP long-polling", () => {
      it("sends and receives a payload containing one plain text packet", () => assertEchoes("4hello"));

      it("sends and receives a payload containing several plain text packets", () => assertEchoes("4test1", "4test2", "4test3"));

      it("sends and receives a payload containing plain text and binary packets", () => assertEchoes("4hello", "bAQIDBA=="));

      it("closes the session upon invalid packet format", async () => {
        const session = await Session.open(url());
        assert.equal((await session.post("abc")).status, 400);
        assert.equal((await session.get()).status, 400);
      });

      it("closes the session upon duplicate poll requests", () => undisturbed(async () => {
        const session = await Session.open(url());
        const first = session.get();
        await sleep(20);
        const second = session.get();
        // Whichever came first is told the end.
        const [told, refused] = (await Promise.all([first, second])).sort((one, other) => one.status - other.status);
        if (told.body.startsWith("2")) return DISTURBED;
        assert.deepEqual(told, { status: 200, body: "1" });
        assert.equal(refused.status, 400);
        assert.equal((await session.get()).status, 400);
      }));

      it("closes the session upon cancelled polling request", () => undisturbed(async () => {
        const session = await Session.open(url());
        const controller = new AbortController();
        const cancelled = session.get({ signal: controller.signal }).catch(() => {});
        await sleep(20);
        controller.abort();
        await cancelled;
        const { status, body } = await session.get();
        if (body.startsWith("2")) return DISTURBED;
        assert.equal(status, 400);
      }));
    });

    describe("WebSocket", () => {
      it("sends and receives a plain text packet", async () => {
        const line = await opened(url());
        line.send("4hello");
        assert.equal(await line.next(), "4hello");
        line.close();
      });

      it("sends and receives a binary packet", async () => {
        const line = await opened(url());
        line.send(Uint8Array.from([1, 2, 3, 4]));
        assert.deepEqual(await line.next(), Buffer.from([1, 2, 3, 4]));
        line.close();
      });

      it("closes the session upon invalid packet format", async () => {
        const line = await opened(url());
        line.send("abc");
        await line.closed();
      });
    });
  });

  heartbeats(url, name);
  closes(url, name);
  upgrades(url, name, async (line) => {
    line.send("4hello");
    assert.equal(await line.next(), "4hello");
  });
});
