// The collection for Bruno in clients/bruno, read by Bruno's own parser: each request is sent in the order of a run,
// and each is answered as its assertion and its contract say.

import { strict as assert } from "node:assert";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import lang from "@usebruno/lang";

import { fetched } from "./support/rest.mjs";
import { startServer } from "./support/server.mjs";
import { tokenOf } from "./support/token.mjs";

const COLLECTION = fileURLToPath(new URL("../../clients/bruno/", import.meta.url));
const read = (file) => readFileSync(path.join(COLLECTION, file), "utf8");
const parsed = (file) => lang.bruToJsonV2(read(file));

const server = await startServer();
after(() => server.stop());

// The variables, as Bruno keeps them during a run.
const variables = Object.fromEntries(
  lang.bruToEnvJsonV2(read("environments/local.bru")).variables.map(({ name, value }) => [name, value]),
);
const serviceToken = tokenOf("service", { role: "service" });
Object.assign(variables, { url: server.url, token: tokenOf("alice"), serviceToken });
const collectionToken = lang.collectionBruToJson(read("collection.bru")).auth.bearer.token;

function filled(text) {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, name) => {
    assert.ok(variables[name], `the variable ${name} has a value`);
    return variables[name];
  });
}

// The address of a request, with the parameters that are switched on.
function addressOf({ http, params = [] }) {
  const of = (type) => params.filter((one) => one.type === type && one.enabled);
  const [base, query = ""] = http.url.split("?");
  const pairs = of("query").map(({ name, value }) => `${name}=${value}`);
  assert.equal(query, pairs.join("&"), "the address has the parameters that are switched on");
  const inPath = of("path").reduce((url, { name, value }) => url.replace(`:${name}`, value), base);
  return filled(query ? `${inPath}?${query}` : inPath);
}

function bodyOf({ http, body }) {
  if (http.body === "json") return { body: filled(body.json), headers: { "content-type": "application/json" } };
  if (http.body !== "multipartForm") return { headers: {} };
  const form = new FormData();
  for (const { name, value, type } of body.multipartForm) {
    assert.equal(type, "file");
    for (const file of value) form.append(name, new File([readFileSync(path.join(COLLECTION, file))], file));
  }
  return { body: form, headers: {} };
}

function tokenFor({ http, auth }) {
  if (http.auth === "none") return {};
  const token = http.auth === "bearer" ? auth.bearer.token : collectionToken;
  return { authorization: `Bearer ${filled(token)}` };
}

const folders = readdirSync(COLLECTION, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== "environments")
  .map(({ name }) => ({ name, seq: Number(parsed(`${name}/folder.bru`).meta.seq) }))
  .toSorted((one, other) => one.seq - other.seq);

for (const { name } of folders) {
  const files = readdirSync(path.join(COLLECTION, name)).filter((file) => file !== "folder.bru");
  const requests = files.map((file) => parsed(`${name}/${file}`));
  requests.sort((one, other) => one.meta.seq - other.meta.seq);
  for (const request of requests) {
    test(`${name}: ${request.meta.name}`, async () => {
      const { body, headers } = bodyOf(request);
      const method = request.http.method.toUpperCase();
      const all = { ...headers, ...tokenFor(request) };
      const answer = await fetched(addressOf(request), { method, body, headers: all });
      const [{ name: asserted, value }] = request.assertions;
      assert.equal(asserted, "res.status");
      const [, ...allowed] = value.split(/[ ,]+/);
      const text = await answer.clone().text();
      assert.ok(allowed.includes(String(answer.status)), `the status is to be ${value}: ${answer.status} ${text}`);
      if (!request.vars) return;
      const res = { body: await answer.json() };
      for (const { name: kept, value: expression } of request.vars.res) {
        variables[kept] = new Function("res", `return ${expression}`)(res);
      }
    });
  }
}

test("each route of the contracts has a request, and each request is for a route", () => {
  for (const { name } of folders) {
    const { paths } = JSON.parse(readFileSync(path.join(COLLECTION, `../../docs/api/${name}.openapi.json`), "utf8"));
    const routes = Object.entries(paths)
      .flatMap(([route, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${route}`));
    const files = readdirSync(path.join(COLLECTION, name)).filter((file) => file !== "folder.bru");
    assert.deepEqual(files.map((file) => parsed(`${name}/${file}`).meta.name).toSorted(), routes.toSorted());
  }
});
