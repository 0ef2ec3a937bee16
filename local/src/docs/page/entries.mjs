// The entries of a dialect: each event, route and object, with the elements that show it.

import { json, make, prose } from "./elements.mjs";
import { fields } from "./schema.mjs";

const METHODS = ["get", "post", "put", "patch", "delete"];

// An entry: its group, its id in the address, its title, and the words in which a search looks.
function entry(group, id, title, says, shown) {
  const words = JSON.stringify([title, says, shown.words]).toLowerCase();
  return { group, id, title, says, parts: shown.parts, words };
}

// What a schema and its example show.
function part(caption, schema, example, link) {
  const shown = fields(schema, link, caption);
  if (example === undefined) return [shown];
  return [shown, make("details", {}, make("summary", {}, `Example: ${caption}`), json(example))];
}

// The message of a reference in an AsyncAPI document.
const messageOf = (document, { $ref }) => document.components.messages[$ref.split("/").at(-1)];

function eventEntries(document, link) {
  return Object.entries(document.operations).map(([key, operation]) => {
    const isEmitted = operation.action === "receive";
    const message = messageOf(document, operation.messages[0]);
    const replies = (operation.reply?.messages ?? []).map((reply) => messageOf(document, reply));
    const shown = (caption, one) => part(caption, one.payload ?? {}, one.examples?.[0]?.payload, link);
    const parts = [
      ...(message.payload ? shown("Argument", message) : [make("p", {}, "It has no argument.")]),
      ...replies.flatMap((reply) => shown(reply.title ?? reply.name, reply)),
    ];
    const group = isEmitted ? "Events that a client emits" : "Events that a client hears";
    const words = [message.payload, replies.map(({ payload }) => payload)];
    return entry(group, key, message.name, operation.summary ?? message.summary ?? "", { parts, words });
  });
}

// The body of a request, a response or an example, by its media type.
const contents = (content = {}) => Object.entries(content).filter(([, { schema }]) => schema);

function routeEntry(document, link, path, method) {
  const operation = document.paths[path][method];
  const resolved = (one) => (one.$ref ? document.components.responses[one.$ref.split("/").at(-1)] : one);
  const parameters = { path: [], query: [], header: [] };
  for (const parameter of operation.parameters ?? []) parameters[parameter.in]?.push(parameter);
  const asSchema = (list) => ({
    properties: Object.fromEntries(list.map(({ name, schema, description }) => [name, { ...schema, description }])),
    required: list.filter(({ required }) => required).map(({ name }) => name),
  });
  const asked = Object.entries({ Path: parameters.path, Query: parameters.query, Headers: parameters.header })
    .filter(([, list]) => list.length > 0)
    .map(([caption, list]) => fields(asSchema(list), link, caption));
  const bodies = contents(operation.requestBody?.content)
    .flatMap(([type, { schema, example }]) => part(`Body, ${type}`, schema, example, link));
  const responses = Object.entries(operation.responses).map(([status, one]) => [status, resolved(one)]);
  const answers = responses
    .filter(([status]) => status < "300")
    .flatMap(([status, { content }]) => contents(content)
      .flatMap(([, { schema, example }]) => part(`Answer ${status}`, schema, example, link)));
  const errors = responses.filter(([status]) => status >= "300");
  const refusals = errors.map(([status, { description }]) => (
    make("li", {}, make("code", {}, status), " ", prose(description))
  ));
  const parts = [asked, bodies, answers, make("p", {}, "Errors:"), make("ul", {}, refusals)];
  const title = `${method.toUpperCase()} ${path}`;
  const says = operation.summary ?? operation.description ?? "";
  const words = [operation.parameters, operation.requestBody];
  return entry("REST routes", operation.operationId, title, says, { parts, words });
}

function routeEntries(document, link) {
  return Object.keys(document.paths).flatMap((path) => METHODS
    .filter((method) => document.paths[path][method])
    .map((method) => routeEntry(document, link, path, method)));
}

function objectEntries(schemas, link) {
  return Object.entries(schemas).map(([name, schema]) => {
    const parts = [fields(schema, link, "Fields")];
    return entry("Objects", `object-${name}`, name, schema.description ?? "", { parts, words: schema });
  });
}

// All entries of a dialect, in the order in which they are shown. Either document may be missing.
export function entriesOf({ asyncapi, openapi }, link) {
  const events = asyncapi ? eventEntries(asyncapi, link) : [];
  const isEmitted = ({ group }) => group === "Events that a client emits";
  return [
    ...events.filter(isEmitted),
    ...events.filter((one) => !isEmitted(one)),
    ...(openapi ? routeEntries(openapi, link) : []),
    ...objectEntries({ ...asyncapi?.components.schemas, ...openapi?.components.schemas }, link),
  ];
}
