// Dead jobs by their cause, and giving them another life: as a release, which begins with one, then ten, and stops when they die again.

import { get, lacks } from "./api.js";
import { button, h, head, jobLink, link, nothing, number, state, table, tile, took, when } from "./dom.js";
import { choice, field, input } from "./fields.js";
import { releaseForm } from "./release_form.js";
import { releasesTable } from "./releases.js";

const LOOKS = 10; // at the list of the dead, which holds all tenants': one that has few is not hidden by one that has many
const REASONS = ["failed", "timed_out", "worker_lost", "undecodable", "payload_missing", "rejected"];
const FILTERS = ["task", "fingerprint", "reason"];

export async function dead({ query, memory, refresh, every }) {
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""]));
  every(5000);
  return FILTERS.some((name) => wanted[name]) || query.get("all") ? one(wanted, query, memory, refresh) : groups(refresh);
}

async function groups(refresh) {
  const [{ groups: found, scanned, whole }, { releases }] = await Promise.all([causes(), get("dead/releases")]);
  const all = found.reduce((sum, one) => sum + one.count, 0);
  const to = (one) => `dead?${new URLSearchParams([["task", one.task], ["fingerprint", one.fingerprint], ["reason", one.reason]].filter(([, value]) => value))}`;
  return [
    head("Dead jobs", found.length ? link("dead?all=1", h("span", { class: "as-button" }, "List them all")) : null,
      button("Release…", () => releaseForm({}, refresh), { off: lacks("operate") ?? (found.length ? null : "Nothing is dead.") })),
    h("p", { class: "lead" }, "By task and cause. A release gives them another life: one first, then ten, then the rest, and stops by itself when they die again."),
    found.length ? h("ul", { class: "tiles" }, tile(whole ? "dead" : `dead, among the first ${number(scanned)} of all tenants`, number(all), null, "bad"), tile("causes", number(found.length)), tile("releases running", number(releases.filter((one) => one.state === "running").length))) : null,
    table(["Cause", "Task", "Reason", "Jobs", "Newest", "Over", ""], found.map((one) => [
      link(to(one), h("span", { class: "clip" }, one.error || one.reason.replaceAll("_", " "))), one.task, one.reason.replaceAll("_", " "), number(one.count), when(one.last),
      took(new Date(one.last) - new Date(one.first)),
      button("Release…", () => releaseForm(one, refresh), { label: `Release the dead of ${one.task}: ${one.error}`, off: lacks("operate") }),
    ]), "Nothing is dead. Jobs come here when their attempts are used up, or when nothing can run them.", { keys: found.map((one) => `${one.task} ${one.fingerprint} ${one.reason}`), label: "Causes", numeric: [3] }),
    h("h2", {}, "Releases"),
    releasesTable(releases.slice(0, 20), refresh),
  ];
}

async function causes() {
  const found = new Map();
  let scanned = 0;
  let cursor = null;
  for (let look = 0; look < LOOKS; look += 1) {
    const some = await get("dead/groups", { cursor });
    for (const group of some.groups) {
      const key = [group.task, group.fingerprint, group.reason].join(" ");
      const other = found.get(key);
      found.set(key, other ? { ...(other.last > group.last ? other : group), count: other.count + group.count, first: other.first < group.first ? other.first : group.first } : group);
    }
    scanned += some.scanned;
    cursor = some.cursor;
    if (!cursor) break;
  }
  return { groups: [...found.values()].sort((a, b) => b.count - a.count), scanned, whole: !cursor };
}

async function one(wanted, query, memory, refresh) {
  const cursor = query.get("cursor");
  const found = [];
  let next = cursor;
  for (let look = 0; look < 4; look += 1) {
    const some = await get("dead", { ...wanted, limit: 50 - found.length, cursor: next });
    found.push(...some.jobs);
    next = some.cursor;
    if (!next || found.length >= 50) break;
  }
  const to = (cursor) => `dead?${new URLSearchParams([...Object.entries(wanted).filter(([, value]) => value), ["all", "1"], ...(cursor ? [["cursor", cursor]] : [])])}`;
  const error = found[0]?.error;
  return [
    h("p", { class: "trail" }, link("dead", "Dead jobs")),
    head(wanted.fingerprint && error ? error.type : "Dead jobs", button("Release these…", () => releaseForm(wanted, refresh), { primary: true, off: lacks("operate") ?? (found.length ? null : "Nothing is dead here.") })),
    wanted.fingerprint && error ? h("p", { class: "lead" }, error.message) : null,
    h("form", { class: "filters", role: "search", "aria-label": "Filter dead jobs", onsubmit: submit, "data-key": location.hash },
      field("Task", input("task", { value: wanted.task, size: 16 })), field("Fingerprint", input("fingerprint", { value: wanted.fingerprint, size: 16 })),
      field("Reason", choice("reason", [["", "any"], ...REASONS.map((name) => [name, name.replaceAll("_", " ")])], wanted.reason, { onchange: submit })),
      h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary" }, "Show"), link("dead", "All causes"))),
    table(["Job", "Task", "State", "Error", "Attempts", "Died"], found.map((job) => [jobLink(job.id), job.task, state(job.state), h("span", { class: "clip" }, job.error ? `${job.error.type}: ${job.error.message}` : job.reason), job.attempts, when(job.finished_at)]),
      next ? "None on this page; there is more to look through." : nothing("No dead job matches.", "They may have been retried, or are forgotten: a dead job is kept for 30 days."), { keys: found.map((job) => job.id), label: "Dead jobs", numeric: [4] }),
    h("nav", { class: "pages", "aria-label": "Pages of dead jobs" }, cursor ? link(to(null), "⇤ First") : null, next ? link(to(next), "More →") : null),
  ];
}

function submit(event) {
  event.preventDefault();
  const given = [...new FormData(event.target.form ?? event.target)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value);
  location.hash = `#/dead?${new URLSearchParams(given.length ? given : [["all", "1"]])}`;
}
