// Made by `cargo run -p contracts`. Do not edit.

import type { Ack } from "./index.js";

/**
 * A learning platform: conversations with rooms, and lists of media. The events that a client of `/classroom` hears.
 */
export interface ServerToClientEvents {
  /** The socket has joined the namespace. It is the first event of a socket. */
  "connected": (argument: Connected, offset?: string) => void;
  /** This socket sent a message. `new:message` follows. */
  "message:sent": (argument: MessageSent, offset?: string) => void;
  /** Somebody sent a message. The socket that sent it hears it too. */
  "new:message": (argument: Sent, offset?: string) => void;
  /** Somebody begins to type, in a conversation whose room the socket has joined. */
  "typing:start": (argument: Actor, offset?: string) => void;
  /** Somebody stops typing, in a conversation whose room the socket has joined. */
  "typing:stop": (argument: Actor, offset?: string) => void;
  /** Somebody has read messages. */
  "messages:read": (argument: MessagesRead, offset?: string) => void;
  /** A message that the user sent reached all of its recipients. */
  "message:delivered": (argument: MessageNamed, offset?: string) => void;
  /** A message was deleted, for everybody or for the user alone. */
  "message:deleted": (argument: MessageDeleted, offset?: string) => void;
  /** Somebody came online. */
  "user:online": (argument: UserOnline, offset?: string) => void;
  /** Somebody went offline. */
  "user:offline": (argument: UserOffline, offset?: string) => void;
  /** Somebody blocked a conversation. */
  "conversation:blocked": (argument: Actor, offset?: string) => void;
  /** Somebody took back their block. */
  "conversation:unblocked": (argument: Actor, offset?: string) => void;
  /** Somebody created a conversation with the user. */
  "conversation:updated": (argument: ConversationUpdated, offset?: string) => void;
  /** A conversation was deleted for everybody. */
  "conversation:deleted": (argument: ConversationNamed, offset?: string) => void;
  /** A service sends a notification. */
  "notification:new": (argument: Notification, offset?: string) => void;
  /** An event without an ack failed, or the token of the socket has ended. */
  "error": (argument: ErrorObject, offset?: string) => void;
}

/** The events that a client of `/classroom` may emit. */
export interface ClientToServerEvents {
  /** Joins the room of a conversation. From now on the socket hears who types there. */
  "join:conversation": (argument: {
    /** The id of the conversation. */
    conversationId: string;
  }, ack: (answer: Ack<{
    success: true;
  }, ErrorObject>) => void) => void;
  /** Leaves the room of a conversation. From now on the socket does not hear who types there. */
  "leave:conversation": (argument: {
    /** The id of the conversation. */
    conversationId: string;
  }, ack: (answer: Ack<{
    success: true;
  }, ErrorObject>) => void) => void;
  /** Sends a message. */
  "send:message": (argument: {
    /**
     * An id of the client's own. Sending it again within 24 hours stores nothing and answers with the first message.
     */
    clientMessageId?: string;
    /** The id of the conversation. */
    conversationId: string;
    /** The media. Required if `messageType` is not `text`. */
    media?: Array<{
      /** The name of the file. */
      filename?: string;
      /** The size, in bytes. */
      size?: number;
      /** The media type. */
      type?: string;
      /** The address. */
      url: string;
    }>;
    /** The type of the content, `text` if absent. */
    messageType?: "text" | "image" | "video" | "audio" | "file";
    /** The id of the message to which this one replies. */
    replyTo?: string;
    /** The text. Required, and not only white space, if `messageType` is `text`. */
    text?: string;
  }, ack: (answer: Ack<{
    /** The message. */
    message: Message;
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
  /** Marks messages of one conversation as read. The user's own are skipped. */
  "message:read": (argument: {
    /** The id of the conversation. */
    conversationId: string;
    /** The ids of the messages. */
    messageIds: string[];
  }, ack: (answer: Ack<{
    /** How many messages were newly marked as read. */
    markedCount: number;
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
  /** The id of the conversation. */
  _id: string;
  /** When the conversation was created. */
  createdAt: string;
  /** Whether it has more than two participants. */
  isGroup: boolean;
  /** The newest message, deleted or not. Null if there is none. */
  lastMessage: Message | null;
  /** When somebody last sent a message, otherwise when the conversation was created. */
  lastMessageAt: string;
  /** All participants. */
  participants: Participant[];
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

/** A conversation that was just created. */
export interface ConversationUpdated {
  /** The id of the conversation. */
  conversationId: string;
  /** When it was created. */
  lastMessageAt: string;
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
  /** The id of the conversation. */
  conversationId: string;
  /** When it was sent. */
  createdAt: string;
  /** When it was deleted, for everybody or for the caller. Null if it was not. */
  deletedAt: string | null;
  /** All media, empty if there are none or the message was deleted. */
  media: Medium[];
  /** The type of the content. */
  messageType: "text" | "image" | "video" | "audio" | "file";
  /** The id of the message to which it replies, null if it replies to none. */
  replyTo: string | null;
  /** The user who sent it. */
  senderId: Sender;
  /** The number of the message in its conversation: 1, 2, 3, ... without gaps. */
  seq: number;
  /** How far it has come among its recipients. */
  status: "sent" | "delivered" | "read";
  /** The text, null if there is none or the message was deleted. */
  text: string | null;
  /** When it was deleted, otherwise when it was sent. */
  updatedAt: string;
}

/** A message that was deleted. */
export interface MessageDeleted {
  /** The id of its conversation. */
  conversationId: string;
  /** Whether it was deleted for everybody. Otherwise for the user alone. */
  deletedForEveryone: boolean;
  /** The id of the message. */
  messageId: string;
}

/** A message, by its id. */
export interface MessageNamed {
  /** The id of its conversation. */
  conversationId: string;
  /** The id of the message. */
  messageId: string;
}

/** A message that this socket sent. */
export interface MessageSent {
  /** The message. */
  message: Message;
  /** The id of the message. */
  messageId: string;
}

/** What somebody has read. */
export interface MessagesRead {
  /** The id of the conversation. */
  conversationId: string;
  /** How many messages were newly marked as read. Absent if it is each message of the list. */
  markedCount?: number;
  /** The ids of the messages, oldest first. For a whole conversation, of the newest 100. */
  messageIds: string[];
  /** The id of the user who read them. */
  readBy: string;
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

/** A participant of a conversation. */
export interface Participant {
  /** The id of the user. */
  _id: string;
  /** The given name, null if there is none. */
  firstName: string | null;
  /** Whether the user is online. */
  isOnline: boolean;
  /** The family name, null if there is none. */
  lastName: string | null;
  /**
   * When the user was last online, in milliseconds since 1970: the present time for a user who is online, null for one
   * who was never seen.
   */
  lastSeen: number | null;
  /** The name to show. */
  name: string;
  /** The address of a picture, null if there is none. */
  profileImage: string | null;
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
  /** The given name, null if there is none. */
  firstName: string | null;
  /** The family name, null if there is none. */
  lastName: string | null;
  /** The name to show. */
  name: string;
  /** The address of a picture, null if there is none. */
  profileImage: string | null;
}

/** A message that was sent. */
export interface Sent {
  /** The message. */
  message: Message;
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
  /** When the user went offline, in milliseconds since 1970. */
  lastSeen: number;
  /** The id of the user. */
  userId: string;
}

/** A user who came online, by id. */
export interface UserOnline {
  /** The id of the user. */
  userId: string;
}
