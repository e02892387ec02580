// One job: where it is, what happened to it, what it was given and what it came to; and what a person may do about it.

import { get, me } from "./api.js";
import { actions, receipt } from "./job_acts.js";
import { both, copy, facts, h, jobLink, json, link, nothing, span, state, table, when } from "./dom.js";
import { OVER } from "./states.js";
import { waterfall } from "./waterfall.js";

export async function job({ path, query, refresh, memory, every }) {
  const one = await get(`jobs/${encodeURIComponent(path[1])}`, { tenant: query.get("tenant") });
  if (OVER.includes(one.state)) every(15000);
  const place = one.workflow;
  const done = memory.steps ? (await get(`jobs/${encodeURIComponent(path[1])}/steps`, { tenant: query.get("tenant") })).steps : null;
  return [
    h("p", { class: "trail" }, link("jobs", "Jobs"), place?.of ? [" / ", link(`workflows/${place.of}`, `workflow ${place.of}`), ` / ${place.place ?? ""}`] : null),
    h("div", { class: "head" }, h("h1", {}, one.task), h("div", { class: "buttons" }, one.tenant === me().tenant ? actions(one, memory, refresh) : h("span", { class: "empty" }, `Of tenant ${one.tenant}: to be changed with a key of theirs.`))),
    h("p", { class: "line" }, state(one.state), h("code", { class: "id" }, one.id), copy(one.id, "the id"), one.reason ? h("span", {}, "reason: ", one.reason.replaceAll("_", " ")) : null, one.cancel_requested && !OVER.includes(one.state) ? h("strong", { class: "warn" }, "asked to stop") : null, place?.waits_for ? `waits for ${place.waits_for}` : null),
    progress(one.progress),
    memory.receipt ? receipt(memory.receipt) : null,
    h("div", { class: "columns" },
      h("div", {},
        one.error ? problem(one.error, one.state) : null,
        h("section", { "data-key": "timeline" }, h("h2", {}, "Timeline"), waterfall(one)),
        one.epoch ? steps(done, memory, refresh) : null,
        one.state === "SUCCEEDED" ? h("section", { "data-key": "result" }, titled("Result", one.result), stored(one.result, one.result_stored)) : null,
        h("section", { "data-key": "args" }, titled("Arguments", one.args), stored(one.args, one.args_stored)),
        h("section", { "data-key": "history" }, h("h2", {}, "History"), history(one))),
      h("aside", { "aria-label": "Facts" }, h("h2", {}, "Facts"), about(one), elsewhere(one.links))),
  ];
}

const titled = (words, value) => h("div", { class: "head" }, h("h2", {}, words), value === null || value === undefined ? null : copy(JSON.stringify(value, null, 2), `the ${words.toLowerCase()}`));

function progress(said) {
  if (!said) return null;
  const part = said.fraction === null ? null : h("progress", { max: 1, value: said.fraction, "aria-label": "Progress" });
  return h("p", { class: "line" }, part, said.fraction === null ? null : h("strong", {}, `${Math.round(said.fraction * 100)} %`), h("span", {}, said.message), said.eta ? h("span", {}, "done ", when(said.eta)) : h("span", { class: "empty" }, "said ", when(said.at)));
}

// Most jobs have none: they are asked for when somebody unfolds them, and as long as they are unfolded.
function steps(done, memory, refresh) {
  const unfold = (event) => {
    if (Boolean(memory.steps) === event.currentTarget.open) return;
    memory.steps = event.currentTarget.open;
    if (memory.steps) refresh();
  };
  return h("details", { "data-key": "steps", open: Boolean(memory.steps), ontoggle: unfold }, h("summary", {}, "Steps that are done"),
    done && table(["Step", "Done", "Epoch", "Bytes"], done.map((one) => [one.name, when(one.at), one.epoch ?? "–", one.bytes.toLocaleString("en")]), nothing("None is recorded.", h("code", {}, "current_job().step(name, function)"), " records what it came to, and no later attempt does it again."), { label: "Steps that are done", keys: done.map((one) => one.name), numeric: [2, 3] }));
}

