// "Nobody answers", and that it is tried again: after 2 seconds, then ever less often, up to half a minute. It goes away by itself.

import { button, say } from "./dom.js";

const place = document.getElementById("banner");
let since = null;
let tries = 0;
let ticking = null;

export function lost(error, again) {
  since ??= new Date();
  tries += 1;
  const wait = Math.max(Math.min(30000, 1000 * 2 ** tries), (error.after ?? 0) * 1000);
  const at = Date.now() + wait;
  clearInterval(ticking);
  const words = document.createTextNode("");
  const tell = () => { words.data = ` It is tried again in ${Math.max(0, Math.ceil((at - Date.now()) / 1000))} s. What is shown was read before ${since.toLocaleTimeString()}. `; };
  tell();
  ticking = setInterval(tell, 1000);
  const told = document.createElement("span");
  told.setAttribute("aria-hidden", "true");
  told.append(words);
  place.replaceChildren(error.message, told, button("Try now", again));
  place.hidden = false;
  return wait;
}

export function connected() {
  if (since === null) return;
  since = null;
  tries = 0;
  clearInterval(ticking);
  place.hidden = true;
  place.replaceChildren();
  say("The API answers again.");
}
