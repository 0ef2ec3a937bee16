// The button that cuts the line, and what came of it.

import { element } from "./elements.mjs";

const CUT_SECONDS = 5;
// How many of the replayed events are listed.
const LISTED_MAX = 20;

// A short text of what an event says.
function summary(argument) {
  const message = argument?.message ?? argument;
  return message?.content ?? message?.text ?? "";
}

export class Recovery {
  #countdown;

  constructor(cut) {
    this.button = element("button", {
      type: "button",
      onclick: () => {
        cut(CUT_SECONDS * 1_000);
        this.#wait(CUT_SECONDS);
      },
    }, `Cut the line for ${CUT_SECONDS} s`);
    this.element = element("div", { class: "recovery", role: "status", hidden: true });
  }

  // Shows whether the session was recovered, and what the server sent again.
  show({ isRecovered, replayed }) {
    this.#end();
    if (isRecovered === null) return;
    const missed = replayed.length === 1 ? "1 missed event" : `${replayed.length} missed events`;
    const title = isRecovered
      ? `Recovered: the same session, and ${missed}.`
      : "Not recovered: a new session, so the page has fetched everything anew.";
    const listed = replayed.slice(0, LISTED_MAX).map(({ event, argument }) => {
      const text = summary(argument);
      return element("li", {}, element("code", {}, event), text && ` ${text}`);
    });
    const more = replayed.length > LISTED_MAX && element("li", {}, `and ${replayed.length - LISTED_MAX} more`);
    this.element.replaceChildren(element("p", {}, title), listed.length > 0 ? element("ol", {}, listed, more) : "");
    this.element.hidden = false;
  }

  hide() {
    this.#end();
    this.element.hidden = true;
  }

  #wait(seconds) {
    this.#end();
    const text = element("p", {});
    this.element.replaceChildren(text);
    this.element.hidden = false;
    const tell = (left) => { text.textContent = `The line is cut. The client comes back in ${left} s.`; };
    tell(seconds);
    let left = seconds;
    this.#countdown = setInterval(() => {
      left -= 1;
      if (left > 0) tell(left);
      else {
        text.textContent = "The client comes back …";
        this.#end();
      }
    }, 1_000);
  }

  #end() {
    clearInterval(this.#countdown);
  }
}
