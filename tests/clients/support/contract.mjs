// Holds what clients hear, and what they are answered, to the contracts in docs/api: every event, every ack, every
// CONNECT_ERROR and every REST answer. What a contract does not say fails the test. What a client emitted or requested
// with success must be as the contract says, too.

import { strict as assert } from "node:assert";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { io as connect } from "socket.io-client";

import { SEPARATOR, parse } from "./packet.mjs";

const API = fileURLToPath(new URL("../../../docs/api/", import.meta.url));

// What the root namespace and paths without a prefix speak, by port. The server says it when it starts.
const defaults = new Map();

// Says what is spoken at a port.
export const speaks = (port, dialect) => defaults.set(Number(port), dialect);

// The dialect of plain paths at a port.
export function dialectAt(port) {
  const dialect = defaults.get(Number(port));
  assert.ok(dialect, `nobody said what is spoken at port ${port}`);
  return dialect;
}

const portOf = (url) => Number(new URL(url).port);

// A document whose objects allow no fields beside those that they name. Published ones allow them, so that a field can
// be added later.
function closed(value) {
  if (Array.isArray(value)) return value.map(closed);
  if (value === null || typeof value !== "object") return value;
  const fields = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, closed(one)]));
  return fields.type === "object" && fields.properties ? { ...fields, additionalProperties: false } : fields;
}

// The value of a JSON pointer, given as its parts; undefined if there is none.
const at = (document, parts) => parts.reduce((value, part) => value?.[part], document);

// A document of docs/api, with the schemas in it compiled when they are first used.
class Document {
  #compiled = new Map();

  constructor(file, Validator) {
    this.file = file;
    this.content = JSON.parse(readFileSync(join(API, file), "utf8"));
    // Of what is heard nothing may be unknown. Of what clients send, unknown fields are ignored.
    this.forms = { heard: closed(this.content), sent: this.content };
    this.validator = new Validator({ strict: false, allErrors: true });
    addFormats(this.validator);
  }

  // Fails unless the value is as the schema at this place says.
  check(form, parts, value) {
    const place = `${form} ${parts.join("/")}`;
    if (!this.#compiled.has(place)) {
      const schema = at(this.forms[form], parts);
      assert.ok(schema, `${this.file} has no ${place}`);
      const { schemas } = this.forms[form].components;
      this.#compiled.set(place, this.validator.compile({ allOf: [schema], components: { schemas } }));
    }
    const validate = this.#compiled.get(place);
    const isValid = validate(value);
    const errors = () => this.validator.errorsText(validate.errors, { dataVar: "it" });
    assert.ok(isValid, `${JSON.stringify(value)} is not as ${place} of ${this.file} says: ${isValid || errors()}`);
  }
}

const CONTRACTS = new Map();
for (const file of readdirSync(API).filter((name) => name.endsWith(".json"))) {
  const [dialect, form] = file.split(".");
  if (!CONTRACTS.has(dialect)) CONTRACTS.set(dialect, {});
  CONTRACTS.get(dialect)[form] = new Document(file, form === "openapi" ? Ajv2020 : Ajv);
}

// Checks a line of an export of moderation.
export const checkExportLine = (line) => (
  CONTRACTS.get("moderation").openapi.check("heard", ["components", "schemas", "ExportLine"], line)
);

// What a client sends counts as if fields that are null were absent.
function withoutNulls(value) {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== "object") return value;
  const fields = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(fields.map(([key, field]) => [key, withoutNulls(field)]));
}

const key = (way, event) => `${way}-${event.replaceAll(":", ".")}`;

// The Socket.IO Admin UI has a protocol of its own.
const NAMESPACES_WITHOUT_CONTRACT = new Set(["/admin"]);

// The frames of one client, on whatever transports.
export class FrameChecker {
  // The event and the argument for each ack that was asked for.
  #asked = new Map();

  constructor(port) {
    this.port = port;
  }

  // Notes for which events an ack is asked. `text` is what goes into a frame or a body; bytes are no text.
  sent(text) {
    if (typeof text !== "string") return;
    for (const packet of text.split(SEPARATOR)) {
      const found = /^4(?:2|5\d+-)(?:(\/[^,]*),)?(\d+)(\[.*)$/s.exec(packet);
      if (!found) continue;
      const [, namespace = "/", id, json] = found;
      let data;
      // Some tests send what is no JSON.
      try { data = JSON.parse(json); } catch { continue; }
      this.#asked.set(`${namespace} ${id}`, data);
    }
  }

  // Checks a packet of Engine.IO.
  heard(text) {
    const packet = parse(text);
    if (packet === null) return;
    const { type, namespace, data } = packet;
    if (NAMESPACES_WITHOUT_CONTRACT.has(namespace)) return;
    const dialect = namespace === "/" ? dialectAt(this.port) : namespace.slice(1);
    const contract = CONTRACTS.get(dialect);
    if (!contract) {
      assert.equal(type, "4", `${dialect} is no dialect, and yet: ${text}`);
      return;
    }
    const place = (name) => ["components", "messages", name, "payload"];
    const message = (name, value, form = "heard") => contract.asyncapi.check(form, place(name), value);
    const declared = (name) => at(contract.asyncapi.content, place(name));
    if (type === "0") message("connected", data);
    else if (type === "4") this.#refused(data, message);
    else if (type === "2") this.#event(data, message, text);
    else if (type === "3") this.#ack(packet, { message, declared, text });
    else assert.equal(type, "1", `no dialect sends attachments: ${text}`);
  }

  // A refused token has a reason. A user who may not connect has an error of the dialect. For a namespace that does not
  // exist there is only a message.
  #refused(payload, message) {
    if (payload.data === undefined) assert.deepEqual(Object.keys(payload), ["message"]);
    else if (payload.data.reason !== undefined) message("connect-error", payload);
    else message("hear-error", payload.data);
  }

