// The tab Invocations: each with its duration, its outcome, its AWS requests and its log lines.

import { byId, fill, make, text, time } from "./dom.js";

const SHOWN_MAX = 500;

export class Invocations {
  #records;
  #list = byId("invocation-list");
  // Those that are shown, by number: the element, and the lines that they have logged.
  #shown = new Map();

  constructor(records) {
    this.#records = records;
    records.listen((fresh, isAll) => this.#show(fresh, isAll));
  }

  #show(fresh, isAll) {
    if (isAll) {
      this.#list.replaceChildren();
      this.#shown.clear();
    }
    for (const record of fresh) {
      if (record.kind === "began" && this.#records.admits(record)) this.#add(record);
      const isKnown = this.#shown.has(record.invocation);
      if (record.kind === "ended" && (isKnown || this.#records.admits(record))) this.#end(record);
      if (record.kind === "log") this.#shown.get(record.invocation)?.lines.push(record);
    }
  }

  #add(record) {
    const summary = make("summary", {}, ...head(record), make("span", { class: "warn" }, "running"));
    const details = make("details", {}, summary);
    const item = make("li", {}, details);
    this.#list.prepend(item);
    this.#shown.set(record.invocation, { item, details, lines: [] });
    while (this.#shown.size > SHOWN_MAX) {
      const [oldest, { item: removed }] = this.#shown.entries().next().value;
      removed.remove();
      this.#shown.delete(oldest);
    }
  }

  #end(record) {
    if (!this.#shown.has(record.invocation)) this.#add(record);
    const { item, details, lines } = this.#shown.get(record.invocation);
    const outcome = record.error ?? (record.status ? `status ${record.status}` : "done");
    const hasFailed = record.error !== undefined || record.status >= 500;
    if (hasFailed) item.className = "failed";
    const { callsTotal, readUnits, writeUnits } = record;
    const spent = `AWS requests: ${callsTotal}, read units: ${readUnits}, write units: ${writeUnits}`;
    details.querySelector("summary").replaceChildren(
      ...head(record),
      make("span", { class: hasFailed ? "error" : "good" }, outcome),
      make("span", {}, `${record.millis.toFixed(1)} ms`),
      make("span", { class: "quiet" }, spent),
    );
    // What it did is written only when somebody looks, who may have opened it while it ran.
    const write = () => {
      if (details.open && details.childElementCount === 1) details.append(...body(record, lines));
    };
    details.addEventListener("toggle", write);
    write();
  }
}

const head = ({ at, user, connection, function: name, about, trigger }) => [
  make("span", { class: "time" }, time(at)),
  make("span", { class: "what" }, name),
  make("span", {}, about),
  make("span", { class: "who" }, user ?? connection ?? ""),
  make("span", { class: "quiet" }, trigger),
];

function body({ calls, callsTotal }, lines) {
  const table = make("table", {});
  const rows = calls.map(({ service, operation, targets, status, error, readUnits, writeUnits }) => [
    service, operation, targets.join(", "), error ? `${status} ${error}` : status, readUnits, writeUnits,
  ]);
  const which = callsTotal > calls.length ? `The first ${calls.length} of ${callsTotal} AWS requests` : "AWS requests";
  const heads = ["Service", "Operation", "Target", "Status", "Read units", "Write units"];
  fill(table, `${which}, in order`, heads, rows);
  const log = lines.map(({ at, level, target, text: said }) => `${time(at)} ${level} ${target}: ${said}`);
  return [table, ...(log.length > 0 ? [text(log.join("\n"))] : [])];
}
