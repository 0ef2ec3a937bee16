// Elements without a framework. Texts of other people enter the page as text nodes only.

// An element with properties: `class`, handlers such as `onclick`, booleans, and attributes. Children are elements and
// texts; what is null or false is left out.
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined && value !== null) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

// What each element of a list shows.
const shown = new WeakMap();

// Makes the children of `parent` those of `items`. An item with the same key and the same data keeps its element, with
// focus and scroll position. `make` creates the element of an item. If an element that has the focus is replaced, its
// successor gets it: the control with the same `data-action`.
export function list(parent, items, key, make) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const focusedIn = focused?.closest("[data-key]")?.dataset.key;
  const children = items.map((item) => {
    const name = String(key(item));
    const data = JSON.stringify(item);
    const old = known.get(name);
    if (old && shown.get(old) === data) return old;
    const made = make(item);
    made.dataset.key = name;
    shown.set(made, data);
    return made;
  });
  const kept = new Set(children);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  for (const [at, child] of children.entries()) {
    if (parent.children[at] !== child) parent.insertBefore(child, parent.children[at] ?? null);
  }
  if (!focused || document.activeElement === focused) return;
  const successor = children.find((child) => child.dataset.key === focusedIn);
  const control = focused.isConnected ? focused : successor?.querySelector(`[data-action="${focused.dataset.action}"]`);
  control?.focus({ preventScroll: true });
}

// The time of day of an ISO time, as the reader's language writes it.
export const timeOf = (iso) => new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
