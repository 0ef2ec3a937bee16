// The open chat: who it is with, its messages, a search, and the composer.

import { Composer } from "./composer.mjs";
import { element, list, timeOf } from "./elements.mjs";
import { mark, messageElement, viewOf } from "./message.mjs";

// From the end of the messages up to here one counts as reading the newest, in pixels.
const END_PIXELS = 60;

export class Conversation {
  // `dialect` is what the person speaks. `actions` has what can be done: send, sendFile, type, block, unblock,
  // deleteForAll, deleteForMe, search, closeSearch, older, markRead. `show(medium, caption)` gives the element of a
  // medium.
  // `of` names the person to those who hear the page.
  constructor(of, dialect, actions, show) {
    Object.assign(this, { dialect, actions, show });
    this.title = element("h3");
    this.presence = element("span", { class: "quiet" });
    this.block = element("button", { type: "button", onclick: () => this.#toggleBlock() }, "Block");
    this.older = element("button", { type: "button", class: "older", onclick: () => actions.older() },
      "Load older messages");
    this.messages = element("ol");
    const region = { tabindex: "0", role: "region", "aria-label": `Messages of ${of}` };
    this.scroller = element("div", { class: "messages", ...region }, this.older, this.messages);
    this.typing = element("p", { class: "typing", role: "status" });
    this.found = element("div", { class: "found", hidden: true });
    this.marks = element("input", { type: "checkbox", checked: true, onchange: () => actions.markRead() });
    this.composer = new Composer(actions);
    this.composer.attach.hidden = !dialect.sendFile;
    this.content = element("div", { class: "talk" },
      element("header", { class: "with" },
        element("div", { class: "grow" }, this.title, this.presence),
        element("label", { class: "check" }, this.marks, "Mark as read"),
        dialect.block && this.block,
      ),
      dialect.search && this.#searchForm(),
      this.found,
      this.scroller,
      this.typing,
      this.composer.element,
    );
    this.empty = element("p", { class: "empty quiet" }, "Start a chat, or open one.");
    this.element = element("div", { class: "conversation" }, this.empty, this.content);
  }

  // Whether what is shown counts as read.
  get marksRead() {
    return this.marks.checked;
  }

  update(store) {
    const { chat } = store;
    this.content.hidden = !chat;
    this.empty.hidden = Boolean(chat);
    if (!chat) return;
    this.store = store;
    const isMine = chat.blockers.includes(store.me);
    this.title.textContent = store.titleOf(chat);
    this.presence.textContent = [presenceOf(store, chat), blockOf(store, chat)].filter(Boolean).join(" · ");
    this.block.textContent = isMine ? "Unblock" : "Block";
    this.older.hidden = !store.hasMore;
    this.#updateMessages(store);
    const typists = [...(store.typing.get(chat.id) ?? [])].map((id) => store.nameOf(id));
    this.typing.textContent = typists.length > 0 ? `${typists.join(", ")} typing …` : "";
    this.#updateFound(store);
  }

  #updateMessages(store) {
    const { scroller } = this;
    const isNewest = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < END_PIXELS;
    const isOther = this.shownChat !== store.openChat;
    const messages = store.shown();
    const last = messages.at(-1)?.id;
    const hasNew = last !== this.shownLast;
    list(this.messages, messages.map((message) => viewOf(message, store)), ({ id }) => id,
      (view) => messageElement(view, { actions: this.#messageActions(), show: this.show }));
    for (const [at, message] of messages.entries()) mark(this.messages.children[at], message, store);
    if (isOther || (hasNew && isNewest)) scroller.scrollTop = scroller.scrollHeight;
    if (isOther) this.composer.reset();
    Object.assign(this, { shownChat: store.openChat, shownLast: last });
  }

  #messageActions() {
    const { canReply, deleteForAll, deleteForMe } = this.dialect;
    const reply = (id) => {
      const message = this.store.messages.get(id);
      this.composer.replyTo(message, this.store.nameOf(message.sender));
    };
    return {
      ...(canReply ? { reply } : {}),
      ...(deleteForAll ? { deleteForAll: this.actions.deleteForAll } : {}),
      ...(deleteForMe ? { deleteForMe: this.actions.deleteForMe } : {}),
    };
  }

  #toggleBlock() {
    const isMine = this.store.chat.blockers.includes(this.store.me);
    if (isMine) this.actions.unblock();
    else this.actions.block();
  }

  #searchForm() {
    const term = element("input", { type: "search", name: "term", required: true, autocomplete: "off" });
    const form = element("form", { class: "row search" },
      element("label", { class: "grow" }, element("span", { class: "hidden" }, "Search in this chat"), term),
      element("button", {}, "Search"));
    term.setAttribute("placeholder", "Search in this chat");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.actions.search(term.value);
    });
    return form;
  }

  #updateFound(store) {
    const { search } = store;
    this.found.hidden = !search;
    if (!search || this.shownSearch === search) return;
    this.shownSearch = search;
    const count = search.messages.length === 1 ? "1 message" : `${search.messages.length} messages`;
    this.found.replaceChildren(
      element("p", { role: "status" }, `${count} with “${search.term}” `,
        element("button", { type: "button", onclick: () => this.actions.closeSearch() }, "Close search")),
      element("ol", {}, search.messages.map(({ sender, text, at }) =>
        element("li", {}, element("strong", {}, store.nameOf(sender)), ` ${timeOf(at)} `, text ?? "a file"))),
    );
  }
}

// Whether the others are there, as far as it is known.
function presenceOf(store, chat) {
  const known = store.others(chat).map(({ id }) => store.presence.get(id)).filter(Boolean);
  if (known.length === 0) return "";
  const online = known.find(({ isOnline }) => isOnline);
  if (online) return online.status && online.status !== "online" ? `online, ${online.status}` : "online";
  return known[0].lastSeen ? `offline, last seen ${timeOf(known[0].lastSeen)}` : "offline";
}

function blockOf(store, chat) {
  if (chat.blockers.length === 0) return "";
  return `blocked by ${chat.blockers.map((id) => (id === store.me ? "you" : store.nameOf(id))).join(" and ")}`;
}
