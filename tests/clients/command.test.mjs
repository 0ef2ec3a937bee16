// The command line: what it prints, what it refuses and what it says then.

import { strict as assert } from "node:assert";
import { generateKeyPairSync, sign as signature } from "node:crypto";
import { writeFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { after, test } from "node:test";

import { connect } from "./support/device.mjs";
import { request } from "./support/rest.mjs";
import { runToEnd, startRefused, startServer, temporaryFolder } from "./support/server.mjs";
import { seconds, sign, tokenOf } from "./support/token.mjs";

const SECRET = "a secret of at least thirty-two characters";

const server = await startServer({ parameters: { JwtSecret: SECRET } });
after(() => server.stop());

// One line: what a program that fails says.
const refused = (stderr) => ({ status: 1, stderr: `${stderr}\n` });

const UNREAD = "/recruiting/api/message/unread-count";
const statusWith = async (url, token) => (await request(url, "GET", UNREAD, { token })).status;

// The tokens that a start printed, by user.
const printedTokens = ({ printed }) => Object.fromEntries(printed.map((line) => /^ {2}(\w+) {2}(ey\S+)$/.exec(line)).filter(Boolean).map((found) => found.slice(1)));

// Waits until the line after the addresses and tokens is printed: it comes with the lines before it.
async function introduced(started) {
  const isDone = () => started.printed.includes("Ctrl-C ends it.");
  for (let waits = 0; !isDone() && waits < 1_000; waits += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(isDone(), started.printed.join("\n"));
}

// One request with any headers, such as Host, which fetch does not let a caller set.
const raw = (port, requestPath, { method = "GET", headers = {}, body } = {}) => new Promise((resolve, reject) => {
  const sent = http.request({ host: "127.0.0.1", port, path: requestPath, method, headers }, (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (chunk) => { text += chunk; }).on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
  });
  sent.on("error", reject).end(body);
});

test("a taken port is named, with one that is free", async () => {
  const { status, stderr } = startRefused("--memory", "--port", String(server.port));
  assert.equal(status, 1);
  const [, taken, free] = /^port (\d+) is taken: another Parlance\? try --port (\d+)\n$/.exec(stderr) ?? assert.fail(stderr);
  assert.equal(Number(taken), server.port);
  const other = await startServer({ port: Number(free) });
  await other.stop();
});

test("a data folder that cannot be made or is in use is named, with what to do", async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, "file");
  await writeFile(file, "");
  const why = "it, or a part of its path, is a file; use --data DIR or --memory";
  assert.deepEqual(startRefused("--port", "0", "--data", file), refused(`cannot write to ${file}: ${why}`));

  const data = path.join(folder, "data");
  const first = await startServer({ data });
  const used = `the data folder ${data} is used by the process`;
  for (const args of [["--port", "0", "--data", data], ["tables", "--data", data]]) {
    const { status, stderr } = startRefused(...args);
    assert.equal(status, 1);
    assert.ok(stderr.startsWith(used) && stderr.includes("--memory"), stderr);
  }
  await first.stop();
});

test("tables and doctor look into the data folder", async (t) => {
  const data = path.join(await temporaryFolder(t), "data");
  const none = `there are no tables in ${data}: start the system once, or name the folder with --data DIR`;
  assert.deepEqual(startRefused("tables", "--data", data), refused(none));
  const before = await startServer({ data });
  await introduced(before);
  await before.stop();
  const counts = runToEnd(["tables", "--data", data]);
  assert.equal(counts.status, 0, counts.stderr);
  assert.deepEqual(counts.stdout.trim().split("\n").map((line) => line.split(" ")[0]), ["Chats", "Connections", "Listings", "Messages", "Users"]);
  const rows = runToEnd(["tables", "Users", "--data", data]).stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(rows.length, Number(/^Users (\d+)$/m.exec(counts.stdout)[1]));
  assert.ok(rows.some((row) => JSON.stringify(row).includes('"Adams"')), JSON.stringify(rows));
  assert.deepEqual(startRefused("tables", "People", "--data", data), refused("there is no table People: there is Chats, Connections, Listings, Messages, Users"));

  const healthy = runToEnd(["doctor", "--data", data, "--port", "0"]);
  assert.equal(healthy.status, 0, healthy.stdout);
  assert.match(healthy.stdout, /^ok {6}parlance \d+\.\d+\.\d+, with a template\.yaml of \d+ functions, 5 tables and \d+ parameters$/m);
  assert.match(healthy.stdout, /^ok {6}data folder .*can be read and written$/m);
  const taken = runToEnd(["doctor", "--data", data, "--port", String(server.port)]);
  assert.equal(taken.status, 1);
  assert.match(taken.stdout, new RegExp(`^FAILED {2}port ${server.port} cannot be listened on`, "m"));
});

