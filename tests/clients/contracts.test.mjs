// The contracts in docs/api are what the official JSON schemas of AsyncAPI and OpenAPI ask for, and the types in
// clients/typescript are taken by TypeScript together with the unmodified client. Nothing is started.

import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import specs from "@asyncapi/specs";
import { registerSchema, validate } from "@hyperjump/json-schema/draft-07";
import { validate as validateOpenApi } from "@hyperjump/json-schema/openapi-3-1";

const API = fileURLToPath(new URL("../../docs/api/", import.meta.url));
const DIALECTS = ["recruiting", "marketplace", "messenger", "workspace", "classroom"];

const read = async (dialect, form) => JSON.parse(await readFile(`${API}${dialect}.${form}.json`, "utf8"));
const assertValid = (output) => assert.ok(output.valid, JSON.stringify(output.errors ?? output, null, 2));

const asyncApi = specs.schemas["3.0.0"];
registerSchema(asyncApi);

for (const dialect of DIALECTS) {
  test(`${dialect}: the events are a valid AsyncAPI 3.0 document`, async () => {
    const document = await read(dialect, "asyncapi");
    assertValid(await validate(asyncApi.$id, document, "DETAILED"));
    const broken = { ...document, channels: 7 };
    await assert.rejects(async () => assertValid(await validate(asyncApi.$id, broken, "DETAILED")));
  });

  test(`${dialect}: the routes are a valid OpenAPI 3.1 document`, async () => {
    const document = await read(dialect, "openapi");
    const schema = "https://spec.openapis.org/oas/3.1/schema-base";
    assertValid(await validateOpenApi(schema, document, "DETAILED"));
    const broken = { ...document, paths: 7 };
    await assert.rejects(async () => assertValid(await validateOpenApi(schema, broken, "DETAILED")));
  });
}

test("every dialect has both documents, a page and a module of types", async () => {
  const files = await readdir(API);
  const forms = ["asyncapi.json", "openapi.json", "md"];
  const expected = DIALECTS.flatMap((dialect) => forms.map((form) => `${dialect}.${form}`));
  assert.deepEqual(files.toSorted(), [...expected, "README.md"].toSorted());
});

test("the types are taken by TypeScript with the stock client, and wrong arguments are refused", async () => {
  const run = promisify(execFile);
  const here = fileURLToPath(new URL(".", import.meta.url));
  const compile = run("node_modules/.bin/tsc", ["--project", "types"], { cwd: here });
  await compile.catch(({ stdout, stderr }) => assert.fail(`${stdout}${stderr}`));
});
