// Budgets: dollars a day or a month, for a tenant, a task or the stage; how much of each is spent, in words and as a bar. For administrators' keys.

import { get, lacks, put, remove } from "./api.js";
import { ask, sure, Wrong } from "./dialogs.js";
import { button, h, link, moment, nothing, say, svg, table, when } from "./dom.js";
import { choice, field, input, readNumber } from "./fields.js";
import { dollars } from "./scale.js";

const KINDS = [["tenant", "a tenant's jobs"], ["task", "a task's jobs"], ["stage", "all jobs of the stage"]];
const THEN = [["tell", "it is told: log, event, metric"], ["pause", "and submissions are refused until it is over"]];

export async function budgets(refresh) {
  const off = lacks("admin");
  const found = off ? [] : (await get("budgets")).budgets;
  return [
    h("div", { class: "head" }, h("h2", {}, "Budgets"), h("div", { class: "buttons" }, button("New budget…", () => edit(null, refresh), { primary: true, off }))),
    off ? h("p", { class: "empty" }, "Budgets are seen and set with an administrator's key.")
      : table(["Of", "A day", "A month", "When spent", "Now", "Set", ""], found.map((one) => [
        named(one), used(one.day), used(one.month), one.on_spent === "pause" ? "submissions are refused" : "it is told", now(one), [when(one.since), h("small", {}, ` by ${one.by}`)],
        [button("Change…", () => edit(one, refresh), { label: `Change the budget of ${whose(one)}` }), button("Delete…", () => removeBudget(one, refresh), { danger: true, label: `Delete the budget of ${whose(one)}` })],
      ]), nothing("There is no budget.", "Set one where somebody should be told, or stopped, when so many dollars are spent."), { keys: found.map((one) => `${one.kind} ${one.name}`), label: "Budgets" }),
  ];
}

const whose = (one) => (one.kind === "stage" ? "the stage" : one.name);
const named = (one) => (one.kind === "stage" ? h("strong", {}, "the whole stage") : [`${one.kind} `, one.kind === "task" ? link(`tasks/${encodeURIComponent(one.name)}`, one.name) : h("strong", {}, one.name)]);
const path = (kind, name) => (kind === "stage" ? "stage/budget" : `${kind}s/${encodeURIComponent(name)}/budget`);

// At 80 % it is told, at 100 % it is spent: the words say it, and the bar shows it.
function used(one) {
  if (!one) return "–";
  const percent = Math.floor((100 * one.spent) / one.dollars);
  const [kind, words] = percent >= 100 ? ["bad", "spent"] : percent >= 80 ? ["retrying", "nearly spent"] : ["good", ""];
  return h("div", { class: "used" },
    h("span", {}, `${dollars(one.spent)} of ${dollars(one.dollars)}`), " ", words ? h("b", { class: kind === "bad" ? "bad" : "warn" }, `${percent} %, ${words}`) : `(${percent} %)`,
    svg("svg", { class: "parts", height: 8, "aria-hidden": "true" }, svg("rect", { class: "bar pause", width: "100%", height: 8 }), percent ? svg("rect", { class: `bar ${kind}`, width: `${Math.min(100, percent)}%`, height: 8 }) : null));
}

const now = (one) => (one.held ? h("span", { class: "bad" }, "refusing until ", moment(one.held.until)) : "accepting");

async function edit(one, refresh) {
  const amount = (name, label, old) => field(label, input(name, { value: old?.dollars ?? "", inputmode: "decimal" }));
  const kind = choice("kind", KINDS, "tenant", { onchange: () => { name.disabled = kind.value === "stage"; } });
  const name = input("name");
  const done = await ask({
    title: one ? `Change the budget of ${whose(one)}` : "New budget", yes: one ? "Change it" : "Set it",
    words: `It is set whole: what is left empty is none${one ? ", and what is spent goes on being counted" : "; a budget that is there already is replaced"}. Days and months are those of UTC.`,
    fields: [
      one ? null : h("div", { class: "row" }, field("Of", kind), field("Name", name)),
      h("div", { class: "row" }, amount("day", "Dollars a day", one?.day), amount("month", "Dollars a month", one?.month)),
      field("When it is spent", choice("on_spent", THEN, one?.on_spent ?? "tell"), "Jobs that are accepted go on; schedules and events, too."),
    ],
    act: (values) => {
      const of = one ?? values;
      if (of.kind !== "stage" && !of.name) throw new Wrong("name", "Name the tenant or the task.");
      const body = { on_spent: values.on_spent };
      for (const [period, words] of [["day", "Dollars a day"], ["month", "Dollars a month"]]) if (values[period] !== "") body[period] = readNumber(values, period, words);
      if (Object.keys(body).length === 1) throw new Wrong("day", "Give a day's dollars, a month's, or both. To take it away there is “Delete”.");
      return put(path(of.kind, of.name), body);
    },
  });
  if (done) say(`The budget of ${whose(done)} is set.`);
  refresh();
}

async function removeBudget(one, refresh) {
  if (!(await sure(`Delete the budget of ${whose(one)}? Nobody is told any more what it spends${one.on_spent === "pause" ? ", and nothing is refused from the next minute on" : ""}.`, "Delete it"))) return;
  try { await remove(path(one.kind, one.name)); say(`${whose(one)} has no budget any more.`); } catch (error) { say(error.message, true); }
  refresh();
}
