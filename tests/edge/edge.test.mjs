// The edge's function with events as CloudFront gives them, and edge.yaml as far as the function and the other template rely on it.

import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const code = read("infra/edge.js");
const edge = read("infra/edge.yaml");

const IMPORT = "import cf from 'cloudfront';\n";

// The handler, with a module `cloudfront` that remembers which origin was selected.
const load = new Function("cf", `${code.replace(IMPORT, "")}\nreturn handler;`);

// A handshake as a browser sends it, without the headers that CloudFront keeps from functions.
const HANDSHAKE = {
  host: { value: "chat.example.com" },
  origin: { value: "https://app.example.com" },
  authorization: { value: "Bearer token" },
  "sec-websocket-version": { value: "13" },
  "sec-websocket-key": { value: "dGhlIHNhbXBsZSBub25jZQ==" },
};

const engine = (transport, more = {}) => ({ EIO: { value: "4" }, transport: { value: transport }, ...more });

function requestOf({ method = "GET", uri = "/socket.io/", querystring = {}, headers = {} }) {
  return { method, uri, querystring, headers, cookies: {} };
}

// What becomes of a request: its origin, and how it goes there.
function edgeOf(parts) {
  let origin = "http";
  const handler = load({
    selectRequestOriginById: (id) => {
      origin = id;
    },
  });
  const event = {
    version: "1.0",
    context: { distributionDomainName: "d111111abcdef8.cloudfront.net", eventType: "viewer-request", requestId: "4TyzHTaYWb1GX1qTfsHhEqV6HUDd" },
    viewer: { ip: "192.0.2.1" },
    request: requestOf(parts),
  };
  const request = handler(event);
  return { origin, request };
}

function assertWebSocket(parts) {
  const outcome = edgeOf(parts);
  assert.equal(outcome.origin, "websocket");
  assert.deepEqual(outcome.request, requestOf({ ...parts, uri: "/" }), "nothing but the path changes");
}

function assertUntouched(parts) {
  const outcome = edgeOf(parts);
  assert.equal(outcome.origin, "http");
  assert.deepEqual(outcome.request, requestOf(parts));
}

// The HTTP API has a route for the path without its last slash, and cannot have one for the path with it.
function assertPolling(parts) {
  const outcome = edgeOf(parts);
  assert.equal(outcome.origin, "http");
  assert.deepEqual(outcome.request, requestOf({ ...parts, uri: "/socket.io" }), "nothing but the path changes");
}

test("a handshake goes to the WebSocket API, where the stage is the whole path", () => {
  assertWebSocket({ querystring: engine("websocket"), headers: HANDSHAKE });
});

test("the query goes on as it came, repeated and encoded values too", () => {
  const more = {
    sid: { value: "p.0123456789abcdef0123456789abcdef" },
    room: { value: "a", multiValue: [{ value: "a" }, { value: "b%20c" }] },
    empty: { value: "" },
  };
  assertWebSocket({ querystring: engine("websocket", more), headers: HANDSHAKE });
});

test("the path may lack its last slash, as with addTrailingSlash: false", () => {
  assertWebSocket({ uri: "/socket.io", querystring: engine("websocket"), headers: HANDSHAKE });
});

test("polling stays with the HTTP API: the opening GET, the waiting GET, the POST, the preflight", () => {
  const session = engine("polling", { t: { value: "abc1" }, sid: { value: "p.0123456789abcdef0123456789abcdef" } });
  assertPolling({ querystring: engine("polling") });
  assertPolling({ querystring: session });
  assertPolling({ method: "POST", querystring: session });
  assertPolling({ method: "OPTIONS", querystring: session, headers: { "access-control-request-method": { value: "POST" } } });
});

test("the headers of a handshake decide nothing, whatever their case: the transport does", () => {
  for (const upgrade of ["websocket", "WebSocket", "WEBSOCKET"]) {
    const headers = { ...HANDSHAKE, connection: { value: "Upgrade" }, upgrade: { value: upgrade } };
    assertWebSocket({ querystring: engine("websocket"), headers });
    assertPolling({ querystring: engine("polling"), headers });
  }
});

test("a GET for websocket that is no handshake goes to the WebSocket API, which refuses it", () => {
  assertWebSocket({ querystring: engine("websocket"), headers: { host: { value: "chat.example.com" } } });
});

test("a POST, a preflight or a HEAD is never a handshake", () => {
  for (const method of ["POST", "OPTIONS", "HEAD"]) assertPolling({ method, querystring: engine("websocket"), headers: HANDSHAKE });
});

