// Elements. Everything that a document says becomes text, never markup.

// Makes an element. `properties` are set on it; `class`, `scope`, `role` and `aria-...` are attributes. Children are
// elements, texts or lists of them.
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    const isAttribute = ["class", "scope", "role"].includes(key) || key.startsWith("aria-");
    if (isAttribute) element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children.flat(Infinity));
  return element;
}

// A text in which `code` stands between backquotes, as elements.
export const prose = (text) => text.split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part));

// A value as readable JSON, which the keyboard can scroll.
export const json = (value) => make("pre", { tabIndex: 0 }, JSON.stringify(value, null, 2));
