// What is going on: what jobs came to over time, how long they waited and ran, what waits now, what is dead, what it costs. From the stats items.

import { get, may } from "./api.js";
import { along, chart, chartWidth, frameOf } from "./charts.js";
import { h, head as heading, link, span, svg, table, tile } from "./dom.js";
import { row } from "./jobs.js";
import { dollars, number, shortSpan, stepName } from "./scale.js";

const HOUR = 3600;
const RANGES = { "1h": ["1 hour", HOUR, 60], "6h": ["6 hours", 6 * HOUR, 300], "24h": ["24 hours", 24 * HOUR, 900], "7d": ["7 days", 168 * HOUR, 2 * HOUR], "30d": ["30 days", 720 * HOUR, 6 * HOUR], "90d": ["90 days", 2160 * HOUR, 24 * HOUR] };
const SHORT = 2e3, LONG = 60e3, DEAD = 10e3; // how old an answer may be: the page looks often, and long times are dear
const LOOKS = 600;

export async function overview({ query, memory }) {
  memory.kept ??= new Map();
  memory.depths ??= []; // how much waited since the page was opened
  const asked = (name, fresh, ask) => lately(memory.kept, name, fresh, ask);
  const range = RANGES[query.get("range")] ? query.get("range") : "1h";
  const [, seconds, step] = RANGES[range];
  const task = query.get("task"), tenant = query.get("tenant");
  const [stats, { lanes }, dead, recent] = await Promise.all([
    asked(`${range} ${task} ${tenant}`, step <= 60 ? SHORT : LONG, () => get("stats", { last: seconds, step, task, tenant })),
    get("lanes"),
    asked("dead", DEAD, () => get("dead/groups")),
    get("jobs", { limit: 10, task })]);
  noteDepth(memory.depths, lanes);
  const here = (changes) => where({ range, task, tenant, ...changes });
  const ranges = h("nav", { class: "ranges", "aria-label": "Time" }, Object.entries(RANGES).map(([id, [words]]) =>
    h("a", { href: here({ range: id }), "aria-current": id === range ? "true" : null }, words)));
  const head = [heading("Overview", ranges), whose({ task, tenant, here })];
  const total = stats.totals;
  const ended = total.succeeded + total.dead + total.expired + total.cancelled;
  const waiting = lanes.filter((one) => one.lane !== "dead-letters").reduce((sum, one) => sum + one.waiting + one.delayed, 0);
  return [
    head,
    h("ul", { class: "tiles" },
      tile("Ended", number(ended)),
      tile("Of them succeeded", ended ? percent(total.succeeded, ended) : "–"),
      times("Run", total.run),
      times("Wait", total.wait),
      tile("Waiting now", number(waiting), "lanes"),
      tenant ? null : tile("Dead now", `${number(dead.groups.reduce((sum, one) => sum + one.count, 0))}${dead.cursor ? " or more" : ""}`, "dead", dead.groups.length ? "bad" : null),
      tile("Cost", dollars(total.dollars), "costs")),
    stats.complete_until < stats.until ? h("p", { class: "empty" }, "More happened than is read at once: the last minutes are not complete.") : null,
    h("div", { class: "plots" }, charts(stats, lanes, memory.depths)),
    h("h2", {}, "By task"),
    byName("task", stats.tasks, (name) => here({ task: name })),
    tenant === "*" ? [h("h2", {}, "By tenant"), byName("tenant", stats.tenants, (name) => here({ tenant: name }))] : null,
    stats.folded ? h("p", { class: "empty" }, "* are those that were too many to be told apart.") : null,
    tenant ? null : [h("h2", {}, "Dead, by cause"),
    table(["Error", "Task", "Jobs"], dead.groups.slice(0, 5).map((one) => [link("dead", one.error || one.reason), one.task, one.count]), "Nothing is dead.", { label: "Dead, by cause" }),
    h("h2", {}, "Newest jobs"),
    table(["Job", "Task", "State", "Attempts", "Accepted", "Ended"], recent.jobs.map(row), "No job yet.", { label: "Newest jobs", keys: recent.jobs.map((one) => one.id) })],
    h("p", { class: "empty" }, `Figures are counted by the consumers and a few seconds behind; percentiles are at most 5 % off. Cost is by list prices (${stats.prices.region}, ${stats.prices.as_of}) of consumers, a plain job's writes and its messages.`),
  ];
}

function charts(stats, lanes, depths) {
  const frame = frameOf(stats, chartWidth());
  const counts = (name, kind, value) => ({ name, kind, values: along(frame, stats, value) });
  const spread = (of) => ["p50", "p95", "p99"].map((part) => ({ name: part, kind: part, values: along(frame, stats, (one) => one[of][part]) }));
  const each = `each ${stepName(frame.step)}`;
  const total = stats.totals;
  const failed = total.retried + total.dead + total.expired;
  return [
    chart("throughput", "Jobs that ended", frame, [
      counts("succeeded", "good", (one) => one.succeeded), counts("cancelled", "cancelled", (one) => one.cancelled),
      counts("expired", "expired", (one) => one.expired), counts("died", "dead", (one) => one.dead)],
    { stacked: true, whole: true, words: number, note: each }),
    chart("failures", "Attempts that failed", frame, [
      counts("retried", "retried", (one) => one.retried), counts("expired", "expired", (one) => one.expired), counts("died", "dead", (one) => one.dead)],
    { stacked: true, whole: true, words: number, note: total.started ? `${percent(failed, total.started + total.expired)} of the attempts` : each, empty: "Nothing failed." }),
    chart("run", "Run time", frame, spread("run"), { log: true, words: span, axisWords: shortSpan, note: "an attempt, logarithmic" }),
    chart("wait", "Wait time", frame, spread("wait"), { log: true, words: span, axisWords: shortSpan, note: "from when it might start, logarithmic" }),
    depth(lanes, depths),
    chart("cost", "Cost", frame, [counts("dollars", "cost", (one) => one.dollars)], { stacked: true, words: dollars, note: `${dollars(total.dollars)} in all, ${each}` }),
  ];
}