function problem(error, of) {
  return h("section", { class: `error${of === "SUCCEEDED" ? " past" : ""}`, "data-key": "error" },
    h("div", { class: "head" }, h("h2", {}, error.type), link(`dead?fingerprint=${encodeURIComponent(error.fingerprint)}`, "Others that died of this")),
    h("p", {}, error.message), of === "SUCCEEDED" ? h("p", { class: "empty" }, "An attempt before the one that succeeded.") : null,
    error.traceback ? h("details", { open: true }, h("summary", {}, "Traceback"), h("pre", { tabindex: 0 }, error.traceback)) : null);
}

function about(one) {
  const ran = one.started_at && one.finished_at ? span(new Date(one.finished_at) - new Date(one.started_at)) : null;
  const waited = one.started_at ? span(Math.max(0, new Date(one.started_at) - Math.max(new Date(one.created_at), one.due_at ? new Date(one.due_at) : 0))) : null;
  return facts([
    ["Accepted", both(one.created_at)], ["Due", both(one.due_at)], ["Started", both(one.started_at)], ["Ended", both(one.finished_at)], ["Expires", both(one.expires_at)],
    ["Waited", waited], ["Took", ran], ["Attempts", `${one.attempts} of ${one.max_attempts}`], ["Epoch", one.epoch], ["Lane", link("lanes", one.lane)], ["Tenant", one.tenant],
    ["Tags", one.tags.map((tag) => link(`jobs?tag=${encodeURIComponent(tag)}`, h("span", { class: "tag" }, tag)))],
    ["Made by", cause(one.cause)], ["Children", one.workflow?.children === null || !one.workflow ? null : link(`workflows/${one.id}`, `${one.workflow.children} children`)],
    ["Passes", one.limits.map((text) => h("div", {}, h("code", {}, text)))],
    ["Tells of", one.events.join(", ")], ["Webhook", one.webhook], ["Fingerprint", one.error ? h("code", {}, one.error.fingerprint) : null],
  ].filter(([, value]) => !(Array.isArray(value) && !value.length)));
}

function cause(text) {
  if (!text) return null;
  const workflow = /^workflow:([0-7][0-9A-HJKMNP-TV-Z]{25})/.exec(text);
  if (workflow) return ["workflow ", jobLink(workflow[1], "workflows")];
  if (text.startsWith("schedule:")) return ["schedule ", link(`schedules/${encodeURIComponent(text.slice(9))}`, text.slice(9))];
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text) ? ["job ", jobLink(text)] : text.replace(":", " ");
}

// Only what the stage has: on one machine there is neither.
function elsewhere(links) {
  const there = [["Its log lines", links?.logs], ["Its traces", links?.traces]].filter(([, url]) => url);
  if (!there.length) return null;
  return [h("h2", {}, "On AWS"), h("ul", { class: "links" }, there.map(([words, url]) => h("li", {}, h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, words, " ↗"))))];
}

function stored(value, elsewhere) {
  return elsewhere ? nothing(`${elsewhere.bytes.toLocaleString("en")} bytes, not shown: ${elsewhere.why.replaceAll("_", " ")}.`) : json(value);
}

function history(one) {
  const start = +new Date(one.created_at);
  return table(["After", "What", "Epoch", "By", "Note"], one.history.map((entry) => [
    h("time", { datetime: entry.at, title: new Date(entry.at).toLocaleString() }, `+${span(Math.max(0, new Date(entry.at) - start))}`),
    entry.event.replaceAll("_", " "), entry.epoch, entry.by ? h("code", {}, entry.by) : "–", entry.note || "–"]), "Nothing has happened to it yet: it waits for its first attempt.", { label: "History" });
}
