// Made by `cargo run -p contracts`. Do not edit.

import type { Ack } from "./index.js";

/**
 * Buyers and sellers of listings. Clients join the rooms of chats. The events that a client of `/marketplace` hears.
 */
export interface ServerToClientEvents {
  /** The socket has joined the namespace. It is the first event of a socket. */
  "connected": (argument: Connected, offset?: string) => void;
  /** Somebody begins or stops typing, in a chat whose room the socket has joined. */
  "typing": (argument: Typing, offset?: string) => void;
  /** Somebody sent a message. The socket that sent it hears it too. */
  "newMessage": (argument: Message, offset?: string) => void;
  /** Somebody has read a message. For a whole chat it is the newest message. */
  "messageRead": (argument: MessageRead, offset?: string) => void;
  /** A message that the user sent reached all of its recipients. */
  "messageDelivered": (argument: MessageNamed, offset?: string) => void;
  /** A message was deleted. Its place stays. */
  "messageDeleted": (argument: MessageNamed, offset?: string) => void;
  /** Somebody blocked a chat. */
  "chatBlocked": (argument: Blocked, offset?: string) => void;
  /** Somebody took back their block. */
  "chatUnblocked": (argument: Unblocked, offset?: string) => void;
  /** A chat was deleted for everybody. */
  "chatDeleted": (argument: ChatNamed, offset?: string) => void;
  /** Somebody came online. */
  "userOnline": (argument: UserOnline, offset?: string) => void;
  /** Somebody went offline. */
  "userOffline": (argument: UserOffline, offset?: string) => void;
  /** Somebody created a chat with the user. */
  "chatCreated": (argument: ChatNamed, offset?: string) => void;
  /** A service sends a notification. */
  "notification": (argument: Notification, offset?: string) => void;
  /** An event without an ack failed, or the token of the socket has ended. */
  "error": (argument: ErrorObject, offset?: string) => void;
}

