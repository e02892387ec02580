// Submitting a job by hand: a task, its arguments as JSON, when and where.

import { get, post } from "./api.js";
import { ask } from "./dialogs.js";
import { h, say } from "./dom.js";
import { choice, field, input, jsonField, readJson, readNumber } from "./fields.js";
import { withoutHidden } from "./differ.js";
import { argumentsOf, beginning } from "./schema.js";

export async function submitJob(name = null, args = null) {
  let tasks;
  try { ({ tasks } = await get("tasks")); } catch (error) { say(error.message, true); return; }
  if (!tasks.length) { say("There is no task. Declare one with @task.", true); return; }
  const first = tasks.find((one) => one.name === name) ?? tasks[0];
  const takes = h("small", {}, told(first));
  const key = crypto.randomUUID();
  const editor = jsonField("args", "Arguments", args ?? beginning(first.args), "A JSON object, by name. Ctrl Enter sends.");
  const done = await ask({
    title: "Submit a job",
    fields: [
      field("Task", choice("task", tasks.map((one) => one.name), first.name, { onchange: (event) => {
        const one = tasks.find((one) => one.name === event.target.value);
        editor.querySelector("textarea").value = JSON.stringify(beginning(one.args), null, 2);
        takes.replaceChildren(told(one));
      } })), takes, editor,
      h("div", { class: "row" }, field("Delay in seconds", input("delay", { inputmode: "decimal", placeholder: "0" })), field("Tags, by commas", input("tags"))),
    ],
    yes: "Submit it",
    act: (values) => {
      const body = { task: values.task, args: withoutHidden(readJson(values, "args", "object"), "args") };
      const delay = readNumber(values, "delay", "The delay");
      if (delay) body.delay = delay;
      const tags = values.tags.split(",").map((one) => one.trim()).filter(Boolean);
      if (tags.length) body.tags = tags;
      return post("jobs", body, { "Idempotency-Key": key });
    },
  });
  if (!done) return;
  say("It is accepted.");
  location.hash = `#/jobs/${done.id}`;
}

function told(task) {
  const takes = argumentsOf(task.args).map((one) => `${one.name}${one.needed ? "" : "?"}: ${one.words}`);
  return takes.length ? `takes ${takes.join("; ")}` : "takes no arguments";
}
