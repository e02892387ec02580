// A workflow as a picture: boxes from left to right, arrows from what comes before. Each state has its word and its shape beside its colour.

import { fold } from "./fold.js";
import { h, svg } from "./dom.js";
import { layout } from "./layout.js";
import { show } from "./states.js";

const WIDTH = 176;
const HEIGHT = 46;
const PAD = 8;
const LETTERS = 21;

export function graph(told, memory, refresh) {
  memory.unfolded ??= new Set();
  const { nodes, edges } = fold(told, memory.unfolded);
  const boxes = nodes.map((node) => ({ id: node.id, width: WIDTH, height: node.kind === "join" ? 30 : node.counts ? HEIGHT + 12 : HEIGHT }));
  const { places, width, height } = layout(boxes, edges);
  const size = new Map(boxes.map((box) => [box.id, box]));
  const around = { nodes, edges, places };
  return h("div", { class: `graph${memory.fitted ? " fitted" : ""}`, tabindex: 0, role: "region", "aria-label": "Picture of the workflow. Arrow keys go from step to step.", onkeydown: (event) => walk(event, around) },
    svg("svg", { viewBox: `${-PAD} ${-PAD} ${width + 2 * PAD} ${height + 2 * PAD}`, width: width + 2 * PAD, height: height + 2 * PAD, role: "group", "aria-label": `${nodes.length} boxes` },
      svg("defs", {}, svg("marker", { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, svg("path", { d: "M0 0L8 4L0 8z", class: "tip" }))),
      edges.map((edge) => arrow(edge, places, size)),
      nodes.map((node) => box(node, places.get(node.id), size.get(node.id), memory, refresh))));
}

function arrow(edge, places, size) {
  const [from, to] = [places.get(edge.from), places.get(edge.to)];
  if (!from || !to) return null;
  const [x1, y1] = [from.x + WIDTH, from.y + size.get(edge.from).height / 2];
  const [x2, y2] = [to.x - 2, to.y + size.get(edge.to).height / 2];
  const bend = Math.max(24, (x2 - x1) / 2);
  return svg("path", { d: `M${x1} ${y1.toFixed(1)}C${x1 + bend} ${y1.toFixed(1)} ${x2 - bend} ${y2.toFixed(1)} ${x2} ${y2.toFixed(1)}`, class: `arrow ${edge.kind}`, "marker-end": "url(#tip)", "data-key": `${edge.from} ${edge.to}` });
}

function box(node, place, { width, height }, memory, refresh) {
  const word = !node.looked ? "not looked at" : node.state ?? (node.kind === "join" ? "" : "planned");
  const counts = node.counts && `${node.counts.ended}${node.counts.exact ? "" : "+"} of ${node.counts.total ?? "?"}${node.counts.failed ? `, ${node.counts.failed} failed` : ""}`;
  const name = node.label.length > LETTERS ? `${node.label.slice(0, LETTERS - 1)}…` : node.label;
  const inner = [
    svg("title", {}, `${node.label}, ${word || "join"}${counts ? `, ${counts}` : ""}, ${node.path}`),
    svg("rect", { width, height, rx: node.kind === "join" ? 15 : 7, class: "body" }),
    node.kind === "map" || node.kind === "group" || node.kind === "stack" ? svg("rect", { x: 4, y: -4, width: width - 8, height: 4, class: "behind" }) : null,
    svg("rect", { width: 5, height: height - 12, x: 6, y: 6, rx: 2.5, class: "mark" }),
    svg("text", { x: 20, y: node.kind === "join" ? 19 : 19, class: "label" }, name),
    node.kind === "join" ? null : [show(svg, node.state, { x: 20, y: 26 }), svg("text", { x: 37, y: 36, class: "word" }, counts ? `${word.toLowerCase()} · ${counts}` : word.toLowerCase())],
    node.counts && node.kind !== "join" ? meter(node.counts, width) : null,
  ];
  const about = { class: `box ${node.kind} ${String(node.state ?? "planned").toLowerCase()}`, transform: `translate(${place.x.toFixed(1)} ${place.y.toFixed(1)})`, "data-key": node.id, "data-node": node.id, "aria-label": `${node.label}: ${word || "all of them"}${counts ? `, ${counts}` : ""}` };
  if (node.kind === "stack") return svg("a", { ...about, href: "#", role: "button", onclick: (event) => { event.preventDefault(); memory.unfolded.add(node.id); refresh(); } }, inner);
  if (!node.job) return svg("g", { ...about, role: "img", tabindex: 0 }, inner);
  const many = node.kind === "map" || node.kind === "group";
  return svg("a", { ...about, href: many ? `#/workflows/${encodeURIComponent(node.job)}?children=1` : `#/jobs/${encodeURIComponent(node.job)}` }, inner);
}

function meter(counts, width) {
  const whole = width - 40;
  const total = Math.max(1, counts.total ?? counts.ended);
  return [svg("rect", { x: 20, y: 44, width: whole, height: 5, rx: 2.5, class: "bar pause" }),
    svg("rect", { x: 20, y: 44, width: (whole * counts.succeeded) / total, height: 5, rx: 2.5, class: "bar succeeded" }),
    svg("rect", { x: 20 + (whole * counts.succeeded) / total, y: 44, width: (whole * counts.failed) / total, height: 5, class: "bar dead" })];
}

// Left and right along the arrows, up and down within a column.
function walk(event, { edges, places }) {
  const by = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" }[event.key];
  const graph = event.currentTarget;
  const here = document.activeElement?.getAttribute?.("data-node");
  if (!by) return;
  const all = [...places].map(([id, place]) => ({ id, ...place }));
  const at = here && places.get(here);
  let next = null;
  if (!at) next = all[0];
  else if (by === "left") next = all.find((one) => edges.some((edge) => edge.to === here && edge.from === one.id));
  else if (by === "right") next = all.find((one) => edges.some((edge) => edge.from === here && edge.to === one.id));
  else {
    const column = all.filter((one) => one.column === at.column).sort((a, b) => a.y - b.y);
    next = column[column.findIndex((one) => one.id === here) + (by === "down" ? 1 : -1)];
  }
  if (!next) return;
  event.preventDefault();
  const found = [...graph.querySelectorAll("[data-node]")].find((one) => one.getAttribute("data-node") === next.id);
  found?.focus();
  found?.scrollIntoView({ block: "nearest", inline: "nearest" });
}
