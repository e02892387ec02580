// A release is asked for in two steps: what it would do is shown, with its new arguments, before anything is done.

import { post } from "./api.js";
import { ask, STAY, Wrong } from "./dialogs.js";
import { facts, h, jobLink, json, number, say } from "./dom.js";
import { choice, field, input, jsonField, readJson, readNumber } from "./fields.js";

export async function releaseForm(group, refresh) {
  const filter = Object.fromEntries(["task", "fingerprint", "reason"].map((name) => [name, group[name]]).filter(([, value]) => value));
  const plan = h("div", { class: "plan", "aria-live": "polite" });
  const editor = h("div", { hidden: true }, jsonField("change", "Changed arguments", '[\n  {"op": "replace", "path": "/name", "value": 1}\n]', "A patch (RFC 6902) changes some of each job's arguments; new arguments take the place of all of them.", { rows: 5 }));
  let tried = null;
  const done = await ask({
    title: "Release dead jobs",
    words: "One job goes first, then ten, then the rest. It stops by itself when they die again.",
    wide: true, yes: "Show what it would do",
    fields: [
      facts([["Task", filter.task ?? "any"], ["Reason", filter.reason?.replaceAll("_", " ") ?? "any"], ["Fingerprint", filter.fingerprint ? h("code", {}, filter.fingerprint) : "any"]]),
      h("div", { class: "row" },
        field("Jobs a minute", input("rate", { value: "60", inputmode: "numeric" }), "1 to 500, once the first eleven have ended"),
        field("Stop at, per cent", input("stop_at", { value: "20", inputmode: "numeric" }), "of a wave that die again")),
      field("Arguments", choice("how", [["same", "as they are"], ["patch", "changed by a patch"], ["args", "new ones for all"]], "same", { onchange: (event) => { editor.hidden = event.target.value === "same"; } })),
      editor, plan,
    ],
    act: async (values, { form }) => {
      const body = { ...filter, rate: readNumber(values, "rate", "Jobs a minute"), stop_at: readNumber(values, "stop_at", "The share") };
      if (values.how === "patch") body.patch = readJson(values, "change", "array");
      if (values.how === "args") body.args = readJson(values, "change", "object");
      const text = JSON.stringify(body);
      if (text === tried) return post("dead/releases", body);
      plan.replaceChildren();
      let ahead;
      try { ahead = await post("dead/releases", { ...body, dry_run: true }); } catch (error) {
        if (/^(patch|args)/.test(error.argument ?? "")) throw new Wrong("change", error.message);
        throw error;
      }
      plan.replaceChildren(...shown(ahead));
      if (!ahead.jobs) return STAY;
      tried = text;
      const send = form.querySelector("button[type=submit]");
      send.textContent = `Release ${number(ahead.jobs)}${ahead.more ? " or more" : ""}`;
      form.addEventListener("input", () => { tried = null; send.textContent = "Show what it would do"; plan.replaceChildren(); }, { once: true });
      return STAY;
    },
  });
  if (done) { say("The release begins with the next tick."); location.hash = `#/dead/${done.id}`; }
  refresh();
}

function shown(ahead) {
  if (!ahead.jobs) return [h("p", { class: "problem" }, "This takes no dead job.")];
  const wrong = ahead.sample.filter((one) => one.problem).length;
  return [
    h("p", {}, h("strong", {}, `It takes ${number(ahead.jobs)}${ahead.more ? " or more" : ""} dead jobs.`), wrong ? h("span", { class: "warn" }, ` For ${wrong} of the ${ahead.sample.length} looked at the arguments do not fit; those stay dead.`) : ""),
    h("details", { open: true }, h("summary", {}, `The first ${ahead.sample.length}, as they would run`), ahead.sample.map((one) => h("div", { class: "sample" }, jobLink(one.id), one.problem ? h("p", { class: "problem" }, one.problem.detail ?? one.problem.title) : one.args ? json(one.args) : h("p", { class: "empty" }, "with the arguments that it has")))),
  ];
}
