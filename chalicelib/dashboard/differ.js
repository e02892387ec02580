// What a person changed in a value, as a JSON Patch (RFC 6902). So what is not shown (`[secret]`) stays as it is, since nothing is said of it.

import { Wrong } from "./dialogs.js";

const HIDDEN = "[secret]";

export function differences(before, after, path = "") {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const part = (name) => `${path}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
  if (plain(before) && plain(after)) {
    return [
      ...Object.keys(before).filter((name) => !(name in after)).map((name) => ({ op: "remove", path: part(name) })),
      ...Object.keys(after).flatMap((name) => (name in before ? differences(before[name], after[name], part(name)) : [{ op: "add", path: part(name), value: after[name] }])),
    ];
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) return after.flatMap((value, n) => differences(before[n], value, part(n)));
  return [{ op: "replace", path, value: after }];
}

const plain = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

// What is sent must not hold what only stands for a secret.
export function withoutHidden(value, name) {
  if (JSON.stringify(value ?? null).includes(`"${HIDDEN}"`)) throw new Wrong(name, `${HIDDEN} stands for a value that nobody is shown: put the value itself in its place.`);
  return value;
}
