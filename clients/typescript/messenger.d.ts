// Made by `cargo run -p contracts`. Do not edit.

import type { Ack } from "./index.js";

/** Messages from user to user, without a notion of chats. The events that a client of `/messenger` hears. */
export interface ServerToClientEvents {
  /** The socket has joined the namespace. It is the first event of a socket. */
  "connection": (argument: Connection, offset?: string) => void;
  /** Who is online, as many as one event can carry: after `connection`. */
  "online_users": (argument: OnlineUser[], offset?: string) => void;
  /** The user sent a message, with any device. */
  "message_sent": (argument: {
    /** The message. */
    message: Message;
    success: true;
  }, offset?: string) => void;
  /** Somebody sent the user a message. */
  "receive_message": (argument: Message, offset?: string) => void;
  /** After `receive_message`: what a notification shows. Also a notification of a service. */
  "message_notification": (argument: Notification, offset?: string) => void;
  /** The user has read messages, with any device. */
  "message_read_confirmed": (argument: {
    /** How many messages were newly marked as read. Absent if it is this one message. */
    markedCount?: number;
    /** The message, for several the newest. Null if there was nothing to read. */
    message: Message | null;
    success: true;
  }, offset?: string) => void;
  /** Somebody has read a message of the user. */
  "message_read": (argument: MessageRead, offset?: string) => void;
  /** Somebody begins or stops typing. */
  "typing_indicator": (argument: Typing, offset?: string) => void;
  /** The answer to `get_message_history` without an ack. */
  "message_history": (argument: History, offset?: string) => void;
  /** The answer to `get_unread_count` without an ack. */
  "unread_count": (argument: Unread, offset?: string) => void;
  /** Somebody came online. */
  "user_online": (argument: UserOnline, offset?: string) => void;
  /** Somebody went offline. */
  "user_offline": (argument: UserOffline, offset?: string) => void;
  /** A message that the user sent reached its recipient. */
  "message_delivered": (argument: MessageNamed, offset?: string) => void;
  /** A message was deleted. Its place stays. */
  "message_deleted": (argument: MessageNamed, offset?: string) => void;
  /** One of two users has blocked the other. */
  "user_blocked": (argument: BlockChanged, offset?: string) => void;
  /** One of two users has taken back their block. */
  "user_unblocked": (argument: BlockChanged, offset?: string) => void;
  /** An event without an ack failed, or the token of the socket has ended. */
  "error": (argument: ErrorObject, offset?: string) => void;
}

