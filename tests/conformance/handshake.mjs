// What both official suites ask of Engine.IO, in the words of either.

import { strict as assert } from "node:assert";
import { describe, it } from "node:test";

import {
  DISTURBED, Line, MAX_PAYLOAD, PING_INTERVAL, PING_TIMEOUT, POLLING, Session, WEBSOCKET, opened, request, sleep, undisturbed,
} from "./support.mjs";

function assertOpens(packet, upgrades) {
  assert.equal(packet[0], "0");
  const { sid, ...rest } = JSON.parse(packet.slice(1));
  assert.equal(typeof sid, "string");
  assert.deepEqual(rest, { upgrades, pingInterval: PING_INTERVAL, pingTimeout: PING_TIMEOUT, maxPayload: MAX_PAYLOAD });
}

async function assertRefused(url, ...queries) {
  for (const query of queries) assert.equal((await request(url, query)).status, 400, query);
}

async function assertEnds(url, ...queries) {
  for (const query of queries) await new Line(url, query).closed();
}

// `name` words a case: the suites differ in "opens" and "should open".
export function handshakes(url, name) {
  describe("handshake", () => {
    describe("HTTP long-polling", () => {
      it(name("successfully opens a session", "should successfully open a session"), async () => {
        const { status, body } = await request(url(), POLLING);
        assert.equal(status, 200);
        assertOpens(body, ["websocket"]);
      });

      it(name("fails with an invalid 'EIO' query parameter", "should fail with an invalid 'EIO' query parameter"), () =>
        assertRefused(url(), "transport=polling", "EIO=abc&transport=polling"));

      it(name("fails with an invalid 'transport' query parameter", "should fail with an invalid 'transport' query parameter"), () =>
        assertRefused(url(), "EIO=4", "EIO=4&transport=abc"));

      it(name("fails with an invalid request method", "should fail with an invalid request method"), async () => {
        for (const method of ["POST", "PUT"]) assert.equal((await request(url(), POLLING, { method })).status, 400, method);
      });
    });

    describe("WebSocket", () => {
      it(name("successfully opens a session", "should successfully open a session"), async () => {
        const line = new Line(url(), WEBSOCKET);
        assertOpens(await line.next(), []);
        line.close();
      });

      it(name("fails with an invalid 'EIO' query parameter", "should fail with an invalid 'EIO' query parameter"), () =>
        assertEnds(url(), "transport=websocket", "EIO=abc&transport=websocket"));

      it(name("fails with an invalid 'transport' query parameter", "should fail with an invalid 'transport' query parameter"), () =>
        assertEnds(url(), "EIO=4", "EIO=4&transport=abc"));
    });
  });
}

export function heartbeats(url, name) {
  describe("heartbeat", () => {
    describe("HTTP long-polling", () => {
      it(name("sends ping/pong packets", "should send ping/pong packets"), async () => {
        const session = await Session.open(url());
        for (let beat = 0; beat < 3; beat += 1) {
          assert.deepEqual(await session.get(), { status: 200, body: "2" });
          assert.equal((await session.post("3")).status, 200);
        }
      });

      it(name("closes the session upon ping timeout", "should close the session upon ping timeout"), async () => {
        const session = await Session.open(url());
        await sleep(PING_INTERVAL + PING_TIMEOUT);
        assert.equal((await session.get()).status, 400);
      });
    });

    describe("WebSocket", () => {
      it(name("sends ping/pong packets", "should send ping/pong packets"), async () => {
        const line = await opened(url());
        for (let beat = 0; beat < 3; beat += 1) {
          assert.equal(await line.next({ any: true }), "2");
          line.send("3");
        }
        line.close();
      });

      it(name("closes the session upon ping timeout", "should close the session upon ping timeout"), () =>
        new Line(url(), WEBSOCKET).closed());
    });
  });
}

export function closes(url, name) {
  describe("close", () => {
    describe("HTTP long-polling", () => {
      it(name("forcefully closes the session", "should forcefully close the session"), () => undisturbed(async () => {
        const session = await Session.open(url());
        const waiting = session.get();
        // The suite leaves it to chance which of the two requests is first.
        await sleep(20);
        await session.post("1");
        const { status, body } = await waiting;
        if (body.startsWith("2") || status === 400) return DISTURBED;
        assert.deepEqual({ status, body }, { status: 200, body: "6" });
        assert.equal((await session.get()).status, 400);
      }));
    });

    describe("WebSocket", () => {
      it(name("forcefully closes the session", "should forcefully close the session"), async () => {
        const line = await opened(url());
        line.send("1");
        await line.closed();
      });
    });
  });
}

// A session that has moved to a WebSocket, and the WebSocket.
async function moved(url) {
  const session = await Session.open(url);
  const line = session.websocket();
  await line.opened();
  line.send("2probe");
  assert.equal(await line.next(), "3probe");
  line.send("5");
  return { session, line };
}

// `works` proves that the WebSocket is in use, where an application can.
export function upgrades(url, name, works) {
  describe("upgrade", () => {
    it(name("successfully upgrades from HTTP long-polling to WebSocket", "should successfully upgrade from HTTP long-polling to WebSocket"), async () => {
      const session = await Session.open(url());
      const line = session.websocket();
      await line.opened();
      line.send("2probe");
      assert.equal(await line.next(), "3probe");
      // The request that is or would be waiting is released.
      assert.deepEqual(await session.take(1), ["6"]);
      line.send("5");
      await works(line);
      line.close();
    });

    it(name("ignores HTTP requests with same sid after upgrade", "should ignore HTTP requests with same sid after upgrade"), async () => {
      const { session, line } = await moved(url());
      assert.equal((await session.get()).status, 400);
      await works(line);
      line.close();
    });

    it(name("ignores WebSocket connection with same sid after upgrade", "should ignore WebSocket connection with same sid after upgrade"), async () => {
      const { session, line } = await moved(url());
      await session.websocket().closed();
      await works(line);
      line.close();
    });
  });
}
