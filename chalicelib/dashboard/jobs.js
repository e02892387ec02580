// Jobs, newest first: by state, task and tag, a page at a time.

import { get } from "./api.js";
import { h, jobLink, link, state, table, when } from "./dom.js";

export const STATES = ["QUEUED", "SCHEDULED", "RUNNING", "RETRYING", "WAITING", "SUCCEEDED", "DEAD", "CANCELLED", "EXPIRED"];
const FILTERS = ["state", "task", "tag"];

export async function jobs({ query }) {
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""]));
  const { jobs: found, cursor } = await get("jobs", { ...wanted, limit: 50, cursor: query.get("cursor") });
  const path = (cursor) => `jobs?${new URLSearchParams([...Object.entries(wanted).filter(([, value]) => value), ...(cursor ? [["cursor", cursor]] : [])])}`;
  return [
    h("h1", {}, "Jobs"),
    filters(wanted),
    table(["Job", "Task", "State", "Attempts", "Accepted", "Ended"], found.map(row), "No job that matches, in the last seven days or on this page."),
    h("p", { class: "pages" },
      query.get("cursor") ? link(path(null), "← Newest") : null,
      cursor ? link(path(cursor), "Older →") : null),
  ];
}

export function row(job) {
  return [jobLink(job.id), job.task, state(job.state), `${job.attempts} of ${job.max_attempts}`, when(job.created_at), when(job.finished_at)];
}

function filters(wanted) {
  const field = (name, label, control) => h("label", {}, label, " ", control);
  const choice = h("select", { name: "state", onchange: submit },
    h("option", { value: "" }, "any"), STATES.map((one) => h("option", { value: one, selected: one === wanted.state }, one)));
  const form = h("form", { class: "filters", role: "search", onsubmit: submit },
    field("state", "State", choice),
    field("task", "Task", h("input", { name: "task", value: wanted.task, size: 16 })),
    field("tag", "Tag", h("input", { name: "tag", value: wanted.tag, size: 16 })),
    h("button", { type: "submit" }, "Show"));
  function submit(event) {
    event.preventDefault();
    document.activeElement?.blur();
    const given = [...new FormData(form)].filter(([, value]) => value);
    location.hash = `#/jobs?${new URLSearchParams(given)}`;
  }
  return form;
}
