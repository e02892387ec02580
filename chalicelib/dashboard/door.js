// Signing in, with an API key that goes no further than api.js.

import { signIn } from "./api.js";
import { h, say } from "./dom.js";

export function door(main, words, entered) {
  say(words, words !== "");
  document.title = "Sign in · Jobline";
  const input = h("input", { type: "password", id: "key", autocomplete: "off", required: true, spellcheck: "false", placeholder: "jl_…", "aria-describedby": "key-hint" });
  const send = h("button", { type: "submit", class: "primary" }, "Sign in");
  const form = h("form", { class: "door", onsubmit: enter },
    h("h1", {}, "Sign in"),
    h("p", { id: "key-hint" }, "With an API key: ", h("code", {}, "jobline up"), " prints one, ", h("code", {}, "jobline keys create"), " makes one. It stays in this page's memory and is gone with it."),
    h("label", { for: "key" }, "API key"), input, send);
  main.replaceChildren(form);
  input.focus();
  async function enter(event) {
    event.preventDefault();
    say("Looking…");
    send.disabled = true;
    try {
      await signIn(input.value.trim());
    } catch (error) {
      say(error.message, true);
      input.setAttribute("aria-invalid", "true");
      return;
    } finally { send.disabled = false; }
    say("");
    entered();
  }
}
