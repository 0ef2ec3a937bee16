// A marketplace app: how it connects, what its screens emit, and what they show.

import { strict as assert } from "node:assert";
import { once } from "node:events";
import { after, test } from "node:test";

import { io } from "./support/contract.mjs";
import { fetched, request } from "./support/rest.mjs";
import { sceneOf } from "./support/scene.mjs";
import { startServer } from "./support/server.mjs";
import { CHAT_ID, ISO_MILLIS, MESSAGE_ID, assertAnswer } from "./support/shapes.mjs";
import { seconds, sign, tokenOf } from "./support/token.mjs";

const WORDS = {
  greetings: { connected: "connected" },
  online: "userOnline",
  offline: "userOffline",
  made: (chat) => ["chatCreated", ({ chatId }) => chatId === chat],
};

// How the app connects.
const OPTIONS = { transports: ["websocket", "polling"], timeout: 20_000, reconnectionAttempts: 5, reconnectionDelay: 100 };

const server = await startServer({ dialect: "marketplace" });
after(() => server.stop());

// Somebody with the token that the app's backend signed for them, whose profile it carries.
function person(scene, name) {
  const profile = { name: `${name} Doe`, email: `${name}@example.org`, picture: `https://media.example/${name}.jpg` };
  const user = scene.user(name);
  const token = tokenOf(user, profile);
  const call = (method) => (path, body) => request(server.url, method, path, { token, body });
  return { user, token, ...profile, get: call("GET"), post: call("POST"), put: call("PUT"), delete: call("DELETE") };
}

// The connection that the app keeps: it says that it is there whenever it is.
function connectionOf(context, { token }) {
  const socket = io(server.url, { auth: { token }, ...OPTIONS, forceNew: true });
  const state = { socket, isConnected: false, errors: [] };
  socket.on("connect", () => {
    state.isConnected = true;
    socket.emit("online");
  });
  socket.on("disconnect", () => { state.isConnected = false; });
  socket.on("error", (error) => state.errors.push(error));
  context.after(() => socket.disconnect());
  return state;
}

// The screen of one chat: it joins the room, collects what is said, and knows whether anybody types.
function chatScreen(socket, chatId, me) {
  const screen = { messages: [], isTyping: false };
  socket.emit("join-chat", { chatId });
  socket.on("newMessage", (message) => screen.messages.push(message));
  socket.on("typing", ({ userId, isTyping }) => { screen.isTyping = isTyping && userId !== me; });
  screen.send = (content) => socket.emit("sendMessage", { chatId, content, messageType: "text" });
  screen.focus = () => socket.emit("typing", { chatId, isTyping: true });
  screen.blur = () => socket.emit("typing", { chatId, isTyping: false });
  return screen;
}

// What the list of chats shows of one.
function listItem(chat, me) {
  const other = chat.participants.find(({ _id }) => _id !== me);
  return {
    picture: other.profilePicture,
    name: other.name,
    listing: chat.petListing && [chat.petListing.images[0]?.url, chat.petListing.title, `₹${chat.petListing.price}`],
    last: chat.lastMessage?.content,
    time: chat.lastMessageTime,
    badge: chat.unreadCount.find(({ userId }) => userId === me)?.count || 0,
  };
}

