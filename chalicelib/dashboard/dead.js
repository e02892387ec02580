// Dead jobs by their cause, and giving them another life: as a release, which begins with one, then ten, and stops when they die again.

import { get, post } from "./api.js";
import { button, h, jobLink, json, say, sure, table, when } from "./dom.js";

export async function dead({ refresh }) {
  const [{ groups, scanned }, { releases }] = await Promise.all([get("dead/groups"), get("dead/releases")]);
  return [
    h("h1", {}, "Dead jobs"),
    h("p", {}, "Grouped by task and cause. A release gives them another life: one first, then ten, then the rest, and stops by itself when they die again."),
    table(["Error", "Task", "Reason", "Jobs", "Newest", "Example", ""], groups.map((one) => [
      one.error || "–", one.task, one.reason, one.count, when(one.last), jobLink(one.example), button("Release…", () => release(one, refresh)),
    ]), "Nothing is dead."),
    groups.length ? h("p", { class: "empty" }, `Of at most ${scanned.toLocaleString()} dead jobs.`) : null,
    h("h2", {}, "Releases"),
    table(["Made", "State", "Task", "By", "Redriven", "Succeeded", "Died again", ""], releases.slice(0, 20).map((one) => [
      when(one.created_at), one.state, one.task ?? "any", one.by, one.redriven, one.succeeded, one.died, turns(one, refresh),
    ]), "There has been none."),
  ];
}

async function release(group, refresh) {
  const wanted = { task: group.task, fingerprint: group.fingerprint };
  try {
    const plan = await post("dead/releases", { ...wanted, dry_run: true });
    const sample = plan.sample.slice(0, 3).map((one) => ({ id: one.id, args: one.args ?? one.problem }));
    const words = `Give ${plan.jobs}${plan.more ? " or more" : ""} dead jobs of ${group.task} another life?`;
    if (!(await sure(words, "Release them", json(sample)))) return;
    await post("dead/releases", wanted);
    say("The release begins with the next tick.");
  } catch (error) { say(error.message, true); }
  refresh();
}

function turns(one, refresh) {
  const turn = (words, verb) => button(words, async () => {
    if (!(await sure(`${words} this release?`, words))) return;
    try { await post(`dead/releases/${encodeURIComponent(one.id)}/${verb}`, undefined); } catch (error) { say(error.message, true); }
    refresh();
  });
  if (one.state === "running") return [turn("Pause", "pause"), turn("Stop", "stop")];
  return one.state === "paused" ? [turn("Resume", "resume"), turn("Stop", "stop")] : "–";
}
