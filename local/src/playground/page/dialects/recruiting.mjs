// Candidates and employers: snake_case events about chats with a receiver (docs/dialects.md, "recruiting").

import { del, emit, errorEvent, get, mediaOf, post, sendFile } from "./request.mjs";

const messageOf = (raw, me) => ({
  id: raw._id,
  seq: raw.seq,
  chat: raw.chatId,
  sender: raw.senderId,
  text: raw.content,
  media: mediaOf(raw),
  // For a sender it says whether the others have read it, for the others whether they have.
  status: raw.senderId === me && raw.isRead ? "read" : "sent",
  isReadByMe: raw.senderId !== me && raw.isRead,
  isDeleted: raw.isDeleted,
  at: raw.createdAt,
});

const chatOf = (raw, me) => ({
  id: raw._id,
  people: raw.users.map((id) => ({ id })),
  last: raw.latestMessage && messageOf(raw.latestMessage, me),
  unread: raw.unreadCount,
  blockers: raw.isBlocked && raw.blockedBy ? [raw.blockedBy] : [],
  at: raw.updatedAt,
});

const sent = ({ message }, me) => [{ type: "message", message: messageOf(message, me) }];
const typing = (isTyping) => ({ userId, chatId }) => [{ type: "typing", chat: chatId, user: userId, isTyping }];
const chatChanged = ({ chat }, me) => [{ type: "chat", chat: chatOf(chat, me) }];

export const recruiting = {
  name: "recruiting",
  about: "candidates and employers",
  greeting: "connected",
  eventsPerSecond: 50,

  chats: () => get("/api/chat/my-chats?limit=100", ({ data }, me) => [
    { type: "chats", chats: data.chats.map((chat) => chatOf(chat, me)) },
  ]),
  start: (user) => post("/api/chat/create-or-get", { otherUserId: user }, ({ data }, me) => [
    { type: "chat", chat: chatOf(data, me) },
    { type: "open", chat: data._id },
  ]),
  history: (chat, page, limit) => get(`/api/message/chat/${chat.id}?page=${page}&limit=${limit}`, ({ data }, me) => [{
    type: "history",
    chat: chat.id,
    messages: data.messages.map((message) => messageOf(message, me)),
    hasMore: page < data.pagination.totalPages,
  }]),
  send: (chat, { text, clientMessageId }) =>
    emit("send_message", { chatId: chat.id, content: text, clientMessageId }, sent),
  sendFile: (chat, { file, text, clientMessageId }) =>
    sendFile(chat.id, file, text, clientMessageId, ({ data }, me) => sent({ message: data }, me)),
  markRead: (chat) => [emit("mark_messages_read", { chatId: chat.id })],
  type: (chat, isTyping) => emit(isTyping ? "typing_start" : "typing_stop", { chatId: chat.id }),
  block: (chat) => emit("block_user", { chatId: chat.id }, chatChanged),
  unblock: (chat) => emit("unblock_user", { chatId: chat.id }, chatChanged),
  deleteForAll: (message) => del(`/api/message/${message.id}`),
  search: (chat, term) => {
    const path = `/api/message/chat/${chat.id}/search?searchTerm=${encodeURIComponent(term)}`;
    return get(path, ({ data }, me) => [
      { type: "found", chat: chat.id, term, messages: data.messages.map((message) => messageOf(message, me)) },
    ]);
  },

  events: {
    online_users: ({ onlineUsers }) => [{ type: "people", people: onlineUsers.map((id) => ({ id })) }],
    message_sent: sent,
    new_message: sent,
    chat_updated: ({ latestMessage }) => (latestMessage === null ? [{ type: "stale" }] : []),
    message_delivered: ({ messageId }) => [{ type: "delivered", message: messageId }],
    message_deleted: ({ messageId }) => [{ type: "deleted", message: messageId }],
    messages_marked_read: ({ chatId }) => [{ type: "readByMe", chat: chatId }],
    messages_read_by_other: ({ chatId }) => [{ type: "read", chat: chatId }],
    user_typing: typing(true),
    user_stopped_typing: typing(false),
    user_blocked: chatChanged,
    user_unblocked: chatChanged,
    you_were_blocked: ({ chatId, blockedByUserId }) => [{ type: "blocked", chat: chatId, by: blockedByUserId }],
    you_were_unblocked: ({ chatId, unblockedByUserId }) => [{ type: "unblocked", chat: chatId, by: unblockedByUserId }],
    chat_deleted: ({ chatId }) => [{ type: "gone", chat: chatId }],
    user_online: ({ userId }) => [{ type: "presence", user: userId, isOnline: true }],
    user_offline: ({ userId, lastSeen }) => [{ type: "presence", user: userId, isOnline: false, lastSeen }],
    notification: ({ message }) => [{ type: "notice", text: message }],
    error: errorEvent,
  },
};
