// Made by `cargo run -p contracts`. Do not edit.

import type { Ack } from "./index.js";

/**
 * Candidates and employers. Clients name a chat and its other participant. The events that a client of `/recruiting`
 * hears.
 */
export interface ServerToClientEvents {
  /** The socket has joined the namespace. It is the first event of a socket. */
  "connected": (argument: Connected, offset?: string) => void;
  /** Who is online: after `connected`, and in answer to `get_online_users` without an ack. */
  "online_users": (argument: OnlineUsers, offset?: string) => void;
  /** This socket sent a message. */
  "message_sent": (argument: Sent, offset?: string) => void;
  /** Somebody else sent a message, or the user sent it with another device or over REST. */
  "new_message": (argument: Sent, offset?: string) => void;
  /** A chat has a new message, or somebody created a chat with the user. */
  "chat_updated": (argument: ChatUpdated, offset?: string) => void;
  /** The user has read a chat, with any device. */
  "messages_marked_read": (argument: MarkedRead, offset?: string) => void;
  /** Somebody else has read a chat. */
  "messages_read_by_other": (argument: ReadByOther, offset?: string) => void;
  /** Somebody begins to type. */
  "user_typing": (argument: Typing, offset?: string) => void;
  /** Somebody stops typing. */
  "user_stopped_typing": (argument: Typing, offset?: string) => void;
  /** The user has blocked a chat, with any device. */
  "user_blocked": (argument: ChatChanged, offset?: string) => void;
  /** Somebody else has blocked a chat. */
  "you_were_blocked": (argument: BlockedBy, offset?: string) => void;
  /** The user has taken back their block, with any device. */
  "user_unblocked": (argument: ChatChanged, offset?: string) => void;
  /** Somebody else has taken back their block. */
  "you_were_unblocked": (argument: UnblockedBy, offset?: string) => void;
  /** Somebody came online. */
  "user_online": (argument: UserOnline, offset?: string) => void;
  /** Somebody went offline. */
  "user_offline": (argument: UserOffline, offset?: string) => void;
  /** A message that the user sent reached all of its recipients. */
  "message_delivered": (argument: MessageNamed, offset?: string) => void;
  /** A message was deleted. Its place stays. */
  "message_deleted": (argument: MessageNamed, offset?: string) => void;
  /** A chat was deleted for everybody. */
  "chat_deleted": (argument: ChatNamed, offset?: string) => void;
  /** A service sends a notification. */
  "notification": (argument: Notification, offset?: string) => void;
  /** An event without an ack failed, or the token of the socket has ended. */
  "error": (argument: ErrorObject, offset?: string) => void;
}

