// Tasks: what there is to be run, how, with which arguments; and submitting a job of one.

import { get, lacks } from "./api.js";
import { button, facts, h, head, json, link, nothing, span, table } from "./dom.js";
import { plan } from "./plan.js";
import { argumentsOf } from "./schema.js";
import { submitJob } from "./submit.js";

export async function tasks(context) {
  const { path } = context;
  context.every(30000);
  if (path[1]) return one(await get(`tasks/${encodeURIComponent(path[1])}`), await plan(path[1], context));
  const { tasks: found } = await get("tasks");
  return [
    head("Tasks", button("Submit a job…", () => submitJob(), { primary: true, off: lacks("submit") })),
    table(["Task", "What it does", "Lane", "Runs", "Attempts", "Limits", ""], found.map((one) => [
      link(`tasks/${encodeURIComponent(one.name)}`, one.name), h("span", { class: "clip" }, one.description.split("\n")[0] || "–"), one.lane, runs(one), one.max_attempts, limits(one.flow).length ? limits(one.flow).map((words) => h("div", {}, words)) : "–",
      button("Submit…", () => submitJob(one.name), { label: `Submit a job of ${one.name}`, off: lacks("submit") }),
    ]), nothing("There is no task. Declare one in chalicelib/tasks:", h("pre", {}, "@task\ndef hello(name: str) -> str: ...")), { keys: found.map((one) => one.name), label: "Tasks", numeric: [4] }),
  ];
}

function one(task, planned) {
  const time = (value) => (value === null ? null : span(value * 1000));
  return [
    h("p", { class: "trail" }, link("tasks", "Tasks")),
    h("div", { class: "head" }, h("h1", {}, task.name), h("div", { class: "buttons" }, link(`jobs?task=${encodeURIComponent(task.name)}`, h("span", { class: "as-button" }, "Its jobs")), link(`costs?task=${encodeURIComponent(task.name)}`, h("span", { class: "as-button" }, "Its costs")), button("Submit a job…", () => submitJob(task.name), { primary: true, off: lacks("submit") }))),
    task.description ? h("p", { class: "lead" }, task.description) : null,
    h("div", { class: "columns" },
      h("div", {}, h("h2", {}, "Arguments"),
        table(["Name", "Takes", "Needed", "Usually"], argumentsOf(task.args).map((one) => [h("code", {}, one.name), one.words, one.needed ? "yes" : "no", one.usual === undefined ? "–" : h("code", {}, JSON.stringify(one.usual))]), "It takes none.", { label: "Arguments" }),
        h("details", { "data-key": "args" }, h("summary", {}, "Their JSON schema"), json(task.args)), h("h2", {}, "Result"), json(task.result), planned),
      h("aside", { "aria-label": "Facts" }, h("h2", {}, "How its jobs run"), facts([
        ["Lane", link("lanes", task.lane)], ["Runs", runs(task)], ["Attempts", task.max_attempts], ["Backoff", `${time(task.backoff.base)}, doubled up to ${time(task.backoff.cap)}`], ["Time limit", time(task.time_limit) ?? "what is left of the invocation"], ["Soft limit", time(task.soft_time_limit)],
        ["Kept", time(task.keep)], ["Expires", time(task.expires)], ["Then", task.on_success], ["When it died", task.on_failure], ["Limits", limits(task.flow).map((words) => h("div", {}, words))], ["Hears", task.topics.join(", ")], ["Tells of", task.events.join(", ")], ["Webhook", task.webhook],
      ].filter(([, value]) => !(Array.isArray(value) && !value.length))))),
  ];
}

const runs = (one) => `${{ thread: "on a thread", loop: "on the event loop", process: "in a child process" }[one.runs_on]}${one.batch ? ", many in one call" : ""}`;

function limits(flow) {
  return Object.entries(flow ?? {}).filter(([, value]) => value !== null && value !== undefined && value !== false).map(([name, value]) => `${name}: ${typeof value === "object" ? Object.entries(value).filter(([, part]) => part !== null && !(Array.isArray(part) && !part.length)).map(([key, part]) => `${key.replaceAll("_", " ")} ${Array.isArray(part) ? part.join(", ") : part}`).join(", ") : value}`);
}