test("a transport that is missing, unknown, in other letters or said twice is for the HTTP API to refuse", () => {
  assertPolling({ headers: HANDSHAKE });
  assertPolling({ querystring: { EIO: { value: "4" } }, headers: HANDSHAKE });
  for (const transport of ["", "webtransport", "WebSocket", "websocket "]) {
    assertPolling({ querystring: engine(transport), headers: HANDSHAKE });
  }
  for (const [first, second] of [["polling", "websocket"], ["websocket", "polling"], ["websocket", "websocket"]]) {
    const transport = { value: first, multiValue: [{ value: first }, { value: second }] };
    assertPolling({ querystring: { EIO: { value: "4" }, transport }, headers: HANDSHAKE });
  }
});

test("polling may lack the last slash too", () => assertPolling({ uri: "/socket.io", querystring: engine("polling") }));

test("REST and other paths are left alone, even with a query like that of a handshake", () => {
  const headers = { authorization: { value: "Bearer token" }, "content-type": { value: "application/json" } };
  assertUntouched({ uri: "/api/chat/list", querystring: { page: { value: "2" } }, headers });
  assertUntouched({ method: "POST", uri: "/recruiting/api/chat/create-or-get", headers });
  for (const uri of ["/", "/api/chat/list", "/socket.io/more", "/socket.iota", "/SOCKET.IO/", "/api/socket.io/"]) {
    assertUntouched({ uri, querystring: engine("websocket"), headers: HANDSHAKE });
  }
});

test("the code in edge.yaml is that of edge.js", () => {
  const [, rest] = edge.split("      FunctionCode: |\n");
  const lines = rest.split("\n");
  const block = lines.slice(0, lines.findIndex((line) => /^ {0,7}\S/.test(line)));
  const inline = block.map((line) => line.slice(8)).join("\n");
  assert.equal(inline.trimEnd(), code.trimEnd());
  assert.ok(block.every((line) => line.trim() === "" || line.startsWith(" ".repeat(8))));
});

test("CloudFront takes the code: its import comes first, nothing is exported, it is under 10 KB", () => {
  assert.ok(code.startsWith(IMPORT));
  assert.doesNotMatch(code, /^export/m);
  assert.ok(Buffer.byteLength(code) < 10 * 1024);
});

test("the origin that the function names is in edge.yaml, and its path is the stage", () => {
  const origins = [...edge.matchAll(/^ {10}- Id: (\S+)\n((?: {12}.*\n)+)/gm)].map(([, id, text]) => ({ id, text }));
  assert.deepEqual(origins.map(({ id }) => id), ["http", "websocket"]);
  assert.doesNotMatch(origins[0].text, /OriginPath/);
  assert.match(origins[1].text, /OriginPath: .*Select \[3, .*WebSocketUrl/);
  assert.deepEqual([...code.matchAll(/selectRequestOriginById\('(.*)'\)/g)].map(([, id]) => id), ["websocket"]);
});

test("nothing is kept for the next one, errors neither", () => {
  const cached = [...edge.matchAll(/CachePolicyId: (\S+)/g)].map(([, id]) => id);
  assert.deepEqual(cached, Array(2).fill("4135ea2d-6df8-44a3-9df3-4b5a84be39ad"));
  const errors = [...edge.matchAll(/ErrorCode: (\d+), ErrorCachingMinTTL: (\d+)/g)].map(([, status, seconds]) => [Number(status), seconds]);
  assert.deepEqual(errors, [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504].map((status) => [status, "0"]));
});

test("the parameters take the other template's outputs as they are printed", () => {
  const template = read("template.yaml");
  const printed = { WebSocket: "a1b2c3d4e5", Http: "f6g7h8i9j0", "AWS::Region": "eu-north-1", "AWS::URLSuffix": "amazonaws.com", Stage: "prod" };
  for (const [name, prefix] of [["WebSocketUrl", "wss"], ["HttpUrl", "https"]]) {
    const [, output] = template.match(new RegExp(`\\n  ${name}:\\n.*\\n    Value: !Sub (\\S+)`));
    const value = output.replace(/\$\{([^}]+)\}/g, (_, variable) => printed[variable]);
    const [, pattern] = edge.match(new RegExp(`\\n  ${name}:\\n.*\\n.*\\n    AllowedPattern: (\\S+)`));
    assert.ok(value.startsWith(`${prefix}://`));
    assert.match(value, new RegExp(pattern));
    assert.doesNotMatch(`${value}/more`, new RegExp(pattern));
  }
});
