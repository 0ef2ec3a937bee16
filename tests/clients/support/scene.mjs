// People with devices, and a way to say who heard what and who heard nothing.
//
// Silence is proved by a marker: once everything that ought to be heard was heard, somebody else comes online and goes, which everybody is
// told. Frames to one socket arrive in order, so what a socket has not heard by then it was not told.

import { strict as assert } from "node:assert";

import { RECRUITING, connect, open } from "./device.mjs";
import { restOf } from "./rest.mjs";
import { assertAnswer } from "./shapes.mjs";
import { tokenOf } from "./token.mjs";

let scenes = 0;
let markers = 0;

export class Scene {
  constructor(url, words) {
    this.url = url;
    this.words = words;
    this.devices = [];
    scenes += 1;
    this.suffix = `-${scenes}`;
  }

  // A user id that no other test of this server has.
  user(name) {
    return name + this.suffix;
  }

  rest(name, options) {
    return restOf(this.url, this.user(name), options);
  }

  // The requests of a user in recruiting, whatever the plain paths speak.
  recruiting(name) {
    return this.rest(name, { prefix: "/recruiting" });
  }

  // A connected device of a user.
  async device(name, options = {}) {
    const device = await connect(this.url, this.user(name), { name, words: this.words, ...options });
    this.devices.push(device);
    return device;
  }

  // Devices of users, in this order: the same name twice is a second device.
  async devicesOf(...names) {
    const devices = [];
    for (const name of names) devices.push(await this.device(name));
    return devices;
  }

  // Makes users known without a socket.
  async meet(...names) {
    for (const name of names) assertAnswer(await this.recruiting(name).get("/api/message/unread-count"), 200);
  }

  // The id of the chat of two people. Both become known; nobody's notice of it is left to be heard.
  async chat(one, other) {
    await this.meet(one, other);
    const chat = assertAnswer(await this.recruiting(one).post("/api/chat/create-or-get", { otherUserId: this.user(other) }), 201);
    for (const device of this.devices.filter(({ user }) => user === this.user(other))) {
      await device.next(...device.words.made(chat._id));
    }
    return chat._id;
  }

  // Everything that was said so far has arrived.
  async quiet() {
    markers += 1;
    const marker = `marker-${markers}`;
    const live = this.devices.filter(({ socket }) => socket.connected);
    const socket = open(this.url, { auth: { token: tokenOf(marker) } });
    const isMarker = ({ userId }) => userId === marker;
    await Promise.all(live.map((device) => device.next(device.words.online, isMarker)));
    socket.disconnect();
    await Promise.all(live.map((device) => device.next(device.words.offline, isMarker)));
  }

  // Asserts that each device heard exactly these events, in this order, and every other device of the scene nothing; then forgets them.
  // `expected` holds pairs of a device and a list of [event, argument].
  async heard(...expected) {
    const wanted = new Map(expected);
    await Promise.all(
      expected.map(([device, events]) =>
        device.until(() => device.news().length >= events.length, JSON.stringify(events.map(([event]) => event))),
      ),
    );
    await this.quiet();
    for (const device of this.devices) {
      assert.deepEqual(device.news(), wanted.get(device) ?? [], `what ${device.name} heard`);
      device.heard.length = 0;
    }
  }

  // Waits until each of these devices heard something, and forgets whatever anybody heard.
  async passed(...devices) {
    await Promise.all(devices.map((device) => device.until(() => device.news().length > 0, "anything")));
    await this.quiet();
    for (const device of this.devices) device.heard.length = 0;
  }

  close() {
    for (const device of this.devices) device.close();
  }
}

// A scene that is cleared when its test ends. Its devices speak recruiting unless `words` are another dialect's.
export function sceneOf(context, server, words = RECRUITING) {
  const scene = new Scene(server.url, words);
  context.after(() => scene.close());
  return scene;
}
