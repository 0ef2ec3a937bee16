// Client libraries in other languages, by what they send: query, headers, frames and the order of both, as their sources have them. Only what the
// libraries do differently is here; what an app would do with them is the tests' business.

import { strict as assert } from "node:assert";
import { once } from "node:events";

import { FrameChecker } from "./contract.mjs";
import { Inbox, Requests, SEPARATOR, parse, webSocket } from "./wire.mjs";

const PATH = "/socket.io/";

// How one library connects, speaks and leaves, and in which ways it can: `websocket` and `polling` stay what they are, `move` begins by polling and
// goes on by WebSocket.
class Library {
  static ways = ["websocket", "polling", "move"];
  // Of every request; of a GET or POST; of a POST.
  static headers = {};
  static pollingHeaders = {};
  static postHeaders = { "Content-Type": "text/plain;charset=UTF-8" };
  static protocols = [];
  // Whether it offers permessage-deflate.
  static deflates = false;
  static firstAck = 0;

  // Whether its listeners take exactly one argument, and it says who it is when it connects in this way.
  static saysThatItTakesOneArgument() {
    return false;
  }

  #posts = Promise.resolve();
  #polls = Promise.resolve();
  #stopped = false;

  constructor(port, { namespace = "/", extraHeaders = {} } = {}) {
    this.port = port;
    this.namespace = namespace;
    this.extraHeaders = extraHeaders;
    this.checker = new FrameChecker(port);
    this.inbox = new Inbox(this.checker);
    this.requests = new Requests(port);
    this.acks = this.constructor.firstAck;
    this.sid = "";
    this.ws = null;
  }

  // What a request for a WebSocket says besides.
  webSocketHeaders() {
    return {};
  }

  // The namespace, as it stands in a packet.
  get prefix() {
    return this.namespace === "/" ? "" : `${this.namespace},`;
  }

  query(transport) {
    return `EIO=4&transport=${transport}${this.sid && `&sid=${this.sid}`}`;
  }

  json(value) {
    return JSON.stringify(value);
  }

  // The CONNECT packets of one connection.
  connects(auth) {
    return [`40${this.prefix}${auth ? this.json(auth) : ""}`];
  }

  // Opens a connection and sends CONNECT, as early as the library does.
  async start(way, auth) {
    const packets = this.connects(auth);
    if (way === "websocket") {
      await this.openWebSocket();
      await this.hearOpen();
      for (const packet of packets) this.ws.send(packet);
      return;
    }
    await this.get();
    await this.hearOpen();
    await (way === "polling" ? this.stay(packets) : this.move(packets));
  }

  async hearOpen() {
    this.opened = JSON.parse((await this.inbox.next((text) => text.startsWith("0"), "open packet")).slice(1));
    this.sid = this.opened.sid;
  }

  // Polls from now on.
  async stay(packets) {
    this.keepPolling();
    for (const packet of packets) await this.post(packet);
  }

