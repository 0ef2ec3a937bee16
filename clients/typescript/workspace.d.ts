// Made by `cargo run -p contracts`. Do not edit.

import type { Ack } from "./index.js";

/** Colleagues: conversations with rooms, and statuses. The events that a client of `/workspace` hears. */
export interface ServerToClientEvents {
  /** The socket has joined the namespace. It is the first event of a socket. */
  "connected": (argument: Connected, offset?: string) => void;
  /** Somebody else sent a message, or the user sent it with another device or over REST. */
  "message:new": (argument: Message, offset?: string) => void;
  /** A conversation has a new message, or somebody created a conversation with the user. */
  "conversation:updated": (argument: Conversation, offset?: string) => void;
  /**
   * Somebody sent a message to a conversation whose room the socket has not joined, or a service sends a notification.
   */
  "notification:new": (argument: Notification, offset?: string) => void;
  /** Somebody has read a message of the user. */
  "message:read": (argument: MessageRead, offset?: string) => void;
  /** Somebody begins to type, in a conversation whose room the socket has joined. */
  "typing:start": (argument: Actor, offset?: string) => void;
  /** Somebody stops typing, in a conversation whose room the socket has joined. */
  "typing:stop": (argument: Actor, offset?: string) => void;
  /** Somebody came online, or changed their status. */
  "user:online": (argument: UserOnline, offset?: string) => void;
  /** Somebody went offline. */
  "user:offline": (argument: UserOffline, offset?: string) => void;
  /** A message that the user sent reached all of its recipients. */
  "message:delivered": (argument: MessageNamed, offset?: string) => void;
  /** A conversation was deleted for everybody. */
  "conversation:deleted": (argument: ConversationNamed, offset?: string) => void;
  /** A message was deleted. Its place stays. */
  "message:deleted": (argument: MessageDeleted, offset?: string) => void;
  /** Somebody blocked a conversation. */
  "conversation:blocked": (argument: Actor, offset?: string) => void;
  /** Somebody took back their block. */
  "conversation:unblocked": (argument: Actor, offset?: string) => void;
  /** An event without an ack failed, or the token of the socket has ended. */
  "error": (argument: ErrorObject, offset?: string) => void;
}

/** The events that a client of `/workspace` may emit. */
export interface ClientToServerEvents {
  /** Sends a message. */
  "message:send": (argument: {
    /**
     * An id of the client's own. Sending it again within 24 hours stores nothing and answers with the first message.
     */
    clientMessageId?: string;
    /** The text. Required, and not only white space, if `type` is `text`. */
    content?: string;
    /** The id of the conversation. */
    conversationId: string;
    /** The address of a medium. Required if `type` is not `text`. */
    mediaUrl?: string;
    /** The type of the content, `text` if absent. */
    type?: "text" | "image" | "video" | "file";
  }, ack: (answer: Ack<{
    /** The message. */
    message: Message;
    success: true;
  }, ErrorObject>) => void) => void;
  /** Marks one message as read. */
  "message:read": (argument: {
    /** The id of the message. */
    messageId: string;
  }, ack: (answer: Ack<{
    success: true;
  }, ErrorObject>) => void) => void;
  /** Says that the user begins to type. */
  "typing:start": (argument: {
    /** The id of the conversation. */
    conversationId: string;
  }, ack: (answer: Ack<{
    success: true;
  }, ErrorObject>) => void) => void;
  /** Says that the user stops typing. */
  "typing:stop": (argument: {
    /** The id of the conversation. */
    conversationId: string;
  }, ack: (answer: Ack<{
    success: true;
  }, ErrorObject>) => void) => void;
  /**
   * Joins the room of a conversation. From now on the socket hears who types there, and gets no notifications of its
   * messages.
   */
  "conversation:join": (argument: string, ack: (answer: Ack<{
    success: true;
  }, ErrorObject>) => void) => void;
  /** Leaves the room of a conversation. */
  "conversation:leave": (argument: string, ack: (answer: Ack<{
    success: true;
  }, ErrorObject>) => void) => void;
  /** Sets the user's status. With `offline` the user appears offline. */
  "user:status": (argument: "online" | "away" | "busy" | "offline", ack: (answer: Ack<{
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

/** Somebody who did something in a conversation. */
export interface Actor {
  /** The id of the conversation. */
  conversationId: string;
  /** The id of the user who did it. */
  userId: string;
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

/** The user and the socket of a socket that has joined its namespace, in most dialects. */
export interface Connected {
  /** The Socket.IO `sid` of the socket. */
  socketId: string;
  /** The id of the user whom the token names. */
  userId: string;
}

/** A conversation. */
export interface Conversation {
  /** When the conversation was created. */
  createdAt: string;
  /** The id of the conversation. */
  id: string;
  /** The newest message, deleted or not. Null if there is none. */
  lastMessage: Message | null;
  /** The ids of all participants. */
  participants: string[];
  /** How many messages the caller has not read. */
  unreadCount: number;
  /** When the conversation last changed. */
  updatedAt: string;
}

/** A conversation, by its id. */
export interface ConversationNamed {
  /** The id of the conversation. */
  conversationId: string;
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
  /** The text, or the name of the file if there is no text. Null if the message was deleted. */
  content: string | null;
  /** The id of the conversation. */
  conversationId: string;
  /** The id of the message. */
  id: string;
  /** Whether it was deleted. Then content and media are null. */
  isDeleted: boolean;
  /** All media. Absent if `mediaUrl` says everything. */
  media?: Medium[];
  /** The address of the first medium, null if there is none or the message was deleted. */
  mediaUrl: string | null;
  /** The id of the user who sent it. */
  senderId: string;
  /** The number of the message in its conversation: 1, 2, 3, ... without gaps. */
  seq: number;
  /** When it was sent. */
  timestamp: string;
  /** True if the content is shortened to fit into an event. Otherwise absent. */
  truncated?: true;
  /** The type of the content. */
  type: "text" | "image" | "video" | "file";
}

/** A message that was deleted. */
export interface MessageDeleted {
  /** The id of its conversation. */
  conversationId: string;
  /** The id of the message. */
  messageId: string;
}

/** A message, by its id. */
export interface MessageNamed {
  /** The id of the message. */
  messageId: string;
}

/** What somebody else has read. */
export interface MessageRead {
  /** How many messages were newly marked as read. Absent if it is this one message. */
  markedCount?: number;
  /** The id of the message, for a whole conversation of the newest. */
  messageId: string;
  /** When they read it. */
  readAt: string;
  /** The id of the user who read it. */
  userId: string;
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

/** The numbered pages of most lists. */
export interface NumberedPage {
  /** The entries per page. */
  limit: number;
  /** The number of the page, from 1. */
  page: number;
  /** The exact number of entries. */
  total: number;
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
  /** The id of the user. */
  userId: string;
}

/** A user who is online. */
export interface UserOnline {
  /** The status that the user set. */
  status: "online" | "away" | "busy";
  /** The id of the user. */
  userId: string;
}
