// Axes: where their ticks are, and what is written at them.

const MINUTE = 60e3, HOUR = 3600e3, DAY = 86400e3;
const STEPS = [MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY];
const DECADES = [1, 10, 100, 1e3, 1e4, MINUTE, 10 * MINUTE, HOUR, 10 * HOUR, 4 * DAY, 40 * DAY];

// Whole steps of 1, 2 or 5 from nought to what is at least the most; `whole`: of things that are counted, `spans`: of seconds, minutes, hours or days.
export function linear(most, wanted = 4, { whole = false, spans = false } = {}) {
  const unit = spans ? [DAY, HOUR, MINUTE, 1e3].find((one) => most >= 2 * one) : null;
  if (unit) { const made = linear(most / unit, wanted); return { ticks: made.ticks.map((one) => one * unit), at: (value) => made.at(value / unit) }; }
  const rough = Math.max(most, whole ? 1 : Number.MIN_VALUE) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.999);
  if (whole) step = Math.max(1, step);
  const count = Math.max(1, Math.ceil(most / step - 1e-9));
  const ticks = Array.from({ length: count + 1 }, (_, n) => n * step);
  const top = ticks[count];
  return { ticks, at: (value) => value / top };
}

// Times over many magnitudes, in milliseconds.
export function logarithmic(values) {
  const low = Math.max(1, Math.min(...values)), high = Math.max(1, ...values);
  let first = Math.max(0, DECADES.findLastIndex((one) => one <= low));
  let last = DECADES.findIndex((one) => one >= high);
  if (last < 0) last = DECADES.length - 1;
  if (first >= last) { if (last > 0) first = last - 1; else last = first + 1; }
  const ticks = DECADES.slice(first, last + 1);
  const from = Math.log(ticks[0]), to = Math.log(ticks[ticks.length - 1]);
  return { ticks, at: (value) => Math.min(1, Math.max(0, (Math.log(Math.max(value, 1e-3)) - from) / (to - from))) };
}

// Whole times of the day, in the zone of who looks or in UTC, as many as there is room for.
export function times(since, until, most, utc = false) {
  const step = STEPS.find((one) => (!utc || one >= DAY) && (until - since) / one <= most) ?? Math.ceil((until - since) / most / DAY) * DAY;
  const shift = utc ? 0 : new Date(since).getTimezoneOffset() * MINUTE;
  const ticks = [];
  for (let at = Math.ceil((since - shift) / step) * step + shift; at < until; at += step) ticks.push({ at, words: timeWords(at, step, utc) });
  return ticks;
}

const two = (number) => String(number).padStart(2, "0");

function timeWords(at, step, utc) {
  const time = new Date(at);
  const day = time.toLocaleDateString(undefined, { day: "numeric", month: "short", ...zone(utc) });
  return step >= DAY || (time.getHours() === 0 && time.getMinutes() === 0) ? day : `${two(time.getHours())}:${two(time.getMinutes())}`;
}

const zone = (utc) => (utc ? { timeZone: "UTC" } : {});

export function stepWords(at, { step, utc = false }) {
  const time = new Date(at), end = new Date(at + step);
  const clock = (one) => `${two(one.getHours())}:${two(one.getMinutes())}`;
  const day = time.toLocaleDateString(undefined, { weekday: "short", day: "numeric", month: "short", ...zone(utc) });
  if (step >= DAY) return day;
  return `${day}, ${clock(time)}${step > MINUTE ? `–${clock(end)}` : ""}`;
}

export function stepName(step) {
  if (step === MINUTE) return "minute";
  if (step < HOUR) return `${step / MINUTE} minutes`;
  if (step === HOUR) return "hour";
  return step === DAY ? "day" : step < DAY ? `${step / HOUR} hours` : `${step / DAY} days`;
}

export function number(value) {
  if (value >= 1e6) return `${trim(value / 1e6)} M`;
  if (value >= 1e4) return `${trim(value / 1e3)} k`;
  return Number.isInteger(value) ? value.toLocaleString("en") : trim(value);
}

const trim = (value) => String(Number(value.toPrecision(3)));

// For an axis: as short as can be.
export function shortSpan(ms) {
  if (ms < 1e3) return `${trim(ms)} ms`;
  if (ms < MINUTE) return `${trim(ms / 1e3)} s`;
  if (ms < HOUR) return `${trim(ms / MINUTE)} min`;
  return ms < 2 * DAY ? `${trim(ms / HOUR)} h` : `${trim(ms / DAY)} d`;
}

export function dollars(value) {
  if (value === 0) return "$0";
  if (value >= 100) return `$${Math.round(value).toLocaleString("en")}`;
  if (value >= 1) return `$${value.toFixed(2)}`;
  const digits = Math.min(9, Math.max(2, 1 - Math.floor(Math.log10(value))));
  return `$${value.toFixed(digits).replace(/0+$/, "").replace(/\.$/, "")}`;
}