// Now, each lane, and since the page was opened, all of them.
function depth(lanes, depths) {
  const most = Math.max(1, ...lanes.map((one) => one.waiting + one.delayed + one.in_flight));
  const part = (value) => (value / most) * 100;
  const parts = (one) => [["good", one.in_flight], ["retried", one.waiting], ["cancelled", one.delayed]];
  let line = null;
  if (depths.length > 2) {
    const since = depths[0].at, until = Date.now();
    const top = Math.max(1, ...depths.map((one) => one.waiting));
    const x = (at) => ((at - since) / Math.max(1, until - since)) * 600;
    line = svg("svg", { viewBox: "0 0 600 34", preserveAspectRatio: "none", role: "img", class: "trend", "aria-label": `Waiting since the page was opened: at most ${top}, now ${depths.at(-1).waiting}` },
      svg("path", { class: "curve waiting", "vector-effect": "non-scaling-stroke", d: depths.map((one, n) => `${n ? "L" : "M"}${x(one.at).toFixed(1)} ${(32 - (one.waiting / top) * 30).toFixed(1)}`).join("") }));
  }
  return h("figure", { class: "plot", id: "depth", "data-key": "depth", "aria-labelledby": "depth-title" },
    h("div", { class: "chart-head" }, h("h2", { id: "depth-title" }, "Queue depth, now"), h("p", { class: "note" }, "as SQS counts it, about")),
    h("p", { class: "legend", "aria-hidden": "true" }, [["good", "with a consumer"], ["retried", "waiting"], ["cancelled", "not due yet"]].map(([kind, words]) =>
      h("span", { class: "key-of" }, svg("svg", { class: "sign", width: 22, height: 12 }, svg("rect", { class: `fill ${kind}`, x: 5, y: 1, width: 11, height: 10 })), words))),
    h("ul", { class: "depths" }, lanes.map((one) => {
      let from = 0;
      return h("li", {},
        h("div", { class: "lane" }, h("b", {}, one.lane, one.paused ? " (paused)" : ""), h("span", { class: "numbers" }, `${number(one.in_flight)} with a consumer, ${number(one.waiting)} waiting${one.delayed ? `, ${number(one.delayed)} not due` : ""}`)),
        svg("svg", { viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("rect", { class: "room", width: 100, height: 12 }),
          parts(one).map(([kind, value]) => { const at = from; from += part(value); return value ? svg("rect", { class: `fill ${kind}`, x: at, width: Math.max(0.6, part(value)), height: 12 }) : null; })));
    })),
    line ? [h("p", { class: "note" }, "Waiting, since this page was opened"), line] : null);
}

function noteDepth(depths, lanes) {
  depths.push({ at: Date.now(), waiting: lanes.reduce((sum, one) => sum + (one.lane === "dead-letters" ? 0 : one.waiting), 0) });
  if (depths.length > LOOKS) depths.shift();
}

function byName(what, some, path) {
  return table([what === "task" ? "Task" : "Tenant", "Started", "Succeeded", "Retried", "Died", "Run p50", "p95", "p99", "Wait p95", "Cost"], some.map((one) => [
    one[what] === "*" ? "*" : h("a", { href: path(one[what]) }, one[what]), ...[one.started, one.succeeded, one.retried, one.dead + one.expired].map(number),
    ms(one.run.p50), ms(one.run.p95), ms(one.run.p99), ms(one.wait.p95), dollars(one.dollars)]), "Nothing ran in this time.",
  { keys: some.map((one) => one[what]), label: what === "task" ? "By task" : "By tenant", numeric: [1, 2, 3, 4, 5, 6, 7, 8, 9] });
}

export function whose({ task, tenant, here }) {
  return h("p", { class: "whose" },
    h("span", {}, tenant === "*" ? "All tenants." : tenant ? `Tenant ${tenant}.` : "Your tenant."),
    tenant ? h("a", { href: here({ tenant: null }) }, "Only your own") : may("admin") ? h("a", { href: here({ tenant: "*" }) }, "All tenants") : null,
    task ? [h("span", {}, `Task ${task} alone.`), h("a", { href: here({ task: null }) }, "All tasks")] : null);
}

function where(values) {
  const given = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
  return `#/overview?${given}`;
}

export function lately(kept, name, fresh, ask) {
  const there = kept.get(name);
  if (there && Date.now() - there.at < fresh) return there.answer;
  if (kept.size > 20) kept.clear();
  const answer = ask();
  kept.set(name, { at: Date.now(), answer });
  answer.catch(() => kept.delete(name));
  return answer;
}

const ms = (value) => (value === null ? "–" : span(value));
const times = (what, spread) => tile(spread.count ? `${what} p95, median ${span(spread.p50)}` : `${what} p95`, spread.count ? span(spread.p95) : "–");
const percent = (part, all) => (part === all ? "100 %" : `${Math.min(99.99, (100 * part) / all).toFixed(part / all > 0.99 ? 2 : 1)} %`);