/** The events that a client of `/messenger` may emit. */
export interface ClientToServerEvents {
  /** Sends a message. Without an ack the answer is the event `message_sent`. */
  "send_message": (argument: {
    /**
     * An id of the client's own. Sending it again within 24 hours stores nothing and answers with the first message.
     */
    clientMessageId?: string;
    /** The text, not only white space. */
    content: string;
    /** The id of the recipient. */
    receiverId: string;
  }, ack: (answer: Ack<{
    /** The message. */
    message: Message;
    success: true;
  }, ErrorObject>) => void) => void;
  /** Marks one message as read. Without an ack the answer is the event `message_read_confirmed`. */
  "mark_message_read": (argument: {
    /** The id of the message. */
    messageId: string;
  }, ack: (answer: Ack<{
    /** How many messages were newly marked as read. Absent if it is this one message. */
    markedCount?: number;
    /** The message, for several the newest. Null if there was nothing to read. */
    message: Message | null;
    success: true;
  }, ErrorObject>) => void) => void;
  /** Lists the messages of the user and another one. Without an ack the answer is the event `message_history`. */
  "get_message_history": (argument: {
    /** Instead of `page`: lists the messages whose `seq` is greater, oldest first. */
    afterSeq?: number;
    /** The most entries of the page. */
    limit?: number;
    /** The id of the other user. */
    otherUserId: string;
    /** The number of the page, from 1. */
    page?: number;
  }, ack: (answer: Ack<{
    /** The messages, oldest first. */
    messages: Message[];
    /** The other user. */
    otherUser: Person | null;
    /** The position of the part. */
    pagination: PageOfHistory | AfterSeq;
    success: true;
  }, ErrorObject>) => void) => void;
  /**
   * Counts the messages of other users that the user has not read. Without an ack the answer is the event
   * `unread_count`.
   */
  "get_unread_count": (ack: (answer: Ack<{
    /** How many messages of other users the user has not read. */
    count: number;
    success: true;
  }, ErrorObject>) => void) => void;
  /** Says that the user begins to type. */
  "typing_start": (argument: {
    /** The id of the recipient. */
    receiverId: string;
  }, ack: (answer: Ack<{
    success: true;
  }, ErrorObject>) => void) => void;
  /** Says that the user stops typing. */
  "typing_stop": (argument: {
    /** The id of the recipient. */
    receiverId: string;
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

/** A block between the user and another one. */
export interface BlockChanged {
  /** Whether the user blocks or takes back their block. Otherwise the other user does. */
  byMe: boolean;
  /** The id of the other user. */
  userId: string;
}

/** The user of a socket that has joined its namespace. */
export interface Connection {
  success: true;
  /** The user whom the token names. */
  user: User;
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

/** A part of the messages of two users. */
export interface History {
  /** The messages, oldest first. */
  messages: Message[];
  /** The other user. */
  otherUser: Person | null;
  /** The position of the part. */
  pagination: PageOfHistory | AfterSeq;
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
  /** The id of the message. */
  _id: string;
  /** The text, or the name of the file if there is no text. Null if the message was deleted. */
  content: string | null;
  /** Whether it was deleted. Then `content` is null, and there are no media. */
  isDeleted: boolean;
  /** All media. Absent if `mediaUrl` says everything. */
  media?: Medium[];
  /** The address of the first medium. Absent if there is none. */
  mediaUrl?: string;
  /** Whether the recipient has read it. For its sender: whether everybody else has. */
  read: boolean;
  /** When it was read. Absent if it is not read. */
  readAt?: string;
  /** The id of the recipient. */
  receiverId: string;
  /** The name of the recipient. */
  receiverName: string;
  /** The id of the user who sent it. */
  senderId: string;
  /** The name of that user. */
  senderName: string;
  /** When it was sent. */
  sentAt: string;
  /** The number of the message in its chat: 1, 2, 3, ... without gaps. */
  seq: number;
  /** True if the content is shortened to fit into an event. Otherwise absent. */
  truncated?: true;
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
  /** The id of the message, for several of the newest. */
  messageId: string;
  /** When they read it. */
  readAt: string;
  /** The user who read it. */
  readBy: Person;
}

/** What a notification shows. */
export interface Notification {
  /** The user who sent the message, null for a notification of a service. */
  from: Person | null;
  /** The first 100 characters of the message, or the text of the service. */
  message: string;
  /** When it was sent. */
  timestamp: string;
  /** `new_message` for a message, otherwise the kind that the service gave it. */
  type: string;
}

/** A user who is online. */
export interface OnlineUser {
  /** The id of the user. */
  _id: string;
  /** The e-mail address, null if there is none or the caller may not see it. */
  email: string | null;
  /** The present time. */
  lastSeen: string;
  /** The name to show. */
  name: string;
  /** The role, null if there is none. */
  role: string | null;
  /** The id of the user. */
  userId: string;
  /** The username, null if there is none. */
  username: string | null;
}

/** A numbered page of a history. */
export interface PageOfHistory {
  /** Whether more pages follow. */
  hasMore: boolean;
  /** The number of the page, from 1. */
  page: number;
}

/** A user by id and name. */
export interface Person {
  /** The id of the user. */
  _id: string;
  /** The name to show. */
  name: string;
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

/** Somebody who begins or stops typing. */
export interface Typing {
  /** Whether the user begins to type. Otherwise the user stops. */
  isTyping: boolean;
  /** The id of the user. */
  userId: string;
  /** The name of the user. */
  userName: string;
}

/** How many messages are unread. */
export interface Unread {
  /** How many messages of other users the user has not read. */
  count: number;
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

/** A user with a username. */
export interface User {
  /** The id of the user. */
  _id: string;
  /** The name to show. */
  name: string;
  /** The username, null if there is none. */
  username: string | null;
}

/** A user who went offline. */
export interface UserOffline {
  /** When the user went offline. */
  lastSeen: string;
  /** The id of the user. */
  userId: string;
}

/** A user who came online. */
export interface UserOnline {
  /** The name to show. */
  name: string;
  /** The id of the user. */
  userId: string;
  /** The username, null if there is none. */
  username: string | null;
}
