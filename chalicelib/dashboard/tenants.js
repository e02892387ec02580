// Tenants' limits: who has which, since when and by whom; setting and removing them. For administrators' keys.

import { get, lacks, put, remove } from "./api.js";
import { ask, sure, Wrong } from "./dialogs.js";
import { button, h, head, nothing, number, say, span, table, when } from "./dom.js";
import { field, input, readNumber } from "./fields.js";

export async function tenants({ refresh, every }) {
  every(10000);
  const { tenants: found } = await get("tenants");
  return [
    head("Tenants", button("Set limits…", () => edit(null, refresh), { primary: true, off: lacks("admin") })),
    h("p", { class: "lead" }, "What each tenant's jobs may use together. What is over a rate or a number waits; what is over a quota is refused with 429. All functions know of a change within a minute."),
    table(["Tenant", "Starts", "At once", "Accepted", "Other quotas", "Since", "By", ""], found.map((one) => [
      h("strong", {}, one.tenant), one.rate ? `${number(one.rate.limit)} in ${seconds(one.rate.per)}, burst ${number(one.rate.burst)}` : "no limit", one.concurrency === null ? "no limit" : number(one.concurrency),
      one.accepted ? `${number(one.accepted.limit)} in ${seconds(one.accepted.per)}` : "no limit", quotas(one).join(", ") || "none", when(one.since), one.by || "–",
      [button("Change…", () => edit(one, refresh), { label: `Change the limits of ${one.tenant}`, off: lacks("admin") }), button("Remove…", () => removeLimits(one, refresh), { danger: true, label: `Remove the limits of ${one.tenant}`, off: lacks("admin") })],
    ]), nothing("No tenant has limits.", "Set some where one tenant must not slow the others down."), { keys: found.map((one) => one.tenant), label: "Tenants with limits" }),
  ];
}

const seconds = (value) => span(value * 1000);

const COUNTS = [["unfinished", "Jobs that have not ended", "unfinished jobs"], ["schedules", "Schedules", "schedules"], ["children", "Children of one group", "children of a group"]];

const quotas = (one) => [
  ...(one.bytes ? [`${number(one.bytes.limit)} bytes in ${seconds(one.bytes.per)}`] : []),
  ...COUNTS.filter(([name]) => one[name] !== null).map(([name, , words]) => `${number(one[name])} ${words}`),
];

async function edit(one, refresh) {
  const some = (name, label, value, hint) => field(label, input(name, { value: value ?? "", inputmode: "decimal" }), hint);
  const done = await ask({
    title: one ? `Change the limits of ${one.tenant}` : "Set a tenant's limits", yes: "Set them",
    words: "All are set together. What is left empty is no limit.",
    fields: [
      one ? null : field("Tenant", input("tenant", { required: true })),
      h("fieldset", {}, h("legend", {}, "Starts"), h("div", { class: "row" }, some("limit", "Attempts", one?.rate?.limit), some("per", "in seconds", one?.rate?.per), some("burst", "Burst", one?.rate?.burst, "at once after a pause"))),
      h("fieldset", {}, h("legend", {}, "At once"), some("concurrency", "Attempts that run", one?.concurrency, "1 to 500")),
      h("fieldset", {}, h("legend", {}, "Accepted"), h("div", { class: "row" }, some("quota", "Jobs", one?.accepted?.limit), some("quota_per", "in any so many seconds", one?.accepted?.per))),
      h("fieldset", {}, h("legend", {}, "Bytes of arguments"), h("div", { class: "row" }, some("bytes", "Bytes", one?.bytes?.limit), some("bytes_per", "in any such seconds", one?.bytes?.per))),
      h("fieldset", {}, h("legend", {}, "At most"), h("div", { class: "row" }, ...COUNTS.map(([name, label]) => some(name, label, one?.[name])))),
    ],
    act: async (values) => {
      const tenant = one?.tenant ?? values.tenant;
      if (!tenant) throw new Wrong("tenant", "Name the tenant.");
      const read = (name, words) => readNumber(values, name, words);
      const both = (first, second, words) => { if ((values[first] === "") !== (values[second] === "")) throw new Wrong(values[first] === "" ? first : second, words); return values[first] !== ""; };
      const body = {};
      if (both("limit", "per", "Starts need a number and the seconds.")) body.rate = { limit: read("limit", "Attempts"), per: read("per", "The seconds"), burst: read("burst", "Burst") ?? 1 };
      if (values.concurrency !== "") body.concurrency = read("concurrency", "The number at once");
      if (both("quota", "quota_per", "A quota needs a number and the seconds.")) body.accepted = { limit: read("quota", "Jobs"), per: read("quota_per", "The seconds") };
      if (both("bytes", "bytes_per", "Bytes need a number and the seconds.")) body.bytes = { limit: read("bytes", "Bytes"), per: read("bytes_per", "The seconds") };
      for (const [name, label] of COUNTS) if (values[name] !== "") body[name] = read(name, label);
      if (!Object.keys(body).length) throw new Wrong("limit", "Give at least one limit. To take all away there is “Remove”.");
      return put(`tenants/${encodeURIComponent(tenant)}/limits`, body);
    },
  });
  if (done) say(`The limits of ${done.tenant} are set.`);
  refresh();
}

async function removeLimits(one, refresh) {
  if (!(await sure(`Take all limits of ${one.tenant} away? Jobs that wait for them run within an hour or so.`, "Remove them"))) return;
  try { await remove(`tenants/${encodeURIComponent(one.tenant)}/limits`); say(`${one.tenant} has no limits any more.`); } catch (error) { say(error.message, true); }
  refresh();
}
