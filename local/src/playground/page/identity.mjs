// Who a pane speaks for, and how: the form that is shown while it is not connected.

import { DIALECTS } from "./dialects/index.mjs";
import { element } from "./elements.mjs";

const TRANSPORTS = [
  ["both", "both: polling, then WebSocket"],
  ["websocket", "WebSocket only"],
  ["polling", "polling only"],
];

// What socket.io-client takes for a choice. Undefined is its default, which is both.
export const transportsOf = (choice) => (choice === "both" ? undefined : [choice]);

export class Identity {
  // `settings` has user, name, dialect and transport. `connect({user, name, dialect, transport, token})` is called with
  // the names of dialect and transport, and with a token if one was pasted.
  constructor(settings, connect) {
    const option = (chosen) => ([value, text]) => element("option", { value, selected: value === chosen }, text);
    const select = (name, all) => element("select", { name }, all.map(option(settings[name])));
    const text = (name, more) =>
      element("input", { name, value: settings[name], autocomplete: "off", maxlength: "128", ...more });
    const dialects = DIALECTS.map(({ name, about }) => [name, `${name}: ${about}`]);
    this.token = element("textarea", { name: "token", rows: "3", spellcheck: "false" });
    this.own = element("details", {}, element("summary", {}, "A token of your own"),
      element("label", {}, "Token (instead of one that this server makes)", this.token));
    const form = element("form", { class: "identity" },
      element("label", {}, "User id", text("user", { required: true })),
      element("label", {}, "Name", text("name")),
      element("label", {}, "Dialect", select("dialect", dialects)),
      element("label", {}, "Transport", select("transport", TRANSPORTS)),
      this.own,
      element("button", { class: "primary" }, "Connect"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      connect(this.settings());
    });
    this.element = form;
  }

  settings() {
    const fields = Object.fromEntries(new FormData(this.element));
    return { ...fields, user: fields.user.trim(), name: fields.name.trim(), token: fields.token.trim() };
  }

  // Shows where a token can be pasted.
  askForToken() {
    this.own.open = true;
    this.token.focus();
  }
}
