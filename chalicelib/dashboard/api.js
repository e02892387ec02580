// The API, asked as any program asks it. The key lives in this module and nowhere else: a reload asks for it again, and no other page's script can read it.

const base = new URL("../", import.meta.url);
let key = null;
let who = null;

export class Problem extends Error {
  constructor(status, document, after = null) {
    super(document?.detail || document?.title || `The API answered ${status}`);
    this.status = status;
    this.argument = document?.argument ?? null;
    this.after = after;
  }

  // Nobody is to blame, and it may be over in a moment.
  get passing() { return this.status === 0 || this.status === 429 || this.status >= 500; }
}

export const signedIn = () => key !== null;
export const signOut = () => { key = null; who = null; };
export const me = () => who;
export const may = (scope) => who !== null && (who.scopes.includes(scope) || who.scopes.includes("admin"));
// For a button's `off`: why it cannot be pressed, or null.
export const lacks = (scope) => (may(scope) ? null : `Your key lacks the scope ${scope}.`);

export async function signIn(given) {
  key = given;
  try {
    who = await get("me");
  } catch (error) {
    signOut();
    throw error;
  }
}

export const get = (path, query = {}) => ask("GET", path, { query });
export const post = (path, body, headers = {}) => ask("POST", path, { body, headers });
export const put = (path, body) => ask("PUT", path, { body });
export const change = (path, body) => ask("PATCH", path, { body });
export const remove = (path) => ask("DELETE", path, {});

async function ask(method, path, { query = {}, body, headers: more = {} } = {}) {
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  const headers = { Authorization: `Bearer ${key}`, ...more };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store", signal: AbortSignal.timeout(30000) });
  } catch {
    throw new Problem(0, { detail: "Nobody answers. Is the API there?" });
  }
  let document = null;
  try { if (answer.status !== 204) document = await answer.json(); } catch {
    if (answer.ok) throw new Problem(0, { detail: "The answer broke off." }); // a proxy's page instead of an error is none
  }
  if (!answer.ok) throw new Problem(answer.status, document, Number(answer.headers.get("Retry-After")) || null);
  return document;
}
