// A JSON Schema as words and as a table of fields.

import { make, prose } from "./elements.mjs";

const HEADS = ["Field", "Value", "Meaning"];

// The name of the type that a reference leads to.
const nameOf = (reference) => reference.split("/").at(-1);

const range = (least, greatest, unit) => {
  if (least !== undefined && greatest !== undefined) return ` of ${least} to ${greatest}${unit}`;
  if (least > 0) return ` of at least ${least}${unit}`;
  return greatest === undefined ? "" : ` of at most ${greatest}${unit}`;
};

// One type of a schema, with its limits.
function limited(type, schema, link) {
  if (type === "array") {
    return [`list${range(undefined, schema.maxItems, " entries")} of `, kind(schema.items ?? {}, link)];
  }
  if (type === "string") {
    if (schema.format === "date-time") return ["time"];
    if (schema.minLength === 1 && schema.maxLength === undefined) return ["string, not empty"];
    return [`string${range(schema.minLength, schema.maxLength, " characters")}`];
  }
  return [type === "integer" ? `whole number${range(schema.minimum, schema.maximum, "")}` : type];
}

// Puts " or " between alternatives.
const alternatives = (list) => list.flatMap((one, index) => (index ? [" or ", one] : [one])).flat();

// What a value is, as texts and elements. `link` makes an element that leads to the object of a name.
export function kind(schema, link) {
  if (schema.$ref) return [link(nameOf(schema.$ref))];
  if ("const" in schema) return ["always ", make("code", {}, JSON.stringify(schema.const))];
  if (schema.enum) {
    return alternatives(schema.enum.map((value) => [value === null ? "null" : make("code", {}, String(value))]));
  }
  if (schema.anyOf) return alternatives(schema.anyOf.map((one) => kind(one, link)));
  if (schema.allOf) return alternatives(schema.allOf.map((one) => kind(one, link)));
  const types = [schema.type ?? "anything"].flat();
  return alternatives(types.map((type) => limited(type, schema, link)));
}

// The rows of the fields of an object, those of objects inside it too.
function rowsOf(schema, link, before = "") {
  const required = schema.required ?? [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const inner = field.items?.properties ? field.items : field;
    const path = `${before}${name}`;
    const says = field.description ?? "";
    const row = make(
      "tr",
      {},
      make("th", { scope: "row" }, make("code", {}, path)),
      make("td", {}, kind(field, link), required.includes(name) ? "" : make("span", { class: "quiet" }, ", optional")),
      make("td", {}, prose(says)),
    );
    return [row, ...rowsOf(inner, link, `${path}${inner === field ? "." : "[]."}`)];
  });
}

// The fields of an object as a table, or what the value is if it is no object.
export function fields(schema, link, caption) {
  if (!schema.properties) {
    const says = schema.description ? [". ", prose(schema.description)] : [];
    return make("p", {}, make("strong", {}, `${caption}: `), kind(schema, link), says);
  }
  if (Object.keys(schema.properties).length === 0) {
    return make("p", {}, make("strong", {}, `${caption}: `), "no fields");
  }
  return make(
    "div",
    // Focusable, so that the keyboard can scroll it.
    { class: "scroll", tabIndex: 0, role: "group", "aria-label": caption },
    make(
      "table",
      {},
      make("caption", {}, caption),
      make("thead", {}, make("tr", {}, HEADS.map((name) => make("th", { scope: "col" }, name)))),
      make("tbody", {}, rowsOf(schema, link)),
    ),
  );
}
