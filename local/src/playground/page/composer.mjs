// The form with which one writes: text, a reply, a file, and the notice that one types.

import { element } from "./elements.mjs";

// How long after the last key one still types.
const TYPING_MILLIS = 3_000;

export class Composer {
  #typing = null;
  #replyTo = null;

  // `send({text, replyTo})` and `sendFile({file, text})` give whether it worked. `type(isTyping)` is called when one
  // begins and ends to type.
  constructor({ send, sendFile, type }) {
    Object.assign(this, { send, sendFile, type });
    const limits = { autocomplete: "off", maxlength: "4000" };
    this.text = element("input", { name: "text", placeholder: "Write a message", ...limits });
    this.file = element("input", { type: "file", accept: "image/*,video/*" });
    this.attach = element("label", { class: "attach" }, "Send a picture or video", this.file);
    this.replyText = element("span");
    this.reply = element("div", { class: "reply", hidden: true }, this.replyText,
      element("button", { type: "button", onclick: () => this.replyTo(null) }, "Cancel reply"));
    this.element = element("form", { class: "composer" },
      this.reply,
      element("div", { class: "row" },
        element("label", { class: "grow" }, element("span", { class: "hidden" }, "Message"), this.text),
        element("button", { class: "primary" }, "Send")),
      this.attach,
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.text.addEventListener("input", () => this.#types());
    this.file.addEventListener("change", () => this.#submitFile());
  }

  // Answers a message with the next one, or stops doing so.
  replyTo(message, sender) {
    this.#replyTo = message?.id ?? null;
    this.reply.hidden = message === null;
    this.replyText.textContent = message ? `Reply to ${sender}: ${message.text ?? "a file"}` : "";
    if (message) this.text.focus();
  }

  // For another chat.
  reset() {
    this.replyTo(null);
    this.stopTyping();
  }

  stopTyping() {
    if (this.#typing === null) return;
    clearTimeout(this.#typing);
    this.#typing = null;
    this.type(false);
  }

  #types() {
    if (this.#typing === null) this.type(true);
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.stopTyping(), TYPING_MILLIS);
  }

  async #submit() {
    const text = this.text.value;
    if (text.trim() === "") return;
    const replyTo = this.#replyTo ?? undefined;
    this.text.value = "";
    this.stopTyping();
    this.replyTo(null);
    // What was not accepted can be changed and sent again.
    if (!(await this.send({ text, replyTo })) && this.text.value === "") this.text.value = text;
  }

  async #submitFile() {
    const [file] = this.file.files;
    if (!file) return;
    const text = this.text.value.trim();
    this.stopTyping();
    if (await this.sendFile({ file, text })) this.text.value = "";
    this.file.value = "";
  }
}
