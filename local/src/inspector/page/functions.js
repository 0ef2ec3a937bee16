// The tab Functions and cost.

import { byId, fetched, fill } from "./dom.js";

const EVERY_MILLIS = 2_000;

export const dollars = (amount) => `$${amount.toFixed(7)}`;

export class Functions {
  #timer = null;

  // Called when the tab is opened: shows the counts, and again every other second.
  async show() {
    this.hide();
    await this.#load();
    this.#timer = setInterval(() => this.#load(), EVERY_MILLIS);
  }

  // Called when another tab is opened.
  hide() {
    clearInterval(this.#timer);
  }

  async #load() {
    try {
      const { functions, requests, totals } = await fetched("/_local/functions");
      const rows = functions.map(({ function: name, memoryMb, timeoutSecs, invocations, failures, millis }) => {
        const average = invocations === 0 ? 0 : millis / invocations;
        return [name, memoryMb, timeoutSecs, invocations, failures, Number(average.toFixed(2))];
      });
      const heads = ["Function", "Memory, MB", "Timeout, s", "Invocations", "Failed", "Average, ms"];
      fill(byId("function-list"), "Since the start", heads, rows);
      fill(byId("cost"), "Since the start", ["What", "Count", "Charge"], costs(totals));
      fill(byId("requests"), "Since the start", ["Operation", "Requests"], Object.entries(requests));
    } catch (error) {
      fill(byId("function-list"), error.message, [], []);
    }
  }
}

function costs({ websocketMessages, connectionMinutes, httpRequests, invocations, gigabyteSeconds, units, charges }) {
  return [
    ["WebSocket messages, in units of 32 KB", websocketMessages, dollars(charges.websocketMessages)],
    ["Connection minutes", Number(connectionMinutes.toFixed(2)), dollars(charges.connectionMinutes)],
    ["Requests to the HTTP API", httpRequests, dollars(charges.httpRequests)],
    ["Invocations of functions", invocations, dollars(charges.functions)],
    ["… and their gigabyte seconds", Number(gigabyteSeconds.toFixed(3)), "in the line above"],
    ["Read units of the tables", units.read, dollars(charges.tables)],
    ["Write units of the tables", units.write, "in the line above"],
    ["Sum", "", dollars(charges.total)],
  ];
}
