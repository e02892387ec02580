// Jobs, newest first: by state, task, tag, time and id, a page at a time, however many there are; and what can be done to several.

import { get, lacks, may, me } from "./api.js";
import { cancelMatching, cancelThese, retryThese } from "./bulk.js";
import { button, h, head, jobLink, link, number, nothing, state, table, took as lasted, when } from "./dom.js";
import { choice, field, input } from "./fields.js";
import { STATES } from "./states.js";
import { local, timesOf } from "./time.js";

export { STATES } from "./states.js";
const FILTERS = ["state", "task", "tag", "tenant", "id", "range", "since", "until", "children"];
const RANGES = [["", "last 7 days"], ["15m", "last 15 minutes"], ["1h", "last hour"], ["24h", "last 24 hours"], ["30d", "last 30 days"], ["own", "from … to …"]];
const MS = { m: 60e3, h: 3600e3, d: 86400e3 };
const SIZE = 50;
const LOOKS = 4;
const HEADS = ["Job", "Task", "State", "Tags", "Attempts", "Accepted", "Took"];
const foreign = (job) => job.tenant !== me().tenant;

export async function jobs({ query, memory, refresh, every }) {
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""]));
  const cursor = query.get("cursor");
  if (/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i.test(wanted.id)) { location.replace(`#/jobs/${wanted.id.toUpperCase()}`); return []; }
  const times = timesIn(wanted);
  const words = wanted.id && !timesOf(wanted.id) ? "No id begins like this: 26 digits and capital letters without I, L, O and U." : null;
  const { found, next, until } = words ? { found: [], next: null } : await page(wanted, times, cursor);
  memory.chosen ??= new Map();
  memory.before ??= new Map();
  if (next) memory.before.set(next, cursor);
  if (cursor) every(15000);
  const to = (cursor) => `jobs?${new URLSearchParams([...Object.entries(wanted).filter(([, value]) => value), ...(cursor ? [["cursor", cursor]] : [])])}`;
  const filter = Object.fromEntries(Object.entries({ state: wanted.state, task: wanted.task, tag: wanted.tag, ...times }).filter(([, value]) => value));
  const narrowed = FILTERS.some((name) => wanted[name]);
  return [
    head("Jobs", button("Cancel all that match…", () => cancelMatching(filter, refresh), { danger: true, off: lacks("operate") ?? (wanted.tenant && wanted.tenant !== me().tenant ? "These are other tenants': sign in with a key of theirs." : wanted.state || wanted.task || wanted.tag ? null : "Choose a state, a task or a tag first.") })),
    filters(wanted),
    table([all(found, memory, refresh), ...HEADS, ...(wanted.tenant ? ["Tenant"] : [])], found.map((job) => [tick(job, memory, refresh), ...cells(job), ...(wanted.tenant ? [job.tenant] : [])]), empty(words, narrowed, next, until, to), { keys: found.map((job) => job.id), label: "Jobs", numeric: [5] }),
    h("nav", { class: "pages", "aria-label": "Pages of jobs" },
      cursor ? link(to(null), "⇤ Newest") : null,
      memory.before.get(cursor) ? link(to(memory.before.get(cursor)), "← Newer") : null,
      found.length ? h("span", { class: "empty" }, `${number(found.length)} jobs of ${wanted.tenant === "*" ? "all tenants" : `tenant ${wanted.tenant || me().tenant}`}${next ? "" : ", the last of these"}`) : null,
      next ? link(to(next), "Older →") : null),
    chosen(memory, refresh),
  ];
}

// A page may come back short though there is more: it is looked on, a few times.
async function page(wanted, times, cursor) {
  const found = [];
  let next = cursor;
  for (let look = 0; look < LOOKS; look += 1) {
    const some = await get("jobs", { state: wanted.state, task: wanted.task, tag: wanted.tag, tenant: wanted.tenant, children: wanted.children, ...times, limit: SIZE - (wanted.id ? 0 : found.length), cursor: next });
    found.push(...some.jobs.filter((job) => job.id.startsWith(wanted.id.toUpperCase())));
    next = some.cursor;
    if (!next || found.length >= SIZE) break;
  }
  return { found, next, until: next && timesOf(next)?.[0] };
}

function timesIn(wanted) {
  const times = {};
  const range = /^(\d+)([mhd])$/.exec(wanted.range);
  if (range) times.since = new Date(Math.floor((Date.now() - range[1] * MS[range[2]]) / 1000) * 1000).toISOString();
  if (wanted.range === "own") {
    if (wanted.since) times.since = new Date(wanted.since).toISOString();
    if (wanted.until) times.until = new Date(wanted.until).toISOString();
  }
  const named = wanted.id && timesOf(wanted.id);
  if (named) {
    times.since ??= named[0].toISOString();
    times.until ??= new Date(Math.min(+named[1], Date.now() + 60e3)).toISOString();
    if (times.since >= times.until) delete times.since;
  }
  return times;
}

