// Making and changing a schedule.

import { change, get, post } from "./api.js";
import { ask, Wrong } from "./dialogs.js";
import { h, say } from "./dom.js";
import { choice, field, input, jsonField, readJson, readNumber } from "./fields.js";
import { differences, withoutHidden } from "./differ.js";
import { beginning } from "./schema.js";
import { local } from "./time.js";

const CATCH_UP = [["one", "the newest one"], ["skip", "none"], ["all", "all, at most 50"]];

export async function newSchedule(refresh) {
  let tasks;
  try { ({ tasks } = await get("tasks")); } catch (error) { say(error.message, true); return; }
  if (!tasks.length) { say("There is no task that could be scheduled. Declare one with @task.", true); return; }
  const editor = jsonField("args", "Arguments", beginning(tasks[0].args), "A JSON object, by name", { rows: 5 });
  const done = await ask({
    title: "New schedule", yes: "Make it",
    fields: [
      h("div", { class: "row" },
        field("Id", input("id", { placeholder: "nightly" }), "yours to choose; left empty it gets one"),
        field("Task", choice("task", tasks.map((one) => one.name), tasks[0].name, { onchange: (event) => { editor.querySelector("textarea").value = JSON.stringify(beginning(tasks.find((one) => one.name === event.target.value).args), null, 2); } }))),
      rule({ cron: "0 3 * * *", timezone: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC", catch_up: "one" }), editor,
    ],
    act: (values) => post("schedules", { task: values.task, args: withoutHidden(readJson(values, "args", "object"), "args"), ...(values.id ? { id: values.id } : {}), ...read(values) }),
  });
  if (done) { say(`${done.id} is made.`); location.hash = `#/schedules/${encodeURIComponent(done.id)}`; }
  refresh();
}

export async function changeSchedule(one, refresh) {
  const done = await ask({
    title: `Change ${one.id}`, yes: "Change it",
    words: "What is due by now is fired by the rule as it was; each fire time from now on has the new one.",
    fields: [rule(one), jsonField("args", "Arguments", one.args, "A JSON object, by name", { rows: 5 })],
    act: (values) => {
      const rule = read(values);
      const same = (rule.cron && rule.cron === one.cron) || (rule.every && rule.every === one.every); // an edit of `every` begins to count anew
      if (same) { delete rule.cron; delete rule.every; }
      const args = readJson(values, "args", "object");
      return change(`schedules/${encodeURIComponent(one.id)}`, { ...rule, ...(differences(one.args, args).length ? { args: withoutHidden(args, "args") } : {}) });
    },
  });
  if (done) say(`${one.id} is changed.`);
  refresh();
}

function rule(one) {
  const kind = one.every ? "every" : one.at ? "at" : "cron";
  const parts = {
    cron: h("div", { class: "row", hidden: kind !== "cron" }, field("Cron", input("cron", { value: one.cron ?? "" }), "minute, hour, day of month, month, day of week"), field("Time zone", input("timezone", { value: one.timezone ?? "UTC" }), "a name such as Europe/Berlin")),
    every: h("div", { hidden: kind !== "every" }, field("Seconds", input("every", { value: one.every ?? "3600", inputmode: "numeric" }), "at least 60, counted from now")),
    at: h("div", { hidden: kind !== "at" }, field("At", input("at", { type: "datetime-local", value: one.at ? local(new Date(one.at)) : "" }), "in this browser's time zone")),
  };
  return [
    field("Runs", choice("kind", [["cron", "by a cron rule"], ["every", "every so often"], ["at", "once"]], kind, { onchange: (event) => { for (const [name, part] of Object.entries(parts)) part.hidden = name !== event.target.value; } })),
    Object.values(parts),
    field("After an outage it makes up for", choice("catch_up", CATCH_UP.some(([value]) => value === one.catch_up) ? CATCH_UP : [...CATCH_UP, [one.catch_up, one.catch_up]], one.catch_up)),
  ];
}

function read(values) {
  const given = { catch_up: values.catch_up };
  if (values.kind === "cron") {
    if (!values.cron) throw new Wrong("cron", "Give a cron rule, such as 0 3 * * *.");
    return { ...given, cron: values.cron, timezone: values.timezone || "UTC" };
  }
  if (values.kind === "every") return { ...given, every: readNumber(values, "every", "Seconds") };
  if (!values.at) throw new Wrong("at", "Say when.");
  return { ...given, at: new Date(values.at).toISOString() };
}