/** The events that a client of `/recruiting` may emit. */
export interface ClientToServerEvents {
  /** Sends a message. */
  "send_message": (argument: {
    /** The id of the chat. */
    chatId: string;
    /**
     * An id of the client's own. Sending it again within 24 hours stores nothing and answers with the first message.
     */
    clientMessageId?: string;
    /** The text. Required, and not only white space, if `messageType` is `text`. */
    content?: string;
    /** The address of a medium. Required if `messageType` is not `text`. */
    mediaUrl?: string;
    /** The type of the content, `text` if absent. */
    messageType?: "text" | "image" | "video" | "file";
    /** The id of the other participant. If it is given, it must be right. */
    receiverId?: string;
  }, ack: (answer: Ack<{
    /** The message. */
    message: Message;
    success: true;
  }, ErrorObject>) => void) => void;
  /** Marks everything in a chat as read. */
  "mark_messages_read": (argument: {
    /** The id of the chat. */
    chatId: string;
  }, ack: (answer: Ack<{
    /** The id of the chat. */
    chatId: string;
    /** How many messages were newly marked as read. */
    markedCount: number;
    success: true;
  }, ErrorObject>) => void) => void;
  /** Says that the user begins to type. */
  "typing_start": (argument: {
    /** The id of the chat. */
    chatId: string;
    /** The id of the other participant. If it is given, it must be right. */
    receiverId?: string;
  }, ack: (answer: Ack<{
    success: true;
  }, ErrorObject>) => void) => void;
  /** Says that the user stops typing. */
  "typing_stop": (argument: {
    /** The id of the chat. */
    chatId: string;
    /** The id of the other participant. If it is given, it must be right. */
    receiverId?: string;
  }, ack: (answer: Ack<{
    success: true;
  }, ErrorObject>) => void) => void;
  /** Blocks a chat. Nobody can send to it any more. */
  "block_user": (argument: {
    /** The id of the chat. */
    chatId: string;
  }, ack: (answer: Ack<{
    /** The chat. */
    chat: Chat;
    success: true;
  }, ErrorObject>) => void) => void;
  /** Takes back the user's own block. */
  "unblock_user": (argument: {
    /** The id of the chat. */
    chatId: string;
  }, ack: (answer: Ack<{
    /** The chat. */
    chat: Chat;
    success: true;
  }, ErrorObject>) => void) => void;
  /** Asks who is online. Without an ack the answer is the event `online_users`. */
  "get_online_users": (ack: (answer: Ack<{
    /** How many they are. */
    count: number;
    /** Their ids, as many as one event can carry. */
    onlineUsers: string[];
    success: true;
  }, ErrorObject>) => void) => void;
  /** Asks for a sign of life. */
  "ping": (ack: (answer: Ack<{
    success: true;
    /** The time of the server, in milliseconds since 1970. */
    timestamp: number;
  }, ErrorObject>) => void) => void;
  /** Ends the socket. */
  "manual_disconnect": (ack: (answer: Ack<{
    success: true;
  }, ErrorObject>) => void) => void;
  /** Renews the credentials of the socket with another token of the same user. */
  "authenticate": (argument: {
    /** The token, with or without `Bearer ` in front of it. */
    token: string;
  }, ack: (answer: Ack<{
    success: true;
  }, ErrorObject>) => void) => void;
}

/** The position of a list that was asked for with `afterSeq`. */
export interface AfterSeq {
  /** Whether more messages follow. */
  hasMore: boolean;
  /** The most messages that were asked for. */
  limit: number;
  /** The number of messages in the chat. */
  total: number;
}

/** Who blocked a chat. */
export interface BlockedBy {
  /** The id of the user who blocked it. */
  blockedByUserId: string;
  /** The id of the chat. */
  chatId: string;
}

/** A chat. */
export interface Chat {
  /** The id of the chat. */
  _id: string;
  /** The id of the caller if they block the chat, else of another participant who does, else null. */
  blockedBy: string | null;
  /** When the chat was created. */
  createdAt: string;
  /** Whether any participant blocks the chat. Then nobody can send. */
  isBlocked: boolean;
  /** The newest message, deleted or not. Null if there is none. */
  latestMessage: Message | null;
  /** How many messages the caller has not read. */
  unreadCount: number;
  /** When the chat last changed. */
  updatedAt: string;
  /** The ids of all participants. */
  users: string[];
}

/** A chat after the user blocked or unblocked it. */
export interface ChatChanged {
  /** The chat. */
  chat: Chat;
}

/** A chat, by its id. */
export interface ChatNamed {
  /** The id of the chat. */
  chatId: string;
}

/** The newest state of a chat. */
export interface ChatUpdated {
  /** The id of the chat. */
  chatId: string;
  /** The newest message, null in a chat that was just created. */
  latestMessage: Message | null;
  /** When the chat last changed. */
  updatedAt: string;
}

/** Chats that the caller blocks. */
export interface Chats {
  /** The chats. */
  chats: Chat[];
}

/** A page of the caller's chats. */
export interface ChatsPage {
  /** The chats, those with the most recent activity first. */
  chats: Chat[];
  /** The position of the page. */
  pagination: Page | AfterSeq;
}

