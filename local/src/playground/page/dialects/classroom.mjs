// A learning platform: verb:noun events about conversations, whose rooms clients join (docs/dialects.md, "classroom").

import { del, emit, errorEvent, get, mediaOf, post, sendFile } from "./request.mjs";

const messageOf = (raw, me) => ({
  id: raw._id,
  seq: raw.seq,
  chat: raw.conversationId,
  sender: raw.senderId._id,
  senderName: raw.senderId.name,
  text: raw.text,
  media: mediaOf(raw),
  status: raw.status,
  isReadByMe: raw.senderId._id !== me && raw.status === "read",
  isDeleted: raw.deletedAt !== null,
  replyTo: raw.replyTo,
  at: raw.createdAt,
});

const chatOf = (raw, me) => ({
  id: raw._id,
  people: raw.participants.map(({ _id, name }) => ({ id: _id, name })),
  last: raw.lastMessage && messageOf(raw.lastMessage, me),
  unread: raw.unreadCount,
  at: raw.lastMessageAt,
});

const presenceOf = (raw, me) => raw.participants.filter(({ _id }) => _id !== me).map(({ _id, isOnline, lastSeen }) => ({
  type: "presence",
  user: _id,
  isOnline,
  lastSeen,
}));

const sent = ({ message }, me) => [{ type: "message", message: messageOf(message, me) }];
const typing = (isTyping) => ({ userId, conversationId }) => [
  { type: "typing", chat: conversationId, user: userId, isTyping },
];

export const classroom = {
  name: "classroom",
  about: "a learning platform",
  greeting: "connected",
  eventsPerSecond: 50,

  chats: () => get("/api/chat/conversations?limit=100", ({ data }, me) => [
    { type: "chats", chats: data.map((chat) => chatOf(chat, me)) },
    ...data.flatMap((chat) => presenceOf(chat, me)),
  ]),
  start: (user) => get(`/api/chat/conversation/${encodeURIComponent(user)}`, ({ data }, me) => [
    { type: "chat", chat: chatOf(data, me) },
    ...presenceOf(data, me),
    { type: "open", chat: data._id },
  ]),
  join: (chat) => emit("join:conversation", { conversationId: chat.id }),
  leave: (chat) => emit("leave:conversation", { conversationId: chat.id }),
  history: (chat, page, limit) => {
    const path = `/api/chat/conversation/${chat.id}/messages?page=${page}&limit=${limit}`;
    return get(path, ({ data, pagination }, me) => [{
      type: "history",
      chat: chat.id,
      messages: data.map((message) => messageOf(message, me)),
      hasMore: page * limit < pagination.total,
    }]);
  },
  send: (chat, { text, replyTo, clientMessageId }) =>
    emit("send:message", { conversationId: chat.id, text, replyTo, clientMessageId }, sent),
  sendFile: (chat, { file, text, clientMessageId }) =>
    sendFile(chat.id, file, text, clientMessageId, ({ data }, me) => sent({ message: data }, me)),
  markRead: (chat, messages) =>
    [emit("message:read", { conversationId: chat.id, messageIds: messages.map(({ id }) => id) })],
  type: (chat, isTyping) => emit(isTyping ? "typing:start" : "typing:stop", { conversationId: chat.id }),
  canReply: true,
  deleteForAll: (message) => del(`/api/chat/message/${message.id}`, { deleteForEveryone: true }),
  deleteForMe: (message) => del(`/api/chat/message/${message.id}`, { deleteForEveryone: false }),

  events: {
    "message:sent": sent,
    "new:message": sent,
    "message:delivered": ({ messageId }) => [{ type: "delivered", message: messageId }],
    "message:deleted": ({ messageId, deletedForEveryone }) =>
      [{ type: deletedForEveryone ? "deleted" : "hidden", message: messageId }],
    "messages:read": ({ messageIds, readBy, conversationId, markedCount }, me) => {
      const whole = markedCount > 0;
      if (readBy === me) return [{ type: "readByMe", chat: conversationId, messages: whole ? undefined : messageIds }];
      const upTo = whole ? messageIds.at(-1) : undefined;
      return [{ type: "read", chat: conversationId, messages: messageIds, upTo }];
    },
    "conversation:updated": () => [{ type: "stale" }],
    "conversation:blocked": ({ conversationId, userId }) => [{ type: "blocked", chat: conversationId, by: userId }],
    "conversation:unblocked": ({ conversationId, userId }) => [{ type: "unblocked", chat: conversationId, by: userId }],
    "conversation:deleted": ({ conversationId }) => [{ type: "gone", chat: conversationId }],
    "typing:start": typing(true),
    "typing:stop": typing(false),
    "user:online": ({ userId }) => [{ type: "presence", user: userId, isOnline: true }],
    "user:offline": ({ userId, lastSeen }) => [{ type: "presence", user: userId, isOnline: false, lastSeen }],
    "notification:new": ({ message }) => [{ type: "notice", text: message }],
    error: errorEvent,
  },
};
