// What a client library sends and hears, without a client: requests with exactly these headers, frames with exactly this text.

import { strict as assert } from "node:assert";
import { Agent, request } from "node:http";
import WebSocket from "ws";

import { PATIENCE_MILLIS } from "./device.mjs";

export { SEPARATOR, parse } from "./packet.mjs";

// Packets of Engine.IO that came, by whatever transport, and that nobody has taken yet.
export class Inbox {
  #packets = [];
  #waiting = [];
  #ended = null;

  // `checker` checks what comes against the contracts.
  constructor(checker) {
    this.checker = checker;
  }

  put(text) {
    this.checker.heard(text);
    this.#packets.push(text);
    this.#wake();
  }

  // Nothing more will come; whoever waits is told why.
  end(why) {
    this.#ended ??= why;
    this.#wake();
  }

  #wake() {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  // Waits for a packet that `fits`, takes it and gives it. What came before it stays.
  async next(fits, what) {
    const deadline = Date.now() + PATIENCE_MILLIS;
    for (;;) {
      const index = this.#packets.findIndex(fits);
      if (index >= 0) return this.#packets.splice(index, 1)[0];
      const left = deadline - Date.now();
      const heard = `heard ${JSON.stringify(this.#packets)}`;
      assert.equal(this.#ended, null, `no ${what} any more: ${this.#ended}; ${heard}`);
      assert.ok(left > 0, `waited in vain for ${what}; ${heard}`);
      let timer;
      await new Promise((resolve) => {
        this.#waiting.push(resolve);
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
    }
  }

  // Everything that came and was not taken.
  rest() {
    return [...this.#packets];
  }
}

// Requests of one client, over connections of its own.
export class Requests {
  #agent = new Agent({ keepAlive: true });

  constructor(port) {
    this.port = port;
  }

  // Sends no header of its own but `Host`, `Connection` and `Content-Length`. Gives the status and the body.
  send(method, path, headers, body) {
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
      const options = { agent: this.#agent, host: "localhost", port: this.port, method, path, headers: { ...headers, ...length } };
      const sent = request(options, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part) => { text += part; });
        response.on("end", () => resolve({ status: response.statusCode, text }));
        response.on("error", reject);
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }

  close() {
    this.#agent.destroy();
  }
}

// A WebSocket whose text frames go into the inbox.
export function webSocket(port, path, { headers, protocols, deflates, inbox }) {
  const ws = new WebSocket(`ws://localhost:${port}${path}`, protocols, { headers, perMessageDeflate: deflates });
  ws.on("message", (data, isBinary) => {
    assert.equal(isBinary, false, "the server sends text alone");
    inbox.put(data.toString());
  });
  ws.on("close", (code) => inbox.end(`closed with ${code}`));
  ws.on("error", (error) => inbox.end(error.message));
  return ws;
}
