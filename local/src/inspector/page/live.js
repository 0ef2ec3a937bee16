// The tab Live: who is connected, and record by record what happens.

import { byId, fetched, make, pretty, text, time } from "./dom.js";

// The most records that are shown at once.
const SHOWN_MAX = 1_000;
const STATE_PAUSE_MILLIS = 400;

// The packets that only keep a connection alive.
const PINGS = ["ping", "pong", "noop"];

const isShown = (record) => ["opened", "refused", "closed", "packet", "log", "missed"].includes(record.kind);

export class Live {
  #records;
  #list = byId("records");
  // The elements of events that wait for their ack, by connection, namespace and ack id.
  #asked = new Map();
  #stateTimer = null;

  constructor(records) {
    this.#records = records;
    records.listen((fresh, isAll) => this.#show(fresh, isAll));
    byId("show-pings").addEventListener("change", () => this.#show(records.all, true));
    this.#refreshState();
  }

  #show(fresh, isAll) {
    const isAtEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 40;
    if (isAll) {
      this.#list.replaceChildren();
      this.#asked.clear();
    }
    const withPings = byId("show-pings").checked;
    const wanted = fresh.filter((record) => isShown(record) && this.#records.admits(record));
    const shown = wanted.filter((record) => withPings || !PINGS.includes(record.packet?.type));
    this.#list.append(...shown.slice(-SHOWN_MAX).map((record) => this.#item(record)));
    while (this.#list.childElementCount > SHOWN_MAX) this.#list.firstElementChild.remove();
    byId("nothing").hidden = this.#list.childElementCount > 0;
    if (isAtEnd) this.#list.scrollTop = this.#list.scrollHeight;
    if (fresh.some(({ kind, packet }) => kind === "opened" || kind === "closed" || /connect/.test(packet?.type))) {
      this.#refreshStateSoon();
    }
  }

  #item(record) {
    const { what, gist, error } = summary(record);
    const details = make(
      "details",
      {},
      make(
        "summary",
        {},
        make("span", { class: "time" }, time(record.at)),
        make("span", { class: "who" }, record.user ?? shortId(record.connection) ?? ""),
        make("span", { class: "what" }, what),
        error ? make("span", { class: "error" }, error) : null,
        make("span", { class: "gist" }, gist),
      ),
    );
    // The whole record is written only when somebody looks.
    details.addEventListener("toggle", () => {
      if (details.open && details.childElementCount === 1) details.append(text(whole(record)));
    });
    const item = make("li", error ? { class: "failed" } : {}, details);
    this.#pair(record, item);
    return item;
  }

  // Shows at an event the error that answered it.
  #pair(record, item) {
    const { packet, direction, connection } = record;
    if (!packet?.ack) return;
    const key = JSON.stringify([connection, packet.namespace, packet.ack]);
    if (direction === "in" && packet.event) {
      this.#asked.set(key, item);
      if (this.#asked.size > SHOWN_MAX) this.#asked.delete(this.#asked.keys().next().value);
    } else if (direction === "out" && !packet.event) {
      const asked = this.#asked.get(key);
      this.#asked.delete(key);
      if (asked && packet.error) {
        asked.className = "failed";
        const error = make("span", { class: "error" }, `answered with ${errorOf(packet)}`);
        asked.querySelector(".gist").before(error);
      }
    }
  }

  #refreshStateSoon() {
    this.#stateTimer ??= setTimeout(() => this.#refreshState(), STATE_PAUSE_MILLIS);
  }

  async #refreshState() {
    this.#stateTimer = null;
    try {
      const { connections } = await fetched("/_local/state");
      byId("connections").replaceChildren(...connections.map((connection) => this.#connection(connection)));
      if (connections.length === 0) byId("connections").append(make("li", { class: "quiet" }, "Nobody is connected."));
    } catch (error) {
      byId("connections").replaceChildren(make("li", { class: "error" }, error.message));
    }
  }

  #connection({ connection, transport, since, userAgent, sockets }) {
    const people = sockets.map(({ user, namespace }) => make("span", { class: "who" }, `${user} at ${namespace}`));
    const button = make(
      "button",
      { type: "button", class: "connection", title: userAgent ?? "" },
      ...(people.length > 0 ? people : [make("span", { class: "warn" }, "has joined no namespace")]),
      make("span", { class: "quiet" }, `${transport} since ${since ? time(since).slice(0, 8) : "some time"}`),
      make("span", { class: "quiet" }, shortId(connection)),
    );
    button.addEventListener("click", () => {
      const field = byId("filter-connection");
      field.value = field.value === connection ? "" : connection;
      field.dispatchEvent(new Event("input"));
    });
    return make("li", {}, button);
  }
}

export const shortId = (connection) => (connection?.startsWith("p.") ? `${connection.slice(0, 10)}…` : connection);

const errorOf = ({ error, errorCode }) => (errorCode ? `${errorCode}: ${error}` : error);

// A record in a few words.
function summary(record) {
  switch (record.kind) {
    case "opened": {
      const token = record.token ? ` · token ${record.token}` : "";
      return { what: `connects by ${record.transport}`, gist: record.query + token };
    }
    case "refused": {
      const what = `is refused by ${record.transport}: ${record.status}`;
      return { what, error: record.why, gist: `${record.path}?${record.query}` };
    }
    case "closed":
      return { what: record.byClient ? "leaves" : "is closed", gist: `${record.code} ${record.reason}` };
    case "log": {
      const error = record.level === "ERROR" ? "error" : null;
      return { what: `${record.function} logs ${record.level}`, gist: record.text, error };
    }
    case "missed":
      return { what: `${record.count} records are not kept any more`, gist: "" };
    default: {
      const { type, namespace, event, ack, text: sent, token } = record.packet;
      const place = namespace && namespace !== "/" ? ` ${namespace}` : "";
      const name = event ? `${type} ${event}` : type;
      const arrow = record.direction === "in" ? "→" : "←";
      return {
        what: `${arrow} ${name}${place}${ack ? ` ack ${ack}` : ""}`,
        error: record.packet.error ? errorOf(record.packet) : null,
        gist: token ? `token ${token} · ${sent}` : sent,
      };
    }
  }
}

// A record as it is read when opened: its text as JSON if it is some, and everything else.
function whole(record) {
  const { text: sent } = record.packet ?? {};
  const json = sent?.slice(sent.search(/[[{]/));
  try {
    return `${pretty(record)}\n\n${pretty(JSON.parse(json))}`;
  } catch {
    return pretty(record);
  }
}
