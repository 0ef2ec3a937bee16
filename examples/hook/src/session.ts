// The chat of two people as data, without React: what is shown, and what a person can do.

import { io, type Socket } from "socket.io-client";
import type {
  Chat,
  ClientToServerEvents,
  Message,
  MessagesPage,
  ServerToClientEvents,
} from "@parlance/types/recruiting";

const ACK_TIMEOUT_MILLIS = 5_000;
/** How often a message is sent before the person is asked whether to go on. */
const ATTEMPTS_MAX = 5;
const PAGE_LIMIT = 50;
/** Somebody who has not pressed a key for so long does not type any more. */
const TYPING_MILLIS = 3_000;
/** How long after a refusal the session asks for another token. */
const REFUSED_MILLIS = 5_000;

/** A token, and when it ends, in milliseconds since 1970. */
export interface Token {
  token: string;
  endsAt: number;
}

export interface SessionOptions {
  /** The address of Parlance, such as `http://localhost:3000`. */
  url: string;
  /** The id of the user who signed in. */
  user: string;
  /** The id of the user whom they write to. */
  other: string;
  /** Asks your own backend for a token of the user who signed in. */
  fetchToken: () => Promise<Token>;
}

/** How far a message has come. A message of the other is `read` when this user has read it. */
export type Mark = "sending" | "failed" | "sent" | "delivered" | "read";

/** A message as a screen shows it. */
export interface Line {
  /** The same for as long as the line is shown. */
  key: string;
  /** The number of the message in its chat; null until it is stored. */
  seq: number | null;
  /** The text, null for a message that was deleted. */
  text: string | null;
  isMine: boolean;
  mark: Mark;
}

export interface ChatState {
  status: "connecting" | "online" | "offline" | "refused";
  /** Whether the last return brought the missed events by itself. Null before the first return. */
  recovered: boolean | null;
  /** The last thing that went wrong, for people; null if nothing did. */
  problem: string | null;
  /** Oldest first. */
  lines: Line[];
  hasEarlier: boolean;
  isOtherOnline: boolean;
  isOtherTyping: boolean;
}

const INITIAL: ChatState = {
  status: "connecting",
  recovered: null,
  problem: null,
  lines: [],
  hasEarlier: false,
  isOtherOnline: false,
  isOtherTyping: false,
};

/** A random id. React Native has no `crypto.randomUUID`, and the id needs to be unique for one user alone. */
function randomId() {
  const digits = () => Math.random().toString(36).slice(2);
  return `${Date.now().toString(36)}-${digits()}${digits()}`;
}

/** The chat of one user with another. It can be started again after it was stopped. */
export class ChatSession {
  #options: SessionOptions;
  #socket: Socket<ServerToClientEvents, ClientToServerEvents> | null = null;
  #state = INITIAL;
  #listeners = new Set<() => void>();
  #chatId: string | null = null;
  /** Whether this session had a connection before. */
  #wasOnline = false;
  #timers: Partial<Record<"renewal" | "typing" | "refused", ReturnType<typeof setTimeout>>> = {};

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Calls the listener after each change; gives a function that ends that. */
  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  getState = () => this.#state;

