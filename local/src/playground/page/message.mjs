// One message.

import { element, timeOf } from "./elements.mjs";

const MARKS = { sent: "✓ sent", delivered: "✓✓ delivered", read: "✓✓ read" };

// What a message shows, apart from its mark, which changes more often.
export function viewOf(message, store) {
  const { id, seq, sender, text, media, isDeleted, replyTo, at } = message;
  const original = replyTo ? store.messages.get(replyTo) : undefined;
  return {
    id,
    seq,
    text,
    media,
    isDeleted,
    at,
    isMine: sender === store.me,
    sender: store.nameOf(sender),
    reply: replyTo ? { sender: store.nameOf(original?.sender ?? ""), text: original?.text ?? "a message" } : null,
  };
}

// The element of a message. `actions` has a function for each thing that can be done with it: `reply`, `deleteForAll`,
// `deleteForMe`. `show(medium, caption)` gives the element of a medium.
export function messageElement(view, { actions, show }) {
  const { id, seq, text, media, isDeleted, at, isMine, sender, reply } = view;
  const button = (name, label, isShown = true) => actions[name] && isShown && !isDeleted
    && element("button", { type: "button", "data-action": name, onclick: () => actions[name](id) }, label);
  return element("li", { class: isMine ? "message mine" : "message" },
    !isMine && element("p", { class: "sender" }, sender),
    element("div", { class: "bubble" },
      reply && !isDeleted && element("blockquote", {}, element("strong", {}, `${reply.sender} `), reply.text),
      ...media.map((medium) => show(medium, text ?? `File of ${sender}`)),
      isDeleted ? element("p", { class: "quiet" }, "Message deleted") : text && element("p", { class: "text" }, text),
    ),
    element("div", { class: "foot" },
      element("p", { class: "meta" },
        element("time", { datetime: at }, timeOf(at)), ` · #${seq} `, element("span", { class: "mark" })),
      element("div", { class: "actions" },
        button("reply", "Reply"),
        button("deleteForAll", "Delete for all", isMine),
        button("deleteForMe", "Delete for me"),
      ),
    ),
  );
}

// Writes how far a message has come. Only one's own messages have a mark.
export function mark(made, message, store) {
  const status = message.sender === store.me && !message.isDeleted ? store.statusOf(message) : "";
  const at = made.querySelector(".mark");
  if (at.dataset.status === status) return;
  at.dataset.status = status;
  at.textContent = MARKS[status] ?? "";
}