/** The events that a client of `/marketplace` may emit. */
export interface ClientToServerEvents {
  /** Says that the user is there: they no longer appear offline. */
  "online": (ack: (answer: Ack<{
    success: true;
  }, ErrorObject>) => void) => void;
  /** Joins the room of a chat. From now on the socket hears who types there. */
  "join-chat": (argument: {
    /** The id of the chat. */
    chatId: string;
  }, ack: (answer: Ack<{
    success: true;
  }, ErrorObject>) => void) => void;
  /** Leaves the room of a chat. From now on the socket does not hear who types there. */
  "leave-chat": (argument: {
    /** The id of the chat. */
    chatId: string;
  }, ack: (answer: Ack<{
    success: true;
  }, ErrorObject>) => void) => void;
  /** Says that the user begins or stops typing. */
  "typing": (argument: {
    /** The id of the chat. */
    chatId: string;
    /** Whether the user begins to type. Otherwise the user stops. */
    isTyping: boolean;
  }, ack: (answer: Ack<{
    success: true;
  }, ErrorObject>) => void) => void;
  /** Sends a message. */
  "sendMessage": (argument: {
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
    messageType?: "text" | "image" | "video";
    /** The id of the message to which this one replies. */
    parentMessageId?: string;
  }, ack: (answer: Ack<{
    /** The message. */
    data: Message;
    success: true;
  }, ErrorObject>) => void) => void;
  /** Marks one message as read. */
  "markAsRead": (argument: {
    /** The id of the chat. */
    chatId: string;
    /** The id of the message. */
    messageId: string;
  }, ack: (answer: Ack<{
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

/** Who blocks a chat. */
export interface Block {
  /** The ids of everybody who blocks the chat. */
  blockedBy: string[];
  /** Whether any participant blocks the chat. Then nobody can send. */
  isBlocked: boolean;
}

/** Who blocked a chat. */
export interface Blocked {
  /** The id of the user who blocked it. */
  blockedBy: string;
  /** The id of the chat. */
  chatId: string;
}

/** A chat. */
export interface Chat {
  /** The id of the chat. */
  _id: string;
  /** The ids of everybody who blocks the chat. */
  blockedBy: string[];
  /** `pet_inquiry` for a chat about a listing, else `direct`. */
  chatType: "pet_inquiry" | "direct";
  /** When the chat was created. */
  createdAt: string;
  isActive: true;
  /** Whether any participant blocks the chat. Then nobody can send. */
  isBlocked: boolean;
  /** The newest message, deleted or not. Null if there is none. */
  lastMessage: LastMessage | null;
  /** When somebody last sent a message, otherwise when the chat was created. */
  lastMessageTime: string;
  /** All participants. */
  participants: Participant[];
  /** The listing that the chat is about, null if it is about none or the listing does not exist. */
  petListing: Listing | null;
  /** The caller's count of unread messages. */
  unreadCount: Unread[];
  /** When the chat last changed. */
  updatedAt: string;
}

/** A chat, by its id. */
export interface ChatNamed {
  /** The id of the chat. */
  chatId: string;
}

/** A page of the caller's chats. */
export interface Chats {
  /** The chats, those with the most recent activity first. */
  chats: Chat[];
  /** The position of the page. */
  pagination: PageOfChats | AfterSeq;
}

/** The user and the socket of a socket that has joined its namespace, in most dialects. */
export interface Connected {
  /** The Socket.IO `sid` of the socket. */
  socketId: string;
  /** The id of the user whom the token names. */
  userId: string;
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
  /** A sentence for developers. For a wrong field it begins with the name of the field. */
  message: string;
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

/** The body of a REST request that failed. */
export interface Failure {
  /** The code that clients compare. */
  code: 
    | "AUTHENTICATION_ERROR"
    | "VALIDATION_ERROR"
    | "NOT_FOUND"
    | "FORBIDDEN"
    | "BLOCKED_USER"
    | "RATE_LIMIT"
    | "INTERNAL_ERROR";
  /** A sentence for developers. For a wrong field it begins with the name of the field. */
  message: string;
  /** Why the token was refused. Only with the code `AUTHENTICATION_ERROR`. */
  reason?: 
    | "no token"
    | "invalid token"
    | "token without expiry"
    | "expired token"
    | "unknown user";
  /** Whole seconds until the limit is over. Only with the code `RATE_LIMIT`. */
  retryAfter?: number;
  success: false;
}

/** A picture of a listing. */
export interface Image {
  /** The address of the picture. */
  url: string;
}

/** The newest message of a chat. */
export interface LastMessage {
  /** The id of the message. */
  _id: string;
  /** The text, null if there is none or the message was deleted. */
  content: string | null;
  /** When it was sent. */
  createdAt: string;
  /** Whether it was deleted. */
  isDeleted: boolean;
  /** The number of the message in its chat. */
  seq: number;
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
  chat: string;
  /** The text, null if there is none or the message was deleted. */
  content: string | null;
  /** When it was sent. */
  createdAt: string;
  /** Whether it was deleted. Then content and media are null. */
  isDeleted: boolean;
  isEdited: false;
  /** All media. Absent if `mediaUrl` says everything. */
  media?: Medium[];
  /**
   * The first medium, null if there is none or the message was deleted: an address, or the generated name of a file
   * that is served at `/api/media/{name}`. For `<img>`, `/api/media/{name}/link` gives an address without a token.
   */
  mediaUrl: string | null;
  /** The type of the content. */
  messageType: "text" | "image" | "video";
  /** The id of the message to which it replies, null if it replies to none. */
  parentMessage: string | null;
  /** Always empty. */
  reactions: never[];
  /** The ids of the recipients who have read it. */
  readBy: string[];
  /** The user who sent it. */
  sender: Sender;
  /** The number of the message in its chat: 1, 2, 3, ... without gaps. */
  seq: number;
  /** How far it has come among its recipients. */
  status: "sent" | "delivered" | "read";
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

/** A message that somebody has read. */
export interface MessageRead {
  /** The id of the chat. */
  chatId: string;
  /** How many messages were newly marked as read. Absent if it is this one message. */
  markedCount?: number;
  /** The id of the message. */
  messageId: string;
  /** The id of the user who read it. */
  userId: string;
}

/** A part of a chat's messages. */
export interface Messages {
  /** The messages, oldest first. */
  messages: Message[];
  /** The position of the part. */
  pagination: PageOfMessages | AfterSeq;
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

/** A numbered page of chats. */
export interface PageOfChats {
  /** The number of the page, from 1. */
  currentPage: number;
  /** Whether more pages follow. */
  hasMore: boolean;
  /** The exact number of chats. */
  totalChats: number;
  /** The number of pages, 0 if there are no chats. */
  totalPages: number;
}

/** A numbered page of messages. */
export interface PageOfMessages {
  /** The number of the page, from 1. */
  currentPage: number;
  /** Whether more pages follow. */
  hasMore: boolean;
  /** The exact number of messages. */
  totalMessages: number;
  /** The number of pages, 0 if there are no messages. */
  totalPages: number;
}

/** A participant of a chat. */
export interface Participant {
  /** The id of the user. */
  _id: string;
  /** The e-mail address, null if there is none or the user has not written in the chat. */
  email: string | null;
  /** The name to show. */
  name: string;
  /** The address of a picture, null if there is none. */
  profilePicture: string | null;
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

/** The user who sent a message. */
export interface Sender {
  /** The id of the user. */
  _id: string;
  /** The name to show. */
  name: string;
  /** The address of a picture, null if there is none. */
  profilePicture: string | null;
}

/** Somebody who begins or stops typing. */
export interface Typing {
  /** The id of the chat. */
  chatId: string;
  /** Whether the user begins to type. Otherwise the user stops. */
  isTyping: boolean;
  /** The id of the user. */
  userId: string;
}

/** Who took back their block of a chat. */
export interface Unblocked {
  /** The id of the chat. */
  chatId: string;
  /** The id of the user who took back their block. */
  unblockedBy: string;
}

/** How many messages a user has not read. */
export interface Unread {
  /** How many messages the user has not read. */
  count: number;
  /** The id of the user. */
  userId: string;
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
