// One schedule: its rule, when it fires next, what its last jobs came to; changing and deleting it.

import { get, lacks, remove } from "./api.js";
import { sure } from "./dialogs.js";
import { both, button, facts, h, json, link, moment, nothing, say, table, when } from "./dom.js";
import { row } from "./jobs.js";
import { changeSchedule } from "./schedule_form.js";
import { rule, standing, turns } from "./schedules.js";

export async function schedule({ path, refresh, every }) {
  every(5000);
  const where = `schedules/${encodeURIComponent(path[1])}`;
  const one = await get(where);
  const [{ fires }, { jobs }] = await Promise.all([get(`${where}/next`, { n: 8 }), get("jobs", { task: one.task, limit: 100 })]);
  const mine = jobs.filter((job) => job.cause === `schedule:${one.id}`).slice(0, 10);
  const declared = one.declared ? "It is declared in code: change it there." : null;
  return [
    h("p", { class: "trail" }, link("schedules", "Schedules")),
    h("div", { class: "head" }, h("h1", {}, one.id), h("div", { class: "buttons" }, turns(one, refresh),
      button("Change…", () => changeSchedule(one, refresh), { off: lacks("operate") ?? declared }),
      button("Delete…", async () => {
        if (!(await sure(`Delete ${one.id}? It fires never again; of its jobs, those that are not due yet are cancelled.`, "Delete it"))) return;
        try { await remove(where); say(`${one.id} is deleted.`); location.hash = "#/schedules"; } catch (error) { say(error.message, true); refresh(); }
      }, { danger: true, off: lacks("operate") ?? declared }))),
    h("p", { class: "line" }, standing(one), rule(one), one.next_fire ? h("span", {}, "next ", when(one.next_fire)) : null, declared ? h("span", { class: "empty" }, "declared in code") : null),
    h("div", { class: "columns" },
      h("div", {},
        h("h2", {}, "Its last jobs"),
        table(["Job", "State", "Attempts", "Accepted", "Ended"], mine.map((job) => row(job).toSpliced(1, 1)), "None among the task's last hundred.", { keys: mine.map((job) => job.id), label: "Its last jobs" }),
        h("h2", {}, "Arguments"), json(one.args)),
      h("aside", { "aria-label": "Facts" },
        h("h2", {}, "Fires next"),
        fires.length ? h("ol", { class: "times" }, fires.map((at) => h("li", {}, moment(at), h("small", {}, " ", when(at))))) : nothing(one.state === "paused" ? "Not while it is paused." : "Never again."),
        h("h2", {}, "Facts"),
        facts([["Task", link(`jobs?task=${encodeURIComponent(one.task)}`, one.task)], ["Time zone", one.cron ? one.timezone : null], ["After an outage", one.catch_up], ["Last fire", both(one.last_fire)], ["Made", both(one.created_at)]]))),
  ];
}
