// A job's life as a picture: waiting and attempts, each a bar from when it began to when it ended.

import { h, span, svg } from "./dom.js";

const ENDS = { succeeded: "succeeded", retry_scheduled: "retrying", died: "dead", cancelled: "cancelled", expired: "expired", parked: "waiting", requeued: "waiting", waited: "waiting", reclaimed: "lost" };
const ROW = 22;
const WIDTH = 600;
const LABEL = 130;

export function bars(job, now = new Date()) {
  const found = [];
  let since = new Date(job.created_at);
  let open = null;
  for (const entry of job.history) {
    const at = new Date(entry.at);
    if (open && ENDS[entry.event]) { found.push({ ...open, to: at, end: ENDS[entry.event] }); open = null; since = at; }
    if (entry.event === "claimed" || entry.event === "reclaimed") {
      if (at - since > 0 && entry.event === "claimed") found.push({ words: "waits", from: since, to: at, end: "pause" });
      open = { words: `attempt, epoch ${entry.epoch}`, from: at };
    } else if (!open) {
      if (["cancelled", "expired"].includes(entry.event)) found.push({ words: "waits", from: since, to: at, end: entry.event });
      if (entry.event === "redriven") since = at;
    }
  }
  if (open) found.push({ ...open, to: now, end: "running" });
  else if (!job.finished_at) found.push({ words: "waits", from: since, to: now, end: "pause" });
  return found.filter((bar) => bar.to >= bar.from);
}

export function waterfall(job) {
  const found = bars(job);
  if (!found.length) return h("p", { class: "empty" }, "It has not begun.");
  const first = Math.min(...found.map((bar) => +bar.from));
  const last = Math.max(...found.map((bar) => +bar.to), first + 1);
  const x = (at) => LABEL + ((at - first) / (last - first)) * (WIDTH - LABEL - 70);
  const words = found.map((bar) => `${bar.words} ${span(bar.to - bar.from)} ${bar.end}`).join("; ");
  return svg("svg", { class: "waterfall", viewBox: `0 0 ${WIDTH} ${found.length * ROW + 4}`, role: "img", "aria-label": words },
    found.map((bar, n) => [
      svg("text", { x: 0, y: n * ROW + 15 }, bar.words),
      svg("rect", { class: `bar ${bar.end}`, x: x(bar.from), y: n * ROW + 4, width: Math.max(2, x(bar.to) - x(bar.from)), height: ROW - 8, rx: 2 }),
      svg("text", { x: Math.min(x(bar.to) + 5, WIDTH - 66), y: n * ROW + 15 }, span(bar.to - bar.from)),
    ]));
}
