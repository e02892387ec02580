// The same done to many jobs: what it would be is shown first, how far it is while it lasts, what became of each at the end.

import { post } from "./api.js";
import { open, sure } from "./dialogs.js";
import { button, h, jobLink, number, say, state, table } from "./dom.js";
import { OVER } from "./states.js";

const AT_ONCE = 4;
const A_TIME = 100;
const DONE = { cancelled: "cancelled", asked: "asked to stop", too_late: "had ended", retried: "queued again", refused: "refused" };

const list = (some) => table(["Job", "Task", "State"], some.slice(0, 8).map((job) => [jobLink(job.id), job.task, state(job.state)]), "None.");

export async function cancelThese(jobs, done) {
  const some = jobs.filter((job) => !OVER.includes(job.state));
  if (!some.length) { say("They have all ended."); return; }
  if (!(await sure(`Cancel ${some.length} jobs? What they have done stays done.`, "Cancel them", list(some)))) return;
  await each("Cancelling", some, async (job) => (await post(`jobs/${job.id}/cancel`, undefined)).receipt.outcome);
  done();
}

export async function retryThese(jobs, done) {
  const some = jobs.filter((job) => job.state === "DEAD");
  if (!(await sure(`Give ${some.length} dead jobs another life, with all their attempts?`, "Retry them", list(some), { danger: false }))) return;
  await each("Retrying", some, async (job) => { await post(`jobs/${job.id}/retry`, undefined); return "retried"; });
  done();
}

async function each(title, some, act) {
  const told = telling(title, some.length);
  const left = [...some];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (left.length && !told.stopped()) {
      const job = left.shift();
      try { told.count(await act(job), job.id); } catch (error) { told.count("refused", job.id, error.message); }
    }
  }));
  await told.end();
}

export async function cancelMatching(filter, refresh) {
  try {
    const plan = await post("jobs/cancel", { ...filter, limit: A_TIME, dry_run: true });
    if (!plan.found.length && !plan.cursor) { say("No unfinished job matches."); return; }
    const words = plan.cursor ? `${number(plan.found.length)} or more unfinished jobs match. Cancel all of them?` : `Cancel the ${number(plan.found.length)} unfinished jobs that match?`;
    if (!(await sure(`${words} What they have done stays done.`, "Cancel them", list(plan.found)))) return;
    const told = telling("Cancelling", plan.cursor ? null : plan.found.length);
    let cursor = null;
    try {
      do {
        const did = await post("jobs/cancel", { ...filter, limit: A_TIME, ...(cursor ? { cursor } : {}) });
        for (const one of did.cancelled) told.count(one.receipt.outcome, one.id);
        for (const one of did.refused) told.count("refused", one.id, one.problem.detail ?? one.problem.title);
        cursor = did.cursor;
      } while (cursor && !told.stopped());
    } catch (error) { told.failed(error.message); }
    await told.end();
  } catch (error) { say(error.message, true); }
  refresh();
}

function telling(title, total) {
  const counts = {};
  const refusals = [];
  let stop = false;
  let done = 0;
  let closed = null;
  const ended = new Promise((resolve) => { closed = resolve; });
  const words = h("p", { role: "status" }, "It begins…");
  const bar = h("progress", { max: total ?? 1, "aria-label": title });
  const turn = button("Stop here", () => { stop = true; });
  const dialog = h("dialog", { "aria-labelledby": "question" }, h("h2", { id: "question" }, title), bar, words, h("p", { class: "buttons" }, turn));
  open(dialog, () => { stop = true; closed(); });
  const tell = () => words.replaceChildren(Object.entries(counts).map(([name, n]) => `${number(n)} ${DONE[name] ?? name}`).join(", ") || "None yet");
  return {
    stopped: () => stop,
    count(outcome, id, why = null) {
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      if (why) refusals.push([jobLink(id), why]);
      done += 1;
      if (total) bar.value = done;
      tell();
    },
    failed(why) { refusals.push(["–", why]); },
    async end() {
      tell();
      bar.max = 1;
      bar.value = 1;
      if (refusals.length) words.after(table(["Job", "Why not"], refusals.slice(0, 20), ""));
      turn.textContent = "Close";
      turn.onclick = () => dialog.close();
      turn.focus();
      await ended;
      say(words.textContent);
    },
  };
}