  start() {
    const { url, other } = this.#options;
    const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(`${url}/recruiting`, {
      forceNew: true,
      // A function, so that each connection gets a token that is still valid.
      auth: (use) => void this.#freshToken().then((token) => use({ token }), () => use({})),
    });
    this.#socket = socket;
    socket.on("connected", () => void this.#connected(socket.recovered));
    socket.on("disconnect", () => this.#set({ status: "offline", isOtherTyping: false }));
    socket.on("connect_error", (error) => this.#refused(socket, error));
    socket.on("error", ({ message }) => this.#set({ problem: message }));
    socket.on("new_message", ({ message }) => void this.#receive(message));
    socket.on("message_sent", ({ message }) => void this.#receive(message));
    socket.on("message_deleted", ({ messageId }) => this.#change((line) => line.key === messageId, { text: null }));
    socket.on("message_delivered", ({ messageId }) => {
      this.#change((line) => line.key === messageId && line.mark === "sent", { mark: "delivered" });
    });
    socket.on("messages_read_by_other", ({ chatId }) => this.#read(chatId, true));
    socket.on("messages_marked_read", ({ chatId }) => this.#read(chatId, false));
    socket.on("user_typing", ({ chatId }) => chatId === this.#chatId && this.#set({ isOtherTyping: true }));
    socket.on("user_stopped_typing", ({ chatId }) => chatId === this.#chatId && this.#set({ isOtherTyping: false }));
    socket.on("online_users", ({ onlineUsers }) => this.#set({ isOtherOnline: onlineUsers.includes(other) }));
    socket.on("user_online", ({ userId }) => {
      if (userId !== other) return;
      this.#set({ isOtherOnline: true });
      // A user who was never there cannot be written to.
      if (!this.#chatId) void this.#open();
    });
    socket.on("user_offline", ({ userId }) => {
      if (userId === other) this.#set({ isOtherOnline: false, isOtherTyping: false });
    });
    socket.on("chat_deleted", ({ chatId }) => chatId === this.#chatId && this.#set({ lines: [], hasEarlier: false }));
  }

  stop() {
    Object.values(this.#timers).forEach(clearTimeout);
    this.#timers = {};
    this.#socket?.close();
    this.#socket = null;
    this.#chatId = null;
    this.#wasOnline = false;
    this.#set(INITIAL);
  }

  /** Sends a text, again and again until there is an answer. */
  async send(text: string) {
    const key = randomId();
    const line: Line = { key, seq: null, text, isMine: true, mark: "sending" };
    this.#set({ lines: [...this.#state.lines, line] });
    this.#stopTyping();
    await this.#deliver(key, text);
  }

  /** Sends a message again that failed. It keeps its id, so that it is stored once. */
  async retry(key: string) {
    const line = this.#state.lines.find((line) => line.key === key && line.mark === "failed");
    if (!line?.text) return;
    this.#change((one) => one === line, { mark: "sending" });
    await this.#deliver(key, line.text);
  }

  /** Says that the person has pressed a key. */
  type() {
    const chatId = this.#chatId;
    if (!chatId) return;
    // Without a connection nobody hears it, so it is not kept.
    if (!this.#timers.typing) this.#socket?.volatile.emit("typing_start", { chatId }, () => {});
    clearTimeout(this.#timers.typing);
    this.#timers.typing = setTimeout(() => this.#stopTyping(), TYPING_MILLIS);
  }

  /** Marks the messages of the other as read, if there is one that is not. */
  async see() {
    const chatId = this.#chatId;
    const unread = this.#state.lines.some(({ isMine, mark }) => !isMine && mark !== "read");
    if (!chatId || !unread || !this.#socket?.connected) return;
    const answer = await this.#ask((socket) => socket.emitWithAck("mark_messages_read", { chatId }));
    if (answer?.success) this.#read(chatId, false);
  }

  /** Loads the messages before those that are shown. */
  async loadEarlier() {
    const page = Math.floor(this.#state.lines.filter(({ seq }) => seq).length / PAGE_LIMIT) + 1;
    await this.#attempt(() => this.#load(page));
  }

  /**
   * Looks whether the connection is alive, for example after the app was in the background: a network that vanished
   * meanwhile closes nothing. If there is no answer, the client connects anew and returns to its session.
   */
  async wake() {
    const socket = this.#socket;
    if (!socket?.connected) return void socket?.connect();
    const answer = await this.#ask((asked) => asked.emitWithAck("ping"));
    if (!answer && socket === this.#socket) socket.io.engine.close();
  }

  async #connected(recovered: boolean) {
    this.#set({ status: "online", problem: null, recovered: this.#wasOnline ? recovered : null });
    this.#wasOnline = true;
    // A recovered session hears what it missed by itself. A new one asks.
    if (!recovered || !this.#chatId) await this.#open();
  }

  /** Opens the chat, and loads what this session has not got yet. */
  #open() {
    return this.#attempt(async () => {
      const body = { otherUserId: this.#options.other };
      const chat = await this.#rest<Chat>("/chat/create-or-get", { method: "POST", body });
      this.#chatId = chat._id;
      const newest = this.#lastSeq();
      const first = await this.#load(1);
      if (newest > 0 && first > newest + 1) await this.#catchUp(newest);
      this.#set({ problem: null });
    });
  }

  #refused(socket: Socket, error: Error) {
    // Without an answer of the server, socket.io-client tries again by itself.
    if (socket.active) return this.#set({ status: "offline" });
    this.#set({ status: "refused", problem: error.message });
    clearTimeout(this.#timers.refused);
    this.#timers.refused = setTimeout(() => socket.connect(), REFUSED_MILLIS);
  }

  /** A token, which is renewed when two thirds of its life are over. */
  async #freshToken() {
    const { token, endsAt } = await this.#options.fetchToken();
    clearTimeout(this.#timers.renewal);
    if (this.#socket) {
      this.#timers.renewal = setTimeout(() => void this.#renew(), ((endsAt - Date.now()) * 2) / 3);
    }
    return token;
  }

  async #renew() {
    // The next connection asks for a token anyway.
    if (!this.#socket?.connected) return;
    await this.#attempt(async () => {
      const token = await this.#freshToken();
      await this.#ask((socket) => socket.emitWithAck("authenticate", { token }));
    });
  }

  async #deliver(clientMessageId: string, content: string) {
    const isMine = ({ key }: Line) => key === clientMessageId;
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const chatId = this.#chatId;
      const message = { chatId: chatId ?? "", content, clientMessageId };
      const answer = chatId && (await this.#ask((socket) => socket.emitWithAck("send_message", message)));
      if (!this.#socket) return;
      if (!chatId) await new Promise<void>((resolve) => setTimeout(resolve, ACK_TIMEOUT_MILLIS));
      if (!answer) continue;
      if (answer.success) {
        // From here on the line is the stored message.
        this.#set({ lines: this.#state.lines.filter((line) => !isMine(line)) });
        return this.#receive(answer.message);
      }
      this.#change(isMine, { mark: "failed" });
      return this.#set({ problem: answer.error.message });
    }
    this.#change(isMine, { mark: "failed" });
  }

  /** Takes a new message, and before it those that did not arrive. */
  async #receive(message: Message) {
    if (message.chatId !== this.#chatId) return;
    const newest = this.#lastSeq();
    this.#merge([message]);
    if (newest > 0 && message.seq > newest + 1) await this.#attempt(() => this.#catchUp(newest));
  }

  /** Loads what follows the message with this number. */
  async #catchUp(seq: number) {
    for (let after = seq, hasMore = true; hasMore; ) {
      const { messages, pagination } = await this.#page(`afterSeq=${after}&limit=100`);
      this.#merge(messages);
      after = messages.at(-1)?.seq ?? after;
      hasMore = "hasMore" in pagination && pagination.hasMore;
    }
  }

  /** Loads a page, of which the first is the newest. Gives the number of its oldest message. */
  async #load(page: number) {
    const { messages, pagination } = await this.#page(`page=${page}&limit=${PAGE_LIMIT}`);
    this.#merge(messages);
    this.#set({ hasEarlier: "totalPages" in pagination && page < pagination.totalPages });
    return messages[0]?.seq ?? 0;
  }

  #page(query: string) {
    return this.#rest<MessagesPage>(`/message/chat/${this.#chatId}?${query}`);
  }

  /** Puts messages into their places, in place of what was known of them. */
  #merge(messages: Message[]) {
    const known = new Map(this.#state.lines.map((line) => [line.key, line]));
    for (const message of messages) {
      const isMine = message.senderId === this.#options.user;
      const delivered = known.get(message._id)?.mark === "delivered" ? "delivered" : "sent";
      known.set(message._id, {
        key: message._id,
        seq: message.seq,
        text: message.isDeleted ? null : (message.content ?? message.mediaUrl),
        isMine,
        mark: message.isRead ? "read" : delivered,
      });
    }
    // Those that are not stored yet come last.
    const place = ({ seq }: Line) => seq ?? Number.MAX_SAFE_INTEGER;
    this.#set({ lines: [...known.values()].sort((one, other) => place(one) - place(other)) });
  }

  #lastSeq() {
    return Math.max(0, ...this.#state.lines.map(({ seq }) => seq ?? 0));
  }

  #read(chatId: string, isMine: boolean) {
    if (chatId === this.#chatId) this.#change((line) => line.isMine === isMine && line.seq !== null, { mark: "read" });
  }

  #stopTyping() {
    if (!this.#timers.typing) return;
    clearTimeout(this.#timers.typing);
    delete this.#timers.typing;
    if (this.#chatId) this.#socket?.volatile.emit("typing_stop", { chatId: this.#chatId }, () => {});
  }

  /** The answer to an event, or null if none came in time. */
  async #ask<Answer>(emit: (socket: EmittingSocket) => Promise<Answer>): Promise<Answer | null> {
    if (!this.#socket) return null;
    return emit(this.#socket.timeout(ACK_TIMEOUT_MILLIS)).catch(() => null);
  }

  /** Runs requests, and shows what went wrong. */
  async #attempt(run: () => Promise<unknown>) {
    try {
      await run();
    } catch (error) {
      this.#set({ problem: error instanceof Error ? error.message : String(error) });
    }
  }

  async #rest<Data>(path: string, { method = "GET", body }: { method?: string; body?: object } = {}): Promise<Data> {
    const { token } = await this.#options.fetchToken();
    const response = await fetch(`${this.#options.url}/recruiting/api${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const answer: { data: Data; message: string } = await response.json();
    if (!response.ok) throw new Error(answer.message);
    return answer.data;
  }

  #change(fits: (line: Line) => boolean, changed: Partial<Line>) {
    this.#set({ lines: this.#state.lines.map((line) => (fits(line) ? { ...line, ...changed } : line)) });
  }

  #set(changed: Partial<ChatState>) {
    this.#state = { ...this.#state, ...changed };
    this.#listeners.forEach((listener) => listener());
  }
}

type EmittingSocket = ReturnType<Socket<ServerToClientEvents, ClientToServerEvents>["timeout"]>;
