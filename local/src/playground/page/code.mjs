// The client code for what a person has just done, from the same data that was sent.

import { element } from "./elements.mjs";

// How many kinds of steps are shown, the latest of each.
const STEPS_MAX = 6;
// Stands for the token, which is not shown.
const TOKEN = "TOKEN";
// Whoever runs the code sends something new.
const NEW_ID = "crypto.randomUUID()";

// JavaScript for a value: JSON, but with names as one writes them, and on one line if it is short.
function literal(value) {
  const text = JSON.stringify(value, null, 2).replace(/^(\s*)"([A-Za-z_]\w*)":/gm, "$1$2:");
  const short = text.replace(/\s*\n\s*/g, " ");
  return (short.length <= 80 ? short : text).replace(/clientMessageId: "[^"]*"/, `clientMessageId: ${NEW_ID}`);
}

function connecting(origin, { dialect, transports }) {
  const options = transports ? `{ auth: { token }, transports: ${literal(transports)} }` : "{ auth: { token } }";
  return [
    'import { io } from "socket.io-client";',
    "",
    `const token = "${TOKEN}";`,
    `const socket = io("${origin}/${dialect.name}", ${options});`,
  ].join("\n");
}

function asking({ event, argument }) {
  const args = argument === undefined ? literal(event) : `${literal(event)}, ${literal(argument)}`;
  return `await socket.emitWithAck(${args});`;
}

function fetching(origin, dialect, { method, path, body, form }) {
  const lines = [];
  if (form) {
    lines.push("const form = new FormData();");
    for (const [name, value] of Object.entries(form)) {
      const shown = name === "clientMessageId" ? NEW_ID : value instanceof File ? "file" : literal(value);
      if (value) lines.push(`form.append("${name}", ${shown});`);
    }
  }
  const json = body === undefined ? "" : ', "content-type": "application/json"';
  lines.push(`await fetch("${origin}/${dialect.name}${path}", {`, `  method: "${method}",`);
  lines.push(`  headers: { authorization: \`Bearer \${token}\`${json} },`);
  if (body !== undefined) lines.push(`  body: JSON.stringify(${literal(body).replace(/\n/g, "\n  ")}),`);
  if (form) lines.push("  body: form,");
  lines.push("});");
  return lines.join("\n");
}

// Requests of one kind differ in ids and queries only.
const kindOf = ({ event, method, path }) => event ?? `${method} ${path.replace(/[0-9a-f]{24,}/g, "").split("?")[0]}`;

const listening = (event) => `socket.on("${event}", (data) => console.log("${event}", data));`;

// A panel with the code, closed at first.
export class CodePanel {
  #steps = new Map();
  #heard = new Set();

  // `of` names the person to those who hear the page.
  constructor(of, onNotice) {
    this.onNotice = onNotice;
    this.text = element("code");
    const copy = (what, text) =>
      element("button", { type: "button", onclick: () => this.#copy(what, text()) }, `Copy ${what}`);
    this.element = element("details", { class: "code" },
      element("summary", {}, "Client code"),
      element("div", { class: "row" }, copy("code", () => this.text.textContent), copy("token", () => this.token)),
      element("pre", { tabindex: "0", role: "region", "aria-label": `Client code of ${of}` }, this.text),
    );
  }

  // Begins anew, for a new connection.
  begin(options, token) {
    Object.assign(this, { options, token });
    this.#steps = new Map();
    this.#heard = new Set();
    this.#show();
  }

  // Adds what was asked of the server.
  did(request) {
    if (!request.event && !request.method) return;
    const { dialect } = this.options;
    const kind = kindOf(request);
    this.#steps.delete(kind);
    this.#steps.set(kind, request.event ? asking(request) : fetching(location.origin, dialect, request));
    if (this.#steps.size > STEPS_MAX) this.#steps.delete(this.#steps.keys().next().value);
    this.#show();
  }

  heard(event) {
    if (this.#heard.has(event)) return;
    this.#heard.add(event);
    this.#show();
  }

  #show() {
    const listeners = [...this.#heard].map(listening).join("\n");
    const parts = [connecting(location.origin, this.options), listeners, ...this.#steps.values()];
    this.text.textContent = parts.filter(Boolean).join("\n\n");
  }

  async #copy(what, text) {
    try {
      await navigator.clipboard.writeText(text);
      this.onNotice(`The ${what} is copied.`);
    } catch {
      this.onNotice("This browser does not let the page copy: it needs HTTPS or localhost.", true);
    }
  }
}
