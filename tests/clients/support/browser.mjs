// A real Chromium, as Debian packages it or as somebody names it in PARLANCE_CHROMIUM; `none` stands for no browser.

import { strict as assert } from "node:assert";
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";

import { FrameChecker, checkAnswer } from "./contract.mjs";
import { PATIENCE_MILLIS } from "./device.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
// Nothing but this machine answers: the browser's own services, which ask for updates and the like, find no host.
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
];

const isProgram = (file) => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

// The path of the browser, or undefined if there is none.
export function findBrowser() {
  const { PARLANCE_CHROMIUM: named, PATH = "" } = process.env;
  if (named) return named === "none" ? undefined : named;
  const folders = PATH.split(path.delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(isProgram);
}

// Starts a browser with a fresh profile, which is gone when the browser is closed.
export const startBrowser = () => chromium.launch({ executablePath: findBrowser(), headless: true, args: FLAGS });

// Notes what is not as the contracts say.
function noteProblem(problems, check) {
  try {
    check();
  } catch (error) {
    problems.push(`contract: ${error.message}`);
  }
}

// A page of its own, with nothing of other pages. When the test ends, errors on it and requests to anything but
// `origin` and the origins of `also` fail the test. `expected` has patterns of the errors that the test causes on
// purpose.
export async function pageOf(context, browser, origin, { expected = [], also = [], ...options } = {}) {
  const hosts = [origin, ...also].map((allowed) => new URL(allowed).host);
  const inside = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await inside.newPage();
  page.setDefaultTimeout(PATIENCE_MILLIS);
  const problems = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`page: ${error.message}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "blob:" && !hosts.includes(url.host)) problems.push(`request: ${request.url()}`);
  });
  page.on("websocket", (socket) => {
    if (!hosts.includes(new URL(socket.url()).host)) problems.push(`websocket: ${socket.url()}`);
    const checker = new FrameChecker(new URL(socket.url()).port);
    socket.on("framesent", ({ payload }) => checker.sent(payload));
    socket.on("framereceived", ({ payload }) => noteProblem(problems, () => checker.heard(payload)));
  });
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (!/^(\/[a-z]+)?\/api\//.test(pathname) || !response.headers()["content-type"]?.includes("json")) return;
    // A page that is closed has no bodies any more.
    response.json().then((body) => noteProblem(problems, () => {
      checkAnswer(response.url(), response.request().method(), response.status(), body);
    }), () => {});
  });
  context.after(async () => {
    await inside.close();
    assert.deepEqual(problems.filter((problem) => !expected.some((pattern) => pattern.test(problem))), []);
  });
  return page;
}
