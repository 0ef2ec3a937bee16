// The page: panes side by side.
//
// The fragment of the address has the panes, so that a reload or a bookmark brings them back:
// `#alice=recruiting:both:Alice&bob=messenger:both:Bob`.

import { dialectNamed } from "./dialects/index.mjs";
import { Pane } from "./pane.mjs";

const PANES_MAX = 6;
const PEOPLE = [
  ["alice", "recruiting"],
  ["bob", "messenger"],
  ["carol", "marketplace"],
  ["dave", "workspace"],
  ["erin", "classroom"],
  ["frank", "recruiting"],
];

const capitalized = (user) => user.charAt(0).toUpperCase() + user.slice(1);

function settingsOf([user, choices]) {
  const [dialect, transport = "both", ...name] = choices.split(":");
  return { user, dialect: dialectNamed(dialect).name, transport, name: name.join(":") || capitalized(user) };
}

const settingsInAddress = () => [...new URLSearchParams(location.hash.slice(1))].slice(0, PANES_MAX).map(settingsOf);

const place = document.querySelector("#panes");
const addButton = document.querySelector("#add");
const panes = [];

// A person of whom there is no pane yet.
function somebodyElse() {
  const taken = new Set(panes.map(({ settings }) => settings.user));
  const [user, dialect] = PEOPLE.find(([name]) => !taken.has(name)) ?? PEOPLE[0];
  return settingsOf([user, dialect]);
}

const page = {
  changed() {
    const settings = panes.map((pane) => pane.settings);
    const choices = ({ user, dialect, transport, name }) => [user, `${dialect}:${transport}:${name}`];
    const address = new URLSearchParams(settings.map(choices));
    history.replaceState(null, "", `#${address}`);
    addButton.disabled = panes.length >= PANES_MAX;
    for (const pane of panes) pane.remove.hidden = panes.length <= 1;
  },
  others: (pane) => [...new Set(panes.filter((other) => other !== pane).map(({ settings }) => settings.user))],
  nameOf: (user) => panes.find(({ settings }) => settings.user === user)?.settings.name || undefined,
  remove(pane) {
    pane.disconnect();
    panes.splice(panes.indexOf(pane), 1);
    pane.element.remove();
    page.changed();
    addButton.focus();
  },
};

function add(settings) {
  const pane = new Pane(settings, page);
  panes.push(pane);
  place.append(pane.element);
  page.changed();
  return pane;
}

addButton.addEventListener("click", () => {
  const pane = add(somebodyElse());
  pane.element.scrollIntoView({ block: "nearest" });
  pane.identity.element.elements.user.focus();
});

const known = settingsInAddress();
const first = known.length > 0 ? known : PEOPLE.slice(0, 2).map(settingsOf);
for (const settings of first) add(settings);
for (const pane of panes) pane.connect();
