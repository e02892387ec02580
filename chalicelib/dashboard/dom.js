// The only place that makes elements. Whatever comes from the API becomes a text node or an attribute's value, never markup.
// Listeners are properties (`onclick`), so that patch.js can give an element that stays the newest ones.

import { show } from "./states.js";
import { span, when } from "./time.js";

export { ago, span, when } from "./time.js";
export { sure } from "./dialogs.js";

const SVG = "http://www.w3.org/2000/svg";
export const listeners = new WeakMap();

export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) {
      element[name] = value;
      listeners.set(element, [...(listeners.get(element) ?? []), name]);
    } else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

export const state = (name) => h("span", { class: `state ${String(name ?? "planned").toLowerCase()}` }, show(svg, name), name ?? "PLANNED");

export const link = (path, ...children) => h("a", { href: `#/${path}` }, ...children);

export const jobLink = (id, where = "jobs") => h("a", { href: `#/${where}/${encodeURIComponent(id)}`, class: "id" }, id);

export const number = (value) => (value ?? 0).toLocaleString("en");

// A table that is told again and again keeps its rows where they are if each has a key of its own.
export function table(heads, rows, empty, { keys = null, label = "Table", numeric = [] } = {}) {
  if (!rows.length) return empty instanceof Node ? empty : nothing(empty);
  const kind = (n) => (numeric.includes(n) ? "number" : heads[n] === "" ? "acts" : null);
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
    h("table", {},
      h("thead", {}, h("tr", {}, heads.map((head, n) => (head === "" ? h("td", {}) : h("th", { scope: "col", class: kind(n) }, head))))),
      h("tbody", {}, rows.map((cells, row) => h("tr", { "data-key": keys?.[row] }, cells.map((cell, n) => h("td", { "data-head": typeof heads[n] === "string" ? heads[n] : "", class: kind(n) }, cell)))))));
}

export function nothing(words, ...more) {
  return h("div", { class: "nothing" }, h("p", { class: "empty" }, words), ...more);
}

// A value as JSON, coloured; every part of it is a text node.
export function json(value) {
  const text = JSON.stringify(value, null, 2) ?? "null";
  const parts = text.length > 20000 ? [text] : text.split(/("(?:[^"\\]|\\.)*"(?:\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/);
  return h("pre", { class: "json", tabindex: 0 }, parts.map((part, n) => (n % 2 ? h("span", { class: kindOf(part) }, part) : part)));
}

function kindOf(part) {
  if (part.endsWith(":")) return "j-name";
  if (part.startsWith('"')) return "j-text";
  return /^[tfn]/.test(part) ? "j-word" : "j-number";
}

export function button(words, act, { danger = false, primary = false, label = null, off = null, kind = null } = {}) {
  const style = [danger ? "danger" : null, primary ? "primary" : null, kind].filter(Boolean).join(" ");
  return h("button", { type: "button", class: style || null, onclick: off ? null : act, "aria-label": label, "aria-disabled": off ? "true" : null, title: off }, words);
}

export function copy(text, what) {
  return button("Copy", async () => {
    try { await navigator.clipboard.writeText(text); say(`Copied ${what}.`); } catch { say(`The browser does not let this page copy. Select ${what} instead.`, true); }
  }, { label: `Copy ${what}`, kind: "small" });
}

export function facts(rows) {
  return h("dl", { class: "facts" }, rows.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false)
    .map(([name, value]) => h("div", { "data-key": name }, h("dt", {}, name), h("dd", {}, value))));
}

export function tile(words, value, path = null, kind = null) {
  const inner = [h("strong", {}, value), h("span", {}, words)];
  return h("li", { class: kind }, path ? link(path, ...inner) : inner);
}

export function head(title, ...right) {
  return h("div", { class: "head" }, h("h1", {}, title), right.length ? h("div", { class: "buttons" }, ...right) : null);
}

export function moment(text) {
  return text ? h("time", { datetime: text, class: "clock" }, new Date(text).toLocaleString()) : "–";
}

export const took = (ms) => h("span", { class: "span" }, span(Math.max(0, ms)));

export const both = (text) => (text ? [when(text), " ", h("small", {}, new Date(text).toLocaleString())] : null);

let fading = null;
let last = 0;
export function say(words, bad = false) {
  last = Date.now();
  const place = document.getElementById("status");
  clearTimeout(fading);
  place.className = bad ? "bad" : "";
  place.replaceChildren(words);
  if (words && !bad) fading = setTimeout(() => place.replaceChildren(), 6000);
}

// Another page: what was said of the one before is over, but not what has just been said.
export function hush() {
  if (Date.now() - last > 1500) say("");
}
