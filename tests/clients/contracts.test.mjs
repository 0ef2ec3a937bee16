// The contracts in docs/api are what the official JSON schemas of AsyncAPI and OpenAPI ask for, and the types in
// clients/typescript are taken by TypeScript together with the unmodified client. What the other tests hear is checked
// by support/contract.mjs, and here, that it refuses what no contract says. Nothing is started.

import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import specs from "@asyncapi/specs";
import { registerSchema, validate } from "@hyperjump/json-schema/draft-07";
import { validate as validateOpenApi } from "@hyperjump/json-schema/openapi-3-1";

import { FrameChecker, checkAnswer, speaks } from "./support/contract.mjs";

const API = fileURLToPath(new URL("../../docs/api/", import.meta.url));
const DIALECTS = ["recruiting", "marketplace", "messenger", "workspace", "classroom"];

const document = async (dialect, form) => JSON.parse(await readFile(`${API}${dialect}.${form}.json`, "utf8"));
const assertValid = (output) => assert.ok(output.valid, JSON.stringify(output.errors ?? output, null, 2));

const asyncApi = specs.schemas["3.0.0"];
registerSchema(asyncApi);

for (const dialect of DIALECTS) {
  test(`${dialect}: the events are a valid AsyncAPI 3.0 document`, async () => {
    const given = await document(dialect, "asyncapi");
    assertValid(await validate(asyncApi.$id, given, "DETAILED"));
    const broken = { ...given, channels: 7 };
    await assert.rejects(async () => assertValid(await validate(asyncApi.$id, broken, "DETAILED")));
  });
}

for (const name of [...DIALECTS, "moderation"]) {
  test(`${name}: the routes are a valid OpenAPI 3.1 document`, async () => {
    const given = await document(name, "openapi");
    const schema = "https://spec.openapis.org/oas/3.1/schema-base";
    assertValid(await validateOpenApi(schema, given, "DETAILED"));
    const broken = { ...given, paths: 7 };
    await assert.rejects(async () => assertValid(await validateOpenApi(schema, broken, "DETAILED")));
  });
}

// A port at which nothing listens.
const PORT = 1;
const URL_OF_PORT = `http://localhost:${PORT}`;
speaks(PORT, "recruiting");

const error = { code: "NOT_FOUND", message: "chat not found", details: {}, timestamp: 1 };
const read = { chatId: "c", readByUserId: "bob", readAt: "2026-01-02T03:04:05.006Z" };

const event = (...data) => `42${JSON.stringify(data)}`;
const ask = (...data) => `421${JSON.stringify(data)}`;
const ack = (answer) => `431${JSON.stringify([answer])}`;
const refusal = (reason) => `44${JSON.stringify({ message: "no", data: { code: "AUTHENTICATION_ERROR", reason } })}`;
const mark = ask("mark_messages_read", { chatId: "c" });
const marked = { success: true, chatId: "c", markedCount: 1 };

// What was sent before, what is heard, and whether that is as the contract says.
const FRAMES = [
  ["an event as declared", [], event("messages_read_by_other", read), true],
  ["an event with an offset", [], event("messages_read_by_other", read, "1.2"), true],
  ["an event with one more field", [], event("messages_read_by_other", { ...read, more: 1 }), false],
  ["an event without a field", [], event("messages_read_by_other", { ...read, readAt: undefined }), false],
  ["an event with a wrong time", [], event("messages_read_by_other", { ...read, readAt: "now" }), false],
  ["an event of another dialect", [], event("newMessage", {}), false],
  ["an event of a namespace", [], '42/workspace,["typing:start",{"userId":"bob","conversationId":"c"}]', true],
  ["an ack as declared", [mark], ack(marked), true],
  ["an ack without a field", [mark], ack({ ...marked, markedCount: undefined }), false],
  ["a failed ack", [mark], ack({ success: false, error }), true],
  ["a failed ack of another form", [mark], ack({ success: false, error: "no" }), false],
  ["success for what the contract forbids", [ask("mark_messages_read", { chatId: 7 })], ack(marked), false],
  ["an ack that nobody asked for", [], ack(marked), false],
  ["a refusal with its reason", [], refusal("no token"), true],
  ["a refusal with another reason", [], refusal("bad mood"), false],
  ["a ping", [], "2", true],
];

for (const [name, sent, heard, isRight] of FRAMES) {
  test(`what clients hear: ${name} is ${isRight ? "taken" : "refused"}`, () => {
    const checker = new FrameChecker(PORT);
    for (const frame of sent) checker.sent(frame);
    if (isRight) checker.heard(heard);
    else assert.throws(() => checker.heard(heard), assert.AssertionError);
  });
}

const unread = { success: true, message: "Unread count", data: { unreadCount: 3 } };
const failure = { success: false, message: error.message, error };

const ANSWERS = [
  ["an answer as declared", "GET", "/api/message/unread-count", 200, unread, true],
  ["an answer below a prefix", "GET", "/recruiting/API/message/unread-count/", 200, unread, true],
  ["an answer with one more field", "GET", "/api/message/unread-count", 200, { ...unread, more: 1 }, false],
  ["a status that is not declared", "GET", "/api/message/unread-count", 201, unread, false],
  ["an error", "GET", "/api/chat/c", 404, failure, true],
  ["an error of another dialect", "GET", "/workspace/api/conversations/c", 404, failure, false],
  ["a path that is no route", "GET", "/api/nowhere", 404, failure, true],
  ["success for a path that is no route", "GET", "/api/nowhere", 200, unread, false],
  ["success for a method that is no route", "PUT", "/api/message/unread-count", 200, unread, false],
];

for (const [name, method, path, status, body, isRight] of ANSWERS) {
  test(`what REST answers: ${name} is ${isRight ? "taken" : "refused"}`, () => {
    const check = () => checkAnswer(URL_OF_PORT + path, method, status, body);
    if (isRight) check();
    else assert.throws(check, assert.AssertionError);
  });
}

test("every dialect has both documents, a page and a module of types", async () => {
  const files = await readdir(API);
  const forms = ["asyncapi.json", "openapi.json", "md"];
  const expected = DIALECTS.flatMap((dialect) => forms.map((form) => `${dialect}.${form}`));
  const ofServices = ["openapi.json", "md"].map((form) => `moderation.${form}`);
  assert.deepEqual(files.toSorted(), [...expected, ...ofServices, "README.md"].toSorted());
});

test("the types are taken by TypeScript with the stock client, and wrong arguments are refused", async () => {
  const run = promisify(execFile);
  const here = fileURLToPath(new URL(".", import.meta.url));
  const compile = run("node_modules/.bin/tsc", ["--project", "types"], { cwd: here });
  await compile.catch(({ stdout, stderr }) => assert.fail(`${stdout}${stderr}`));
});
