// Schedules: what runs by itself, when next, and pausing it.

import { get, post } from "./api.js";
import { button, h, say, sure, table, when } from "./dom.js";

export async function schedules({ refresh }) {
  const { schedules: found, cursor } = await get("schedules", { limit: 100 });
  return [
    h("h1", {}, "Schedules"),
    table(["Schedule", "Task", "Rule", "Next", "State", ""], found.map((one) => [
      h("code", {}, one.id), one.task, rule(one), one.next_fire ? when(one.next_fire) : "–", one.state, actions(one, refresh),
    ]), "There is none. Declare one with @task(schedule=…), or POST /schedules."),
    cursor ? h("p", { class: "empty" }, "The first hundred; GET /schedules has them all.") : null,
  ];
}

function rule(one) {
  if (one.cron) return h("span", {}, h("code", {}, one.cron), one.timezone && one.timezone !== "UTC" ? ` ${one.timezone}` : "");
  return one.every ? `every ${one.every} s` : one.at ? ["once, ", when(one.at)] : "–";
}

function actions(one, refresh) {
  const act = (words, verb, question) => button(words, async () => {
    if (!(await sure(question, words))) return;
    try { await post(`schedules/${encodeURIComponent(one.id)}/${verb}`, undefined); say("Done."); } catch (error) { say(error.message, true); }
    refresh();
  });
  return [one.state === "paused" ? act("Resume", "resume", `Let ${one.id} run again?`) : act("Pause", "pause", `Pause ${one.id}? Nothing of it is made up for unless its catch_up says so.`), act("Fire now", "fire", `Run ${one.task} once, now?`)];
}
