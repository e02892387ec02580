// Times and durations in words.

const element = (text, words, title) => {
  const made = document.createElement("time");
  made.setAttribute("datetime", text);
  made.setAttribute("title", title);
  made.append(words);
  return made;
};

export function when(text) {
  if (!text) return "–";
  const at = new Date(text);
  return element(text, ago(at), at.toLocaleString());
}

export function ago(at, now = new Date()) {
  const seconds = Math.round((now - at) / 1000);
  const words = span(Math.floor(Math.abs(seconds)) * 1000);
  if (Math.abs(seconds) < 1) return "now";
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

export function span(ms) {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1).replace(".0", "")} s`;
  const s = Math.round(ms / 1000);
  if (s < 60) return `${s} s`;
  const [whole, large, part, small] = s < 3600 ? [60, "min", 1, "s"] : s < 86400 ? [3600, "h", 60, "min"] : [86400, "d", 3600, "h"];
  const rest = Math.floor((s % whole) / part);
  return `${Math.floor(s / whole)} ${large}${rest ? ` ${rest} ${small}` : ""}`;
}

// What an id's first characters say of when its job was accepted: [from, to), or null if they are none of an id.
const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
export function timesOf(prefix) {
  const given = prefix.toUpperCase();
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{0,25}$/.test(given)) return null;
  const read = (filler) => [...given.slice(0, 10).padEnd(10, filler)].reduce((sum, letter) => sum * 32 + LETTERS.indexOf(letter), 0);
  return [new Date(read("0")), new Date(read("Z") + 1)];
}

export function local(at) {
  const two = (n) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}
