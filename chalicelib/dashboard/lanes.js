// Lanes: how much waits in each, how that has gone since the page was opened, and pausing one.

import { get, lacks, post } from "./api.js";
import { button, h, head, number, say, sure, svg, table, tile, when } from "./dom.js";

const KEPT = 200;
const WIDTH = 160;
const HEIGHT = 32;
const seen = new Map(); // lane -> [{at, waiting, busy}], as long as the page is open

export async function lanes({ refresh }) {
  const { lanes: found } = await get("lanes");
  for (const one of found) remember(one);
  const own = found.filter((one) => one.lane !== "dead-letters");
  const sum = (name) => number(own.reduce((all, one) => all + one[name], 0));
  return [
    head("Lanes"),
    h("p", { class: "lead" }, "Each lane is a queue with its own consumer. Counts are SQS's, and so approximate."),
    h("ul", { class: "tiles" }, tile("waiting", sum("waiting")), tile("not due yet", sum("delayed")), tile("with a consumer", sum("in_flight")), tile("lanes paused", number(own.filter((one) => one.paused).length))),
    table(["Lane", "Waiting", "Not due yet", "With a consumer", "Since the page was opened", "State", ""], found.map((one) => [
      h("strong", {}, one.lane), number(one.waiting), number(one.delayed), number(one.in_flight), depth(one),
      one.paused ? h("span", { class: "warn" }, "paused ", when(one.paused.since), h("small", {}, ` by ${one.paused.by}`)) : one.lane === "dead-letters" ? "messages that came back too often" : "runs",
      one.lane === "dead-letters" ? "" : turn(one, refresh),
    ]), "There is none.", { keys: found.map((one) => one.lane), label: "Lanes", numeric: [1, 2, 3] }),
  ];
}

function remember(one) {
  const some = seen.get(one.lane) ?? [];
  const now = Date.now();
  if (!some.length || now - some.at(-1).at > 1000) some.push({ at: now, waiting: one.waiting + one.delayed, busy: one.in_flight });
  seen.set(one.lane, some.slice(-KEPT));
}

function depth(one) {
  const some = seen.get(one.lane);
  const most = Math.max(1, ...some.map((at) => at.waiting + at.busy));
  const from = some[0].at;
  const whole = Math.max(30000, some.at(-1).at - from);
  const line = (value) => (some.length < 2 ? [some[0], { ...some[0], at: from + whole / 50 }] : some).map((at, n) => `${n ? "L" : "M"}${((WIDTH * (at.at - from)) / whole).toFixed(1)} ${(HEIGHT - 2 - ((HEIGHT - 6) * value(at)) / most).toFixed(1)}`).join("");
  const now = some.at(-1).waiting + some.at(-1).busy;
  return svg("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": `${now} messages now, at most ${most}` },
    svg("path", { d: line((at) => at.waiting + at.busy), class: "all" }), svg("path", { d: line((at) => at.busy), class: "busy" }),
    svg("title", {}, `${now} now, at most ${most}; the lower line is with a consumer`));
}

function turn(one, refresh) {
  const [words, verb, question] = one.paused
    ? ["Resume", "resume", `Let the jobs of lane ${one.lane} run?`]
    : ["Pause", "pause", `Pause lane ${one.lane}, for all tenants? Its jobs wait; nothing is lost.`];
  return button(words, async () => {
    if (!(await sure(question, words, null, { danger: !one.paused }))) return;
    try { await post(`lanes/${encodeURIComponent(one.lane)}/${verb}`, undefined); say(one.paused ? `Lane ${one.lane} runs again within a minute.` : `Lane ${one.lane} is paused; within a minute nothing is started.`); } catch (error) { say(error.message, true); }
    refresh();
  }, { danger: !one.paused, label: `${words} lane ${one.lane}`, off: lacks("admin") });
}
