// Ctrl K: a page by its name, a job or workflow by its id, jobs by task or tag, and what can be done.

import { get, lacks } from "./api.js";
import { open } from "./dialogs.js";
import { h } from "./dom.js";
import { openHelp } from "./help.js";
import { shownPages } from "./pages.js";
import { newSchedule } from "./schedule_form.js";
import { OVER } from "./states.js";
import { submitJob } from "./submit.js";

const ID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i;
let tasks = [];

export function openPalette(acts) {
  if (document.querySelector("dialog[open]")) return;
  const list = h("ul", { role: "listbox", id: "choices", "aria-label": "Found" });
  const input = h("input", { type: "text", role: "combobox", "aria-controls": "choices", "aria-expanded": "true", "aria-autocomplete": "list", "aria-label": "Page, job id, task, tag or action", placeholder: "Page, job id, task, tag or action", autocomplete: "off", spellcheck: "false" });
  const dialog = h("dialog", { class: "palette", "aria-label": "Find" }, input, list);
  let at = 0;
  let found = [];
  const take = (one) => { dialog.close(); if (typeof one.to === "string") location.hash = `#/${one.to}`; else one.to(); };
  const fill = () => {
    found = matching(input.value.trim(), acts);
    at = Math.min(at, Math.max(0, found.length - 1));
    list.replaceChildren(...found.map((one, n) => h("li", { role: "option", id: `choice-${n}`, "aria-selected": String(n === at), onclick: () => take(one) }, h("span", {}, one.words), h("small", {}, one.kind))));
    if (found.length) input.setAttribute("aria-activedescendant", `choice-${at}`); else input.removeAttribute("aria-activedescendant");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  input.addEventListener("input", () => { at = 0; fill(); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") at = (at + 1) % Math.max(1, found.length);
    else if (event.key === "ArrowUp") at = (at - 1 + found.length) % Math.max(1, found.length);
    else if (event.key === "Enter" && found[at]) { event.preventDefault(); take(found[at]); return; }
    else return;
    event.preventDefault();
    fill();
  });
  open(dialog);
  fill();
  get("tasks").then((told) => { tasks = told.tasks.map((one) => one.name); if (dialog.open) fill(); }, () => {});
}

function matching(words, acts) {
  const low = words.toLowerCase();
  const has = (text) => text.toLowerCase().includes(low);
  const found = [];
  if (ID.test(words)) {
    const id = words.toUpperCase();
    found.push({ words: `Job ${id}`, kind: "job", to: `jobs/${id}` }, { words: `Workflow ${id}`, kind: "workflow", to: `workflows/${id}` });
  }
  found.push(...shownPages().filter(({ name }) => has(name)).map(({ id, name }) => ({ words: name, kind: "page", to: id })));
  found.push(...tasks.filter(has).slice(0, 8).flatMap((name) => [
    { words: `Jobs of task ${name}`, kind: "task", to: `jobs?task=${encodeURIComponent(name)}` },
    lacks("submit") ? null : { words: `Submit a job of ${name}…`, kind: "action", to: () => submitJob(name) },
  ]).filter(Boolean));
  found.push(...doings(acts).filter((one) => has(one.words)));
  if (words && !ID.test(words)) {
    if (/^[0-9A-HJKMNP-TV-Z]{4,25}$/i.test(words)) found.push({ words: `Jobs whose id begins with ${words.toUpperCase()}`, kind: "search", to: `jobs?id=${encodeURIComponent(words.toUpperCase())}` });
    if (!tasks.includes(words)) found.push({ words: `Jobs of task ${words}`, kind: "search", to: `jobs?task=${encodeURIComponent(words)}` });
    found.push({ words: `Jobs tagged ${words}`, kind: "search", to: `jobs?tag=${encodeURIComponent(words)}` });
  }
  return found.slice(0, 14);
}

function doings(acts) {
  return [
    ...["RUNNING", "RETRYING", "QUEUED", ...OVER.slice(1)].map((state) => ({ words: `Jobs that are ${state}`, kind: "filter", to: `jobs?state=${state}` })),
    ...(lacks("submit") ? [] : [{ words: "Submit a job…", kind: "action", to: () => submitJob() }]),
    ...(lacks("operate") ? [] : [{ words: "Make a schedule…", kind: "action", to: () => newSchedule(acts.refresh) }]),
    { words: "Look again now", kind: "action", to: acts.refresh },
    { words: "Keys and help", kind: "action", to: openHelp },
    { words: "Sign out", kind: "action", to: acts.leave },
  ];
}
