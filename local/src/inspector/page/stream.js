// The records, as the server sends them, and which of them the filter lets through.

// The most records that the page keeps. The server keeps as many.
const KEPT_MAX = 5_000;

// How long records are collected before they are shown together.
const TOGETHER_MILLIS = 40;

export class Records {
  all = [];
  filter = { user: "", chat: "", connection: "" };
  isPaused = false;
  #listeners = [];
  // What has come since the listeners were last called, or since the pause began.
  #waiting = [];
  #timer = null;

  constructor({ onStatus, onTotals }) {
    const source = new EventSource("/_local/events");
    source.onopen = () => onStatus("watching");
    source.onerror = () => onStatus("the server does not answer; trying again");
    source.onmessage = ({ data }) => this.#take(JSON.parse(data));
    source.addEventListener("missed", ({ data }) => {
      this.#take({ kind: "missed", at: new Date().toISOString(), count: JSON.parse(data).count });
    });
    source.addEventListener("totals", ({ data }) => onTotals(JSON.parse(data)));
  }

  // Calls `listener` with new records, and with all of them when the list has changed in another way.
  listen(listener) {
    this.#listeners.push(listener);
  }

  #take(record) {
    this.#waiting.push(record);
    if (this.#waiting.length > KEPT_MAX) this.#waiting.shift();
    if (!this.isPaused) this.#timer ??= setTimeout(() => this.#hand(), TOGETHER_MILLIS);
  }

  #hand() {
    this.#timer = null;
    if (this.isPaused) return;
    const records = this.#waiting.splice(0);
    this.all.push(...records);
    const excess = this.all.length - KEPT_MAX;
    if (excess > 0) this.all.splice(0, excess);
    for (const listener of this.#listeners) listener(records, false);
  }

  #showAll() {
    for (const listener of this.#listeners) listener(this.all, true);
  }

  pause(isPaused) {
    this.isPaused = isPaused;
    if (!isPaused) this.#hand();
  }

  clear() {
    this.all = [];
    this.#waiting = [];
    this.#showAll();
  }

  setFilter(filter) {
    this.filter = { ...this.filter, ...filter };
    this.#showAll();
  }

  // Whether the filter lets a record through.
  admits(record) {
    const { user, chat, connection } = this.filter;
    return (user === "" || record.user === user)
      && (connection === "" || record.connection === connection)
      && (chat === "" || JSON.stringify(record).includes(chat));
  }

  // The filter as a query of the server's routes.
  query() {
    const given = Object.entries(this.filter).filter(([, value]) => value !== "");
    return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
  }
}
