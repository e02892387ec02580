// What jobs cost, by day, by task and, for administrators, by tenant; and the budgets. Days and months are those of UTC, as the API has them.

import { get } from "./api.js";
import { budgets } from "./budgets.js";
import { along, chart, chartWidth, frameOf } from "./charts.js";
import { h, head, span, table, tile } from "./dom.js";
import { lately, whose } from "./overview.js";
import { dollars, number, shortSpan } from "./scale.js";

const RANGES = { "1d": "Today", "7d": "7 days", "30d": "30 days", "90d": "90 days", month: "This month", last: "Last month" };
const FRESH = 60e3; // a question reads an item for each hour, and the tick adds to them once a minute
const PARTS = [["Consumers", "good", "consumers"], ["Writes", "retried", "table"], ["Messages", "cancelled", "queue"]];

export async function costs({ query, memory, refresh, every }) {
  every(30000);
  memory.kept ??= new Map();
  const range = RANGES[query.get("range")] ? query.get("range") : "7d";
  const task = query.get("task"), tenant = query.get("tenant");
  const asked = (by) => lately(memory.kept, `${by} ${range} ${task} ${tenant}`, FRESH, () => get("costs", { ...timesOf(range, new Date()), by, task, tenant }));
  const [days, tasks, tenants, kept] = await Promise.all([asked("day"), asked("task"), tenant === "*" ? asked("tenant") : null, budgets(refresh)]);
  const here = (changes) => where({ range, task, tenant, ...changes });
  const { total, prices } = days;
  return [
    head("Costs", h("nav", { class: "ranges", "aria-label": "Time" }, Object.entries(RANGES).map(([id, words]) =>
      h("a", { href: here({ range: id }), "aria-current": id === range ? "true" : null }, words)))),
    whose({ task, tenant, here }),
    h("ul", { class: "tiles" },
      tile("Cost", dollars(total.dollars)), tile("A million such jobs", each(total)), tile("Billed time of consumers", span(total.billed_ms)),
      tile("Jobs ended", number(total.ended)), tile("Attempts", number(total.started))),
    days.complete_until < days.until ? h("p", { class: "empty" }, "More happened than is read at once: the last hours are not complete.") : null,
    h("div", { class: "plots" }, plots(days)),
    h("h2", {}, "By task"),
    lines("task", tasks, (name) => here({ task: name })),
    tenants ? [h("h2", {}, "By tenant"), lines("tenant", tenants, (name) => here({ tenant: name }))] : null,
    tasks.folded ? h("p", { class: "empty" }, "* are those that were too many to be told apart.") : null,
    kept,
    h("p", { class: "empty" }, `By list prices (${prices.region}, ${prices.as_of}) of consumers, plain jobs' writes and their messages; as exact as the statistics. Days are those of UTC. Not in it: the API, logs, traces, an idle stage, what features add.`),
  ];
}

function timesOf(range, now) {
  const year = now.getUTCFullYear(), month = now.getUTCMonth();
  const at = (m, day) => new Date(Date.UTC(year, m, day)).toISOString();
  if (range === "month") return { since: at(month, 1) };
  if (range === "last") return { since: at(month - 1, 1), until: at(month, 1) };
  return { since: at(month, now.getUTCDate() + 1 - parseInt(range, 10)) };
}

function plots(found) {
  const series = found.lines.map((one) => ({ ...one, at: `${one.day}T00:00:00Z` }));
  const stats = { ...found, series, step: 86400 };
  const frame = frameOf(stats, chartWidth());
  const of = (name, kind, field) => ({ name, kind, values: along(frame, stats, (one) => one[field]) });
  const more = { stacked: true, empty: "Nothing ran in this time." };
  return [
    chart("dollars", "Cost by day", frame, PARTS.map(([name, kind, field]) => of(name.toLowerCase(), kind, field)), { ...more, words: dollars, note: `${dollars(found.total.dollars)} in all` }),
    chart("billed", "Billed time by day", frame, [of("consumers", "good", "billed_ms")], { ...more, spans: true, words: span, axisWords: shortSpan, note: `${span(found.total.billed_ms)} in all` }),
  ];
}

function lines(what, found, path) {
  const title = what === "task" ? "Task" : "Tenant";
  return [
    table([title, "Jobs", "Attempts", "Billed", ...PARTS.map(([name]) => name), "Cost", "A million"], found.lines.map((one) => [
      one[what] === "*" ? "*" : h("a", { href: path(one[what]) }, one[what]), number(one.ended), number(one.started), span(one.billed_ms), ...PARTS.map(([, , field]) => dollars(one[field])), h("strong", {}, dollars(one.dollars)), each(one)]),
    "Nothing ran in this time.", { keys: found.lines.map((one) => one[what]), label: `Costs by ${what}`, numeric: [1, 2, 3, 4, 5, 6, 7, 8] }),
    found.left_off ? h("p", { class: "empty" }, `${number(found.left_off)} more that cost less are in the sum alone.`) : null,
  ];
}

const each = (one) => (one.per_million === null ? "–" : dollars(one.per_million));

const where = (values) => `#/costs?${new URLSearchParams(Object.entries(values).filter(([, value]) => value))}`;
