// Charts of figures over time: SVG of our own, with axes, legend, a readout for pointer and arrow keys, and the same as a table.

import { h, svg } from "./dom.js";
import { linear, logarithmic, stepName, stepWords, times } from "./scale.js";

const LEFT = 52, RIGHT = 10, TOP = 10, BOTTOM = 22, HEIGHT = 190;
const picked = new Map(); // chart -> the step that is read out, by its time
const open = new Set(); // charts whose tables are shown
const SHAPES = ["circle", "square", "triangle"];

// series: [{ name, kind, values }]; values follow the steps, null where there is none. `stacked`: bars on each other, else lines.
export function chart(id, title, frame, series, { stacked = false, log = false, whole = false, spans = false, words, axisWords = words, note = null, empty = "Nothing in this time." }) {
  const said = series.filter((one) => one.always || one.values.some((value) => value !== null && value > 0));
  const there = said.flatMap((one) => one.values).filter((value) => value !== null && value > 0);
  const heading = h("h2", { id: `${id}-title` }, title);
  const head = h("div", { class: "chart-head" }, heading, note ? h("p", { class: "note" }, note) : null);
  if (!there.length) return h("figure", { class: "plot", id, "data-key": id, "aria-labelledby": `${id}-title` }, head, h("p", { class: "empty" }, empty));

  const sums = frame.starts.map((_, n) => said.reduce((sum, one) => sum + (one.values[n] ?? 0), 0));
  const y = log ? logarithmic(there) : linear(stacked ? Math.max(...sums) : Math.max(...there), 4, { whole, spans });
  const wide = frame.width - LEFT - RIGHT, high = HEIGHT - TOP - BOTTOM;
  const x = (at) => LEFT + ((at - frame.since) / (frame.until - frame.since)) * wide;
  const up = (value) => TOP + high - y.at(value) * high;
  const one = wide / frame.starts.length;
  const at = (n) => x(frame.starts[n]) + one / 2;
  const chosen = frame.starts.indexOf(picked.get(id));
  const readOut = (n) => [h("strong", {}, stepWords(frame.starts[n], frame)), " ",
    ...said.flatMap((line, place) => [key(line, place, stacked, line.values[n] === null ? "–" : words(line.values[n])), " "])];

  // What is shown may be an older element that became this one (patch.js): it is looked for, not remembered.
  function pick(canvas, n) {
    const there = n !== null && n >= 0 && n < frame.starts.length;
    if (there) picked.set(id, frame.starts[n]); else picked.delete(id);
    const marker = canvas.querySelector(".marker");
    for (const end of ["x1", "x2"]) marker.setAttribute(end, there ? at(n) : -9);
    canvas.parentElement.querySelector(".readout").replaceChildren(...(there ? readOut(n) : []));
  }

  function point(event) { pick(event.currentTarget, Math.floor((event.offsetX - LEFT) / one)); }

  function keys(event) {
    const now = frame.starts.indexOf(picked.get(id));
    const last = frame.starts.length - 1;
    const next = { ArrowLeft: now < 0 ? last : Math.max(0, now - 1), ArrowRight: now < 0 ? 0 : Math.min(last, now + 1), Home: 0, End: last, Escape: null }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    pick(event.currentTarget, next);
  }

  const picture = svg("svg", {
    class: "canvas", width: frame.width, height: HEIGHT, viewBox: `0 0 ${frame.width} ${HEIGHT}`, tabindex: 0, role: "img",
    "aria-label": `${title}. ${summary(said, words, stacked)} A step is a ${stepName(frame.step)}. Arrow keys read the steps out.`,
    onpointermove: point, onpointerdown: point, onpointerleave: (event) => { if (event.pointerType === "mouse") pick(event.currentTarget, null); }, onkeydown: keys,
  },
  y.ticks.map((value) => [
    svg("line", { class: "grid", x1: LEFT, x2: frame.width - RIGHT, y1: up(value), y2: up(value) }),
    svg("text", { x: LEFT - 6, y: up(value) + 4, "text-anchor": "end" }, axisWords(value))]),
  times(frame.since, frame.until, wide / 80, frame.utc).map((tick) => [
    svg("line", { class: "tick", x1: x(tick.at), x2: x(tick.at), y1: TOP + high, y2: TOP + high + 4 }),
    svg("text", { x: x(tick.at), y: HEIGHT - 5, "text-anchor": x(tick.at) < LEFT + 16 ? "start" : x(tick.at) > frame.width - 26 ? "end" : "middle" }, tick.words)]),
  stacked ? bars(id, said, frame, x, up, one) : said.map((line, n) => drawn(line, n, frame, (start) => x(start) + one / 2, up)),
  svg("line", { class: "base", x1: LEFT, x2: frame.width - RIGHT, y1: TOP + high, y2: TOP + high }),
  svg("line", { class: "marker", x1: chosen < 0 ? -9 : at(chosen), x2: chosen < 0 ? -9 : at(chosen), y1: TOP, y2: TOP + high }));

  return h("figure", { class: "plot", id, "data-key": id, "aria-labelledby": `${id}-title` }, head,
    h("p", { class: "legend", "aria-hidden": "true" }, said.map((line, n) => key(line, n, stacked))),
    picture, h("p", { class: "readout", "aria-live": "polite" }, chosen < 0 ? null : readOut(chosen)), asTable(id, title, frame, said, words));
}

