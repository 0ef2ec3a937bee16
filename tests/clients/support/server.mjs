// The real binary, as a user would start it.

import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { speaks } from "./contract.mjs";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
// Long enough for a busy machine; nothing waits for it unless something is broken.
const START_PATIENCE_MILLIS = 30_000;

function binary() {
  const candidates = [process.env.PARLANCE_BIN, "target/debug/parlance", "target/release/parlance"];
  const found = candidates.filter(Boolean).map((name) => path.resolve(ROOT, name)).find((file) => existsSync(file));
  if (!found) throw new Error("no server to test: build it with `cargo build -p local`, or name it in PARLANCE_BIN");
  return found;
}

function flags({ data, port, dialect, limits, listen, parameters, quiet, webhook }) {
  const { PARLANCE_ISOLATION: isolation, PARLANCE_GATEWAY_MODE: mode, PARLANCE_AWS: aws } = process.env;
  const { PARLANCE_BOOTSTRAPS: bootstraps } = process.env;
  return [
    ...(bootstraps ? ["--bootstraps", path.resolve(ROOT, bootstraps)] : []),
    "--port", String(port),
    ...(dialect ? ["--dialect", dialect] : []),
    ...(data ? ["--data", data] : ["--memory"]),
    ...(limits ? [] : ["--no-rate-limits"]),
    ...(quiet ? ["--quiet"] : []),
    ...(webhook ? ["--webhook", webhook] : []),
    ...listen.flatMap((more) => ["--listen", more]),
    ...Object.entries(parameters).flatMap(([name, value]) => ["--parameter", `${name}=${value}`]),
    ...(isolation ? ["--isolation", isolation] : []),
    ...(mode ? ["--gateway-mode", mode] : []),
    ...(aws ? ["--aws", aws] : []),
  ];
}

// Starts the server and waits until it says that it is running. Without `data` it keeps everything in memory; without `limits` it has none,
// so that a test may be as fast as it likes. `dialect` is what the root namespace speaks; `listen` has more ports, each with its own;
// `parameters` are those of template.yaml; `webhook` is where events are posted; `environment` is added to that of the tests.
export async function startServer({
  data, port = 0, dialect, limits = false, listen = [], parameters = {}, quiet = false, webhook, environment = {},
} = {}) {
  const options = { cwd: tmpdir(), stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...environment } };
  const child = spawn(binary(), flags({ data, port, dialect, limits, listen, parameters, quiet, webhook }), options);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => { errors += text; });
  const ended = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
  const printed = [];
  const announced = new Promise((resolve) => {
    const addresses = [];
    createInterface({ input: child.stdout }).on("line", (line) => {
      printed.push(line);
      const address = /^ {2}http:\/\/localhost:(\d+) {2}speaks (\w+) /.exec(line) ?? (quiet ? /^http:\/\/localhost:(\d+)$/.exec(line) : null);
      if (address) addresses.push({ port: Number(address[1]), dialect: address[2] });
      if (addresses.length === 1 + listen.length) resolve(addresses);
    });
  });
  const patience = setTimeout(() => child.kill("SIGKILL"), START_PATIENCE_MILLIS);
  const failed = ended.then(({ code, signal }) => { throw new Error(`the server ended with ${signal ?? code} before it ran: ${errors}`); });
  const addresses = await Promise.race([announced, failed]);
  const listening = addresses[0].port;
  // With `quiet` it does not say what is spoken there.
  for (const address of addresses) speaks(address.port, address.dialect ?? dialect ?? "recruiting");
  clearTimeout(patience);
  failed.catch(() => {});
  const end = async (signal) => {
    child.kill(signal);
    return ended;
  };
  return {
    port: listening,
    url: `http://localhost:${listening}`,
    // Every port that it says it listens on, with the dialect that it says is spoken there.
    addresses,
    // The lines that it printed.
    printed,
    // What it logged: warnings and errors only, unless `environment` asks for more.
    log: () => errors,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}

// Runs the program until it ends by itself.
export function runToEnd(args, { env = {} } = {}) {
  const options = { cwd: tmpdir(), encoding: "utf8", timeout: START_PATIENCE_MILLIS, env: { ...process.env, ...env } };
  const { status, stdout, stderr } = spawnSync(binary(), args, options);
  return { status, stdout, stderr };
}

// Starts the program in the hope that it ends by itself.
export function startRefused(...args) {
  const { status, stderr } = spawnSync(binary(), args, { cwd: tmpdir(), encoding: "utf8", timeout: START_PATIENCE_MILLIS });
  return { status, stderr };
}

// A folder that is gone when the test file ends.
export async function temporaryFolder(context) {
  const folder = await mkdtemp(path.join(tmpdir(), "parlance-clients-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
