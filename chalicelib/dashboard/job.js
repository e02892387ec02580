// One job: where it is, what happened to it, what it was given and what it came to; and what a person may do about it.

import { get, post } from "./api.js";
import { button, h, jobLink, json, say, span, state, sure, table, when } from "./dom.js";
import { waterfall } from "./waterfall.js";

const OVER = ["SUCCEEDED", "DEAD", "CANCELLED", "EXPIRED"];

export async function job({ path, refresh }) {
  const one = await get(`jobs/${encodeURIComponent(path[1])}`);
  return [
    h("h1", {}, one.task),
    h("p", { class: "line" }, state(one.state), h("code", {}, one.id), one.reason ? `reason: ${one.reason}` : null, one.cancel_requested && !OVER.includes(one.state) ? "asked to stop" : null),
    actions(one, refresh),
    progress(one.progress),
    one.error ? problem(one.error) : null,
    h("h2", {}, "Timeline"), waterfall(one),
    h("h2", {}, "Facts"), facts(one),
    h("h2", {}, "Arguments"), stored(one.args, one.args_stored),
    one.state === "SUCCEEDED" ? [h("h2", {}, "Result"), stored(one.result, one.result_stored)] : null,
    h("h2", {}, "History"),
    table(["When", "What", "Epoch", "By", "Note"], one.history.map((entry) => [when(entry.at), entry.event.replaceAll("_", " "), entry.epoch, entry.by || "–", entry.note || "–"]), "Nothing has happened to it yet."),
  ];
}

function actions(one, refresh) {
  const act = (words, verb, question, done, danger) => button(words, async () => {
    if (!(await sure(question, words))) return;
    try {
      await post(`jobs/${encodeURIComponent(one.id)}/${verb}`, undefined);
      say(done);
    } catch (error) { say(error.message, true); }
    refresh();
  }, { danger });
  const found = [];
  if (!OVER.includes(one.state)) found.push(act("Cancel", "cancel", `Cancel ${one.task}? What it has done stays done.`, "Cancelled, or asked to stop.", true));
  if (one.state === "DEAD") found.push(act("Retry", "retry", `Give ${one.task} another life, with all its attempts?`, "It is queued again."));
  return found.length ? h("p", { class: "buttons" }, found) : null;
}

function progress(said) {
  if (!said) return null;
  const part = said.fraction === null ? null : h("progress", { max: 1, value: said.fraction, "aria-label": "Progress" });
  return h("p", { class: "line" }, part, said.fraction === null ? null : `${Math.round(said.fraction * 100)} %`, said.message, said.eta ? ["done ", when(said.eta)] : null);
}

function problem(error) {
  return h("section", { class: "error" },
    h("h2", {}, error.type), h("p", {}, error.message),
    error.traceback ? h("details", { open: true }, h("summary", {}, "Traceback"), h("pre", { tabindex: 0 }, error.traceback)) : null);
}

function facts(one) {
  const ran = one.started_at && one.finished_at ? span(new Date(one.finished_at) - new Date(one.started_at)) : null;
  const waited = one.started_at ? span(Math.max(0, new Date(one.started_at) - new Date(one.created_at))) : null;
  const parent = /^(?:workflow:)?([0-7][0-9A-HJKMNP-TV-Z]{25})/.exec(one.cause ?? "");
  const rows = [
    ["Accepted", when(one.created_at)], ["Due", one.due_at && when(one.due_at)], ["Started", one.started_at && when(one.started_at)], ["Ended", one.finished_at && when(one.finished_at)],
    ["Waited", waited], ["Took", ran], ["Attempts", `${one.attempts} of ${one.max_attempts}`], ["Lane", one.lane], ["Tenant", one.tenant],
    ["Tags", one.tags.join(", ")], ["Made by", parent ? [one.cause.startsWith("workflow:") ? "workflow " : "job ", jobLink(parent[1])] : one.cause],
    ["Passes", one.limits.join(", ")], ["Fingerprint", one.error?.fingerprint],
  ].filter(([, value]) => value);
  return h("dl", {}, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function stored(value, elsewhere) {
  return elsewhere ? h("p", { class: "empty" }, `${elsewhere.bytes.toLocaleString()} bytes, not shown: ${elsewhere.why.replaceAll("_", " ")}`) : json(value);
}
