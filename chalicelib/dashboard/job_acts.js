// What a person may do about a job. Each asks first; what a cancel came too late for is told by its receipt.

import { lacks, post } from "./api.js";
import { ask, sure } from "./dialogs.js";
import { button, both, facts, h, link, say } from "./dom.js";
import { differences, withoutHidden } from "./differ.js";
import { jsonField, readJson } from "./fields.js";
import { OVER } from "./states.js";
import { submitJob } from "./submit.js";

export function actions(one, memory, refresh) {
  const path = `jobs/${encodeURIComponent(one.id)}`;
  const flow = one.task === "jobline.workflow" || (one.workflow?.children ?? null) !== null;
  const part = one.workflow?.of ? `It is part of a workflow: retry that, it keeps what has succeeded.` : null;
  return [
    flow ? link(`workflows/${one.id}`, h("span", { class: "as-button primary" }, "Open the workflow")) : null,
    OVER.includes(one.state) ? null : button("Cancel", () => cancel(one, path, memory, refresh), { danger: true, off: lacks("operate") }),
    one.state === "DEAD" ? button("Retry", () => retry(one, path, refresh), { primary: true, off: lacks("operate") ?? part }) : null,
    one.state === "DEAD" && !flow && one.args ? button("Edit and retry…", () => edit(one, path, refresh), { off: lacks("operate") ?? part }) : null,
    flow || !one.args || one.task.startsWith("jobline.") ? null : button("Submit a copy…", () => submitJob(one.task, one.args), { off: lacks("submit") }),
  ];
}

async function cancel(one, path, memory, refresh) {
  const words = one.state === "RUNNING" ? `Ask ${one.task} to stop? It runs: it may still succeed before it sees the wish, and what it has done stays done.` : `Cancel ${one.task}? What it has done stays done.`;
  if (!(await sure(words, "Cancel it"))) return;
  try {
    memory.receipt = (await post(`${path}/cancel`, undefined)).receipt;
    say({ cancelled: "It is cancelled.", asked: "It has been asked to stop.", too_late: "It had ended before." }[memory.receipt.outcome]);
  } catch (error) { say(error.message, true); }
  refresh();
}

async function retry(one, path, refresh) {
  if (!(await sure(`Give ${one.task} another life, with all its attempts?`, "Retry it", null, { danger: false }))) return;
  try { await post(`${path}/retry`, undefined); say("It is queued again."); } catch (error) { say(error.message, true); }
  refresh();
}

async function edit(one, path, refresh) {
  const done = await ask({
    title: "Retry with other arguments",
    words: `${one.task} gets another life, with all its attempts. The arguments are checked against its signature before anything is written.`,
    fields: jsonField("args", "Arguments", one.args, "A JSON object, by name. What you leave as it is stays, [secret] too. Ctrl Enter sends.", { rows: 12 }),
    yes: "Retry with these", wide: true,
    act: (values) => {
      const patch = withoutHidden(differences(one.args, readJson(values, "args", "object")), "args");
      return post(`${path}/retry`, patch.length ? { patch } : undefined);
    },
  });
  if (done) say("It is queued again, with these arguments.");
  refresh();
}

export function receipt(one) {
  const words = { cancelled: "Cancelled before it could do more.", asked: "It runs, and has been asked to stop.", too_late: "It had ended in another way." };
  return h("section", { class: "receipt", "data-key": "receipt" }, h("h2", {}, "Receipt of the cancel"), h("p", {}, words[one.outcome]), facts([
    ["It was", one.state_before], ["Attempts by then", one.attempts], ["Running since", both(one.running_since)],
    ["Had said", one.progress ? `${one.progress.fraction === null ? "" : `${Math.round(one.progress.fraction * 100)} % `}${one.progress.message}` : null],
    ["Checkpoint", one.checkpoint ? "recorded" : "none"], ["Steps done", one.steps.join(", ")], ["May still succeed", one.may_still_succeed ? "yes" : "no"],
  ]));
}
