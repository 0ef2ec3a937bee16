// Person to person, without chats and without REST routes (docs/dialects.md, "messenger"). What the page calls the id
// of a chat is here the id of the other person.

import { emit, errorEvent, mediaOf, nothing } from "./request.mjs";

const messageOf = (raw, me) => ({
  id: raw._id,
  seq: raw.seq,
  chat: raw.senderId === me ? raw.receiverId : raw.senderId,
  sender: raw.senderId,
  senderName: raw.senderName,
  text: raw.content,
  media: mediaOf(raw),
  status: raw.senderId === me && raw.read ? "read" : "sent",
  isReadByMe: raw.senderId !== me && raw.read,
  isDeleted: raw.isDeleted,
  at: raw.sentAt,
});

const chatWith = (id, name, me) => ({
  id,
  people: [{ id: me }, { id, name }],
  last: null,
  unread: 0,
  blockers: [],
  at: "",
});
const said = (message, me) => [{ type: "message", message: messageOf(message, me) }];
const sent = ({ message }, me) => said(message, me);
const blockedBy = (type) => ({ userId, byMe }, me) => [{ type, chat: userId, by: byMe ? me : userId }];
const confirmed = ({ message, markedCount }, me) => {
  if (!message) return [];
  const { id, seq, chat } = messageOf(message, me);
  // With a count, all messages up to this one were marked. A count of 0 says that this one was marked before.
  return [{ type: "readByMe", chat, messages: markedCount ? undefined : [id], upTo: seq }];
};

export const messenger = {
  name: "messenger",
  about: "person to person",
  greeting: "connection",
  eventsPerSecond: 50,

  // A chat that is not known yet, with the person whom a message names.
  chatOf: (id, name, me) => chatWith(id, name, me),
  start: (user) => nothing((_, me) => [
    { type: "chat", chat: chatWith(user, undefined, me) },
    { type: "open", chat: user },
  ]),
  history: (chat, page, limit) => emit("get_message_history", { otherUserId: chat.id, page, limit }, (answer, me) => [
    { type: "names", people: answer.otherUser ? [{ id: answer.otherUser._id, name: answer.otherUser.name }] : [] },
    {
      type: "history",
      chat: chat.id,
      messages: answer.messages.map((message) => messageOf(message, me)),
      hasMore: answer.pagination.hasMore,
    },
  ]),
  send: (chat, { text, clientMessageId }) =>
    emit("send_message", { receiverId: chat.id, content: text, clientMessageId }, sent),
  markRead: (chat, messages) => messages.map(({ id }) => emit("mark_message_read", { messageId: id }, confirmed)),
  type: (chat, isTyping) => emit(isTyping ? "typing_start" : "typing_stop", { receiverId: chat.id }),

  events: {
    online_users: (users) => [{ type: "people", people: users.map(({ userId, name }) => ({ id: userId, name })) }],
    message_sent: sent,
    receive_message: said,
    // `receive_message` says the same of a message. What a service says comes from nobody.
    message_notification: ({ from, message }) => (from === null ? [{ type: "notice", text: message }] : []),
    message_delivered: ({ messageId }) => [{ type: "delivered", message: messageId }],
    message_deleted: ({ messageId }) => [{ type: "deleted", message: messageId }],
    message_read: ({ messageId, readBy, markedCount }) => {
      const isWhole = markedCount !== undefined;
      const messages = isWhole ? undefined : [messageId];
      return [{ type: "read", chat: readBy._id, messages, upTo: isWhole ? messageId : undefined }];
    },
    message_read_confirmed: confirmed,
    typing_indicator: ({ userId, userName, isTyping }) => [
      { type: "names", people: [{ id: userId, name: userName }] },
      { type: "typing", chat: userId, user: userId, isTyping },
    ],
    user_blocked: blockedBy("blocked"),
    user_unblocked: blockedBy("unblocked"),
    user_online: ({ userId, name }) => [
      { type: "names", people: [{ id: userId, name }] },
      { type: "presence", user: userId, isOnline: true },
    ],
    user_offline: ({ userId, lastSeen }) => [{ type: "presence", user: userId, isOnline: false, lastSeen }],
    error: errorEvent,
  },
};