/** The user and the socket of a socket that has joined its namespace. */
export interface Connected {
  /** What was done, for people. */
  message: string;
  /** The Socket.IO `sid` of the socket. */
  socketId: string;
  success: true;
  /** The id of the user whom the token names. */
  userId: string;
}

/** What programs need to know about an error. */
export interface Details {
  /** The field that is wrong, or that names what was not found. Absent if there is none. */
  field?: string;
  /** Why the token was refused. Only with the code `AUTHENTICATION_ERROR`. */
  reason?: 
    | "no token"
    | "invalid token"
    | "token without expiry"
    | "expired token"
    | "unknown user";
  /** Whole seconds until the limit is over. Only with the code `RATE_LIMIT`. */
  retryAfter?: number;
}

/** What went wrong. */
export interface ErrorObject {
  /** The code that clients compare. */
  code: 
    | "AUTHENTICATION_ERROR"
    | "VALIDATION_ERROR"
    | "NOT_FOUND"
    | "FORBIDDEN"
    | "BLOCKED_USER"
    | "RATE_LIMIT"
    | "INTERNAL_ERROR";
  /** What programs need to know about it. */
  details: Details;
  /** A sentence for developers. For a wrong field it begins with the name of the field. */
  message: string;
  /** When it happened, in milliseconds since 1970. */
  timestamp: number;
}

/** The body of a REST request that failed. */
export interface Failure {
  /** The error. */
  error: ErrorObject;
  /** The message of the error. */
  message: string;
  success: false;
}

/** A picture of a listing. */
export interface Image {
  /** The address of the picture. */
  url: string;
}

/** A listing: a thing for sale about which people write to its owner. */
export interface Listing {
  /** The id of the listing. */
  _id: string;
  /** The place where it is, null if the owner named none. */
  address: string | null;
  /** Pictures, in the order of the owner. */
  images: Image[];
  /** The price, null if the owner named none. */
  price: number | null;
  /** The title. */
  title: string;
}

/** How many messages were newly marked as read. */
export interface Marked {
  /** How many messages were newly marked as read. */
  markedCount: number;
}

/** What the user has read. */
export interface MarkedRead {
  /** The id of the chat. */
  chatId: string;
  /** How many messages were newly marked as read. */
  markedCount: number;
}

/** An address from which an object can be fetched without a token. */
export interface MediaLink {
  /** When the address expires. */
  expiresAt: string;
  /** The address. */
  url: string;
}

/** An attachment of a message. */
export interface Medium {
  /** The name that its sender gave. Absent if they gave none. */
  filename?: string;
  /** The size that its sender named, in bytes. Absent if they named none. */
  size?: number;
  /** The media type that its sender named, or the type of the message. Absent if there is neither. */
  type?: string;
  /** The address. */
  url: string;
}

/** A message. */
export interface Message {
  /** The id of the message. */
  _id: string;
  /** The id of the chat. */
  chatId: string;
  /** The text, null if there is none or the message was deleted. */
  content: string | null;
  /** When it was sent. */
  createdAt: string;
  /** Whether it was deleted. Then content and media are null. */
  isDeleted: boolean;
  /** Whether the recipient has read it. For its sender: whether everybody else has. */
  isRead: boolean;
  /** All media. Absent if `mediaUrl` says everything. */
  media?: Medium[];
  /** The address of the first medium, null if there is none or the message was deleted. */
  mediaUrl: string | null;
  /** The type of the content. */
  messageType: "text" | "image" | "video" | "file";
  /** The id of the other participant, null in a chat of more than two. */
  receiverId: string | null;
  /** The id of the user who sent it. */
  senderId: string;
  /** The number of the message in its chat: 1, 2, 3, ... without gaps. */
  seq: number;
  /** True if the content is shortened to fit into an event. Otherwise absent. */
  truncated?: true;
  /** When it was deleted, otherwise when it was sent. */
  updatedAt: string;
}

