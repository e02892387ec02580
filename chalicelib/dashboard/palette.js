// Ctrl K: a page by its name, a job by its id, jobs by task or tag.

import { h } from "./dom.js";

export function openPalette(pages) {
  if (document.querySelector("dialog[open]")) return;
  const list = h("ul", { role: "listbox", id: "choices" });
  const input = h("input", { type: "text", role: "combobox", "aria-controls": "choices", "aria-expanded": "true", "aria-label": "Page, job id, task or tag", placeholder: "Page, job id, task or tag" });
  const dialog = h("dialog", { class: "palette", "aria-label": "Find" }, input, list);
  let at = 0;
  const go = (path) => { dialog.close(); location.hash = `#/${path}`; };
  const fill = () => {
    const words = input.value.trim();
    const found = pages.filter(([, name]) => name.toLowerCase().includes(words.toLowerCase())).map(([id, name]) => [name, id]);
    if (/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i.test(words)) found.unshift([`Job ${words.toUpperCase()}`, `jobs/${words.toUpperCase()}`]);
    if (words) found.push([`Jobs of task ${words}`, `jobs?task=${encodeURIComponent(words)}`], [`Jobs tagged ${words}`, `jobs?tag=${encodeURIComponent(words)}`]);
    at = Math.min(at, Math.max(0, found.length - 1));
    list.replaceChildren(...found.map(([name, path], n) => h("li", { role: "option", "aria-selected": String(n === at), onclick: () => go(path) }, name)));
    return found;
  };
  input.addEventListener("input", () => { at = 0; fill(); });
  input.addEventListener("keydown", (event) => {
    const found = fill();
    if (event.key === "ArrowDown") at = Math.min(at + 1, found.length - 1);
    else if (event.key === "ArrowUp") at = Math.max(at - 1, 0);
    else if (event.key === "Enter" && found[at]) { event.preventDefault(); go(found[at][1]); return; }
    else return;
    event.preventDefault();
    fill();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  fill();
}
