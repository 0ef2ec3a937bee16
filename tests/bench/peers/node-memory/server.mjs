// A chat server with socket.io that keeps everything in memory: the least that such a server can do.

import { Server } from "socket.io";

import { authenticate, httpServer, listen } from "../support.mjs";

const chats = new Map();
const chatOfPair = new Map();
const partners = new Map();
const sockets = new Map();

function createOrGet(user, other) {
  const pair = [user, other].toSorted().join("\n");
  let chat = chatOfPair.get(pair);
  if (!chat) {
    chat = { _id: String(chats.size + 1), users: [user, other], messages: [] };
    chats.set(chat._id, chat);
    chatOfPair.set(pair, chat);
    for (const [one, another] of [[user, other], [other, user]]) {
      if (!partners.has(one)) partners.set(one, new Set());
      partners.get(one).add(another);
    }
  }
  return { _id: chat._id, users: chat.users };
}

const messagesAfter = (chatId, seq) => (chats.get(chatId)?.messages ?? []).slice(seq, seq + 50);

const server = httpServer({ createOrGet, messagesAfter });
const io = new Server(server, { connectionStateRecovery: { maxDisconnectionDuration: 120_000 } });
authenticate(io);

const roomOf = (user) => `user:${user}`;
const partnersOf = (user) => [...(partners.get(user) ?? [])];

function tellPartners(user, event, argument) {
  const rooms = partnersOf(user).map(roomOf);
  if (rooms.length > 0) io.to(rooms).emit(event, argument);
}

function sendMessage(socket, { chatId, content }) {
  const { user } = socket.data;
  const chat = chats.get(chatId);
  if (!chat?.users.includes(user)) return { success: false, error: { code: "NOT_FOUND" } };
  const receiverId = chat.users.find((other) => other !== user);
  const createdAt = new Date().toISOString();
  const seq = chat.messages.length + 1;
  const message = { _id: `${chatId}-${seq}`, seq, chatId, senderId: user, receiverId, content, messageType: "text", createdAt, updatedAt: createdAt };
  chat.messages.push(message);
  socket.emit("message_sent", { message });
  socket.to([roomOf(user), roomOf(receiverId)]).emit("new_message", { message });
  io.to([roomOf(user), roomOf(receiverId)]).emit("chat_updated", { chatId, latestMessage: message, updatedAt: createdAt });
  return { success: true, message };
}

io.on("connection", (socket) => {
  const { user } = socket.data;
  socket.join(roomOf(user));
  const count = (sockets.get(user) ?? 0) + 1;
  sockets.set(user, count);
  if (count === 1) tellPartners(user, "user_online", { userId: user });
  socket.emit("connected", { success: true, userId: user, socketId: socket.id, message: "connected" });
  const onlineUsers = partnersOf(user).filter((other) => sockets.has(other));
  socket.emit("online_users", { onlineUsers, count: onlineUsers.length });
  socket.on("send_message", (data, ack) => ack(sendMessage(socket, data)));
  socket.on("disconnect", () => {
    const left = sockets.get(user) - 1;
    if (left > 0) return sockets.set(user, left);
    sockets.delete(user);
    tellPartners(user, "user_offline", { userId: user, lastSeen: new Date().toISOString() });
  });
});

listen(server);
