// One socket of the stock client, and what becomes of its line.
//
// The state is one of:
//   {name: "connecting"}                 for the first time, or again after a lost line; `problem` says what went wrong
//   {name: "connected", transport}
//   {name: "refused", problem, reason}   by the server: the client does not try again by itself
//   {name: "cut"}                        by `cut`
//   {name: "disconnected", problem}      by the server or by `disconnect`

import { io } from "./vendor/socket.io.esm.min.js";

// How long an ack may take.
const ACK_TIMEOUT_MILLIS = 15_000;
// How many events of a recovery are listed.
const REPLAYED_MAX = 500;

export class Connection {
  #cutTimer;
  #wasConnected = false;
  // The events since the line came back, until the greeting says that nothing more was missed.
  #replayed = null;

  // `heard(event, argument)` is called for each event, `changed(state)` for each state, and
  // `returned({isRecovered, replayed})` after the greeting; `isRecovered` is null for the first time.
  constructor({ dialect, transports, token }, { heard, changed, returned }) {
    this.greeting = dialect.greeting;
    this.changed = changed;
    this.returned = returned;
    this.socket = io(`/${dialect.name}`, { auth: (send) => send({ token }), transports, forceNew: true });
    this.state = { name: "connecting" };
    this.socket.on("connect", () => this.#connected());
    this.socket.on("connect_error", (error) => this.#failed(error));
    this.socket.on("disconnect", (reason) => this.#lost(reason));
    this.socket.onAny((event, argument) => this.#hear(event, argument, heard));
  }

  // Emits, and gives the ack of a success.
  async ask(event, argument) {
    const args = argument === undefined ? [] : [argument];
    const answer = await this.socket.timeout(ACK_TIMEOUT_MILLIS).emitWithAck(event, ...args);
    if (!answer.success) throw answer.error;
    return answer;
  }

  // Closes the transport below the client, as a lost network does, and keeps the client from coming back for a while.
  cut(millis) {
    const { io: manager } = this.socket;
    this.#set({ name: "cut" });
    manager.reconnection(false);
    manager.engine.close();
    this.#cutTimer = setTimeout(() => {
      manager.reconnection(true);
      this.#set({ name: "connecting" });
      this.socket.connect();
    }, millis);
  }

  disconnect() {
    clearTimeout(this.#cutTimer);
    this.#set({ name: "disconnected", problem: "" });
    this.socket.disconnect();
  }

  #set(state) {
    this.state = state;
    this.changed(state);
  }

  #connected() {
    const { engine } = this.socket.io;
    const show = () => this.#set({ name: "connected", transport: engine.transport.name });
    engine.once("upgrade", show);
    this.#replayed = [];
    show();
  }

  #hear(event, argument, heard) {
    heard(event, argument);
    if (this.#replayed === null) return;
    if (event !== this.greeting) {
      if (this.#replayed.length < REPLAYED_MAX) this.#replayed.push({ event, argument });
      return;
    }
    const isRecovered = this.#wasConnected ? this.socket.recovered : null;
    this.#wasConnected = true;
    const replayed = this.#replayed;
    this.#replayed = null;
    this.returned({ isRecovered, replayed });
  }

  #failed(error) {
    if (this.socket.active) {
      this.#set({ name: "connecting", problem: error.message });
      return;
    }
    this.#set({ name: "refused", problem: error.message, reason: error.data?.reason ?? error.data?.code });
  }

  #lost(reason) {
    this.#replayed = null;
    if (this.state.name === "cut" || this.state.name === "disconnected") return;
    this.#set(this.socket.active ? { name: "connecting", problem: reason } : { name: "disconnected", problem: reason });
  }
}
