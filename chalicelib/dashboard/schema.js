// What a task's JSON schema says of its arguments, in words.

function followed(schema, root) {
  let found = schema ?? {};
  for (let steps = 0; found.$ref && steps < 8; steps += 1) found = root.$defs?.[found.$ref.split("/").at(-1)] ?? {};
  return found;
}

// [{name, words, needed, default}] of an object's schema.
export function argumentsOf(schema) {
  const whole = followed(schema, schema ?? {});
  return Object.entries(whole.properties ?? {}).map(([name, one]) => ({ name, words: words(one, schema), needed: (whole.required ?? []).includes(name), usual: one.default, first: beginningOf(one, schema) }));
}

// Arguments to begin with: those that have to be there.
export const beginning = (schema) => Object.fromEntries(argumentsOf(schema).filter((one) => one.needed).map((one) => [one.name, one.first]));

function words(schema, root) {
  const one = followed(schema, root);
  if (one.enum) return one.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (one.const !== undefined) return JSON.stringify(one.const);
  if (one.anyOf) return one.anyOf.map((some) => words(some, root)).join(" or ");
  if (one.type === "array") return one.items ? `array of ${words(one.items, root)}` : "array";
  if (one.type === "object" && one.title) return `${one.title} (object)`;
  const bounds = [["minimum", "≥"], ["maximum", "≤"], ["exclusiveMinimum", ">"], ["exclusiveMaximum", "<"]].filter(([name]) => one[name] !== undefined).map(([name, sign]) => `${sign} ${one[name]}`);
  return `${one.format ?? one.type ?? "any value"}${bounds.length ? ` ${bounds.join(", ")}` : ""}`;
}

function beginningOf(schema, root) {
  const one = followed(schema, root);
  return one.default ?? one.enum?.[0] ?? { string: "", integer: one.minimum ?? 0, number: one.minimum ?? 0, boolean: false, array: [], object: Object.fromEntries((one.required ?? []).map((name) => [name, beginningOf(one.properties?.[name], root)])) }[one.type] ?? null;
}
