// Every change asks first: a question, or a form whose fields are looked at before anything is sent.

import { button, h } from "./dom.js";

// Resolves to true when the person agrees.
export function sure(question, yes, details = null, { danger = true } = {}) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { "aria-labelledby": "question" },
      h("p", { id: "question", class: "question" }, question),
      details,
      h("p", { class: "buttons" },
        button("No, leave it", () => dialog.close("no")),
        button(yes, () => dialog.close("yes"), { danger, primary: !danger })));
    open(dialog, () => resolve(dialog.returnValue === "yes"));
  });
}

// A form that stays until what it asks for was done, or the person leaves it. `act` gets the values by name; what it raises is shown.
// Resolves to what `act` returned, or null.
export function ask({ title, words = null, fields, yes, act, danger = false, wide = false }) {
  return new Promise((resolve) => {
    let came = null;
    const problem = h("p", { class: "problem", role: "alert", id: "problem" });
    const send = h("button", { type: "submit", class: danger ? "danger" : "primary" }, yes);
    const form = h("form", { class: "ask", novalidate: true, onsubmit: submit },
      h("h2", { id: "question" }, title), words ? h("p", { class: "empty" }, words) : null,
      fields, problem,
      h("p", { class: "buttons" }, button("No, leave it", () => dialog.close()), send));
    const dialog = h("dialog", { "aria-labelledby": "question", class: wide ? "wide" : null }, form);
    open(dialog, () => resolve(came));
    async function submit(event) {
      event.preventDefault();
      problem.replaceChildren();
      for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
      send.disabled = true;
      try {
        came = (await act(values(form), { form, problem })) ?? true;
        if (came === STAY) came = null;
        else dialog.close();
      } catch (error) {
        problem.replaceChildren(error.message);
        const wrong = form.elements[String(error.argument ?? "").split(".")[0].split("[")[0]];
        if (wrong instanceof HTMLElement) { wrong.setAttribute("aria-invalid", "true"); wrong.focus(); }
      } finally { send.disabled = false; }
    }
  });
}

export const STAY = Symbol("the dialog stays");

export class Wrong extends Error {
  constructor(argument, words) {
    super(words);
    this.argument = argument;
  }
}

function values(form) {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, typeof value === "string" ? value.trim() : value]));
}

export function open(dialog, closed) {
  dialog.addEventListener("close", () => { dialog.remove(); closed?.(); });
  document.body.append(dialog);
  dialog.showModal();
}
