// What is going on: the last hour's jobs a minute, what they came to, how much waits, what is dead.

import { get } from "./api.js";
import { h, link, span, state, svg, table } from "./dom.js";
import { row } from "./jobs.js";

const PAGES = 5;
const HOUR = 3600e3;

export async function overview() {
  const since = new Date(Date.now() - HOUR).toISOString();
  const [recent, { lanes }, dead] = await Promise.all([lastHour(since), get("lanes"), get("dead/groups")]);
  const { found, all } = recent;
  const counts = Map.groupBy ? Object.fromEntries([...Map.groupBy(found, (one) => one.state)].map(([name, some]) => [name, some.length])) : count(found);
  const waits = quantiles(found.filter((one) => one.started_at).map((one) => new Date(one.started_at) - Math.max(new Date(one.created_at), one.due_at ? new Date(one.due_at) : 0)));
  const runs = quantiles(found.filter((one) => one.started_at && one.finished_at).map((one) => new Date(one.finished_at) - new Date(one.started_at)));
  return [
    h("h1", {}, "Overview"),
    h("ul", { class: "tiles" },
      tile("Accepted in the last hour", all ? found.length : `${found.length}+`),
      tile("Waiting in the lanes", lanes.filter((one) => one.lane !== "dead-letters").reduce((sum, one) => sum + one.waiting + one.delayed, 0)),
      tile("With a consumer", lanes.reduce((sum, one) => sum + one.in_flight, 0)),
      tile("Dead", dead.groups.reduce((sum, one) => sum + one.count, 0), "dead"),
      tile("Wait, median and p95", waits ? `${span(waits[0])} · ${span(waits[1])}` : "–"),
      tile("Run, median and p95", runs ? `${span(runs[0])} · ${span(runs[1])}` : "–")),
    h("h2", {}, "Jobs a minute, the last hour"),
    perMinute(found, since),
    all ? null : h("p", { class: "empty" }, `Of the newest ${found.length} jobs.`),
    h("p", { class: "line" }, Object.entries(counts).sort().map(([name, some]) => h("a", { href: `#/jobs?state=${name}` }, state(name), ` ${some}`))),
    h("h2", {}, "Dead, by cause"),
    table(["Error", "Task", "Jobs"], dead.groups.slice(0, 5).map((one) => [link("dead", one.error || one.reason), one.task, one.count]), "Nothing is dead."),
    h("h2", {}, "Newest jobs"),
    table(["Job", "Task", "State", "Attempts", "Accepted", "Ended"], found.slice(0, 10).map(row), "No job in the last hour."),
  ];
}

function count(found) {
  const counts = {};
  for (const one of found) counts[one.state] = (counts[one.state] ?? 0) + 1;
  return counts;
}

async function lastHour(since) {
  const found = [];
  let cursor = null;
  for (let page = 0; page < PAGES; page += 1) {
    const some = await get("jobs", { since, limit: 100, cursor });
    found.push(...some.jobs);
    cursor = some.cursor;
    if (!cursor) return { found, all: true };
  }
  return { found, all: false };
}

function quantiles(values) {
  if (!values.length) return null;
  const sorted = values.map((one) => Math.max(0, one)).sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)];
  return [at(0.5), at(0.95)];
}

function tile(words, value, page = null) {
  const number = h("strong", {}, value);
  return h("li", {}, page ? link(page, number, h("span", {}, words)) : [number, h("span", {}, words)]);
}

function perMinute(found, since) {
  const start = +new Date(since);
  const minutes = Array.from({ length: 60 }, () => ({ good: 0, bad: 0, open: 0 }));
  for (const one of found) {
    const minute = minutes[Math.min(59, Math.max(0, Math.floor((new Date(one.created_at) - start) / 60e3)))];
    minute[one.state === "SUCCEEDED" ? "good" : ["DEAD", "EXPIRED"].includes(one.state) ? "bad" : "open"] += 1;
  }
  const most = Math.max(1, ...minutes.map((one) => one.good + one.bad + one.open));
  const height = (value) => (value / most) * 100;
  const label = `${found.length} jobs in the last hour, at most ${most} a minute, ${minutes.reduce((sum, one) => sum + one.bad, 0)} of them dead or expired`;
  return h("figure", {},
    svg("svg", { class: "chart", viewBox: "0 0 610 120", role: "img", "aria-label": label },
      svg("line", { x1: 0, y1: 104, x2: 600, y2: 104, class: "axis" }),
      minutes.map((one, n) => {
        let y = 104;
        return [["good", one.good], ["open", one.open], ["bad", one.bad]].map(([name, value]) => {
          if (!value) return null;
          y -= height(value);
          return svg("rect", { class: `bar ${name}`, x: n * 10 + 1, y, width: 8, height: height(value) }, svg("title", {}, `${59 - n} min ago: ${value} ${name === "good" ? "succeeded" : name === "bad" ? "dead or expired" : "open or cancelled"}`));
        });
      }),
      [60, 45, 30, 15].map((ago) => svg("text", { x: (60 - ago) * 10, y: 117 }, `−${ago} min`)),
      svg("text", { x: 600, y: 117, "text-anchor": "end" }, "now"),
      svg("text", { x: 0, y: 10 }, `${most}`)),
    h("figcaption", {}, h("span", { class: "key good" }, "succeeded"), h("span", { class: "key open" }, "open or cancelled"), h("span", { class: "key bad" }, "dead or expired")));
}
