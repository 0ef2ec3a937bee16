// A pane: one person with one connection.

import { ChatList } from "./chats.mjs";
import { CodePanel } from "./code.mjs";
import { Connection } from "./connection.mjs";
import { Conversation } from "./conversation.mjs";
import { dialectNamed } from "./dialects/index.mjs";
import { element } from "./elements.mjs";
import { Identity, transportsOf } from "./identity.mjs";
import { MediaShelf } from "./media.mjs";
import { Recovery } from "./recovery.mjs";
import { send, tokenFor } from "./rest.mjs";
import { Store } from "./store.mjs";

const PAGE_LIMIT = 20;
// How many messages one visit marks, where a dialect marks one at a time.
const MARKS_MAX = 20;

const pause = (millis) => new Promise((resolve) => { setTimeout(resolve, millis); });

let sends = 0;

// An id for a send, so that a repeat stores nothing.
function newClientMessageId() {
  sends += 1;
  return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}-${sends}`;
}

let panes = 0;

export class Pane {
  #isMarking = false;
  #historyPage = 1;
  #typed = Promise.resolve();

  // `page` has `changed()`, which is called when the settings change, `others(pane)`, the users of the other panes,
  // `nameOf(user)`, the name that somebody has in a pane, and `remove(pane)`.
  constructor(settings, page) {
    panes += 1;
    this.number = panes;
    this.settings = settings;
    this.page = page;
    this.identity = new Identity(settings, (chosen) => this.connect(chosen));
    this.code = new CodePanel(`person ${panes}`, (text, isError) => this.#say(text, isError));
    this.recovery = new Recovery((millis) => this.connection.cut(millis));
    this.name = element("span");
    this.who = element("span", { class: "quiet" });
    this.state = element("p", { class: "state", role: "status" });
    this.notice = element("p", { class: "notice", role: "alert", hidden: true });
    this.news = element("p", { class: "hidden", "aria-live": "polite" });
    this.leave = element("button", { type: "button", onclick: () => this.disconnect() }, "Disconnect");
    this.remove = element("button", { type: "button", onclick: () => page.remove(this) }, "Remove");
    this.status = element("select", { onchange: () => this.run(this.dialect.setStatus(this.status.value)) });
    this.statusLabel = element("label", { class: "check" }, "Status", this.status);
    this.talk = element("div", { class: "body" });
    this.element = element("section", { class: "pane" },
      element("header", { class: "person" },
        element("div", { class: "grow" }, element("h2", {}, this.name, " ", this.who), this.state),
        this.statusLabel, this.recovery.button, this.leave, this.remove),
      this.identity.element,
      this.notice,
      this.recovery.element,
      this.talk,
      this.code.element,
      this.news,
    );
    this.#showState({ name: "disconnected", problem: "" });
  }

  get isConnected() {
    return this.connection?.state.name === "connected";
  }

  // Gets a token, and connects.
  async connect(chosen = this.identity.settings()) {
    this.#end();
    const settings = chosen.token ? { ...chosen, user: userOf(chosen.token) || chosen.user } : chosen;
    this.settings = settings;
    this.#say("");
    let { token } = chosen;
    try {
      token ||= await tokenFor(chosen.user, chosen.name);
    } catch (error) {
      this.#say(error.message, true);
      this.identity.askForToken();
      return;
    }
    // Meanwhile somebody may have left, or asked again.
    if (this.settings !== settings) return;
    this.#begin(settings, token);
    this.page.changed();
  }

  disconnect() {
    this.#end();
    this.settings = { ...this.settings };
    this.#showState({ name: "disconnected", problem: "" });
    this.page.changed();
  }

  // Asks the server for something, and learns what its answer means. Gives whether it worked.
  async run(request, { isShown = true } = {}) {
    const { connection, dialect, token, store } = this;
    if (isShown) this.code.did(request);
    let answer;
    try {
      if (request.event) answer = await connection.ask(request.event, request.argument);
      else if (request.method) answer = await send(dialect, token, request);
    } catch (error) {
      const text = error.code ? `${error.code}: ${error.message}` : error.message;
      if (connection === this.connection) this.#say(text, true);
      return false;
    }
    store.apply(request.meaning(answer, store.me));
    return true;
  }

  #begin(chosen, token) {
    const transports = transportsOf(chosen.transport);
    const dialect = dialectNamed(chosen.dialect);
    Object.assign(this, { dialect, token, openedChat: null });
    this.store = new Store(chosen.user, {
      chatOf: dialect.chatOf,
      nameElsewhere: (user) => this.page.nameOf(user),
      onChange: () => this.#changed(),
      onNotice: (text, isError) => this.#say(text, isError),
    });
    this.store.apply([{ type: "names", people: [{ id: this.store.me, name: chosen.name }] }]);
    this.shelf = new MediaShelf(dialect, this.token);
    this.chats = new ChatList(`person ${this.number}`, {
      start: (user) => this.run(dialect.start(user)),
      open: (chat) => this.store.apply([{ type: "open", chat }]),
      suggestions: () => this.page.others(this),
    });
    const show = (medium, caption) => this.shelf.show(medium, caption);
    this.conversation = new Conversation(`person ${this.number}`, dialect, this.#actions(), show);
    this.talk.replaceChildren(this.chats.element, this.conversation.element);
    this.status.replaceChildren(...(dialect.statuses ?? []).map((status) => element("option", {}, status)));
    this.code.begin({ dialect, transports }, this.token);
    this.connection = new Connection({ dialect, transports, token: this.token }, {
      heard: (event, argument) => this.#heard(event, argument),
      changed: (state) => this.#showState(state),
      returned: (how) => this.#returned(how),
    });
    this.#showState(this.connection.state);
  }

  #end() {
    this.conversation?.composer.stopTyping();
    this.connection?.disconnect();
    this.shelf?.close();
    Object.assign(this, { connection: undefined, store: undefined, chats: undefined, conversation: undefined });
    this.talk.replaceChildren();
    this.recovery.hide();
  }

  #actions() {
    const { dialect } = this;
    const chat = () => this.store.chat;
    const message = (id) => this.store.messages.get(id);
    const clientMessageId = newClientMessageId;
    return {
      send: (said) => this.run(dialect.send(chat(), { ...said, clientMessageId: clientMessageId() })),
      sendFile: (said) => this.run(dialect.sendFile(chat(), { ...said, clientMessageId: clientMessageId() })),
      type: (isTyping) => chat() && this.isConnected && this.#type(chat(), isTyping),
      block: () => this.run(dialect.block(chat())),
      unblock: () => this.run(dialect.unblock(chat())),
      deleteForAll: (id) => this.run(dialect.deleteForAll(message(id))),
      deleteForMe: (id) => this.run(dialect.deleteForMe(message(id))),
      search: (term) => this.run(dialect.search(chat(), term)),
      closeSearch: () => {
        this.store.search = null;
        this.#changed();
      },
      older: () => this.#loadHistory(this.#historyPage + 1),
      markRead: () => this.#markRead(),
    };
  }

  #heard(event, argument) {
    const { store, dialect } = this;
    this.code.heard(event);
    const changes = dialect.events[event]?.(argument, store.me) ?? [];
    store.apply(changes);
    for (const change of changes) if (change.type === "message") this.#announce(change.message);
  }

  // Says a new message to those who do not see it.
  #announce({ sender, text, isDeleted }) {
    if (sender === this.store.me || isDeleted) return;
    const [from, to] = [sender, this.store.me].map((id) => this.store.nameOf(id));
    this.news.textContent = `${from} to ${to}: ${text ?? "a file"}`;
  }

  // The line is there, for the first time or again.
  async #returned(how) {
    const { store, dialect } = this;
    this.recovery.show(how);
    store.forgetTyping();
    if (how.isRecovered) return;
    if (dialect.chats) await this.run(dialect.chats(), { isShown: false });
    if (store === this.store && store.chat) await this.#show(store.chat);
  }

  // Learns of a change, and shows it.
  #changed() {
    const { store, dialect } = this;
    if (!store) return;
    if (store.isStale) {
      store.isStale = false;
      if (dialect.chats) this.run(dialect.chats(), { isShown: false });
    }
    // The first chat is opened by itself.
    if (!store.openChat && store.chats.size === 1) store.openChat = store.sortedChats()[0].id;
    if (store.openChat !== this.openedChat) this.#opened();
    this.chats?.update(store);
    this.conversation?.update(store);
    this.#markRead();
  }

  #opened() {
    const { store, dialect } = this;
    const former = store.chats.get(this.openedChat);
    this.openedChat = store.openChat;
    if (former && dialect.leave) this.run(dialect.leave(former), { isShown: false });
    if (store.chat) this.#show(store.chat);
  }

  // One after another: a gateway may hand on two events at once, and a stop before its start would show typing without
  // end.
  #type(chat, isTyping) {
    this.#typed = this.#typed.then(() => this.run(this.dialect.type(chat, isTyping)));
  }

  // Fetches the newest messages of a chat, and joins its room, without which nobody hears of typing.
  async #show(chat) {
    if (this.dialect.join) this.run(this.dialect.join(chat), { isShown: false });
    await this.#loadHistory(1);
  }

  async #loadHistory(page) {
    if (!this.store?.chat) return;
    const { chat } = this.store;
    if (await this.run(this.dialect.history(chat, page, PAGE_LIMIT), { isShown: page > 1 })) this.#historyPage = page;
  }

  // Marks what is shown as read, as often as there is something to mark.
  async #markRead() {
    const { store, dialect, conversation, connection } = this;
    if (this.#isMarking || !conversation?.marksRead || !this.isConnected) return;
    const messages = store.unread().slice(-MARKS_MAX);
    if (messages.length === 0 || !store.chat) return;
    this.#isMarking = true;
    const chat = store.chat.id;
    const requests = dialect.markRead(store.chat, messages);
    for (const request of requests) {
      if (!(await this.run(request)) || connection !== this.connection) break;
      // Faster events would be refused.
      if (requests.length > 1) await pause(1_500 / dialect.eventsPerSecond);
    }
    this.#isMarking = false;
    // Whatever the answers were: the same is not asked for again.
    if (store === this.store) store.apply([{ type: "readByMe", chat, messages: messages.map(({ id }) => id) }]);
  }

  #say(text, isError = false) {
    this.notice.hidden = text === "";
    this.notice.textContent = text;
    this.notice.classList.toggle("error", isError);
  }

  #showState(state) {
    const isThere = Boolean(this.connection) && state.name !== "disconnected" && state.name !== "refused";
    if (isThere && this.state.dataset.state !== state.name) this.#say("");
    const name = this.settings.name || this.settings.user;
    this.name.textContent = name;
    this.element.setAttribute("aria-label", `Person ${this.number}: ${name}`);
    this.state.dataset.state = state.name;
    this.state.textContent = inWords(state);
    this.who.textContent = isThere ? `${this.settings.user} · ${this.settings.dialect}` : "";
    this.identity.element.hidden = isThere;
    this.leave.hidden = !isThere;
    this.recovery.button.hidden = !isThere;
    this.recovery.button.disabled = state.name !== "connected";
    this.statusLabel.hidden = !isThere || !this.dialect.statuses;
    this.talk.hidden = !isThere;
    this.code.element.hidden = !isThere;
  }
}

// The state of a line, in words.
function inWords({ name, transport, problem, reason }) {
  switch (name) {
    case "connected": return `Connected by ${transport}`;
    case "connecting": return problem ? `Connecting again (${problem})` : "Connecting …";
    case "cut": return "The line is cut";
    case "refused": return `Refused: ${problem}${reason ? ` (${reason})` : ""}`;
    default: return problem ? `Disconnected: ${problem}` : "Not connected";
  }
}

// The user of a token that somebody pasted, as the server reads it; empty if it cannot be read.
function userOf(token) {
  try {
    const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const { sub, userId, id, _id } = JSON.parse(atob(payload));
    return String(sub ?? userId ?? id ?? _id);
  } catch {
    return "";
  }
}
