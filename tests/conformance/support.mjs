// The echo applications, and clients of them that speak frame by frame.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// The packages of the client tests serve here too.
const require = createRequire(new URL("../clients/package.json", import.meta.url));
const { WebSocket } = require("ws");
export const { io } = require("socket.io-client");

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
// Nothing is proved by this; it only turns a test that would wait for ever into one that says so.
export const PATIENCE_MILLIS = 15_000;

export const PING_INTERVAL = 300;
export const PING_TIMEOUT = 200;
export const MAX_PAYLOAD = 1_000_000;

export const sleep = (millis) => new Promise((resolve) => { setTimeout(resolve, millis); });

// Starts both applications, and gives where each is: `engine` says what it hears as Engine.IO, `socket` as Socket.IO.
export async function startEcho() {
  const binary = [process.env.PARLANCE_ECHO_BIN, "target/debug/echo", "target/release/echo"]
    .filter(Boolean).map((name) => path.resolve(ROOT, name)).find((file) => existsSync(file));
  if (!binary) throw new Error("nothing to test: build it with `cargo build -p echo`, or name it in PARLANCE_ECHO_BIN");
  const child = spawn(binary, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => { child.once("exit", resolve); });
  const urls = await new Promise((resolve, reject) => {
    const found = {};
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [name, url] = line.split(" ");
      found[name] = url;
      if (found["engine.io"] && found["socket.io"]) resolve(found);
    });
    ended.then((code) => reject(new Error(`echo ended with ${code} before it ran`)));
  });
  return {
    engine: urls["engine.io"],
    socket: urls["socket.io"],
    stop: () => {
      child.kill();
      return ended;
    },
  };
}

// What a promise comes to, or an error that says what was waited for.
async function inTime(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), PATIENCE_MILLIS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// A client by WebSocket that answers nothing by itself. `ends` resolves once it is closed, or refused.
export class Line {
  #heard = [];
  #wake = () => {};
  #over = false;

  constructor(url, query) {
    this.socket = new WebSocket(`${url.replace("http", "ws")}/socket.io/?${query}`);
    this.opens = new Promise((resolve) => { this.socket.once("open", resolve); });
    this.ends = new Promise((resolve) => { this.socket.once("close", resolve); });
    this.socket.on("error", () => {});
    this.socket.on("message", (data, isBinary) => {
      this.#heard.push(isBinary ? Buffer.from(data) : data.toString());
      this.#wake();
    });
    this.ends.then(() => {
      this.#over = true;
      this.#wake();
    });
  }

  send(data) {
    this.socket.send(data);
  }

  // The next frame: text, or a buffer. Pings come when it is their turn and not when a test wants them, so only `any` gives them.
  async next({ any = false } = {}) {
    const deadline = Date.now() + PATIENCE_MILLIS;
    for (;;) {
      while (this.#heard.length > 0) {
        const frame = this.#heard.shift();
        if (any || frame !== "2") return frame;
      }
      if (this.#over) throw new Error("the connection is closed");
      if (Date.now() > deadline) throw new Error("waited in vain for a frame");
      let timer;
      await new Promise((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, 100);
      });
      clearTimeout(timer);
    }
  }

  // The next frames, pings apart.
  async take(count) {
    const frames = [];
    while (frames.length < count) frames.push(await this.next());
    return frames;
  }

  closed() {
    return inTime(this.ends, "the end of the connection");
  }

  opened() {
    return inTime(this.opens, "the connection");
  }

  // Answers every ping from here on.
  keepAlive() {
    this.socket.on("message", (data, isBinary) => {
      if (!isBinary && data.toString() === "2" && this.socket.readyState === WebSocket.OPEN) this.socket.send("3");
    });
    return this;
  }

  close() {
    this.socket.close();
  }
}

export const WEBSOCKET = "EIO=4&transport=websocket";
export const POLLING = "EIO=4&transport=polling";
// Stands between the packets of a body.
export const SEPARATOR = "\x1e";

// A line that has heard its open packet.
export async function opened(url) {
  const line = new Line(url, WEBSOCKET);
  await line.next();
  return line;
}

// One request to the Engine.IO path: status and body.
export async function request(url, query, options = {}) {
  const response = await fetch(`${url}/socket.io/?${query}`, options);
  return { status: response.status, body: await response.text() };
}

// A session by polling.
export class Session {
  static async open(url) {
    const { body } = await request(url, POLLING);
    return new Session(url, JSON.parse(body.slice(1)).sid);
  }

  constructor(url, sid) {
    this.url = url;
    this.sid = sid;
  }

  get query() {
    return `${POLLING}&sid=${this.sid}`;
  }

  get(options) {
    return request(this.url, this.query, options);
  }

  post(body) {
    return request(this.url, this.query, { method: "POST", body });
  }

  // As many packets as these, pings apart, in however many requests.
  async take(count) {
    const packets = [];
    while (packets.length < count) {
      const { status, body } = await this.get();
      if (status !== 200) throw new Error(`the session is over: ${status} ${body}`);
      packets.push(...body.split(SEPARATOR).filter((packet) => packet !== "2"));
    }
    return packets;
  }

  // A WebSocket that the session may move to.
  websocket() {
    return new Line(this.url, `${WEBSOCKET}&sid=${this.sid}`);
  }
}

// Runs a case again that was disturbed, and fails if it is each time: by a ping that came before what it is about, for the heartbeat has its own
// time, or because two requests arrived in the other order.
export async function undisturbed(run) {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    if (await run() !== DISTURBED) return;
  }
  throw new Error("disturbed each time");
}
export const DISTURBED = Symbol("disturbed");
