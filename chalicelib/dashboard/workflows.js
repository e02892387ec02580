// Workflows, newest first. A workflow is a job whose children are jobs; a task that returned one is found among the jobs.

import { get } from "./api.js";
import { h, head, jobLink, link, nothing, state, table, took, when } from "./dom.js";
import { choice, field, input } from "./fields.js";

const STATES = ["WAITING", "QUEUED", "RUNNING", "SUCCEEDED", "DEAD", "CANCELLED", "EXPIRED"];

export async function workflows({ query, memory, every }) {
  const wanted = { state: query.get("state") ?? "", tag: query.get("tag") ?? "" };
  const cursor = query.get("cursor");
  if (cursor) every(15000);
  const found = [];
  let next = cursor;
  for (let look = 0; look < 4; look += 1) {
    const some = await get("jobs", { ...wanted, task: "jobline.workflow", children: "false", limit: 50 - found.length, cursor: next });
    found.push(...some.jobs);
    next = some.cursor;
    if (!next || found.length >= 50) break;
  }
  memory.before ??= new Map();
  if (next) memory.before.set(next, cursor);
  const to = (cursor) => `workflows?${new URLSearchParams([...Object.entries(wanted).filter(([, value]) => value), ...(cursor ? [["cursor", cursor]] : [])])}`;
  return [
    head("Workflows"),
    h("form", { class: "filters", role: "search", "aria-label": "Filter workflows", onsubmit: submit, "data-key": location.hash },
      field("State", choice("state", [["", "any"], ...STATES], wanted.state, { onchange: submit })), field("Tag", input("tag", { value: wanted.tag, size: 14 })),
      h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary" }, "Show"), link("workflows", "Reset"))),
    table(["Workflow", "What it is", "State", "Waits for", "Accepted", "Took"], found.map((one) => [
      jobLink(one.id, "workflows"), [h("span", { class: "clip" }, shape(one.args?.workflow) || (one.args_stored ? "a large one" : "–")), one.tags.map((tag) => h("span", { class: "tag" }, tag))], state(one.state), one.workflow?.waits_for ?? (one.error ? h("span", { class: "clip bad" }, `${one.error.type}: ${one.error.message}`) : "–"), when(one.created_at), took(new Date(one.finished_at ?? Date.now()) - new Date(one.created_at)),
    ]), wanted.state || wanted.tag || next ? "No workflow matches, in the last seven days or on this page." : nothing("There is no workflow of the last seven days. Submit one with POST /workflows, or in Python:", h("pre", {}, "chain(load.s(url), group(parse.s(), count.s()), merge.s()).delay()")), { keys: found.map((one) => one.id), label: "Workflows" }),
    h("nav", { class: "pages", "aria-label": "Pages of workflows" }, cursor ? link(to(null), "⇤ Newest") : null, memory.before.get(cursor) ? link(to(memory.before.get(cursor)), "← Newer") : null, next ? link(to(next), "Older →") : null),
  ];
}

// The tree in a few words, as it would be written in Python; a large one lies elsewhere, and is not read for a list.
export function shape(node, depth = 0) {
  if (!node || typeof node !== "object") return "";
  if (typeof node.task === "string") return node.task;
  const some = (nodes, between) => (Array.isArray(nodes) ? [...nodes.slice(0, 4).map((one) => shape(one, depth + 1)), ...(nodes.length > 4 ? [`${nodes.length - 4} more`] : [])].join(between) : "");
  if (node.chain) return depth ? `(${some(node.chain, " → ")})` : some(node.chain, " → ");
  if (node.group) return `group(${some(node.group, ", ")})`;
  if (node.chord) return `group(${some(node.chord, ", ")}) → ${shape(node.then, depth + 1)}`;
  if (node.map) return `${shape(node.map)} for each${Array.isArray(node.items) ? ` of ${node.items.length}` : ""}`;
  return "";
}

function submit(event) {
  event.preventDefault();
  const given = [...new FormData(event.target.form ?? event.target)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value);
  location.hash = given.length ? `#/workflows?${new URLSearchParams(given)}` : "#/workflows";
}
