// A job's states: each has a word, a shape and a colour, so that none is told by its colour alone.

export const STATES = ["QUEUED", "SCHEDULED", "RUNNING", "RETRYING", "WAITING", "SUCCEEDED", "DEAD", "CANCELLED", "EXPIRED"];
export const OVER = ["SUCCEEDED", "DEAD", "CANCELLED", "EXPIRED"];

const SHAPES = {
  QUEUED: "M8 3.2a4.8 4.8 0 1 0 .01 0z",
  SCHEDULED: "M8 2.7a5.3 5.3 0 1 0 .01 0zM8 5v3.2l2.2 1.6",
  RUNNING: "M5 3.4v9.2L12.4 8z",
  RETRYING: "M12.6 6A5 5 0 1 0 13 8.6M13.2 2.8v3.4H9.8",
  WAITING: "M4.6 3h6.8M4.6 13h6.8M5.4 3c0 3 2.6 3.6 2.6 5s-2.6 2-2.6 5M10.6 3c0 3-2.6 3.6-2.6 5s2.6 2 2.6 5",
  SUCCEEDED: "M3.2 8.6l3.2 3.2 6.4-7.2",
  DEAD: "M4 4l8 8M12 4l-8 8",
  CANCELLED: "M8 2.7a5.3 5.3 0 1 0 .01 0zM4.4 11.6l7.2-7.2",
  EXPIRED: "M8 2.7a5.3 5.3 0 1 0 .01 0zM8 4.8v4M8 11v.2",
  PLANNED: "M3 8h1.6M7.2 8h1.6M11.4 8H13",
};
const SOLID = ["RUNNING"];

export function show(svg, name, place = {}) {
  const known = SHAPES[name ?? "PLANNED"] ?? SHAPES.QUEUED;
  return svg("svg", { class: "shape", viewBox: "0 0 16 16", width: 12, height: 12, "aria-hidden": "true", ...place },
    svg("path", { d: known, class: SOLID.includes(name) ? "solid" : null }));
}
