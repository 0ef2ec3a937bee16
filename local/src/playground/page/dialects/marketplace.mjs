// Buyers and sellers of listings: camelCase events about chats, whose rooms clients join (docs/dialects.md,
// "marketplace").

import { del, emit, errorEvent, get, mediaOf, post, put, sendFile } from "./request.mjs";

const messageOf = (raw, me) => ({
  id: raw._id,
  seq: raw.seq,
  chat: raw.chat,
  sender: raw.sender._id,
  senderName: raw.sender.name,
  text: raw.content,
  media: mediaOf(raw),
  status: raw.status,
  isReadByMe: raw.readBy.includes(me),
  isDeleted: raw.isDeleted,
  replyTo: raw.parentMessage,
  at: raw.createdAt,
});

const chatOf = (raw) => ({
  id: raw._id,
  people: raw.participants.map(({ _id, name }) => ({ id: _id, name })),
  title: raw.petListing?.title,
  last: raw.lastMessage && {
    id: raw.lastMessage._id,
    text: raw.lastMessage.content,
    isDeleted: raw.lastMessage.isDeleted,
    media: [],
  },
  unread: raw.unreadCount[0]?.count ?? 0,
  blockers: raw.blockedBy,
  at: raw.lastMessageTime,
});

const said = (message, me) => [{ type: "message", message: messageOf(message, me) }];
const sent = ({ data }, me) => said(data, me);
const toggled = (chat) => ({ data }) => [{ type: "blockers", chat: chat.id, blockers: data.blockedBy }];
const toggleBlock = (chat) => put(`/api/chat/${chat.id}/toggle-block`, undefined, toggled(chat));

export const marketplace = {
  name: "marketplace",
  about: "buyers and sellers of listings",
  greeting: "connected",
  eventsPerSecond: 50,

  chats: () => get("/api/chat/my-chats?limit=100", ({ data }) => [{ type: "chats", chats: data.chats.map(chatOf) }]),
  start: (user) => post("/api/chat/create", { participantId: user }, ({ data }) => [
    { type: "chat", chat: chatOf(data) },
    { type: "open", chat: data._id },
  ]),
  join: (chat) => emit("join-chat", { chatId: chat.id }),
  leave: (chat) => emit("leave-chat", { chatId: chat.id }),
  history: (chat, page, limit) => get(`/api/chat/${chat.id}/messages?page=${page}&limit=${limit}`, ({ data }, me) => [{
    type: "history",
    chat: chat.id,
    messages: data.messages.map((message) => messageOf(message, me)),
    hasMore: data.pagination.hasMore,
  }]),
  send: (chat, { text, replyTo, clientMessageId }) => {
    const reply = { parentMessageId: replyTo, clientMessageId };
    return emit("sendMessage", { chatId: chat.id, content: text, messageType: "text", ...reply }, sent);
  },
  sendFile: (chat, { file, text, clientMessageId }) => sendFile(chat.id, file, text, clientMessageId, sent),
  // One message that has just come by the socket, the rest of a chat by REST.
  markRead: (chat, messages) =>
    (messages.length === 1
      ? [emit("markAsRead", { chatId: chat.id, messageId: messages[0].id })]
      : [put(`/api/chat/${chat.id}/mark-read`)]),
  type: (chat, isTyping) => emit("typing", { chatId: chat.id, isTyping }),
  canReply: true,
  block: toggleBlock,
  unblock: toggleBlock,
  deleteForAll: (message) => del(`/api/chat/message/${message.id}`),

  events: {
    newMessage: said,
    messageDelivered: ({ messageId }) => [{ type: "delivered", message: messageId }],
    messageDeleted: ({ messageId }) => [{ type: "deleted", message: messageId }],
    messageRead: ({ messageId, userId, chatId, markedCount }, me) => {
      const isWhole = markedCount !== undefined;
      const messages = isWhole ? undefined : [messageId];
      if (userId === me) return [{ type: "readByMe", chat: chatId, messages }];
      return [{ type: "read", chat: chatId, messages, upTo: isWhole ? messageId : undefined }];
    },
    typing: ({ userId, chatId, isTyping }) => [{ type: "typing", chat: chatId, user: userId, isTyping }],
    chatBlocked: ({ chatId, blockedBy }) => [{ type: "blocked", chat: chatId, by: blockedBy }],
    chatUnblocked: ({ chatId, unblockedBy }) => [{ type: "unblocked", chat: chatId, by: unblockedBy }],
    chatCreated: () => [{ type: "stale" }],
    chatDeleted: ({ chatId }) => [{ type: "gone", chat: chatId }],
    userOnline: ({ userId }) => [{ type: "presence", user: userId, isOnline: true }],
    userOffline: ({ userId, lastSeen }) => [{ type: "presence", user: userId, isOnline: false, lastSeen }],
    notification: ({ message }) => [{ type: "notice", text: message }],
    error: errorEvent,
  },
};