test("a parameter that there is not, and a value that it does not take", () => {
  const unknown = startRefused("--memory", "--parameter", "PingMinutes=1");
  assert.equal(unknown.status, 1);
  assert.ok(unknown.stderr.startsWith("--parameter: there is no parameter PingMinutes; did you mean PingIntervalMinutes?"), unknown.stderr);
  assert.match(unknown.stderr, /^ {2}DefaultDialect=recruiting$/m);
  const many = "EventsPerSecond must be empty or a whole number from 1 to 999999";
  assert.deepEqual(startRefused("--memory", "--parameter", "EventsPerSecond=many"), refused(`--parameter: ${many}`));
  const { stdout } = runToEnd(["parameters"]);
  assert.match(stdout, /^PingIntervalMinutes=5\n {4}Minutes between two pings.*\n {4}It must be a whole number from 1 to 8\.$/m);
});

test("the tokens that a start prints are valid there, with first and last names", async () => {
  await introduced(server);
  const { alice, bob } = printedTokens(server);
  for (const token of [alice, bob]) assert.equal(await statusWith(server.url, token), 200);
  assert.equal(await statusWith(server.url, tokenOf("alice")), 401, "the development secret is not valid");
  const { body } = await request(server.url, "GET", "/classroom/api/chat/conversation/bob", { token: alice });
  const people = body.data.participants.map(({ firstName, lastName }) => `${firstName} ${lastName}`);
  assert.deepEqual(people.sort(), ["Alice Adams", "Bob Brown"]);
});

test("token signs with a secret, for a time, and can introduce the user", async () => {
  const { alice } = printedTokens(server);
  const begin = (otherUserId) => request(server.url, "POST", "/recruiting/api/chat/create-or-get", { token: alice, body: { otherUserId } });
  assert.equal((await begin("carol")).status, 404, "carol is not known yet");
  const made = runToEnd(["token", "carol", "--secret", SECRET, "--first-name", "Carol", "--introduce", server.url]);
  assert.equal(made.status, 0, made.stderr);
  assert.equal(await statusWith(server.url, made.stdout.trim()), 200);
  assert.equal((await begin("carol")).status, 201);
  const other = runToEnd(["token", "carol", "--introduce", server.url]);
  assert.equal(other.status, 1);
  assert.ok(other.stderr.startsWith(`--introduce ${server.url}/: refused the token with 401: `), other.stderr);
});

test("with a public key alone there are no tokens of our own, and those of its private key are valid", async (t) => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = publicKey.export({ type: "spki", format: "pem" });
  const started = await startServer({ parameters: { JwtSecret: "none", JwtPublicKey: Buffer.from(pem).toString("base64") } });
  t.after(() => started.stop());
  await introduced(started);
  assert.deepEqual(printedTokens(started), {});
  assert.ok(started.printed.some((line) => line.startsWith("No tokens for demo users")), started.printed.join("\n"));
  assert.equal(await statusWith(started.url, tokenOf("alice")), 401);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "RS256", typ: "JWT" })}.${part({ sub: "alice", exp: seconds(60) })}`;
  const token = `${signed}.${signature("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
  assert.equal(await statusWith(started.url, token), 200);
});

