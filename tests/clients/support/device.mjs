// One socket of one user, made by the unmodified client, with everything it hears written down.

import { strict as assert } from "node:assert";

import { io } from "./contract.mjs";
import { tokenOf } from "./token.mjs";

// Nothing is proved by this; it only turns a test that would wait for ever into one that says what is missing.
export const PATIENCE_MILLIS = 15_000;

// What the support needs to know of a dialect's words: the events that greet a socket, by what they are kept as; those of presence; and the
// one that tells of a chat with the given id that somebody made.
export const RECRUITING = {
  greetings: { connected: "connected", onlineUsers: "online_users" },
  online: "user_online",
  offline: "user_offline",
  made: (id) => ["chat_updated", ({ chatId, latestMessage }) => chatId === id && latestMessage === null],
};

// A client that speaks WebSocket, on a connection of its own.
export const open = (url, options = {}) => io(url, { transports: ["websocket"], forceNew: true, reconnection: false, ...options });

// An event's arguments without the offset that stands behind them where connections can be recovered.
const withoutOffset = (args) => (args.length > 1 && typeof args.at(-1) === "string" ? args.slice(0, -1) : args);

export class Device {
  #waiting = [];

  constructor(name, socket, user = name, words = RECRUITING) {
    this.name = name;
    this.words = words;
    this.socket = socket;
    this.user = user;
    // [event, argument], oldest first.
    this.heard = [];
    socket.onAny((event, ...args) => {
      this.heard.push([event, ...withoutOffset(args)]);
      this.#wake();
    });
    socket.on("disconnect", () => this.#wake());
  }

  #wake() {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  // Resolves once `done()` is true; looks again whenever something is heard.
  async until(done, what) {
    const deadline = Date.now() + PATIENCE_MILLIS;
    while (!done()) {
      const left = deadline - Date.now();
      assert.ok(left > 0, `${this.name} waited in vain for ${what}; heard ${JSON.stringify(this.heard)}`);
      let timer;
      await new Promise((resolve) => {
        this.#waiting.push(resolve);
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
    }
  }

  // Waits for an event whose argument `fits`, takes it out of what was heard and gives its argument.
  async next(event, fits = () => true) {
    const index = () => this.heard.findIndex(([name, argument]) => name === event && fits(argument));
    await this.until(() => index() >= 0, event);
    return this.heard.splice(index(), 1)[0][1];
  }

  // Emits and gives what the ack carries.
  ask(event, ...args) {
    return this.socket.timeout(PATIENCE_MILLIS).emitWithAck(event, ...args);
  }

  // Emits without asking for an ack.
  tell(event, ...args) {
    this.socket.emit(event, ...args);
  }

  // What was heard and not taken, presence apart: people of other tests come and go too.
  news() {
    const { online, offline } = this.words;
    return this.heard.filter(([event]) => event !== online && event !== offline);
  }

  close() {
    this.socket.disconnect();
  }
}

// Connects a socket of a user and waits for the greeting, which is kept in `device.greeting`.
export async function connect(url, user, { name = user, token = tokenOf(user), namespace = "", words = RECRUITING, ...options } = {}) {
  const socket = open(url + namespace, { auth: { token }, ...options });
  const device = new Device(name, socket, user, words);
  const refused = new Promise((_, reject) => socket.once("connect_error", reject));
  const greetings = Object.entries(words.greetings).map(async ([kept, event]) => [kept, await device.next(event)]);
  const greeted = Promise.all(greetings).then(Object.fromEntries);
  device.greeting = await Promise.race([greeted, refused]);
  return device;
}
