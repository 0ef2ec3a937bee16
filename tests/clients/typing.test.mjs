// Typing: told to the receiver's sockets, stored nowhere, and ended by the server when the typist goes.

import { strict as assert } from "node:assert";
import { after, test } from "node:test";

import { sceneOf } from "./support/scene.mjs";
import { startServer } from "./support/server.mjs";
import { assertError, assertRefused } from "./support/shapes.mjs";

const server = await startServer();
after(() => server.stop());

async function crowd(context) {
  const scene = sceneOf(context, server);
  const [alice, alice2, bob, bob2, carol] = await scene.devicesOf("alice", "alice", "bob", "bob", "carol");
  const chatId = await scene.chat("alice", "bob");
  await scene.chat("alice", "carol");
  await scene.heard();
  const notice = { userId: scene.user("alice"), chatId };
  return { scene, alice, alice2, bob, bob2, carol, chatId, started: ["user_typing", notice], stopped: ["user_stopped_typing", notice] };
}

test("typing with and without an ack, with and without the receiver's id", async (t) => {
  const { scene, alice, bob, bob2, chatId, started, stopped } = await crowd(t);
  const receiverId = scene.user("bob");
  for (const data of [{ chatId, receiverId }, { chatId }]) {
    assert.deepEqual(await alice.ask("typing_start", data), { success: true });
    await scene.heard([bob, [started]], [bob2, [started]]);
    assert.deepEqual(await alice.ask("typing_stop", data), { success: true });
    await scene.heard([bob, [stopped]], [bob2, [stopped]]);
    alice.tell("typing_start", data);
    await scene.heard([bob, [started]], [bob2, [started]]);
    alice.tell("typing_stop", data);
    await scene.heard([bob, [stopped]], [bob2, [stopped]]);
  }
});

for (const [how, leave] of [
  ["leaves", (socket) => socket.disconnect()],
  ["closes its connection", (socket) => socket.io.engine.close()],
  ["breaks the protocol", (socket) => socket.io.engine.write("9")],
  ["is ended by the server", (socket) => socket.emit("manual_disconnect")],
]) {
  test(`typing ends when the socket ${how}, though another device stays`, async (t) => {
    const { scene, alice, bob, bob2, chatId, started, stopped } = await crowd(t);
    await alice.ask("typing_start", { chatId });
    await scene.heard([bob, [started]], [bob2, [started]]);
    leave(alice.socket);
    await alice.until(() => !alice.socket.connected, "the end of its connection");
    await scene.heard([bob, [stopped]], [bob2, [stopped]]);
  });
}

test("a device that does not type ends nothing by going, and who stopped is not stopped again", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId, started, stopped } = await crowd(t);
  await alice.ask("typing_start", { chatId });
  await scene.heard([bob, [started]], [bob2, [started]]);
  alice2.close();
  await scene.heard();
  await alice.ask("typing_stop", { chatId });
  await scene.heard([bob, [stopped]], [bob2, [stopped]]);
  alice.close();
  await scene.heard();
});

test("typing in two chats ends in both", async (t) => {
  const { scene, alice, alice2, bob, bob2, carol, chatId, started, stopped } = await crowd(t);
  const { body } = await scene.rest("alice").post("/api/chat/create-or-get", { otherUserId: scene.user("carol") });
  const other = body.data._id;
  const to = (event) => [event, { userId: scene.user("alice"), chatId: other }];
  await alice.ask("typing_start", { chatId });
  await alice.ask("typing_start", { chatId: other });
  await scene.heard([bob, [started]], [bob2, [started]], [carol, [to("user_typing")]]);
  alice.close();
  await scene.heard([bob, [stopped]], [bob2, [stopped]], [carol, [to("user_stopped_typing")]]);
  alice2.close();
  await scene.heard();
});

test("while anyone blocks, typing succeeds and is told to nobody", async (t) => {
  const { scene, alice, alice2, bob, bob2, chatId, started } = await crowd(t);
  await alice.ask("typing_start", { chatId });
  await scene.heard([bob, [started]], [bob2, [started]]);
  const { chat } = await bob.ask("block_user", { chatId });
  const told = ["you_were_blocked", { chatId, blockedByUserId: scene.user("bob") }];
  await scene.heard([bob, [["user_blocked", { chat }]]], [bob2, [["user_blocked", { chat }]]], [alice, [told]], [alice2, [told]]);
  for (const device of [alice, bob]) {
    for (const event of ["typing_start", "typing_stop", "typing_start"]) {
      assert.deepEqual(await device.ask(event, { chatId }), { success: true });
    }
  }
  await scene.heard();
  alice.close();
  await scene.heard();
});

test("typing where one has no business is refused and told to nobody", async (t) => {
  const { scene, alice, carol, chatId } = await crowd(t);
  const absent = "0".repeat(24);
  for (const event of ["typing_start", "typing_stop"]) {
    assertRefused(await carol.ask(event, { chatId }), "NOT_FOUND", { field: "chatId" });
    assertRefused(await alice.ask(event, { chatId: absent }), "NOT_FOUND", { field: "chatId" });
    assertRefused(await alice.ask(event, { chatId, receiverId: scene.user("carol") }), "VALIDATION_ERROR", { field: "receiverId" });
    assertRefused(await alice.ask(event, { chatId, receiverId: scene.user("alice") }), "VALIDATION_ERROR", { field: "receiverId" });
    assertRefused(await alice.ask(event, { receiverId: scene.user("bob") }), "VALIDATION_ERROR", { field: "chatId" });
    carol.tell(event, { chatId });
    assertError(await carol.next("error"), "NOT_FOUND", { field: "chatId" });
  }
  await scene.heard();
});