test("LOG_LEVEL must be a level", () => {
  const { status, stderr } = runToEnd(["--memory", "--port", "0"], { env: { LOG_LEVEL: "loud" } });
  assert.equal(status, 1);
  assert.ok(stderr.startsWith('LOG_LEVEL=loud: "loud" is not a level; it must be one of off, error, warn, info, debug'), stderr);
});

test("libraries do not fill the log at debug", async (t) => {
  process.env.LOG_LEVEL = "debug";
  t.after(() => delete process.env.LOG_LEVEL);
  const started = await startServer({ parameters: { JwtSecret: SECRET } });
  const alice = await connect(started.url, "alice", { token: sign({ sub: "alice", exp: seconds(60) }, { secret: SECRET }) });
  await alice.socket.emitWithAck("get_online_users");
  alice.close();
  await started.stop();
  assert.doesNotMatch(started.log(), /\b(aws_\w+|hyper\w*|h2|rustls)\b(::|:)/);
});

test("a quiet start prints one line with the address", async (t) => {
  const started = await startServer({ quiet: true });
  assert.equal(await statusWith(started.url, tokenOf("alice")), 200);
  await started.stop();
  assert.deepEqual(started.printed, [`http://localhost:${started.port}`]);
});

test("a host that is no address of this machine is refused", () => {
  const expected = "--host 192.0.2.1 is not an address of this machine: try --host 0.0.0.0, which is all of them";
  assert.deepEqual(startRefused("--memory", "--port", "0", "--host", "192.0.2.1"), refused(expected));
});

test("a route of another dialect is named in a header, and so is what a handshake lacks", async () => {
  const answer = await request(server.url, "GET", "/marketplace/api/message/unread-count");
  assert.equal(answer.status, 404);
  assert.equal(answer.headers.get("x-parlance-hint"), `marketplace has no such route; there is GET ${UNREAD}`);
  assert.equal((await request(server.url, "GET", "/api/nothing")).headers.get("x-parlance-hint"), null);

  const lacks = (transport) => `the query lacks EIO=4 and transport=${transport}, which a Socket.IO client of version 3 or later sends`;
  const polling = await request(server.url, "GET", "/socket.io/");
  assert.deepEqual([polling.status, polling.headers.get("x-parlance-hint")], [400, lacks("polling")]);
  assert.deepEqual(polling.body, { code: 0, message: "Transport unknown" });
  const headers = { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" };
  const upgrade = await raw(server.port, "/prod", { headers });
  assert.deepEqual([upgrade.status, JSON.parse(upgrade.text)], [400, { message: lacks("websocket") }]);
});

test("addresses for media have the host by which the client came, and work there", async () => {
  const { alice } = printedTokens(server);
  const json = { authorization: `Bearer ${alice}`, "content-type": "application/json" };
  const { body } = await request(server.url, "POST", "/recruiting/api/chat/create-or-get", { token: alice, body: { otherUserId: "bob" } });
  const host = `chat.test:${server.port}`;
  const png = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
  const ask = JSON.stringify({ chatId: body.data._id, contentType: "image/png", size: png.length });
  const prepared = await raw(server.port, "/api/media/uploads", { method: "POST", headers: { ...json, host }, body: ask });
  assert.equal(prepared.status, 201, prepared.text);
  const { url, method, headers } = JSON.parse(prepared.text).data;
  assert.ok(url.startsWith(`http://${host}/`), url);
  const target = new URL(url);
  const put = await raw(server.port, target.pathname + target.search, { method, headers: { ...headers, host, "content-length": png.length }, body: png });
  assert.equal(put.status, 200, put.text);
});

test("completions are for the name of the help", () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { status, stdout } = runToEnd(["completions", shell]);
    assert.equal(status, 0);
    assert.ok(stdout.includes("parlance") && stdout.includes("doctor"), stdout);
  }
  assert.match(runToEnd(["--help"]).stdout, /^Usage: parlance .*\n[^]*^Addresses:$[^]*^Data:$[^]*^Deployment:$[^]*^Emulated cloud:$[^]*^Output:$/m);
});
