// What one person knows: chats, messages, people. It changes only by changes, which dialects make of events and of
// answers:
//
//   chats {chats}                            the whole list of chats
//   chat {chat}                              one chat, as it is now
//   gone {chat}                              a chat was deleted
//   stale {}                                 something of the list changed: it has to be fetched again
//   open {chat}                              show this chat
//   history {chat, messages, hasMore}        a page of messages
//   message {message}                        a message that was sent, by anybody
//   delivered {message}                      a message reached its recipients
//   read {chat?, messages?, upTo?}           others have read these messages of mine, or all up to one, or all
//   readByMe {chat, messages?, upTo?}        I have read these messages of others, or all, or all up to this number
//   deleted {message}                        a message was deleted for everyone
//   hidden {message}                         a message was deleted for me
//   found {chat, term, messages}             the result of a search
//   typing {chat, user, isTyping}
//   presence {user, isOnline, lastSeen?, status?}
//   people {people}                          everybody who is online
//   names {people}                           how people are called
//   blocked, unblocked {chat, by}            one person's block
//   blockers {chat, blockers}                everybody who blocks
//   notice {text, isError?}                  something that the page shows once
//
// `chat`, `user` and `message` are ids where nothing else is said. A field that a dialect does not know is undefined.

const RANKS = ["sent", "delivered", "read"];
// How many messages are kept. The oldest ones go first, and can be fetched again.
const MESSAGES_MAX = 2_000;

export class Store {
  // `chatOf(chat, name, me)` makes a chat of a person who wrote, where a dialect has no chats. `nameElsewhere(user)` is
  // how somebody is called of whom the dialect says the id alone.
  constructor(me, { chatOf, nameElsewhere, onChange, onNotice }) {
    Object.assign(this, { me, chatOf, nameElsewhere, onChange, onNotice });
    this.chats = new Map();
    this.messages = new Map();
    // Ranks of messages, also of those that are not known yet: an event may be faster than an ack.
    this.ranks = new Map();
    this.names = new Map();
    this.presence = new Map();
    // The people who type, of each chat.
    this.typing = new Map();
    this.openChat = null;
    this.hasMore = false;
    this.search = null;
    this.isStale = false;
  }

  apply(changes) {
    for (const change of changes) CHANGES[change.type](this, change);
    if (this.chatOf) this.#countUnread();
    if (changes.length > 0) this.onChange();
  }

  // Without a list of chats, unread is what was loaded and not read: pages of the history and events come in any order.
  #countUnread() {
    const counts = new Map();
    for (const { chat, sender, isReadByMe, isDeleted } of this.messages.values()) {
      if (sender !== this.me && !isReadByMe && !isDeleted) counts.set(chat, (counts.get(chat) ?? 0) + 1);
    }
    for (const chat of this.chats.keys()) this.changeChat(chat, () => ({ unread: counts.get(chat) ?? 0 }));
  }

  get chat() {
    return this.chats.get(this.openChat);
  }

  // The messages of the open chat, oldest first.
  shown() {
    const shown = [...this.messages.values()].filter((message) => message.chat === this.openChat);
    return shown.sort((one, other) => one.seq - other.seq);
  }

  // Messages of others in the open chat that are not marked as read.
  unread() {
    return this.shown().filter((message) => message.sender !== this.me && !message.isReadByMe && !message.isDeleted);
  }

  // The chats with the latest activity first.
  sortedChats() {
    return [...this.chats.values()].sort((one, other) => (one.at < other.at ? 1 : -1));
  }

  // The others in a chat.
  others(chat) {
    return chat.people.filter(({ id }) => id !== this.me);
  }

  nameOf(id) {
    return this.names.get(id) ?? this.nameElsewhere(id) ?? id;
  }

  titleOf(chat) {
    return chat.title ?? this.others(chat).map(({ id }) => this.nameOf(id)).join(", ");
  }

  statusOf(message) {
    return RANKS[Math.max(this.ranks.get(message.id) ?? 0, RANKS.indexOf(message.status))];
  }

  // What a socket does not say again after a cut.
  forgetTyping() {
    this.typing.clear();
    this.onChange();
  }

  raise(id, status) {
    this.ranks.set(id, Math.max(this.ranks.get(id) ?? 0, RANKS.indexOf(status)));
  }

  keep(message) {
    const known = this.messages.get(message.id);
    // A message that was read or deleted stays so, whatever an older answer says.
    this.messages.set(message.id, {
      ...message,
      ...(known?.isDeleted ? { isDeleted: true, text: null, media: [] } : {}),
      isReadByMe: Boolean(known?.isReadByMe || message.isReadByMe),
    });
    if (message.senderName) this.names.set(message.sender, message.senderName);
    if (this.messages.size > MESSAGES_MAX) this.messages.delete(this.messages.keys().next().value);
  }

  keepChat(chat) {
    const known = this.chats.get(chat.id);
    this.chats.set(chat.id, { ...known, ...chat, blockers: chat.blockers ?? known?.blockers ?? [] });
    for (const { id, name } of chat.people) if (name) this.names.set(id, name);
  }

  changeChat(id, change) {
    const chat = this.chats.get(id);
    if (chat) this.chats.set(id, { ...chat, ...change(chat) });
  }
}

