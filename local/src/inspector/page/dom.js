// Elements. Everything that comes from a client becomes text, never markup.

// Makes an element. `properties` are set on it; `class`, `role` and `aria-...` are attributes. Children are elements or
// texts; those that are null are left out.
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    const isAttribute = ["class", "role", "scope"].includes(key) || key.startsWith("aria-");
    if (isAttribute) element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export const byId = (id) => document.getElementById(id);

// The time of day of a moment, with milliseconds.
export const time = (at) => at.slice(11, 23);

// A text of several lines, which can be scrolled by keyboard if it is long.
export const text = (content) => make("pre", { tabIndex: 0 }, content);

// A value as readable JSON.
export const pretty = (value) => JSON.stringify(value, null, 2);

// Fills a table: the heads of its columns, and rows of cells. A cell is a text, a number or an element.
export function fill(table, caption, heads, rows) {
  const cell = (content) => {
    const isNumber = typeof content === "number";
    const shown = content instanceof Node ? content : String(content ?? "");
    return make("td", isNumber ? { class: "number" } : {}, shown);
  };
  const head = (name, column) => {
    const kind = typeof rows[0]?.[column] === "number" ? { class: "number" } : {};
    return make("th", { scope: "col", ...kind }, name);
  };
  table.replaceChildren(
    make("caption", { class: "quiet" }, caption),
    make("thead", {}, make("tr", {}, ...heads.map(head))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map(cell)))),
  );
}

// What a route answers, or an error with its message.
export async function fetched(path) {
  const answer = await fetch(path, { headers: { accept: "application/json" } });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.message ?? `the server answers ${answer.status}`);
  return body;
}
