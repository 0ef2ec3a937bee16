// The contracts of all dialects. The address names what is shown: `#recruiting`, or `#recruiting/emit-send_message`.

import { make, prose } from "./elements.mjs";
import { entriesOf } from "./entries.mjs";

const byId = (id) => document.getElementById(id);

// What the server answers, or an error that says why not.
async function fetched(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: the server answers ${answer.status}`);
  return answer.json();
}

// The names of the documents of each dialect: { recruiting: { asyncapi: "recruiting.asyncapi.json", ... } }.
function byDialect(names) {
  const dialects = {};
  for (const name of names) {
    const [dialect, form] = name.split(".");
    (dialects[dialect] ??= {})[form] = name;
  }
  return dialects;
}

// Shows one dialect. It is made anew when another one is chosen.
class Contract {
  constructor(dialect, names, documents) {
    this.dialect = dialect;
    const link = (name) => make("a", { href: `#${dialect}/object-${name}` }, name);
    const entries = entriesOf(documents, link);
    this.shown = entries.map((entry) => this.#shown(entry));
    this.groups = [...new Set(entries.map(({ group }) => group))].map((group) => this.#group(group));
    const about = (documents.asyncapi ?? documents.openapi).info.description;
    const files = Object.values(names).map((name) => make("li", {}, make("a", { href: `/docs/${name}` }, name)));
    byId("main").replaceChildren(
      make("h2", {}, dialect),
      make("p", {}, prose(about)),
      make("ul", { class: "files" }, files),
      ...this.groups.map(({ section }) => section),
    );
    byId("contents").replaceChildren(...this.groups.map(({ list }) => list));
  }

  #shown({ group, id, title, says, parts, words }) {
    const heading = make("h4", {}, make("code", {}, title));
    const place = { id: `${this.dialect}/${id}`, tabIndex: -1 };
    const article = make("article", place, heading, make("p", {}, prose(says)), parts);
    const item = make("li", {}, make("a", { href: `#${this.dialect}/${id}` }, title));
    return { group, article, item, words };
  }

  #group(group) {
    const shown = this.shown.filter((one) => one.group === group);
    const section = make("section", {}, make("h3", {}, group), shown.map(({ article }) => article));
    const list = make("div", {}, make("p", {}, group), make("ul", {}, shown.map(({ item }) => item)));
    return { shown, section, list };
  }

  // Shows only the entries that have each word of the search somewhere; gives how many.
  search(text) {
    const sought = text.toLowerCase().split(/\s+/).filter(Boolean);
    for (const one of this.shown) {
      one.article.hidden = one.item.hidden = !sought.every((word) => one.words.includes(word));
    }
    for (const { shown, section, list } of this.groups) {
      section.hidden = list.hidden = shown.every(({ article }) => article.hidden);
    }
    return this.shown.filter(({ article }) => !article.hidden).length;
  }
}

const { documents: names } = await fetched("/docs/documents");
const dialects = byDialect(names);
const loaded = new Map();
let contract;

async function load(dialect) {
  if (!loaded.has(dialect)) {
    const forms = Object.entries(dialects[dialect]);
    const documents = await Promise.all(forms.map(([, name]) => fetched(`/docs/${name}`)));
    loaded.set(dialect, Object.fromEntries(forms.map(([form], index) => [form, documents[index]])));
  }
  return loaded.get(dialect);
}

function search() {
  const text = byId("search").value;
  const count = contract.search(text);
  byId("found").textContent = text.trim() ? `${count} of ${contract.shown.length} entries` : `${count} entries`;
}

// Shows what the address names.
async function show() {
  const [named, id] = decodeURIComponent(location.hash.slice(1)).split("/");
  const dialect = named in dialects ? named : Object.keys(dialects)[0];
  if (contract?.dialect !== dialect) {
    const documents = await load(dialect);
    contract = new Contract(dialect, dialects[dialect], documents);
    document.title = `${dialect} - Parlance contracts`;
    byId("dialects").replaceChildren(...Object.keys(dialects).map((name) => (
      make("a", { href: `#${name}`, ...(name === dialect ? { "aria-current": "page" } : {}) }, name)
    )));
    search();
  }
  const article = id && byId(`${dialect}/${id}`);
  if (!article) return;
  // A link may lead to an entry that the search hides.
  if (article.hidden) {
    byId("search").value = "";
    search();
  }
  article.scrollIntoView();
  article.focus({ preventScroll: true });
}

async function attempt() {
  try {
    await show();
  } catch (error) {
    byId("found").textContent = `The contracts cannot be shown: ${error.message}`;
  }
}

byId("search").addEventListener("input", search);
addEventListener("hashchange", attempt);
await attempt();
