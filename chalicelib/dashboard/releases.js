// Releases of dead jobs: all of them in a table, and one while it goes on, wave by wave.

import { get, lacks, post } from "./api.js";
import { ask } from "./dialogs.js";
import { both, button, facts, h, json, link, number, say, svg, table, tile, when } from "./dom.js";
import { field, input } from "./fields.js";

const WAVES = ["one", "ten", "all"];

export function releasesTable(found, refresh) {
  return table(["Made", "State", "Task", "By", "How far", "Redriven", "Died again", ""], found.map((one) => [
    link(`dead/${encodeURIComponent(one.id)}`, when(one.created_at)), word(one), one.task ?? "any", one.by, parts(one), number(one.redriven), number(one.died), turns(one, refresh),
  ]), "There has been none. Release a cause above once it is mended.", { keys: found.map((one) => one.id), label: "Releases", numeric: [5, 6] });
}

export async function release({ path, refresh, every }) {
  const one = await get(`dead/releases/${encodeURIComponent(path[1])}`);
  if (["done", "stopped"].includes(one.state)) every(15000);
  return [
    h("p", { class: "trail" }, link("dead", "Dead jobs"), " / release"),
    h("div", { class: "head" }, h("h1", {}, `Release of ${one.task ?? "any task"}`), h("div", { class: "buttons" }, turns(one, refresh))),
    h("p", { class: "line" }, word(one), one.why),
    h("ol", { class: "waves", "aria-label": "Waves" }, WAVES.map((wave, n) => {
      const at = WAVES.indexOf(one.wave);
      const now = n === at && one.state === "running";
      return h("li", { class: n < at || (n === at && one.state === "done") ? "done" : now ? "now" : null, "aria-current": now ? "step" : null }, h("strong", {}, { one: "One job", ten: "Ten jobs", all: "All others" }[wave]), h("small", {}, n > at ? "not begun" : n === at ? (one.state === "done" ? "done" : one.state) : "passed"));
    })),
    parts(one, true),
    h("ul", { class: "tiles" }, tile("redriven", number(one.redriven)), tile("open", number(one.open)), tile("succeeded", number(one.succeeded)), tile("died again", number(one.died), null, one.died ? "bad" : null), tile("ended otherwise", number(one.ended_otherwise)), tile("skipped", number(one.skipped)), tile("refused", number(one.refused))),
    one.refusal ? h("p", { class: "problem" }, one.refusal) : null,
    h("h2", {}, "What was asked for"),
    facts([["Made", both(one.created_at)], ["By", one.by], ["Task", one.task ?? "any"], ["Fingerprint", one.fingerprint ? h("code", {}, one.fingerprint) : "any"], ["Reason", one.reason ?? "any"], ["Jobs a minute", one.rate], ["Stops at", `${one.stop_at} % of a wave that die again`]]),
    one.change ? [h("h2", {}, "Changed arguments"), json(one.change)] : null,
    h("p", { class: "empty" }, "It goes on with the tick, once a minute. Nobody's browser has to stay open."),
  ];
}

const word = (one) => h("span", { class: `state ${{ running: "running", paused: "waiting", stopped: "dead", done: "succeeded" }[one.state]}` }, one.state.toUpperCase());

// What became of those that were redriven, as one bar with its words.
function parts(one, large = false) {
  const all = Math.max(1, one.redriven);
  const some = [["succeeded", one.succeeded], ["dead", one.died], ["cancelled", one.ended_otherwise], ["running", one.open]];
  let x = 0;
  return svg("svg", { class: large ? "parts large" : "parts", height: 10, role: "img", "aria-label": some.map(([name, n]) => `${n} ${name}`).join(", ") },
    svg("rect", { x: 0, width: "100%", height: 10, class: "bar pause" }),
    some.map(([name, n]) => { const at = x; x += (100 * n) / all; return n ? svg("rect", { x: `${at}%`, width: `${(100 * n) / all}%`, height: 10, class: `bar ${name}` }) : null; }));
}

function turns(one, refresh) {
  const turn = (words, verb, danger) => button(words, async () => {
    const done = await ask({
      title: `${words} this release?`, yes: words, danger,
      words: { pause: "What has been redriven goes on; nothing more is until it is resumed.", resume: "It goes on where it was.", stop: "What has been redriven goes on. A stopped release stays stopped: make a new one." }[verb],
      fields: field("Why", input("why", { maxlength: 300 }), "for whoever looks at it later"),
      act: ({ why }) => post(`dead/releases/${encodeURIComponent(one.id)}/${verb}`, why ? { why } : {}),
    });
    if (done) say({ pause: "It is paused.", resume: "It goes on.", stop: "It is stopped." }[verb]);
    refresh();
  }, { danger, off: lacks("operate") });
  if (one.state === "running") return [turn("Pause", "pause"), turn("Stop", "stop", true)];
  return one.state === "paused" ? [turn("Resume", "resume"), turn("Stop", "stop", true)] : null;
}