const CHANGES = {
  chats(store, { chats }) {
    const known = store.chats;
    store.chats = new Map();
    for (const chat of chats) store.keepChat({ ...chat, blockers: chat.blockers ?? known.get(chat.id)?.blockers });
    store.isStale = false;
    if (!store.chats.has(store.openChat)) store.openChat = null;
  },
  chat(store, { chat }) {
    store.keepChat(chat);
  },
  gone(store, { chat }) {
    store.chats.delete(chat);
    for (const { id, chat: of } of [...store.messages.values()]) if (of === chat) store.messages.delete(id);
    if (store.openChat === chat) store.openChat = null;
  },
  stale(store) {
    store.isStale = true;
  },
  open(store, { chat }) {
    if (store.openChat === chat) return;
    store.openChat = chat;
    store.hasMore = false;
    store.search = null;
  },
  history(store, { chat, messages, hasMore }) {
    const others = messages.filter(({ sender, isDeleted }) => sender !== store.me && !isDeleted);
    // Where a message does not say it, the chat's count does.
    const read = new Set(others.slice(0, others.length - (store.chats.get(chat)?.unread ?? 0)).map(({ id }) => id));
    for (const message of messages) {
      const isInferred = message.isReadByMe === undefined && !store.messages.has(message.id);
      store.keep({ ...message, isInferred, isReadByMe: message.isReadByMe ?? read.has(message.id) });
    }
    if (chat === store.openChat) store.hasMore = hasMore;
  },
  message(store, { message }) {
    const known = store.messages.get(message.id);
    const isNew = !known;
    // A page of the history had it first, with a count of unread messages from before it.
    const isMistaken = known?.isInferred && known.isReadByMe && message.sender !== store.me;
    if (isMistaken) store.messages.delete(message.id);
    store.keep(message);
    const other = store.chatOf?.(message.chat, message.sender === store.me ? undefined : message.senderName, store.me);
    if (!store.chats.has(message.chat)) {
      if (other) store.keepChat(other);
      else store.isStale = true;
    }
    const counts = (isNew || isMistaken) && message.sender !== store.me && !message.isDeleted;
    store.changeChat(message.chat, ({ unread, last, at }) => ({
      unread: unread + (counts ? 1 : 0),
      ...(isNew || last?.id === message.id ? { last: message, at: message.at > at ? message.at : at } : {}),
    }));
    store.typing.get(message.chat)?.delete(message.sender);
  },
  delivered(store, { message }) {
    store.raise(message, "delivered");
  },
  read(store, { chat, messages = [], upTo }) {
    for (const id of messages) store.raise(id, "read");
    if (messages.length > 0 && upTo === undefined) return;
    if (upTo !== undefined) store.raise(upTo, "read");
    const last = store.messages.get(upTo);
    for (const { id, seq, chat: of } of store.messages.values()) {
      if (of === (chat ?? last?.chat) && seq <= (last?.seq ?? Infinity)) store.raise(id, "read");
    }
  },
  readByMe(store, { chat, messages, upTo = Infinity }) {
    const isUnread = (one) => one.chat === chat && one.sender !== store.me && !one.isReadByMe;
    const unread = [...store.messages.values()].filter(isUnread);
    const isMarked = ({ id, seq }) => seq <= upTo && (messages === undefined || messages.includes(id));
    const marked = unread.filter(isMarked);
    for (const message of marked) store.messages.set(message.id, { ...message, isReadByMe: true, isInferred: false });
    // Of those that are not loaded, all are older.
    const left = (known) => (messages === undefined ? unread.length : known.unread) - marked.length;
    store.changeChat(chat, (known) => ({ unread: Math.max(0, left(known)) }));
  },
  deleted(store, { message: id }) {
    const message = store.messages.get(id);
    const gone = { isDeleted: true, text: null, media: [] };
    if (message) store.messages.set(id, { ...message, ...gone });
    for (const chat of store.chats.values()) {
      if (chat.last?.id === id) store.changeChat(chat.id, ({ last }) => ({ last: { ...last, ...gone } }));
    }
    // Somebody's unread message may be gone.
    store.isStale = true;
  },
  hidden(store, { message }) {
    store.messages.delete(message);
    store.isStale = true;
  },
  found(store, { chat, term, messages }) {
    if (chat === store.openChat) store.search = { term, messages };
  },
  typing(store, { chat, user, isTyping }) {
    const people = store.typing.get(chat) ?? new Set();
    if (isTyping) people.add(user);
    else people.delete(user);
    store.typing.set(chat, people);
  },
  presence(store, { user, isOnline, lastSeen, status }) {
    store.presence.set(user, { isOnline, lastSeen, status });
  },
  people(store, { people }) {
    for (const [id, known] of store.presence) store.presence.set(id, { ...known, isOnline: false });
    for (const { id } of people) store.presence.set(id, { isOnline: true });
    CHANGES.names(store, { people });
  },
  names(store, { people }) {
    for (const { id, name } of people) if (name) store.names.set(id, name);
  },
  blocked(store, { chat, by }) {
    store.changeChat(chat, ({ blockers }) => ({ blockers: [...new Set([...blockers, by])] }));
  },
  unblocked(store, { chat, by }) {
    store.changeChat(chat, ({ blockers }) => ({ blockers: blockers.filter((id) => id !== by) }));
  },
  blockers(store, { chat, blockers }) {
    store.changeChat(chat, () => ({ blockers }));
  },
  notice(store, { text, isError = false }) {
    store.onNotice(text, isError);
  },
};
