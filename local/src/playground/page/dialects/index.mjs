// The dialects, each with its events and routes in, and the page's common shapes out.
//
// A dialect has `events`: for each event that it hears, a function of its argument and one's own id that gives changes.
// Its other functions give requests. A capability that it lacks is absent, and the page then shows nothing for it.

import { classroom } from "./classroom.mjs";
import { marketplace } from "./marketplace.mjs";
import { messenger } from "./messenger.mjs";
import { recruiting } from "./recruiting.mjs";
import { workspace } from "./workspace.mjs";

export const DIALECTS = [recruiting, marketplace, messenger, workspace, classroom];

// The dialect of this name, or the first.
export const dialectNamed = (name) => DIALECTS.find((dialect) => dialect.name === name) ?? DIALECTS[0];
