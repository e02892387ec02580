// What is shown becomes what was made anew, with as little change as can be: what is focused, scrolled, opened or typed stays.
// Elements with the same `data-key` are the same. What a person unfolded (`details`) or typed is his. `data-own`: nothing below is touched.

import { listeners } from "./dom.js";

const PERSONAL = ["value", "checked", "open", "selected"];

export function patch(place, made) {
  children(place, [made].flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false).map((one) => (one instanceof Node ? one : document.createTextNode(String(one)))));
}

function children(place, fresh) {
  const keyed = new Map([...place.childNodes].filter((one) => key(one)).map((one) => [key(one), one]));
  let at = place.firstChild;
  for (const one of fresh) {
    const named = key(one) ? keyed.get(key(one)) : null;
    const old = named ?? (at && !key(at) && !key(one) && alike(at, one) ? at : null);
    if (!old || !alike(old, one)) { place.insertBefore(one, at); continue; }
    if (old === at) at = at.nextSibling;
    else place.insertBefore(old, at);
    become(old, one);
  }
  while (at) { const next = at.nextSibling; at.remove(); at = next; }
}

const key = (node) => node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null;
const alike = (old, fresh) => old.nodeName === fresh.nodeName && old.nodeType === fresh.nodeType;

function become(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (old.hasAttribute("data-own")) return;
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !PERSONAL.includes(name)) old.removeAttribute(name);
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value && !(PERSONAL.includes(name) && !["METER", "PROGRESS"].includes(old.nodeName))) old.setAttribute(name, value);
  }
  for (const name of listeners.get(old) ?? []) old[name] = null;
  for (const name of listeners.get(fresh) ?? []) old[name] = fresh[name];
  listeners.set(old, listeners.get(fresh) ?? []);
  children(old, [...fresh.childNodes]);
}
