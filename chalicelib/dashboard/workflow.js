// One workflow, live: its picture, the same as text, its children, and what a person may do about it.

import { get, lacks, post } from "./api.js";
import { ask, sure } from "./dialogs.js";
import { both, button, copy, facts, h, jobLink, json, link, nothing, number, say, span, state, table, when } from "./dom.js";
import { choice, field, readNumber } from "./fields.js";
import { graph } from "./graph.js";
import { receipt } from "./job_acts.js";
import { OVER, STATES } from "./states.js";
import { shape } from "./workflows.js";

export async function workflow({ path, query, memory, refresh, every }) {
  const where = `workflows/${encodeURIComponent(path[1])}`;
  const [one, drawn] = await Promise.all([get(`jobs/${encodeURIComponent(path[1])}`), get(`${where}/graph`)]);
  // The tree is as dear as the picture: it is read again when somebody looks at it, or when the workflow has moved.
  if (memory.was !== `${one.id} ${one.state}` || document.querySelector("main details.tree")?.open) memory.seen = await get(where);
  memory.was = `${one.id} ${one.state}`;
  const seen = memory.seen;
  if (OVER.includes(one.state)) every(15000);
  else if (!drawn.complete || drawn.nodes.length > 60) every(8000);
  const children = query.get("children") ? await childrenOf(where, query) : null;
  const stacked = memory.unfolded?.size;
  return [
    h("p", { class: "trail" }, link("workflows", "Workflows"), seen.part_of ? [" / ", link(`workflows/${seen.part_of}`, `part of ${seen.part_of}`)] : null),
    h("div", { class: "head" }, h("h1", {}, title(one, seen)), h("div", { class: "buttons" }, acts(one, seen, where, memory, refresh))),
    h("p", { class: "line" }, state(one.state), h("code", { class: "id" }, one.id), copy(one.id, "the id"), one.workflow?.waits_for ? `waits for ${one.workflow.waits_for}` : null, seen.cancel_requested && !OVER.includes(one.state) ? h("strong", { class: "warn" }, "asked to stop") : null),
    memory.receipt ? receipt(memory.receipt) : null,
    seen.error ? h("section", { class: "error", "data-key": "error" }, h("h2", {}, seen.error.type), h("p", {}, seen.error.message)) : null,
    h("div", { class: "head" }, h("h2", {}, "Picture"), h("div", { class: "buttons" },
      stacked ? button("Fold again", () => { memory.unfolded.clear(); refresh(); }, { kind: "small" }) : null,
      button(memory.fitted ? "Full size" : "Fit", () => { memory.fitted = !memory.fitted; refresh(); }, { kind: "small" }))),
    drawn.nodes.length ? graph(drawn, memory, refresh) : nothing("There is nothing to draw."),
    drawn.complete && seen.complete ? null : h("p", { class: "empty" }, "Not all of it could be looked at in one request: open a part to see more of it."),
    h("details", { class: "tree", "data-key": "tree", ontoggle: (event) => event.target.open && refresh() }, h("summary", {}, "The same as text"), h("ul", {}, node(seen.tree))),
    childrenPart(one, seen, query, children),
    h("div", { class: "columns" },
      h("div", {},
        one.state === "SUCCEEDED" ? [h("h2", {}, "Result"), one.result_stored ? nothing(`${number(one.result_stored.bytes)} bytes, not shown.`) : json(one.result)] : null),
      h("aside", { "aria-label": "Facts" }, h("h2", {}, "Facts"), facts([
        ["Accepted", both(one.created_at)], ["Ended", both(one.finished_at)], ["Took", span(new Date(one.finished_at ?? Date.now()) - new Date(one.created_at))], ["Children", one.workflow?.children === null || !one.workflow ? null : number(one.workflow.children)],
        ["Tags", one.tags.join(", ")], ["Tenant", one.tenant], ["As a job", jobLink(one.id)], ["Made by", one.cause],
      ]))),
  ];
}

const title = (one, seen) => (one.task === "jobline.workflow" ? shape(one.args?.workflow).slice(0, 90) || "Workflow" : seen.task);

