// Webhooks: who is told how jobs end; making, changing and deleting an endpoint, a new secret, a test. For keys that may operate.

import { change, get, lacks, post, remove } from "./api.js";
import { ask, sure, Wrong } from "./dialogs.js";
import { button, copy, h, head, jobLink, link, nothing, say, table, when } from "./dom.js";
import { field, input, readNumber } from "./fields.js";

const ENDS = [["succeeded", "succeed"], ["dead", "die"], ["cancelled", "are cancelled"], ["expired", "expire"]];

export async function webhooks({ refresh, memory, every }) {
  every(10000);
  const { webhooks: found } = await get("webhooks");
  const keep = (what) => { memory.came = what; refresh(); };
  return [
    head("Webhooks", link("dead?task=jobline.webhook", "Messages that nobody took"), button("New endpoint…", () => make(keep), { primary: true, off: lacks("operate") })),
    h("p", { class: "lead" }, "An endpoint is told how the jobs end that name it. Each message is signed; what is not taken is sent again for about 16 hours."),
    memory.came ? told(memory.came, () => keep(null)) : null,
    table(["Endpoint", "Address", "Is told of", "State", "Made", ""], found.map((one) => [
      [h("span", { class: "id" }, one.id), one.description ? h("div", {}, one.description) : null], h("span", { class: "rule" }, one.url), one.events.join(", "), standing(one), when(one.created_at), acts(one, keep, refresh),
    ]), nothing("There is none. Make one, and name it in a job:", h("pre", {}, 'bill.submit("2026-01-01", webhook="wh_…")')), { keys: found.map((one) => one.id), label: "Webhooks" }),
  ];
}

const path = (one) => `webhooks/${encodeURIComponent(one.id)}`;

function standing(one) {
  if (!one.enabled) return h("span", { class: "warn" }, `off: ${one.disabled_because}`);
  return one.old_secret_until ? ["on; two signatures until ", when(one.old_secret_until)] : "on";
}

// What can be read once only, or is on its way: it stays until the page is left or it is put away.
function told({ words, secret, job }, away) {
  return h("section", { class: "receipt", "data-key": "came" }, h("h2", {}, words),
    secret ? [h("p", {}, "Keep the secret now: nobody can show it again."), h("p", { class: "line" }, h("code", {}, secret), copy(secret, "the secret"))] : null,
    job ? h("p", {}, "Whether it arrived is told by job ", jobLink(job), ".") : null,
    button("Close", away));
}

function acts(one, keep, refresh) {
  const act = (words, then, more = {}) => button(words, then, { label: `${words.replace("…", "")}: ${one.id}`, off: lacks("operate"), ...more });
  return [
    act("Change…", () => edit(one, refresh)),
    act("Test…", async () => {
      if (!(await sure(`Send a test message to ${one.id}?`, "Send it", null, { danger: false }))) return;
      try { const { job } = await post(`${path(one)}/test`, undefined); say("It is on its way."); keep({ words: "A test message is on its way", job }); } catch (error) { say(error.message, true); }
    }),
    act("New secret…", () => rotate(one, keep)),
    act("Delete…", async () => {
      if (!(await sure(`Delete ${one.id}? Its secrets go at once, and messages on their way to it die.`, "Delete it"))) return;
      try { await remove(path(one)); say(`${one.id} is deleted.`); } catch (error) { say(error.message, true); }
      refresh();
    }, { danger: true }),
  ];
}

function events(chosen) {
  return h("fieldset", {}, h("legend", {}, "Is told of"), ENDS.map(([one, words]) => tick(`on_${one}`, chosen.includes(one), `jobs that ${words}`)));
}

function tick(name, checked, words) {
  return h("div", { class: "field" }, h("label", {}, input(name, { type: "checkbox", checked }), ` ${words}`));
}

function readEvents(values) {
  const chosen = ENDS.map(([one]) => one).filter((one) => values[`on_${one}`]);
  if (!chosen.length) throw new Wrong("on_succeeded", "Choose at least one.");
  return chosen;
}

async function make(keep) {
  const done = await ask({
    title: "New endpoint", yes: "Make it",
    fields: [field("Address", input("url", { type: "url", required: true, placeholder: "https://hooks.example.com/jobline" }), "https, with a name that all the world can resolve"), field("Description", input("description")), events(["succeeded", "dead"])],
    act: (values) => post("webhooks", { url: values.url, description: values.description, events: readEvents(values) }),
  });
  if (done) { say(`${done.id} is made.`); keep({ words: `The secret of ${done.id}`, secret: done.secret }); }
}

async function edit(one, refresh) {
  const done = await ask({
    title: `Change ${one.id}`, yes: "Change it",
    fields: [
      field("Address", input("url", { type: "url", placeholder: one.url }), "left empty it stays; its query is never shown"), field("Description", input("description", { value: one.description })), events(one.events),
      tick("enabled", one.enabled, "messages are sent"),
    ],
    act: (values) => change(path(one), { ...(values.url ? { url: values.url } : {}), description: values.description, events: readEvents(values), enabled: Boolean(values.enabled) }),
  });
  if (done) say(`${one.id} is changed.`);
  refresh();
}

async function rotate(one, keep) {
  const done = await ask({
    title: `A new secret for ${one.id}`, yes: "Change the secret",
    words: "Messages carry the signatures of both for a while, so that receivers can change over.",
    fields: field("Seconds with both", input("overlap", { value: "86400", inputmode: "numeric" }), "0 to 604,800: the old one is known to somebody else? 0."),
    act: (values) => { const overlap = readNumber(values, "overlap", "The time"); return post(`${path(one)}/rotate`, overlap === null ? {} : { overlap }); },
  });
  if (done) { say("The secret is changed."); keep({ words: `The new secret of ${one.id}`, secret: done.secret }); }
}