function empty(words, narrowed, next, until, to) {
  if (words) return nothing(words);
  if (next) return nothing(`None down to ${until ? until.toLocaleString() : "here"} matches.`, link(to(next), "Look further back"));
  if (narrowed) return nothing("No job matches.", link("jobs", "Show all jobs"));
  return nothing("There is no job of the last seven days.", "Submit one: ", h("code", {}, "jobline submit TASK"), ", ", h("code", {}, "POST /jobs"), ", or find “Submit a job” with Ctrl K.");
}

export function row(job) {
  return [jobLink(job.id), job.task, state(job.state), `${job.attempts} of ${job.max_attempts}`, when(job.created_at), when(job.finished_at)];
}

function cells(job) {
  const took = job.started_at ? lasted(new Date(job.finished_at ?? Date.now()) - new Date(job.started_at)) : "–";
  return [
    foreign(job) ? h("a", { href: `#/jobs/${encodeURIComponent(job.id)}?tenant=${encodeURIComponent(job.tenant)}`, class: "id" }, job.id) : jobLink(job.id),
    [link(`jobs?task=${encodeURIComponent(job.task)}`, job.task), job.error && !job.result ? h("small", { class: "cause" }, job.error.type) : null],
    [state(job.state), job.progress?.fraction && !job.finished_at ? h("progress", { max: 1, value: job.progress.fraction, "aria-label": "Progress" }) : null],
    job.tags.length ? job.tags.map((tag) => link(`jobs?tag=${encodeURIComponent(tag)}`, h("span", { class: "tag" }, tag))) : "–",
    `${job.attempts} of ${job.max_attempts}`, when(job.created_at), took,
  ];
}

function tick(job, memory, refresh) {
  return h("input", { type: "checkbox", "aria-label": `Select ${job.id}`, disabled: foreign(job), checked: memory.chosen.has(job.id), onchange: (event) => {
    if (event.target.checked) memory.chosen.set(job.id, job); else memory.chosen.delete(job.id);
    refresh();
  } });
}

function all(found, memory, refresh) {
  return h("input", { type: "checkbox", "aria-label": "Select all on this page", onchange: (event) => {
    for (const job of found.filter((job) => !foreign(job))) if (event.target.checked) memory.chosen.set(job.id, job); else memory.chosen.delete(job.id);
    for (const box of document.querySelectorAll("main tbody input[type=checkbox]:not(:disabled)")) box.checked = event.target.checked;
    refresh();
  } });
}

function chosen(memory, refresh) {
  const some = [...memory.chosen.values()];
  if (!some.length) return null;
  const clear = () => {
    memory.chosen.clear();
    for (const box of document.querySelectorAll("main table input[type=checkbox]")) box.checked = false;
    refresh();
  };
  const done = () => clear();
  return h("div", { class: "bar-of-acts", role: "region", "aria-label": "Selected jobs" },
    h("strong", {}, `${some.length} selected`),
    button("Cancel…", () => cancelThese(some, done), { danger: true, off: lacks("operate") }),
    button("Retry the dead…", () => retryThese(some, done), { off: lacks("operate") ?? (some.some((job) => job.state === "DEAD") ? null : "None of them was dead when it was selected.") }),
    button("Clear", clear));
}

function filters(wanted) {
  const own = wanted.range === "own";
  return h("form", { class: "filters", role: "search", "aria-label": "Filter jobs", onsubmit: submit, "data-key": `filters ${own} ${location.hash.split("&cursor")[0]}` },
    field("State", choice("state", [["", "any"], ...STATES], wanted.state, { onchange: submit })),
    field("Task", input("task", { value: wanted.task, size: 12 })),
    field("Tag", input("tag", { value: wanted.tag, size: 8 })),
    may("admin") ? field("Tenant", input("tenant", { value: wanted.tenant, size: 8, placeholder: me().tenant, title: "another one's, or * for all" })) : null,
    field("Id begins with", input("id", { value: wanted.id, size: 10, maxlength: 26 })),
    field("Accepted", choice("range", RANGES, wanted.range, { onchange: submit })),
    own ? [field("From", input("since", { type: "datetime-local", value: wanted.since || local(new Date(Date.now() - MS.h)) })), field("To", input("until", { type: "datetime-local", value: wanted.until }))] : null,
    field("Parts", choice("children", [["", "shown"], ["false", "left out"]], wanted.children, { onchange: submit, title: "jobs that are parts of workflows" })),
    h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary" }, "Show"), link("jobs", "Reset")));
}

function submit(event) {
  event.preventDefault();
  const given = [...new FormData(event.target.form ?? event.target)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value);
  location.hash = given.length ? `#/jobs?${new URLSearchParams(given)}` : "#/jobs";
}
