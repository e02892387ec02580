// The pages: where each is, what it is called, and who may see it.

import { may } from "./api.js";
import { costs } from "./costs.js";
import { dead } from "./dead.js";
import { job } from "./job.js";
import { jobs } from "./jobs.js";
import { lanes } from "./lanes.js";
import { overview } from "./overview.js";
import { release } from "./releases.js";
import { schedule } from "./schedule.js";
import { schedules } from "./schedules.js";
import { tasks } from "./tasks.js";
import { tenants } from "./tenants.js";
import { topics } from "./topics.js";
import { webhooks } from "./webhooks.js";
import { workflow } from "./workflow.js";
import { workflows } from "./workflows.js";

// `one`: the page of a single thing of that kind, /jobs/{id}. `letter`: after `g`, it leads there.
export const PAGES = [
  { id: "overview", name: "Overview", page: overview, letter: "o" },
  { id: "jobs", name: "Jobs", page: jobs, one: job, letter: "j" },
  { id: "workflows", name: "Workflows", page: workflows, one: workflow, letter: "w" },
  { id: "dead", name: "Dead", page: dead, one: release, letter: "d" },
  { id: "schedules", name: "Schedules", page: schedules, one: schedule, letter: "s" },
  { id: "lanes", name: "Lanes", page: lanes, letter: "l" },
  { id: "tasks", name: "Tasks", page: tasks, one: tasks, letter: "t" },
  { id: "topics", name: "Topics", page: topics, letter: "p" },
  { id: "costs", name: "Costs", page: costs, letter: "c" },
  { id: "webhooks", name: "Webhooks", page: webhooks, letter: "h", scope: "operate" },
  { id: "tenants", name: "Tenants", page: tenants, letter: "n", scope: "admin" },
];

export const shownPages = () => PAGES.filter((one) => !one.scope || may(one.scope));

export function pageOf(path) {
  const found = PAGES.find((one) => one.id === (path[0] || "overview"));
  return found && (path[1] ? found.one : found.page);
}
