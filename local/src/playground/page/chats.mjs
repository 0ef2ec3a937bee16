// The list of chats, and how to begin one.

import { element, list } from "./elements.mjs";

export class ChatList {
  // `start(user)` begins a chat, `open(id)` shows one, and `suggestions()` are people to begin one with.
  // `of` names the person to those who hear the page.
  constructor(of, { start, open, suggestions }) {
    const id = `people-of-${of.replaceAll(" ", "-")}`;
    this.open = open;
    this.suggestions = suggestions;
    this.people = element("datalist", { id });
    this.with = element("input", { name: "with", list: id, required: true, autocomplete: "off", maxlength: "128" });
    const form = element("form", { class: "start" },
      element("label", {}, "Chat with (user id)", this.with),
      element("button", {}, "Start chat"),
      this.people,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      start(this.with.value.trim());
    });
    this.list = element("ul", { class: "chats" });
    this.empty = element("p", { class: "quiet" }, "No chats yet.");
    this.element = element("nav", { class: "side", "aria-label": `Chats of ${of}` }, form, this.empty, this.list);
  }

  update(store) {
    const suggested = this.suggestions();
    list(this.people, suggested, (user) => user, (user) => element("option", { value: user }));
    if (!this.with.value && document.activeElement !== this.with) this.with.value = suggested[0] ?? "";
    const items = store.sortedChats().map((chat) => ({
      id: chat.id,
      title: store.titleOf(chat),
      last: chat.last ? preview(chat.last) : "",
      unread: chat.unread,
      isOnline: store.others(chat).some((person) => store.presence.get(person.id)?.isOnline),
      isOpen: chat.id === store.openChat,
    }));
    this.empty.hidden = items.length > 0;
    list(this.list, items, ({ id }) => id, (item) => this.#entry(item));
  }

  #entry({ id, title, last, unread, isOnline, isOpen }) {
    return element("li", {}, element("button", {
      type: "button",
      "data-action": "open",
      "aria-current": isOpen ? "true" : null,
      onclick: () => this.open(id),
    },
    element("span", { class: "title" },
      isOnline && element("span", { class: "dot", role: "img", "aria-label": "online" }), title),
    unread > 0 && element("span", { class: "unread" }, String(unread), element("span", { class: "hidden" }, " unread")),
    element("span", { class: "last" }, last)));
  }
}

// A message in one line.
function preview({ isDeleted, text, media }) {
  if (isDeleted) return "Message deleted";
  return text ?? (media.length > 0 ? "File" : "");
}
