// Fields of forms. What is typed as JSON is read while it is typed, and its error told where it is.

import { h } from "./dom.js";
import { Wrong } from "./dialogs.js";

let count = 0;

export function field(label, control, hint = null) {
  const id = `field-${(count += 1)}`;
  control.setAttribute("id", id);
  if (hint) control.setAttribute("aria-describedby", `${id}-hint`);
  return h("div", { class: "field" }, h("label", { for: id }, label), control, hint ? h("small", { id: `${id}-hint` }, hint) : null);
}

export const input = (name, options = {}) => h("input", { name, autocomplete: "off", spellcheck: "false", ...options });

export function choice(name, options, chosen, more = {}) {
  return h("select", { name, ...more }, options.map((one) => {
    const [value, words] = Array.isArray(one) ? one : [one, one];
    return h("option", { value, selected: value === chosen }, words);
  }));
}

export function jsonField(name, label, value, hint = null, { rows = 8 } = {}) {
  const told = h("small", { class: "told", "aria-live": "polite" });
  const area = h("textarea", { name, rows, spellcheck: "false", class: "code", oninput: look, onkeydown: indent }, typeof value === "string" ? value : JSON.stringify(value, null, 2));
  function look() {
    const { error } = read(area.value);
    told.replaceChildren(error ?? "");
    if (error) area.setAttribute("aria-invalid", "true"); else area.removeAttribute("aria-invalid");
  }
  return h("div", {}, field(label, area, hint), told);
}

function indent(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); event.target.form.requestSubmit(); }
}

function read(text) {
  try { return { value: JSON.parse(text) }; } catch (error) {
    const at = /position (\d+)/.exec(error.message);
    const line = at ? text.slice(0, Number(at[1])).split("\n").length : null;
    return { error: `This is no JSON${line ? `, line ${line}` : ""}: ${error.message.replace(/ in JSON at position \d+.*$/, "").replace(/\(line.*\)$/, "")}` };
  }
}

// What the field holds. `kind`: "object", "array", or any value.
export function readJson(values, name, kind = null) {
  const { value, error } = read(values[name] === "" ? "null" : values[name]);
  if (error) throw new Wrong(name, error);
  if (kind === "object" && (value === null || typeof value !== "object" || Array.isArray(value))) throw new Wrong(name, "Arguments are a JSON object: {\"name\": value}.");
  if (kind === "array" && !Array.isArray(value)) throw new Wrong(name, "A patch is a JSON array of operations.");
  return value;
}

export function readNumber(values, name, words) {
  if (values[name] === "" || values[name] === undefined) return null;
  const value = Number(values[name]);
  if (!Number.isFinite(value)) throw new Wrong(name, `${words} has to be a number.`);
  return value;
}
