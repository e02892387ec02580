// Schedules: what runs by itself, when next, and pausing it.

import { get, lacks, post } from "./api.js";
import { sure } from "./dialogs.js";
import { button, h, head, link, nothing, say, table, when } from "./dom.js";
import { newSchedule } from "./schedule_form.js";

export async function schedules({ query, refresh, every }) {
  every(5000);
  const { schedules: found, cursor } = await get("schedules", { limit: 100, cursor: query.get("cursor") });
  return [
    head("Schedules", button("New schedule…", () => newSchedule(refresh), { primary: true, off: lacks("operate") })),
    h("p", { class: "lead" }, "Each fire time has exactly one job. Those whose id begins with @ are declared in code: they can be paused here, and changed there."),
    table(["Schedule", "Task", "Rule", "Next", "Last", "State", ""], found.map((one) => [
      link(`schedules/${encodeURIComponent(one.id)}`, one.id), one.task, h("span", { class: "rule" }, rule(one)), one.next_fire ? when(one.next_fire) : "–", when(one.last_fire), standing(one), turns(one, refresh),
    ]), nothing("There is none. Make one here, or declare it beside its task:", h("pre", {}, '@task(schedule="0 3 * * *", timezone="Europe/Berlin")')), { keys: found.map((one) => one.id), label: "Schedules" }),
    h("nav", { class: "pages", "aria-label": "Pages of schedules" }, query.get("cursor") ? link("schedules", "⇤ First") : null, cursor ? link(`schedules?cursor=${encodeURIComponent(cursor)}`, "More →") : null),
  ];
}

export const standing = (one) => h("span", { class: `state ${{ active: "running", paused: "waiting", finished: "succeeded" }[one.state]}` }, one.state.toUpperCase());

export function rule(one) {
  if (one.cron) return h("span", {}, h("code", {}, one.cron), one.timezone && one.timezone !== "UTC" ? ` ${one.timezone}` : " UTC");
  if (!one.every) return one.at ? ["once, ", when(one.at)] : "–";
  const units = [[86400, "days"], [3600, "hours"], [60, "minutes"]].find(([seconds]) => one.every % seconds === 0) ?? [1, "seconds"];
  return `every ${one.every / units[0]} ${units[1]}`;
}

export function turns(one, refresh) {
  const path = `schedules/${encodeURIComponent(one.id)}`;
  const act = (words, verb, question, done) => button(words, async () => {
    if (!(await sure(question, words, null, { danger: false }))) return;
    try { await post(`${path}/${verb}`, undefined); say(done); } catch (error) { say(error.message, true); }
    refresh();
  }, { label: `${words}: ${one.id}`, off: lacks("operate") });
  return [
    one.state === "paused" ? act("Resume", "resume", `Let ${one.id} run again, from now on?`, `${one.id} is active.`) : one.state === "active" ? act("Pause", "pause", `Pause ${one.id}? What is due while it is paused is not made up for.`, `${one.id} is paused.`) : null,
    act("Fire now", "fire", `Run ${one.task} once, now? The rule of ${one.id} goes on as if nothing had been.`, "Its job is accepted."),
  ];
}
