// Who is signed in, which page is shown, and how often it looks again.

import { me, Problem, signedIn, signOut } from "./api.js";
import { connected, lost } from "./banner.js";
import { button, h, hush, link, nothing, say } from "./dom.js";
import { door } from "./door.js";
import { openHelp } from "./help.js";
import { onKeys } from "./keys.js";
import { openPalette } from "./palette.js";
import { pageOf, PAGES, shownPages } from "./pages.js";
import { patch } from "./patch.js";

const EVERY = 3000;
const main = document.getElementById("main");
const nav = document.getElementById("nav");
const tools = document.getElementById("tools");
let timer = null;
let shown = 0;
let live = true;
let memory = {};
let last = null;

function where() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").map(plain), query: new URLSearchParams(query) };
}

function plain(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}

async function show({ again = false } = {}) {
  clearTimeout(timer);
  const turn = ++shown;
  if (!signedIn()) return enter();
  const { path, query } = where();
  if (last !== path.join("/")) { memory = {}; last = path.join("/"); }
  for (const one of nav.querySelectorAll("a")) {
    if (one.getAttribute("href") === `#/${path[0] || "overview"}`) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  const page = pageOf(path);
  if (!page) return fill([h("h1", {}, "No such page"), nothing("Nothing is shown under this address.", link("overview", "Go to the overview"))], again);
  const waiting = again ? null : setTimeout(() => turn === shown && wait(), 150);
  let every = EVERY;
  try {
    const context = { path, query, memory, again, refresh: () => show({ again: true }), every: (ms) => { every = ms; } };
    const made = await page(context);
    if (turn !== shown) return undefined;
    connected();
    fill(made, again);
    if (!again) hush();
  } catch (error) {
    if (turn !== shown) return undefined;
    if (!(error instanceof Problem)) { say(`This page broke: ${error.message}`, true); throw error; }
    if (error.status === 401) { signOut(); return enter("The key is not valid any more."); }
    every = failed(error, again);
  } finally { clearTimeout(waiting); }
  timer = setTimeout(look, every);
  return undefined;
}

function look() {
  if (document.hidden || !live || busy()) timer = setTimeout(look, 500);
  else show({ again: true });
}

// What passes is tried again, ever less often, under what was read last. What does not is told in the page's place.
function failed(error, again) {
  if (error.passing) {
    const wait = lost(error, () => show({ again }));
    if (!again) fill([h("h1", {}, "Nothing was read yet"), nothing("It is shown here as soon as the API answers.")], again);
    return wait;
  }
  const words = error.status === 404 ? ["There is no such thing", "It was never there, is another tenant's, or is forgotten."] : error.status === 403 ? ["Not with this key", error.message] : ["This could not be read", error.message];
  say(error.message, true);
  if (!again || error.status === 404) fill([h("h1", {}, words[0]), nothing(words[1], link("jobs", "Go to the jobs"))], again);
  return 10 * EVERY;
}

// Nobody likes it when what he is about to press, or has selected, moves away.
function busy() {
  return document.querySelector("dialog[open]") !== null || (main.contains(document.activeElement) && document.activeElement.matches("textarea")) || (String(getSelection()) !== "" && main.contains(getSelection().anchorNode));
}

function wait() {
  main.setAttribute("aria-busy", "true");
  main.replaceChildren(h("div", { class: "skeleton", "aria-label": "Reading" }, h("div", {}), h("div", {}), h("div", {})));
}

function fill(made, again) {
  main.removeAttribute("aria-busy");
  if (again) { patch(main, made); return; }
  main.replaceChildren();
  patch(main, made);
  scrollTo(0, 0);
  document.title = `${main.querySelector("h1")?.textContent ?? ""} · Jobline`;
  main.focus({ preventScroll: true });
}

function enter(words = "") {
  nav.hidden = true;
  tools.hidden = true;
  connected();
  memory = {};
  door(main, words, () => { furnish(); show(); });
}

function leave() {
  signOut();
  show();
}

function furnish() {
  nav.hidden = false;
  tools.hidden = false;
  nav.replaceChildren(...shownPages().map(({ id, name }) => link(id, name)));
  const follow = h("button", { type: "button", "aria-pressed": String(live), class: "live", onclick: turnLive, title: "Look again by itself, while the page is in sight" }, "Live");
  function turnLive() {
    live = !live;
    follow.setAttribute("aria-pressed", String(live));
    say(live ? "Live again." : "Stands still. Press Live to go on.");
    if (live) show({ again: true });
  }
  tools.replaceChildren(
    button(["Find… ", h("kbd", {}, "Ctrl K")], () => openPalette(actions), { kind: "find" }),
    follow,
    button("?", openHelp, { label: "Keys and help" }),
    h("p", { class: "who" }, h("strong", {}, me().name), ` ${me().tenant}`),
    button("Sign out", leave));
}

const actions = { leave, refresh: () => show({ again: true }) };

document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); main.focus(); }); // followed, its address would be a page's
addEventListener("hashchange", () => show());
onKeys({ signedIn, pages: PAGES, find: () => openPalette(actions), help: openHelp, refresh: actions.refresh });
document.addEventListener("visibilitychange", () => { if (!document.hidden && signedIn()) show({ again: true }); });
show();
