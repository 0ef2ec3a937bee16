// The page: tabs, the filter, and the actions on all records.

import { byId } from "./dom.js";
import { Functions, dollars } from "./functions.js";
import { Invocations } from "./invocations.js";
import { Live } from "./live.js";
import { Records } from "./stream.js";
import { Tables } from "./tables.js";
import { transcript } from "./transcript.js";

const records = new Records({
  onStatus: (status) => { byId("status").textContent = status; },
  onTotals: ({ units, charges }) => {
    byId("totals").textContent = `${units.read} read units, ${units.write} write units, ${dollars(charges.total)}`;
  },
});
new Live(records);
new Invocations(records);
const views = { tables: new Tables(), functions: new Functions() };

const tabs = [...byId("tabs").querySelectorAll("[role=tab]")];

function open(chosen) {
  for (const tab of tabs) {
    const isChosen = tab === chosen;
    const name = tab.getAttribute("aria-controls");
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    byId(name).hidden = !isChosen;
    if (isChosen) views[name]?.show();
    else views[name]?.hide?.();
  }
  byId("toolbar").hidden = !["live", "invocations"].includes(chosen.getAttribute("aria-controls"));
}

for (const [index, tab] of tabs.entries()) {
  tab.addEventListener("click", () => open(tab));
  tab.addEventListener("keydown", ({ key }) => {
    const steps = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 };
    if (!(key in steps)) return;
    const next = tabs[(steps[key] + tabs.length) % tabs.length];
    next.focus();
    open(next);
  });
}

for (const name of ["user", "chat", "connection"]) {
  byId(`filter-${name}`).addEventListener("input", ({ target }) => {
    records.setFilter({ [name]: target.value.trim() });
    byId("export").href = `/_local/export${records.query()}`;
  });
}

byId("pause").addEventListener("click", () => {
  records.pause(!records.isPaused);
  byId("pause").setAttribute("aria-pressed", String(records.isPaused));
});

byId("clear").addEventListener("click", () => records.clear());

byId("copy").addEventListener("click", async () => {
  const text = transcript(records.all.filter((record) => records.admits(record)));
  try {
    await navigator.clipboard.writeText(text);
    byId("done").textContent = `${text.split("\n").length - 1} lines are copied`;
  } catch {
    byId("done").textContent = "this browser does not let a page copy";
  }
});
