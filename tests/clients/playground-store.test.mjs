// What one pane of the playground knows, without a browser: the order in which answers and events come is not certain.

import { strict as assert } from "node:assert";
import { test } from "node:test";

import { messenger } from "../../local/src/playground/page/dialects/messenger.mjs";
import { Store } from "../../local/src/playground/page/store.mjs";

const raw = (seq, read = false) => ({
  _id: `message-${seq}`, seq, senderId: "ann", senderName: "Ann", receiverId: "ben", content: `text ${seq}`, read,
  sentAt: `2026-01-02T03:04:0${seq}.000Z`,
});

// Ben's pane, which speaks messenger, and what changes it.
function pane() {
  const store = new Store("ben", { chatOf: messenger.chatOf, nameElsewhere: () => undefined, onChange() {}, onNotice() {} });
  const history = (...messages) => {
    const found = messages.map((message) => messenger.events.receive_message(message, "ben")[0].message);
    store.apply([{ type: "history", chat: "ann", messages: found, hasMore: false }]);
  };
  const received = (message) => store.apply(messenger.events.receive_message(message, "ben"));
  const confirmed = (message) => store.apply(messenger.events.message_read_confirmed(message, "ben"));
  return { store, history, received, confirmed, unread: () => store.chats.get("ann").unread };
}

test("a message that a page of the history has first is unread once", () => {
  const { history, received, confirmed, unread } = pane();
  received(raw(1));
  confirmed({ message: raw(1, true), markedCount: 1 });
  assert.equal(unread(), 0);
  history(raw(1, true), raw(2));
  assert.equal(unread(), 1);
  received(raw(2));
  assert.equal(unread(), 1);
});

test("a message that is received first is unread once", () => {
  const { history, received, unread } = pane();
  received(raw(1));
  received(raw(2));
  history(raw(1), raw(2));
  assert.equal(unread(), 2);
});

test("an old page of the history makes nothing unread again", () => {
  const { history, received, confirmed, unread } = pane();
  received(raw(1));
  confirmed({ message: raw(1, true), markedCount: 1 });
  history(raw(1));
  assert.equal(unread(), 0);
});

test("a message that a page of the history has as read before it is confirmed is not unread", () => {
  const { history, received, confirmed, unread } = pane();
  received(raw(1));
  history(raw(1, true));
  confirmed({ message: raw(1, true), markedCount: 0 });
  assert.equal(unread(), 0);
  received(raw(2));
  assert.equal(unread(), 1);
});

test("a message that was deleted is not unread", () => {
  const { store, received, unread } = pane();
  received(raw(1));
  store.apply(messenger.events.message_deleted({ messageId: "message-1" }, "ben"));
  assert.equal(unread(), 0);
});

// A pane of a dialect whose messages do not say whether they were read: the list of chats has a count.
function counting() {
  const store = new Store("ben", { nameElsewhere: () => undefined, onChange() {}, onNotice() {} });
  const message = (seq) => ({ id: `message-${seq}`, seq, chat: "chat", sender: "ann", text: `text ${seq}`, at: `${seq}` });
  const chat = (unread) => ({ id: "chat", people: [{ id: "ben" }, { id: "ann" }], last: null, unread, at: "" });
  store.apply([{ type: "open", chat: "chat" }]);
  const history = (...seqs) => store.apply([{ type: "history", chat: "chat", messages: seqs.map(message), hasMore: false }]);
  return {
    store,
    listed: (unread) => store.apply([{ type: "chat", chat: chat(unread) }]),
    history,
    received: (seq) => store.apply([{ type: "message", message: message(seq) }]),
    toMark: () => store.unread().map(({ seq }) => seq),
    unread: () => store.chats.get("chat").unread,
  };
}

test("a message that a page of the history has before its event is still to be marked", () => {
  const { listed, history, received, toMark, unread } = counting();
  listed(0);
  history(1, 2);
  assert.deepEqual(toMark(), []);
  received(2);
  assert.deepEqual(toMark(), [2]);
  assert.equal(unread(), 1);
});

test("a message that the list counted before its event is unread once", () => {
  const { listed, history, received, toMark, unread } = counting();
  listed(1);
  history(1, 2);
  received(2);
  assert.deepEqual(toMark(), [2]);
  assert.equal(unread(), 1);
});

test("a message that was marked stays so when its event comes late", () => {
  const { store, listed, history, received, toMark } = counting();
  listed(1);
  history(1, 2);
  store.apply([{ type: "readByMe", chat: "chat" }]);
  received(2);
  assert.deepEqual(toMark(), []);
});
