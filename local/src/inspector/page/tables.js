// The tab Tables: the rows of a table, page by page.

import { byId, fetched, fill, make, pretty, text } from "./dom.js";

export class Tables {
  #tables = [];
  #next = null;

  constructor() {
    byId("table").addEventListener("change", () => this.#load(null));
    byId("first-page").addEventListener("click", () => this.#load(null));
    byId("next-page").addEventListener("click", () => this.#load(this.#next));
  }

  // Called when the tab is opened.
  async show() {
    if (this.#tables.length > 0) return this.#load(null);
    try {
      this.#tables = (await fetched("/_local/tables")).tables;
      byId("table").replaceChildren(...this.#tables.map(({ name }) => make("option", { value: name }, name)));
      await this.#load(null);
    } catch (error) {
      this.#complain(error);
    }
  }

  async #load(start) {
    const table = this.#tables.find(({ name }) => name === byId("table").value);
    if (!table) return;
    const query = start === null ? "" : `?${new URLSearchParams({ start })}`;
    try {
      const { rows, next } = await fetched(`/_local/tables/${encodeURIComponent(table.name)}${query}`);
      this.#next = next;
      byId("next-page").disabled = next === null;
      this.#fill(table, rows);
    } catch (error) {
      this.#complain(error);
    }
  }

  #fill({ partitionKey, sortKey }, rows) {
    const keys = sortKey ? [partitionKey, sortKey] : [partitionKey];
    const cells = rows.map((row) => {
      const rest = Object.fromEntries(Object.entries(row).filter(([name]) => !keys.includes(name)));
      const gist = make("summary", {}, make("span", { class: "gist" }, JSON.stringify(rest)));
      return [...keys.map((key) => String(row[key])), make("details", {}, gist, text(pretty(rest)))];
    });
    const caption = rows.length === 0 ? "There are no rows here" : `${rows.length} rows`;
    fill(byId("rows"), caption, [...keys, "Attributes"], cells);
  }

  #complain(error) {
    byId("rows").replaceChildren(make("caption", { class: "error" }, error.message));
  }
}