/** A message, by its id. */
export interface MessageNamed {
  /** The id of its chat. */
  chatId: string;
  /** The id of the message. */
  messageId: string;
}

/** A part of a chat's messages. */
export interface MessagesPage {
  /** The messages, oldest first. */
  messages: Message[];
  /** The position of the part. */
  pagination: Page | AfterSeq;
}

/** A notification from a service, in most dialects. */
export interface Notification {
  /** When it was sent. */
  createdAt: string;
  /** The id of the notification. For a message it is the id of the message. */
  id: string;
  /** The text to show. */
  message: string;
  /** The kind that the service gave it. In workspace, `message` for a message. */
  type: string;
}

/** The users who are online. */
export interface OnlineUsers {
  /** How many they are. */
  count: number;
  /** Their ids, as many as one event can carry. */
  onlineUsers: string[];
}

/** A numbered page. */
export interface Page {
  /**
   * Only of a search that reached its bound before the beginning of the chat: the id of the message where it stopped.
   * Search on with this value as `before`.
   */
  before?: string;
  /** The entries per page. */
  limit: number;
  /** The number of the page, from 1. */
  page: number;
  /** The exact number of entries. */
  total: number;
  /** The number of pages, 0 if there are no entries. */
  totalPages: number;
}

/** The profile of a user, for services. */
export interface Profile {
  /** The id of the user. */
  _id: string;
  /** The e-mail address, null if none was given. */
  email: string | null;
  /** The given name, null if none was given. */
  firstName: string | null;
  /** The family name, null if none was given. */
  lastName: string | null;
  /** The name to show, null if none was given. */
  name: string | null;
  /** The address of a picture, null if none was given. */
  picture: string | null;
  /** The role, null if none was given. */
  role: string | null;
  /** The id of the user. */
  userId: string;
  /** The username, null if none was given. */
  username: string | null;
}

/** What somebody else has read. */
export interface ReadByOther {
  /** The id of the chat. */
  chatId: string;
  /** When they read it. */
  readAt: string;
  /** The id of the user who read it. */
  readByUserId: string;
}

export interface RefusalData {
  /** Always `AUTHENTICATION_ERROR`. */
  code: "AUTHENTICATION_ERROR";
  /** Why the token was refused. */
  reason: 
    | "no token"
    | "invalid token"
    | "token without expiry"
    | "expired token"
    | "unknown user";
}

/** The payload of CONNECT_ERROR. */
export interface RefusedConnect {
  /** What programs compare, which socket.io-client shows as `error.data`. */
  data: RefusalData;
  /** The text of the error, which socket.io-client shows as `error.message`. */
  message: string;
}

/** A message that was sent. */
export interface Sent {
  /** The message. */
  message: Message;
}

/** Somebody who types. */
export interface Typing {
  /** The id of the chat. */
  chatId: string;
  /** The id of the user who types. */
  userId: string;
}

/** Who took back their block of a chat. */
export interface UnblockedBy {
  /** The id of the chat. */
  chatId: string;
  /** The id of the user who took back their block. */
  unblockedByUserId: string;
}

/** How many messages are unread. */
export interface UnreadCount {
  /** How many messages in all chats are unread. */
  unreadCount: number;
}

/** A prepared upload: the request that puts the file, and the id that a message then names. */
export interface Upload {
  /** When the upload expires. */
  expiresAt: string;
  /** The headers that the request must have. */
  headers: Record<string, string>;
  /** The HTTP method of the request that puts the file. */
  method: string;
  /** The id for `send-media`. */
  uploadId: string;
  /** The address of that request. */
  url: string;
}

/** A user who went offline. */
export interface UserOffline {
  /** When the user went offline. */
  lastSeen: string;
  /** The id of the user. */
  userId: string;
}

/** A user who came online, by id. */
export interface UserOnline {
  /** The id of the user. */
  userId: string;
}
