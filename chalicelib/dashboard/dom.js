// The only place that makes elements. Whatever comes from the API becomes a text node or an attribute's value, never markup.

const SVG = "http://www.w3.org/2000/svg";

export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

export const state = (name) => h("span", { class: `state ${String(name).toLowerCase()}` }, name);

export const link = (path, ...children) => h("a", { href: `#/${path}` }, ...children);

export const jobLink = (id) => h("a", { href: `#/jobs/${encodeURIComponent(id)}`, class: "id" }, id);

export function when(text) {
  if (!text) return "–";
  const at = new Date(text);
  return h("time", { datetime: text, title: at.toLocaleString() }, ago(at));
}

export function ago(at, now = new Date()) {
  const seconds = Math.round((now - at) / 1000);
  const words = span(Math.abs(seconds) * 1000);
  if (Math.abs(seconds) < 1) return "now";
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

export function span(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const s = ms / 1000;
  if (s < 60) return `${s < 10 ? s.toFixed(1) : Math.round(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.round((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.round((s % 86400) / 3600)} h`;
}

export function table(heads, rows, empty) {
  if (!rows.length) return h("p", { class: "empty" }, empty);
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table" },
    h("table", {},
      h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, n) => h("td", { "data-head": heads[n] }, cell)))))));
}

export function json(value) {
  return h("pre", { tabindex: 0 }, JSON.stringify(value, null, 2));
}

export function button(words, act, { danger = false } = {}) {
  return h("button", { type: "button", class: danger ? "danger" : null, onclick: act }, words);
}

// Every change asks first. Resolves to true when the person agrees.
export function sure(question, yes, details = null) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { "aria-labelledby": "question" },
      h("p", { id: "question" }, question),
      details,
      h("p", { class: "buttons" },
        button("No, leave it", () => dialog.close("no")),
        button(yes, () => dialog.close("yes"), { danger: true })));
    dialog.addEventListener("close", () => { resolve(dialog.returnValue === "yes"); dialog.remove(); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

export function say(words, bad = false) {
  const place = document.getElementById("status");
  place.className = bad ? "bad" : "";
  place.replaceChildren(words);
}