// Nothing is proved by the time this takes; it only ends a wait that would be in vain.
async function until(done, what) {
  const deadline = Date.now() + 15_000;
  while (!done()) {
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

// A buyer, and a seller with a dog for sale; both are known.
async function market(scene) {
  const [buyer, seller] = [person(scene, "buyer"), person(scene, "seller")];
  const petId = `rex${scene.suffix}`;
  const images = [{ url: "https://media.example/rex.jpg" }];
  const listing = { title: "Golden puppy", images, price: 15_000, address: "Delhi" };
  assert.equal((await seller.put(`/api/listings/${petId}`, listing)).status, 200);
  assertAnswer(await buyer.get("/api/chat/my-chats"), 200);
  return { buyer, seller, petId };
}

function assertMessage(message, expected) {
  assert.match(message._id, MESSAGE_ID);
  assert.match(message.createdAt, ISO_MILLIS);
  const { _id, createdAt } = message;
  const usual = { messageType: "text", mediaUrl: null, readBy: [], status: "sent", parentMessage: null, reactions: [] };
  const untouched = { isEdited: false, isDeleted: false, updatedAt: createdAt };
  assert.deepEqual(message, { _id, createdAt, ...usual, ...untouched, ...expected });
}

const senderOf = ({ user, name, picture }) => ({ _id: user, name, profilePicture: picture });

// Alice and Bob with a chat between them, Bob with a second device, and Carol.
async function crowd(context) {
  const scene = sceneOf(context, server, WORDS);
  const [alice, bob, bob2, carol] = await scene.devicesOf("alice", "bob", "bob", "carol");
  const chatId = await scene.chat("alice", "bob");
  await scene.heard();
  return { scene, alice, bob, bob2, carol, chatId };
}

test("the app connects, is greeted, and says that it is there", async (t) => {
  const scene = sceneOf(t, server, WORDS);
  const carol = await scene.device("carol");
  const connection = connectionOf(t, person(scene, "alice"));
  const connected = once(connection.socket, "connected");
  await until(() => connection.isConnected, "the connection");
  // Behind the argument comes the offset of connection state recovery, which the app does not look at.
  const [greeting] = await connected;
  assert.deepEqual(greeting, { userId: scene.user("alice"), socketId: connection.socket.id });
  await carol.next("userOnline", ({ userId }) => userId === scene.user("alice"));
  connection.socket.disconnect();
  const { lastSeen } = await carol.next("userOffline", ({ userId }) => userId === scene.user("alice"));
  assert.match(lastSeen, ISO_MILLIS);
  assert.deepEqual(connection.errors, []);
});

test("a token that ended is told by the text that the app compares, and a new one connects", async (t) => {
  const socket = io(server.url, { auth: { token: sign({ sub: "ann", exp: seconds(-60) }) }, ...OPTIONS, forceNew: true });
  t.after(() => socket.disconnect());
  const refusals = [];
  socket.on("connect_error", (error) => {
    refusals.push([error.message, error.data]);
    if (error.message === "Authentication error") {
      socket.auth.token = tokenOf("ann");
      socket.connect();
    }
  });
  await once(socket, "connect");
  assert.deepEqual(refusals, [["Authentication error", { code: "AUTHENTICATION_ERROR", reason: "expired token" }]]);
});

test("a token that is no good has its reason beside the same text", async () => {
  for (const [auth, reason] of [
    [{}, "no token"],
    [{ token: "broken" }, "invalid token"],
    [{ token: sign({ exp: seconds(60) }) }, "unknown user"],
  ]) {
    const socket = io(server.url, { auth, ...OPTIONS, forceNew: true });
    const [error] = await once(socket, "connect_error");
    assert.deepEqual([error.message, error.data], ["Authentication error", { code: "AUTHENTICATION_ERROR", reason }]);
    socket.disconnect();
  }
});

test("asking about a pet opens a chat with the seller, which both lists show with the pet", async (t) => {
  const scene = sceneOf(t, server, WORDS);
  const { buyer, seller, petId } = await market(scene);
  const sellers = await scene.device("seller", { token: seller.token });
  const made = await buyer.post("/api/chat/create", { participantId: seller.user, petId });
  const chat = assertAnswer(made, 201);
  assert.match(chat._id, CHAT_ID);
  assert.deepEqual(chat.petListing, {
    _id: petId, title: "Golden puppy", images: [{ url: "https://media.example/rex.jpg" }], price: 15_000, address: "Delhi",
  });
  // The seller's address is the seller's own as long as they have written nothing.
  const shownTo = (who) => [buyer, seller].map(({ user, name, email, picture }) => (
    { _id: user, name, email: user === who.user ? email : null, profilePicture: picture }));
  const profiles = shownTo(buyer);
  assert.deepEqual(chat.participants, profiles);
  assert.deepEqual([chat.chatType, chat.isActive], ["pet_inquiry", true]);
  assert.deepEqual(await sellers.next("chatCreated"), { chatId: chat._id });
  assert.deepEqual(assertAnswer(await buyer.post("/api/chat/create", { petId }), 200), chat, "the seller need not be named");

  const content = "Hello! Is this pet still available?";
  const sent = assertAnswer(await buyer.post(`/api/chat/${chat._id}/send`, { content, messageType: "text" }), 201);
  assertMessage(sent, { seq: 1, chat: chat._id, sender: senderOf(buyer), content });
  const listing = ["https://media.example/rex.jpg", "Golden puppy", "₹15000"];
  const shown = async (who) => {
    const { chats, pagination } = assertAnswer(await who.get("/api/chat/my-chats?page=1&limit=20"), 200);
    assert.deepEqual(pagination, { currentPage: 1, totalPages: 1, totalChats: 1, hasMore: false });
    return listItem(chats[0], who.user);
  };
  const common = { listing, last: content, time: sent.createdAt };
  assert.deepEqual(await shown(seller), { ...common, picture: buyer.picture, name: buyer.name, badge: 1 });
  assert.deepEqual(await shown(buyer), { ...common, picture: seller.picture, name: seller.name, badge: 0 });
});

test("a conversation on two screens: each message is shown once, in the same order, and typing comes and goes", async (t) => {
  const scene = sceneOf(t, server, WORDS);
  const { buyer, seller, petId } = await market(scene);
  const { _id: chatId } = assertAnswer(await buyer.post("/api/chat/create", { participantId: seller.user, petId }), 201);
  const connections = [connectionOf(t, buyer), connectionOf(t, seller)];
  await Promise.all(connections.map(({ socket }) => once(socket, "connected")));
  const [buyers, sellers] = [buyer, seller].map(({ user }, index) => chatScreen(connections[index].socket, chatId, user));
  // A room is joined once this is answered: what one socket asks is done in order.
  await connections[1].socket.emitWithAck("join-chat", { chatId });

  buyers.focus();
  await until(() => sellers.isTyping, "typing");
  buyers.send("Hello! Is this pet still available?");
  await until(() => sellers.messages.length === 1, "the question");
  buyers.blur();
  await until(() => !sellers.isTyping, "the end of typing");
  sellers.send("Yes!");
  await until(() => buyers.messages.length === 2 && sellers.messages.length === 2, "the answer");
  assert.deepEqual(buyers.messages, sellers.messages);
  assertMessage(buyers.messages[0], { seq: 1, chat: chatId, sender: senderOf(buyer), content: "Hello! Is this pet still available?" });
  assertMessage(buyers.messages[1], { seq: 2, chat: chatId, sender: senderOf(seller), content: "Yes!" });
  assert.equal(buyers.isTyping, false, "nobody is shown their own typing");
  const { messages } = assertAnswer(await seller.get(`/api/chat/${chatId}/messages`), 200);
  assert.deepEqual(messages.map(({ _id }) => _id), buyers.messages.map(({ _id }) => _id));
  assert.deepEqual(connections.flatMap(({ errors }) => errors), []);
});

test("what is read is shown to everybody in the chat, and the badge falls", async (t) => {
  const { scene, alice, bob, bob2, chatId } = await crowd(t);
  const sent = [];
  for (const content of ["one", "two", "three"]) sent.push((await alice.ask("sendMessage", { chatId, content })).data);
  await scene.passed(alice, bob, bob2);
  const badge = async () => {
    const { chats } = assertAnswer(await scene.rest("bob").get("/api/chat/my-chats"), 200);
    return chats[0].unreadCount;
  };
  assert.deepEqual(await badge(), [{ userId: bob.user, count: 3 }]);
  bob.tell("markAsRead", { chatId, messageId: sent[0]._id });
  const read = ["messageRead", { messageId: sent[0]._id, userId: bob.user, chatId }];
  await scene.heard([alice, [read]], [bob, [read]], [bob2, [read]]);
  assert.deepEqual(await bob.ask("markAsRead", { chatId, messageId: sent[0]._id }), { success: true });
  await scene.heard();
  assert.deepEqual(await badge(), [{ userId: bob.user, count: 2 }]);

  assert.deepEqual(assertAnswer(await scene.rest("bob").put(`/api/chat/${chatId}/mark-read`), 200), { markedCount: 2 });
  const all = ["messageRead", { messageId: sent[2]._id, userId: bob.user, chatId, markedCount: 2 }];
  await scene.heard([alice, [all]], [bob, [all]], [bob2, [all]]);
  assert.deepEqual(await badge(), [{ userId: bob.user, count: 0 }]);
  const { messages } = assertAnswer(await scene.rest("alice").get(`/api/chat/${chatId}/messages`), 200);
  assert.deepEqual(messages.map(({ status, readBy }) => [status, readBy]), Array(3).fill(["read", [bob.user]]));
});

test("an error is an event with a message, or else the failed ack", async (t) => {
  const { scene, alice, bob, bob2, chatId } = await crowd(t);
  const refused = async (data, code) => {
    alice.tell("sendMessage", data);
    const error = await alice.next("error");
    assert.deepEqual(error, { message: error.message, code });
    assert.ok(typeof error.message === "string" && error.message !== "");
    assert.deepEqual(await alice.ask("sendMessage", data), { success: false, error });
  };
  await refused({ chatId, content: " ", messageType: "text" }, "VALIDATION_ERROR");
  await refused({ chatId, content: "x".repeat(1001), messageType: "text" }, "VALIDATION_ERROR");
  await refused({ chatId, content: "hello", messageType: "audio" }, "VALIDATION_ERROR");
  await refused({ chatId: "test-chat-id", content: "hello", messageType: "text" }, "NOT_FOUND");
  const block = await scene.rest("bob").put(`/api/chat/${chatId}/toggle-block`);
  assert.deepEqual(assertAnswer(block, 200), { isBlocked: true, blockedBy: [bob.user] });
  const blocked = ["chatBlocked", { chatId, blockedBy: bob.user }];
  await scene.heard([alice, [blocked]], [bob, [blocked]], [bob2, [blocked]]);
  await refused({ chatId, content: "hello", messageType: "text" }, "BLOCKED_USER");
  const unblock = await scene.rest("bob").put(`/api/chat/${chatId}/toggle-block`);
  assert.deepEqual(assertAnswer(unblock, 200), { isBlocked: false, blockedBy: [] });
  const unblocked = ["chatUnblocked", { chatId, unblockedBy: bob.user }];
  await scene.heard([alice, [unblocked]], [bob, [unblocked]], [bob2, [unblocked]]);
});

test("a connection that is lost comes back, and the screen fetches what it missed", async (t) => {
  const { scene, alice, chatId } = await crowd(t);
  const { user, token } = person(scene, "bob");
  const connection = connectionOf(t, { token });
  await once(connection.socket, "connected");
  const screen = chatScreen(connection.socket, chatId, user);
  await alice.ask("sendMessage", { chatId, content: "before" });
  await until(() => screen.messages.length === 1, "a message");
  const again = once(connection.socket, "connected");
  connection.socket.io.engine.close();
  await until(() => !connection.isConnected, "the loss");
  await alice.ask("sendMessage", { chatId, content: "meanwhile" });
  await again;
  const heard = screen.messages.length;
  const { messages, pagination } = assertAnswer(await scene.rest("bob").get(`/api/chat/${chatId}/messages?afterSeq=1`), 200);
  assert.deepEqual(messages.map(({ content }) => content), ["meanwhile"]);
  assert.deepEqual(pagination, { limit: 50, total: 2, hasMore: false });
  await alice.ask("sendMessage", { chatId, content: "after" });
  await until(() => screen.messages.length > heard, "a message on the new connection");
  assert.equal(screen.messages.at(-1).content, "after");
});

test("the client's own retries store a message once", async (t) => {
  const { scene, bob, chatId } = await crowd(t);
  const sender = await scene.device("alice", { name: "retrying", retries: 3, ackTimeout: 10_000 });
  const send = (content, clientMessageId) => new Promise((resolve, reject) => {
    const message = { chatId, content, messageType: "text", clientMessageId };
    sender.socket.emit("sendMessage", message, (error, ack) => (error ? reject(error) : resolve(ack)));
  });
  const first = await send("one", "a");
  assert.deepEqual(Object.keys(first).toSorted(), ["data", "success"]);
  assert.deepEqual((await send("again", "a")).data._id, first.data._id);
  assert.equal((await send("two", "b")).data.seq, 2);
  await bob.until(() => bob.heard.filter(([event]) => event === "newMessage").length === 2, "two messages");
});

test("a message taken back leaves its place, and everybody is told", async (t) => {
  const { scene, alice, bob, bob2, chatId } = await crowd(t);
  const { data: message } = await alice.ask("sendMessage", { chatId, content: "too soon", messageType: "text" });
  await scene.passed(alice, bob, bob2);
  const gone = assertAnswer(await scene.rest("alice").delete(`/api/chat/message/${message._id}`), 200);
  assert.deepEqual([gone._id, gone.isDeleted, gone.content], [message._id, true, null]);
  const deleted = ["messageDeleted", { messageId: message._id, chatId }];
  await scene.heard([alice, [deleted]], [bob, [deleted]], [bob2, [deleted]]);
  const { messages } = assertAnswer(await scene.rest("bob").get(`/api/chat/${chatId}/messages`), 200);
  assert.deepEqual(messages.map(({ content, isDeleted }) => [content, isDeleted]), [[null, true]]);
});

test("pictures of a listing may be on this machine, without TLS", async (t) => {
  const { scene } = await crowd(t);
  const images = [{ url: "http://localhost:8080/rex.jpg" }, { url: "https://media.example/rex.jpg" }];
  const put = (title, all) => scene.rest("alice").put(`/api/listings/${title}`, { title, images: all });
  assert.deepEqual((await put("local", images)).body.data.images, images);
  for (const url of ["http://", "http:// x", "ftp://localhost/rex.jpg", `http://${"a".repeat(2_048)}`]) {
    const refused = await put("refused", [{ url }]);
    assert.deepEqual([refused.status, refused.body.code], [400, "VALIDATION_ERROR"], url);
    assert.match(refused.body.message, /^images must be /);
  }
});

test("a picture in a form goes by a name of its own, which shows it", async (t) => {
  const { scene, bob, chatId } = await crowd(t);
  const picture = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
  const body = new FormData();
  body.append("media", new File([picture], "puppy.png", { type: "image/png" }));
  const headers = { authorization: `Bearer ${tokenOf(scene.user("alice"))}` };
  const response = await fetched(`${server.url}/api/chat/${chatId}/send-media`, { method: "POST", headers, body });
  assert.equal(response.status, 201);
  const { data: message } = await response.json();
  assert.deepEqual([message.messageType, message.content], ["image", "Sent image"]);
  assert.match(message.mediaUrl, /^[0-9a-z-]+\.png$/);
  assert.equal((await bob.next("newMessage")).mediaUrl, message.mediaUrl);
  const shown = await fetched(`${server.url}/api/media/${message.mediaUrl}`, { headers });
  assert.deepEqual(Buffer.from(await shown.arrayBuffer()), picture);
});
