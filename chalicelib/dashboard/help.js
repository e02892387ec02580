// What the keys do.

import { open } from "./dialogs.js";
import { button, h } from "./dom.js";
import { KEYS } from "./keys.js";

export function openHelp() {
  if (document.querySelector("dialog[open]")) return;
  const dialog = h("dialog", { "aria-labelledby": "help-title" },
    h("h2", { id: "help-title" }, "Keys"),
    h("dl", { class: "keys" }, KEYS.map(([key, words]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, words)))),
    h("p", { class: "empty" }, "A filter's address can be kept and shared: it holds no key. ", h("a", { href: "docs", target: "_blank", rel: "noopener" }, "The API's own pages"), " tell what each route takes."),
    h("p", { class: "buttons" }, button("Close", () => dialog.close())));
  open(dialog);
}