  #event([event, argument, ...rest], message, text) {
    const hasOffset = rest.length === 1 && typeof rest[0] === "string";
    assert.ok(rest.length === 0 || hasOffset, `only an offset follows: ${text}`);
    message(key("hear", event), argument);
  }

  #ack({ namespace, id, data }, { message, declared, text }) {
    const asked = this.#asked.get(`${namespace} ${id}`);
    assert.ok(asked, `nobody asked for this ack: ${text}`);
    assert.equal(data.length, 1, `an ack has one argument: ${text}`);
    const [event, argument] = asked;
    if (data[0].success === false) return message("ack-failed", data[0]);
    message(key("ack", event), data[0]);
    // An event without an argument takes any, and ignores it.
    const takesOne = declared(key("emit", event)) !== undefined;
    if (takesOne) message(key("emit", event), withoutNulls(argument), "sent");
  }
}

// The stock client, watched.
export function io(url, options) {
  const socket = connect(url, options);
  const manager = socket.io;
  const checker = new FrameChecker(portOf(manager.uri));
  manager.on("open", () => {
    const { engine } = manager;
    engine.on("message", (data) => checker.heard(`4${data}`));
    engine.on("packetCreate", ({ type, data }) => {
      if (type === "message" && typeof data === "string") checker.sent(`4${data}`);
    });
  });
  return socket;
}

// The path of a document that a path means: the one with the most fixed parts.
function templateOf(document, requested) {
  const parts = requested.split("/");
  const fits = (template) => {
    const others = template.split("/");
    return others.length === parts.length
      && others.every((other, index) => other.startsWith("{") || other.toLowerCase() === parts[index].toLowerCase());
  };
  const variables = (template) => template.split("{").length;
  return Object.keys(document.paths).filter(fits).sort((one, other) => variables(one) - variables(other))[0];
}

// Polling has frames, and the pages of the local system have routes of their own.
const WITHOUT_CONTRACT = new Set(["socket.io", "playground", "_local", "docs"]);

const JSON_SCHEMA = ["content", "application/json", "schema"];

// Checks a REST answer. `body` is undefined if it is no JSON.
export function checkAnswer(url, method, status, body, requested) {
  const { port, pathname } = new URL(url);
  const path = pathname.replace(/\/+$/, "");
  const [, first = ""] = path.split("/");
  if (WITHOUT_CONTRACT.has(first) || ["OPTIONS", "HEAD"].includes(method)) return;
  const prefixed = CONTRACTS.get(first.toLowerCase());
  const { openapi } = prefixed ?? CONTRACTS.get(dialectAt(port));
  // A document says below which prefix its paths are.
  const isBelow = prefixed && new URL(openapi.content.servers[0].url).pathname === `/${first.toLowerCase()}`;
  const route = isBelow ? path.slice(first.length + 1) : path;
  const response = (name) => ["components", "responses", name, ...JSON_SCHEMA];
  const template = templateOf(openapi.content, route);
  if (!template) return openapi.check("heard", response("NotFound"), body);
  const operation = ["paths", template, method.toLowerCase()];
  if (!at(openapi.content, operation)) {
    assert.equal(status, 405, `${method} ${template} is no route of ${openapi.file}, and yet: ${status}`);
    return openapi.check("heard", response("Invalid"), body);
  }
  const declared = at(openapi.content, [...operation, "responses", status]);
  assert.ok(declared, `${method} ${template} of ${openapi.file} never answers ${status}: ${JSON.stringify(body)}`);
  const name = declared.$ref?.split("/").at(-1);
  const place = name ? response(name) : [...operation, "responses", String(status), ...JSON_SCHEMA];
  // Media are no JSON.
  if (at(openapi.content, place)) openapi.check("heard", place, body);
  const asked = [...operation, "requestBody", ...JSON_SCHEMA];
  const isTaken = status < 300 && requested !== undefined && at(openapi.content, asked);
  if (isTaken) openapi.check("sent", asked, withoutNulls(requested));
}
