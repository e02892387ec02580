// What many jobs of a task would cost and when they would be done, by what its jobs took so far: a form on the task's page. GET /tasks/{name}/plan.

import { get } from "./api.js";
import { facts, h, number, span, table, when } from "./dom.js";
import { field, input } from "./fields.js";
import { dollars } from "./scale.js";

// `count` and `run_ms` stand in the page's address, so that a plan can be kept and shared; it is asked for once, and again when that is said.
export async function plan(task, { query, memory, refresh }) {
  const asked = { count: query.get("count") ?? "", run_ms: query.get("run_ms") ?? "" };
  if (asked.count && memory.planned !== `${asked.count} ${asked.run_ms}`) await reckon(task, asked, memory);
  return [
    h("h2", { id: "plan" }, "What many would take"),
    h("form", { class: "filters", "aria-labelledby": "plan", novalidate: true, onsubmit: async (event) => {
      event.preventDefault();
      const given = Object.fromEntries([...new FormData(event.currentTarget)].map(([name, value]) => [name, value.trim()]));
      const words = new URLSearchParams(Object.entries(given).filter(([, value]) => value));
      history.replaceState(null, "", `#/tasks/${encodeURIComponent(task)}?${words}`);
      await reckon(task, given, memory);
      refresh();
    } },
    field("Jobs", input("count", { value: asked.count, inputmode: "numeric", placeholder: "1000000", "aria-invalid": memory.wrong?.argument === "count" ? "true" : null })),
    field("Milliseconds that one runs", input("run_ms", { value: asked.run_ms, inputmode: "numeric", placeholder: "by its history", "aria-invalid": memory.wrong?.argument === "run_ms" ? "true" : null })),
    h("button", { type: "submit" }, "Plan")),
    h("p", { role: "status", class: memory.wrong ? "problem" : null }, memory.wrong ? memory.wrong.message : memory.plan ? said(memory.plan) : "Dollars, and when the last one would have ended. Nothing is submitted."),
    memory.plan ? shown(memory.plan) : null,
  ];
}

async function reckon(task, { count, run_ms }, memory) {
  memory.planned = `${count} ${run_ms}`;
  memory.plan = memory.wrong = null;
  try { memory.plan = await get(`tasks/${encodeURIComponent(task)}/plan`, { count: count || "0", run_ms }); } catch (error) {
    if (error.status === 401) throw error;
    memory.wrong = error;
  }
}

const said = (made) => [`${number(made.count)} jobs would cost `, h("strong", {}, dollars(made.dollars)), " and be done in ", h("strong", {}, span(made.seconds * 1000)), "."];

function shown(made) {
  const past = made.history;
  return [
    facts([
      ["Done at", made.done_at ? [when(made.done_at), ", if all were submitted now", h("small", {}, new Date(made.done_at).toLocaleString())] : "not within ten years"], ["Limited by", made.limited_by],
      ["Billed", `${number(made.invocations)} invocations, ${span(made.billed_ms)}`],
      ["Goes by", past.attempts ? `${number(past.attempts)} attempts of the last 7 days, ${span(past.mean_ms)} each, p95 ${span(past.p95_ms)}${past.retried ? `; ${number(past.retried)} were tried again` : ""}` : "no history: what you gave"],
    ]),
    table(["Part", "Cost", "Made of"], made.lines.map((one) => [one.what, dollars(one.dollars), one.how]), "Nothing.", { label: "Parts of the cost", numeric: [1] }),
    table(["Limit", "Alone takes", "For"], made.limits.map((one) => [one.what, span(one.seconds * 1000), one.how]), "No limit.", { label: "Limits", numeric: [1] }),
    h("details", { "data-key": "granted" }, h("summary", {}, "What it takes for granted"), h("ul", {}, made.assumptions.map((one) => h("li", {}, one)), h("li", {}, `list prices of ${made.prices.region}, ${made.prices.as_of}`))),
  ];
}
