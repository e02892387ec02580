// Lanes: how much waits in each, and pausing one.

import { get, post } from "./api.js";
import { button, h, say, sure, table, when } from "./dom.js";

export async function lanes({ refresh }) {
  const { lanes: found } = await get("lanes");
  const most = Math.max(1, ...found.map((one) => one.waiting + one.delayed + one.in_flight));
  return [
    h("h1", {}, "Lanes"),
    h("p", {}, "Counts are SQS's, and so approximate."),
    table(["Lane", "Depth", "Waiting", "Not due yet", "With a consumer", "State", ""], found.map((one) => [
      one.lane, meter(one, most), one.waiting, one.delayed, one.in_flight,
      one.paused ? ["paused ", when(one.paused.since), ` by ${one.paused.by}`] : "runs",
      one.lane === "dead-letters" ? "" : turn(one, refresh),
    ]), "There is none."),
  ];
}

function meter(one, most) {
  const total = one.waiting + one.delayed + one.in_flight;
  return h("meter", { min: 0, max: most, value: total, "aria-label": `${total} messages` });
}

function turn(one, refresh) {
  const [words, verb, question] = one.paused
    ? ["Resume", "resume", `Let the jobs of lane ${one.lane} run?`]
    : ["Pause", "pause", `Pause lane ${one.lane}, for all tenants? Its jobs wait; nothing is lost.`];
  return button(words, async () => {
    if (!(await sure(question, words))) return;
    try { await post(`lanes/${encodeURIComponent(one.lane)}/${verb}`, undefined); say("Done."); } catch (error) { say(error.message, true); }
    refresh();
  }, { danger: !one.paused });
}
