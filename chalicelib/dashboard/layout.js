// Where a graph's boxes go: columns by the longest way from the start, rows so that few arrows cross. Pure: no element is made here.

const ACROSS = 62;
const DOWN = 16;

// boxes: [{id, width, height}], arrows: [{from, to}]. Returns {places: Map id -> {x, y, column}, width, height}.
export function layout(boxes, arrows) {
  const known = new Map(boxes.map((box) => [box.id, box]));
  const ways = arrows.filter((arrow) => known.has(arrow.from) && known.has(arrow.to));
  const before = new Map(boxes.map(({ id }) => [id, []]));
  const after = new Map(boxes.map(({ id }) => [id, []]));
  for (const { from, to } of ways) { before.get(to).push(from); after.get(from).push(to); }
  const column = columns(boxes, before, after);
  const lanes = [];
  for (const box of boxes) (lanes[column.get(box.id)] ??= []).push(box.id);
  order(lanes, before, after);
  return placed(lanes, known, before, after, column);
}

function columns(boxes, before, after) {
  const column = new Map(boxes.map(({ id }) => [id, 0]));
  const missing = new Map(boxes.map(({ id }) => [id, before.get(id).length]));
  const ready = boxes.map(({ id }) => id).filter((id) => !missing.get(id));
  while (ready.length) {
    const id = ready.shift();
    for (const next of after.get(id)) {
      column.set(next, Math.max(column.get(next), column.get(id) + 1));
      missing.set(next, missing.get(next) - 1);
      if (!missing.get(next)) ready.push(next);
    }
  }
  return column;
}

// A few sweeps there and back: each box goes to the middle of those that it hangs on.
function order(lanes, before, after) {
  const row = new Map();
  const number = (lane) => lane.forEach((id, n) => row.set(id, n));
  lanes.forEach(number);
  for (let sweep = 0; sweep < 6; sweep += 1) {
    const [side, some] = sweep % 2 ? [after, [...lanes].reverse()] : [before, lanes];
    for (const lane of some) {
      const middle = new Map(lane.map((id) => [id, mean(side.get(id).map((one) => row.get(one)), row.get(id))]));
      lane.sort((a, b) => middle.get(a) - middle.get(b) || row.get(a) - row.get(b));
      number(lane);
    }
  }
}

const mean = (values, otherwise) => (values.length ? values.reduce((sum, one) => sum + one, 0) / values.length : otherwise);

function placed(lanes, known, before, after, column) {
  const places = new Map();
  let x = 0;
  for (const lane of lanes) {
    let y = 0;
    for (const id of lane) { places.set(id, { x, y, column: column.get(id) }); y += known.get(id).height + DOWN; }
    x += Math.max(...lane.map((id) => known.get(id).width)) + ACROSS;
  }
  const centre = (id) => places.get(id).y + known.get(id).height / 2;
  for (let turn = 0; turn < 4; turn += 1) {
    const [side, some] = turn % 2 ? [after, [...lanes].reverse()] : [before, lanes];
    for (const lane of some) {
      const wish = lane.map((id) => mean(side.get(id).map(centre), centre(id)) - known.get(id).height / 2);
      settle(lane, wish, places, known);
    }
  }
  const top = Math.min(...[...places.values()].map((one) => one.y));
  for (const one of places.values()) one.y -= top;
  return { places, width: x - ACROSS, height: Math.max(...[...places].map(([id, one]) => one.y + known.get(id).height)) };
}

// Each box where it wishes to be, as far as the ones above leave room; then the whole column moves so that it strays least.
function settle(lane, wish, places, known) {
  let low = -Infinity;
  lane.forEach((id, n) => { const place = places.get(id); place.y = Math.max(wish[n], low); low = place.y + known.get(id).height + DOWN; });
  const off = mean(lane.map((id, n) => wish[n] - places.get(id).y), 0);
  for (const id of lane) places.get(id).y += off;
}