function key(line, place, stacked, value = null) {
  const sign = svg("svg", { class: "sign", width: 22, height: 12, "aria-hidden": "true" },
    stacked ? svg("rect", { class: `fill ${line.kind}`, x: 5, y: 1, width: 11, height: 10 })
      : [svg("path", { class: `curve ${line.kind}`, d: "M1 6H21" }), dot(place, 11, 6, line.kind)]);
  return h("span", { class: "key-of" }, sign, line.name, value === null ? null : h("b", {}, ` ${value}`));
}

// Bars differ by more than their colour: what died is hatched.
function bars(id, said, frame, x, up, one) {
  const gap = one > 6 ? 2 : one > 3 ? 1 : 0;
  return [
    svg("defs", {}, svg("pattern", { id: `${id}-hatch`, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("rect", { class: "under", width: 5, height: 5 }), svg("line", { class: "over", x1: 0, x2: 0, y1: 0, y2: 5 }))),
    frame.starts.map((at, n) => {
      let floor = 0;
      return said.map((line) => {
        const value = line.values[n] ?? 0;
        if (!value) return null;
        const bottom = up(floor);
        floor += value;
        const top = Math.min(up(floor), bottom - 1);
        return svg("rect", { class: `fill ${line.kind}`, fill: line.kind === "dead" ? `url(#${id}-hatch)` : null, x: x(at) + gap / 2, y: top, width: Math.max(1, one - gap), height: bottom - top });
      });
    })];
}

// Lines differ by dashes and by the shape of their dots; where nothing was, they are interrupted.
function drawn(line, place, frame, middle, up) {
  const runs = [[]];
  line.values.forEach((value, n) => (value === null ? runs.push([]) : runs.at(-1).push([middle(frame.starts[n]), up(value)])));
  const spots = frame.starts.length <= 40;
  return runs.filter((run) => run.length).map((run) => [
    svg("path", { class: `curve ${line.kind}`, d: run.map(([x, y], n) => `${n ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("") }),
    spots || run.length === 1 ? run.map(([x, y]) => dot(place, x, y, line.kind)) : null]);
}

function dot(place, x, y, kind) {
  const shape = SHAPES[place % SHAPES.length];
  if (shape === "circle") return svg("circle", { class: `dot ${kind}`, cx: x, cy: y, r: 2.6 });
  if (shape === "square") return svg("rect", { class: `dot ${kind}`, x: x - 2.4, y: y - 2.4, width: 4.8, height: 4.8 });
  return svg("path", { class: `dot ${kind}`, d: `M${x} ${y - 3.2}l3.2 5.6h-6.4z` });
}

function summary(said, words, stacked) {
  return said.map((line) => {
    const there = line.values.filter((value) => value !== null);
    return stacked ? `${line.name}: ${words(there.reduce((sum, one) => sum + one, 0))} in all` : `${line.name}: up to ${words(Math.max(...there))}`;
  }).join(", ") + ".";
}

// The table is made when somebody wants to see it.
function asTable(id, title, frame, said, words) {
  const rows = () => frame.starts.map((at, n) => [at, said.map((line) => line.values[n])]).filter(([, values]) => values.some((value) => value)).reverse();
  const made = () => h("div", { class: "scroll short", tabindex: 0, role: "region", "aria-label": `${title}, as a table` },
    h("table", { class: "figures" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "From"), said.map((line) => h("th", { scope: "col" }, line.name)))),
      h("tbody", {}, rows().map(([at, values]) => h("tr", {}, h("th", { scope: "row" }, stepWords(at, frame)), values.map((value, n) => h("td", { "data-head": said[n].name }, value === null ? "–" : words(value))))))));
  return h("details", { class: "as-table", open: open.has(id), ontoggle: (event) => {
    const details = event.currentTarget;
    if (!details.open) open.delete(id);
    else if (!open.has(id)) { open.add(id); details.append(made()); }
  } }, h("summary", {}, "As a table"), open.has(id) ? made() : null);
}

// The steps of an answer of GET /stats, without a hole, and how wide a chart of them is. `utc`: whole days are days of UTC, and called so.
export function frameOf(stats, width) {
  const since = +new Date(stats.since), until = +new Date(stats.until), step = stats.step * 1000;
  const starts = Array.from({ length: Math.max(1, Math.ceil((until - since) / step)) }, (_, n) => since + n * step);
  return { since, until: since + starts.length * step, step, starts, width, utc: step >= 86400e3 };
}

// Two beside each other where there is room.
export function chartWidth() {
  const main = document.getElementById("main"), style = getComputedStyle(main);
  const room = main.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const columns = room > 880 ? 2 : 1;
  return Math.floor((room - 13 * (columns - 1)) / columns) - 28;
}

export function along(frame, stats, value) {
  const by = new Map(stats.series.map((one) => [+new Date(one.at), one]));
  return frame.starts.map((at) => (by.has(at) ? value(by.get(at)) : null));
}