  // Polls and posts until the probe is answered, and moves when the last request has ended.
  async move(packets) {
    this.keepPolling();
    const posted = packets.map((packet) => this.post(packet));
    const ws = await this.dial();
    ws.send("2probe");
    await this.inbox.next((text) => text === "3probe", "answer to the probe");
    this.stopPolling();
    await Promise.all([...posted, this.#polls]);
    ws.send("5");
    this.ws = ws;
  }

  async openWebSocket() {
    this.ws = await this.dial();
  }

  // A WebSocket that is open; of which nothing was heard yet.
  async dial() {
    const { headers, protocols, deflates } = this.constructor;
    const all = { ...headers, ...this.webSocketHeaders(), ...this.extraHeaders };
    this.dialled = webSocket(this.port, `${PATH}?${this.query("websocket")}`, { headers: all, protocols, deflates, inbox: this.inbox });
    await once(this.dialled, "open");
    return this.dialled;
  }

  async get() {
    const { headers, pollingHeaders } = this.constructor;
    const all = { ...headers, ...pollingHeaders, ...this.extraHeaders };
    const { status, text } = await this.requests.send("GET", `${PATH}?${this.query("polling")}`, all);
    assert.equal(status, 200, text);
    for (const packet of text.split(SEPARATOR)) this.inbox.put(packet);
  }

  keepPolling() {
    this.#polls = (async () => {
      while (!this.#stopped) await this.get();
    })().catch((error) => { if (!this.#stopped) this.inbox.end(error.message); });
  }

  // The GET that waits goes on.
  stopPolling() {
    this.#stopped = true;
  }

  // One POST after another, each of which must be taken.
  post(body) {
    this.checker.sent(body);
    const { headers, pollingHeaders, postHeaders } = this.constructor;
    const all = { ...headers, ...pollingHeaders, ...postHeaders, ...this.extraHeaders };
    this.#posts = this.#posts.then(async () => {
      const { status, text } = await this.requests.send("POST", `${PATH}?${this.query("polling")}`, all, body);
      assert.deepEqual({ status, text }, { status: 200, text: "ok" }, body);
    });
    return this.#posts;
  }

  async say(packet) {
    this.checker.sent(packet);
    if (this.ws) this.ws.send(packet);
    else await this.post(packet);
  }

  // Waits for a packet of this type in its namespace, and gives it.
  async next(type, fits = () => true, what = `packet ${type}`) {
    return parse(await this.inbox.next((text) => {
      const packet = parse(text);
      return packet !== null && packet.type === type && packet.namespace === this.namespace && fits(packet);
    }, what));
  }

  // The arguments of the next event of this name whose first argument `fits`.
  async hear(event, fits = () => true) {
    const { data } = await this.next("2", ({ data: [name, argument] }) => name === event && fits(argument), event);
    return data.slice(1);
  }

  // What the CONNECT packet is answered with.
  async connected() {
    return (await this.next("0", undefined, "answer to CONNECT")).data;
  }

  async refused() {
    return (await this.next("4", undefined, "refusal")).data;
  }

  // Emits and gives what the ack carries.
  async ask(event, argument) {
    const id = String(this.acks);
    this.acks += 1;
    await this.say(`42${this.prefix}${id}${this.json([event, argument])}`);
    return this.answer(id);
  }

  async answer(id) {
    return (await this.next("3", (packet) => packet.id === id, `ack ${id}`)).data[0];
  }

  // Leaves in the library's way.
  async leave() {
    await this.say(`41${this.prefix}`);
    this.stopPolling();
    if (this.ws) this.ws.close(1000);
    else await this.post("1");
  }

  // Goes without a word.
  vanish() {
    this.stopPolling();
    this.dialled?.terminate();
    this.requests.close();
  }
}

// socket.io-client-java 2.1 over OkHttp, on Android too, whose JSONObject escapes each slash.
export class Java extends Library {
  static title = "Java";
  static headers = { "User-Agent": "okhttp/3.12.12" };
  static pollingHeaders = { Accept: "*/*" };

  json(value) {
    return JSON.stringify(value).replaceAll("/", "\\/");
  }

  // Base64 by polling has a line feed after each 76 characters and at the end.
  attachment(bytes) {
    return `b${bytes.toString("base64").replace(/.{1,76}/g, "$&\n")}`;
  }

  async emitBinary(packet, attachments) {
    await this.post([packet, ...attachments.map((bytes) => this.attachment(bytes))].join(SEPARATOR));
  }
}

// socket.io-client-cpp 3.1 over WebSocket++: WebSocket alone. It does not wait for the open packet, and joins the root namespace beside any other.
export class Cpp extends Library {
  static title = "C++";
  static ways = ["websocket"];
  static headers = { "User-Agent": "WebSocket++/0.8.2" };
  static firstAck = 1;

  query(transport) {
    return `EIO=4&transport=${transport}&t=${Math.floor(Date.now() / 1_000)}`;
  }

  connects(auth) {
    const root = `40${auth ? this.json(auth) : ""}`;
    return this.namespace === "/" ? [root] : [`40${this.prefix}${this.json(auth)}`, root];
  }

  async start(way, auth) {
    await this.openWebSocket();
    for (const packet of this.connects(auth)) this.ws.send(packet);
    await this.hearOpen();
  }

  async leave() {
    await this.say(`41${this.namespace === "/" ? "" : this.namespace}`);
    this.ws.close(1000, "End by user");
  }
}

// SocketIOClient 4.0 for .NET, whose requests have no User-Agent and whose JSON is ASCII. It moves with `5` alone, and polls not once before that.
export class DotNet extends Library {
  static title = ".NET";
  static postHeaders = { "Content-Type": "text/plain; charset=utf-8" };
  static firstAck = 1;
  // How many bytes it puts into one frame.
  static FRAME_BYTES = 8 * 1024;

  query(transport) {
    const query = super.query(transport);
    return transport === "polling" && this.sid ? `${query}&t=${Date.now()}` : query;
  }

  json(value) {
    return JSON.stringify(value)
      .replaceAll("\\\"", "\\u0022")
      .replace(/[<>&'+`\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`);
  }

  async move(packets) {
    for (const packet of packets) await this.post(packet);
    const ws = await this.dial();
    ws.send("5");
    this.ws = ws;
  }

  async say(packet) {
    if (!this.ws) return this.post(packet);
    this.checker.sent(packet);
    const bytes = Buffer.from(packet);
    for (let from = 0; from < bytes.length; from += DotNet.FRAME_BYTES) {
      const to = from + DotNet.FRAME_BYTES;
      this.ws.send(bytes.subarray(from, to), { binary: false, fin: to >= bytes.length });
    }
  }

  // The attachments are a POST of their own.
  async emitBinary(packet, attachments) {
    await this.post(packet);
    await this.post(attachments.map((bytes) => `b${bytes.toString("base64")}`).join(SEPARATOR));
  }

  async leave() {
    await this.say(`41${this.prefix}`);
    this.stopPolling();
    this.ws?.close(1000, "io client disconnect");
  }
}

// SocketIOclient of arduinoWebSockets 2.7, begun with the path "/socket.io/?EIO=4". It asks for a session by polling, and then says all at once.
export class Arduino extends Library {
  static title = "Arduino";
  static ways = ["move"];
  static headers = { Origin: "file://", "User-Agent": "arduino-WebSocket-Client" };
  static protocols = ["arduino"];

  // What an app without auth sends, by the library's own example.
  connects(auth) {
    return auth ? super.connects(auth) : ["40/"];
  }

  async move(packets) {
    const ws = await this.dial();
    for (const packet of ["2probe", "5", ...packets]) ws.send(packet);
    this.ws = ws;
  }

  async leave() {
    this.ws.close(1000);
  }
}

// socket_io_client 3.1 on Flutter and the Dart VM, where it has WebSocket alone.
export class Dart extends Library {
  static title = "Dart";
  static ways = ["websocket"];
  static headers = { "User-Agent": "Dart/3.5 (dart:io)" };
  static deflates = true;

  static saysThatItTakesOneArgument() {
    return true;
  }

  async leave() {
    await this.say(`41${this.prefix}`);
    this.ws.close();
  }
}

// socket.io-client-swift 16.1: the root namespace has its name in CONNECT and DISCONNECT, its JSON escapes each slash, and Starscream, which makes
// its WebSocket, has no User-Agent.
export class Swift extends Library {
  static title = "Swift";
  static pollingHeaders = { "User-Agent": "Chat/1 CFNetwork/1498.700.2 Darwin/23.6.0", Accept: "*/*" };
  static postHeaders = { "Content-Type": "text/plain; charset=UTF-8" };

  webSocketHeaders() {
    return { Origin: `http://localhost:${this.port}` };
  }

  query(transport) {
    return `transport=${transport}${transport === "polling" ? "&b64=1" : ""}&EIO=4${this.sid && `&sid=${this.sid}`}`;
  }

  json(value) {
    return JSON.stringify(value).replaceAll("/", "\\/");
  }

  connects(auth) {
    return [`40${this.namespace},${auth ? this.json(auth) : ""}`];
  }

  // The noop that is to end its GET is written too late to be posted, and comes over the WebSocket.
  async move(packets) {
    await super.move(packets);
    this.ws.send("6");
  }

  async emitBinary(packet, attachments) {
    await this.post([packet, ...attachments.map((bytes) => `b${bytes.toString("base64")}`)].join(SEPARATOR));
  }

  async leave() {
    await this.say(`41${this.namespace},`);
    this.stopPolling();
    await this.say("1");
    this.ws?.close(1000);
  }
}

// python-socketio 5 with asyncio, over aiohttp. It sends CONNECT when it has moved.
export class PythonAsync extends Library {
  static title = "Python with asyncio";
  static headers = { "User-Agent": "Python/3.11 aiohttp/3.9", Accept: "*/*" };
  static postHeaders = { "Content-Type": "text/plain" };
  static firstAck = 1;

  static saysThatItTakesOneArgument() {
    return true;
  }

  query(transport) {
    return `transport=${transport}&EIO=4${this.sid && `&sid=${this.sid}`}&t=${Date.now() / 1_000}`;
  }

  async move(packets) {
    const ws = await this.dial();
    ws.send("2probe");
    await this.inbox.next((text) => text === "3probe", "answer to the probe");
    ws.send("5");
    for (const packet of packets) ws.send(packet);
    this.ws = ws;
  }

  async leave() {
    const packets = [`41${this.prefix}`, "1"];
    this.stopPolling();
    if (!this.ws) return this.post(packets.join(SEPARATOR));
    for (const packet of packets) this.ws.send(packet);
    this.ws.close(1000);
  }
}

// python-socketio 5 with threads: requests for polling and websocket-client, which has no User-Agent, for WebSocket.
export class PythonThreads extends PythonAsync {
  static title = "Python with threads";
  static headers = {};
  static pollingHeaders = { "User-Agent": "python-requests/2.31", Accept: "*/*" };

  static saysThatItTakesOneArgument(way) {
    return way !== "websocket";
  }

  webSocketHeaders() {
    return { Origin: `http://localhost:${this.port}` };
  }
}

export const LIBRARIES = [Java, Cpp, DotNet, Arduino, Dart, Swift, PythonAsync, PythonThreads];
