// Who is signed in, which page is shown, and how often it looks again.

import { Problem, signedIn, signIn, signOut } from "./api.js";
import { button, h, link, say } from "./dom.js";
import { dead } from "./dead.js";
import { job } from "./job.js";
import { jobs } from "./jobs.js";
import { lanes } from "./lanes.js";
import { overview } from "./overview.js";
import { openPalette } from "./palette.js";
import { schedules } from "./schedules.js";

const PAGES = [["overview", "Overview", overview], ["jobs", "Jobs", jobs], ["dead", "Dead", dead], ["schedules", "Schedules", schedules], ["lanes", "Lanes", lanes]];
const EVERY = 3000;
const main = document.getElementById("main");
const nav = document.getElementById("nav");
let timer = null;
let shown = 0;

function where() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").map(decodeURIComponent), query: new URLSearchParams(query) };
}

async function show({ again = false } = {}) {
  clearTimeout(timer);
  const turn = ++shown;
  if (!signedIn()) return door();
  const { path, query } = where();
  const name = path[0] || "overview";
  for (const one of nav.querySelectorAll("a")) {
    if (one.getAttribute("href") === `#/${name}`) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  const page = name === "jobs" && path[1] ? job : PAGES.find(([id]) => id === name)?.[2];
  if (!page) return fill(h("h1", {}, "No such page"), again);
  try {
    const context = { path, query, refresh: () => show({ again: true }) };
    const made = await page(context);
    if (turn !== shown) return undefined;
    fill(made, again);
    if (!again) say("");
  } catch (error) {
    if (turn !== shown) return undefined;
    if (error instanceof Problem && error.status === 401) { signOut(); return door("The key is not valid any more."); }
    if (!(error instanceof Problem)) throw error;
    say(error.message, true);
    if (!again) fill(h("h1", {}, error.status === 404 ? "There is no such job" : "This could not be read"), again);
  }
  timer = setTimeout(() => (document.hidden || busy() ? later() : show({ again: true })), EVERY);
  return undefined;
}

function later() { timer = setTimeout(() => (document.hidden || busy() ? later() : show({ again: true })), EVERY); }

// Nobody likes it when what he is about to press, or has selected, moves away.
function busy() {
  const at = document.activeElement;
  return document.querySelector("dialog[open]") !== null || (main.contains(at) && at.matches("input, select, textarea")) || String(getSelection()) !== "";
}

function fill(made, again) {
  const focused = again ? place(document.activeElement) : null;
  const top = scrollY;
  main.replaceChildren(...[made].flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  if (again) { scrollTo(0, top); if (focused !== null) main.querySelectorAll("a, button")[focused]?.focus({ preventScroll: true }); }
  else { scrollTo(0, 0); document.title = `${main.querySelector("h1")?.textContent ?? ""} · Jobline`; main.focus({ preventScroll: true }); }
}

function place(element) {
  const found = [...main.querySelectorAll("a, button")].indexOf(element);
  return found < 0 ? null : found;
}

function door(words = "") {
  nav.hidden = true;
  say(words, words !== "");
  const input = h("input", { type: "password", id: "key", autocomplete: "off", required: true, spellcheck: "false", placeholder: "jl_…" });
  const form = h("form", { class: "door", onsubmit: enter },
    h("h1", {}, "Sign in"),
    h("p", {}, "With an API key: `jobline up` prints one, `jobline keys create` makes one. It stays in this page's memory and is gone with it."),
    h("label", { for: "key" }, "API key"), input,
    h("button", { type: "submit" }, "Sign in"));
  main.replaceChildren(form);
  input.focus();
  async function enter(event) {
    event.preventDefault();
    say("Looking…");
    try {
      await signIn(input.value.trim());
    } catch (error) {
      say(error.message, true);
      return;
    }
    nav.hidden = false;
    show();
  }
}

nav.append(...PAGES.map(([id, words]) => link(id, words)),
  button("Find… (Ctrl K)", () => openPalette(PAGES)),
  button("Sign out", () => { signOut(); show(); }));
addEventListener("hashchange", () => show());
addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "k" && signedIn()) { event.preventDefault(); openPalette(PAGES); }
});
document.addEventListener("visibilitychange", () => { if (!document.hidden && signedIn()) show({ again: true }); });
show();