function acts(one, seen, where, memory, refresh) {
  const steps = seen.tree.kind === "chain" ? seen.tree.nodes.length : 0;
  const part = seen.part_of ? "It is part of a workflow: retry that, it keeps what has succeeded." : null;
  return [
    OVER.includes(one.state) ? null : button("Cancel", async () => {
      if (!(await sure("Cancel this workflow? Children that run go on to their end; those that have not started do not start.", "Cancel it"))) return;
      try { memory.receipt = (await post(`${where}/cancel`, undefined)).receipt; say("It is cancelled, or asked to stop."); } catch (error) { say(error.message, true); }
      refresh();
    }, { danger: true, off: lacks("operate") }),
    one.state === "DEAD" ? button("Retry what failed", async () => {
      if (!(await sure("Give this workflow another life? Only that is done which has not succeeded.", "Retry it", null, { danger: false }))) return;
      try { await post(`${where}/retry`, undefined); say("It goes on where it failed."); } catch (error) { say(error.message, true); }
      refresh();
    }, { primary: true, off: lacks("operate") ?? part }) : null,
    OVER.includes(one.state) && steps ? button("Resubmit…", () => resubmit(seen, where, refresh), { off: lacks("operate") }) : null,
  ];
}

async function resubmit(seen, where, refresh) {
  const key = crypto.randomUUID();
  const steps = seen.tree.nodes.map((one, n) => [String(n), `step ${n}: ${said(one)}${one.state ? `, ${one.state.toLowerCase()}` : ""}`]);
  const done = await ask({
    title: "Resubmit from a step", yes: "Submit it",
    words: "A new workflow of the steps from there on. The first of them gets what the one before it came to in this one.",
    fields: field("From", choice("from", steps, "0")),
    act: (values) => post(`${where}/resubmit`, { from: readNumber(values, "from", "The step") }, { "Idempotency-Key": `${key}-${values.from}` }),
  });
  if (done) { say("It is accepted."); location.hash = `#/workflows/${done.id}`; } else refresh();
}

const said = (one) => one.task ? (one.kind === "map" ? `${one.task} for each` : one.task) : one.kind;

function node(one) {
  const counts = one.counts && h("small", {}, ` ${one.counts.ended}${one.counts.exact ? "" : " or more"} of ${one.counts.total ?? "?"} ended, ${one.counts.failed} failed`);
  const below = [...one.nodes, ...(one.became ? [one.became] : [])];
  return h("li", { "data-key": one.path }, said(one), " ", state(one.looked ? one.state : "NOT LOOKED AT"), " ", one.job ? jobLink(one.job) : null, counts, one.error ? h("span", { class: "bad" }, ` ${one.error.type}: ${one.error.message}`) : null, one.became ? h("small", {}, " became:") : null,
    below.length ? h("ul", {}, below.map(node)) : null);
}

async function childrenOf(where, query) {
  return get(`${where}/children`, { state: query.get("state"), limit: 50, cursor: query.get("cursor") });
}

function childrenPart(one, seen, query, children) {
  if (!children) return h("p", {}, link(`workflows/${one.id}?children=1`, "Show its children as a list"));
  const state_ = query.get("state") ?? "";
  const to = (more) => `workflows/${one.id}?${new URLSearchParams([["children", "1"], ...(state_ ? [["state", state_]] : []), ...(more ? [["cursor", more]] : [])])}`;
  return h("section", { "data-key": "children" },
    h("div", { class: "head" }, h("h2", {}, "Children"), choice("state", [["", "any state"], ...STATES], state_, { "aria-label": "State of the children", onchange: (event) => { location.hash = `#/workflows/${one.id}?children=1${event.target.value ? `&state=${event.target.value}` : ""}`; } })),
    table(["Number", "Job", "Task", "State", "Error", "Ended"], children.children.map((child) => (child.job ? [child.number, jobLink(child.job.id), child.job.task, state(child.job.state), child.job.error ? h("span", { class: "clip" }, `${child.job.error.type}: ${child.job.error.message}`) : "–", when(child.job.finished_at)] : [child.number, "not made yet, or forgotten", "–", "–", "–", "–"])),
      "None on this page.", { keys: children.children.map((child) => String(child.number)), label: "Children", numeric: [0] }),
    h("nav", { class: "pages", "aria-label": "Pages of children" }, query.get("cursor") ? link(to(null), "⇤ First") : null, children.cursor ? link(to(children.cursor), "More →") : null));
}
