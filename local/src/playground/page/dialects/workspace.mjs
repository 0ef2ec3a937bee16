// Colleagues: noun:verb events about conversations, whose rooms clients join, and statuses (docs/dialects.md,
// "workspace").

import { emit, errorEvent, get, mediaOf, post, sendFile } from "./request.mjs";

// A message does not say whether it was delivered or read; events do.
const messageOf = (raw) => ({
  id: raw.id,
  seq: raw.seq,
  chat: raw.conversationId,
  sender: raw.senderId,
  text: raw.content,
  media: mediaOf(raw),
  status: "sent",
  isDeleted: raw.isDeleted,
  at: raw.timestamp,
});

const chatOf = (raw) => ({
  id: raw.id,
  people: raw.participants.map((id) => ({ id })),
  last: raw.lastMessage && messageOf(raw.lastMessage),
  unread: raw.unreadCount,
  at: raw.updatedAt,
});

const said = (message) => [{ type: "message", message: messageOf(message) }];
const sent = ({ message }) => said(message);
const typing = (isTyping) => ({ userId, conversationId }) => [
  { type: "typing", chat: conversationId, user: userId, isTyping },
];

export const workspace = {
  name: "workspace",
  about: "colleagues",
  greeting: "connected",
  eventsPerSecond: 10,

  chats: () => get("/api/conversations?limit=100", ({ data }) => [{ type: "chats", chats: data.map(chatOf) }]),
  start: (user) => post("/api/conversations", { participantId: user }, ({ data }) => [
    { type: "chat", chat: chatOf(data) },
    { type: "open", chat: data.id },
  ]),
  join: (chat) => emit("conversation:join", chat.id),
  leave: (chat) => emit("conversation:leave", chat.id),
  history: (chat, page, limit) => {
    const path = `/api/conversations/${chat.id}/messages?page=${page}&limit=${limit}`;
    return get(path, ({ data, pagination }) => [
      { type: "history", chat: chat.id, messages: data.map(messageOf), hasMore: page * limit < pagination.total },
    ]);
  },
  send: (chat, { text, clientMessageId }) =>
    emit("message:send", { conversationId: chat.id, content: text, type: "text", clientMessageId }, sent),
  sendFile: (chat, { file, text, clientMessageId }) =>
    sendFile(chat.id, file, text, clientMessageId, ({ data }) => said(data)),
  markRead: (chat, messages) => messages.map(({ id }) =>
    emit("message:read", { messageId: id }, () => [{ type: "readByMe", chat: chat.id, messages: [id] }])),
  type: (chat, isTyping) => emit(isTyping ? "typing:start" : "typing:stop", { conversationId: chat.id }),
  statuses: ["online", "away", "busy", "offline"],
  setStatus: (status) => emit("user:status", status),

  events: {
    "message:new": said,
    "message:delivered": ({ messageId }) => [{ type: "delivered", message: messageId }],
    "message:deleted": ({ messageId }) => [{ type: "deleted", message: messageId }],
    "message:read": ({ messageId, markedCount }) => {
      const isWhole = markedCount !== undefined;
      return [{ type: "read", messages: isWhole ? undefined : [messageId], upTo: isWhole ? messageId : undefined }];
    },
    "conversation:updated": (conversation) => [{ type: "chat", chat: chatOf(conversation) }],
    "conversation:blocked": ({ conversationId, userId }) => [{ type: "blocked", chat: conversationId, by: userId }],
    "conversation:unblocked": ({ conversationId, userId }) => [{ type: "unblocked", chat: conversationId, by: userId }],
    "conversation:deleted": ({ conversationId }) => [{ type: "gone", chat: conversationId }],
    "typing:start": typing(true),
    "typing:stop": typing(false),
    "user:online": ({ userId, status }) => [{ type: "presence", user: userId, isOnline: true, status }],
    "user:offline": ({ userId }) => [{ type: "presence", user: userId, isOnline: false }],
    // `message:new` says the same of a message.
    "notification:new": ({ type, message }) => (type === "message" ? [] : [{ type: "notice", text: message }]),
    error: errorEvent,
  },
};
