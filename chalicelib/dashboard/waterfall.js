// A job's life as a picture: waiting and attempts, each a bar from when it began to when it ended, above one scale.

import { h, nothing, span, svg } from "./dom.js";

const ENDS = { succeeded: "succeeded", retry_scheduled: "retrying", died: "dead", cancelled: "cancelled", expired: "expired", parked: "waiting", requeued: "waiting", waited: "waiting", reclaimed: "lost" };
const WORDS = { succeeded: "succeeded", retrying: "failed, retried", dead: "died", cancelled: "cancelled", expired: "expired", waiting: "gave back", lost: "worker lost", running: "runs", pause: "" };

export function bars(job, now = new Date()) {
  const found = [];
  let since = new Date(job.created_at);
  let open = null;
  let attempt = 0;
  for (const entry of job.history) {
    const at = new Date(entry.at);
    if (open && ENDS[entry.event]) { found.push({ ...open, to: at, end: ENDS[entry.event], note: entry.note }); open = null; since = at; }
    if (entry.event === "claimed" || entry.event === "reclaimed") {
      if (at - since > 0 && entry.event === "claimed") found.push({ words: "waits", from: since, to: at, end: "pause" });
      attempt += 1;
      open = { words: `attempt ${attempt}`, from: at };
    } else if (!open) {
      if (["cancelled", "expired"].includes(entry.event)) found.push({ words: "waits", from: since, to: at, end: entry.event });
      if (entry.event === "redriven") { since = at; attempt = 0; }
    }
  }
  if (open) found.push({ ...open, to: now, end: "running" });
  else if (!job.finished_at) found.push({ words: "waits", from: since, to: now, end: "pause" });
  return found.filter((bar) => bar.to >= bar.from);
}

export function waterfall(job) {
  const found = bars(job);
  if (!found.length) return nothing("It has not begun.");
  const first = Math.min(...found.map((bar) => +bar.from));
  const last = Math.max(...found.map((bar) => +bar.to), first + 1);
  const part = (at) => (100 * (at - first)) / (last - first);
  return h("div", { class: "waterfall", role: "group", "aria-label": "Timeline" },
    h("div", { class: "scale", "aria-hidden": "true" }, h("span", {}), ruler(last - first), h("span", {})),
    h("ol", {}, found.map((bar, n) => h("li", { "data-key": `bar ${n}` },
      h("span", {}, bar.words),
      svg("svg", { height: 16, width: "100%", "aria-hidden": "true" },
        [25, 50, 75].map((at) => svg("line", { x1: `${at}%`, x2: `${at}%`, y1: 0, y2: 16, class: "axis" })),
        svg("rect", { class: `bar ${bar.end}`, x: `${Math.min(part(bar.from), 99.3).toFixed(3)}%`, y: 3, width: `${Math.max(0.7, part(bar.to) - part(bar.from)).toFixed(3)}%`, height: 10, rx: 2 })),
      h("span", { class: `end ${bar.end}` }, h("b", {}, span(bar.to - bar.from)), ` ${WORDS[bar.end] ?? bar.end}`, bar.note && bar.end !== "succeeded" ? h("small", {}, ` ${bar.note}`) : null)))));
}

function ruler(whole) {
  return svg("svg", { height: 16, width: "100%" }, [0, 25, 50, 75, 100].map((at) => svg("text", { x: `${at}%`, y: 12, "text-anchor": at === 0 ? "start" : at === 100 ? "end" : "middle" }, at === 0 ? "0" : span((whole * at) / 100))));
}
