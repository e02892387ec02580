// The API, asked as any program asks it. The key lives in this module and nowhere else: a reload asks for it again, and no other page's script can read it.

const base = new URL("../", import.meta.url);
let key = null;

export class Problem extends Error {
  constructor(status, document) {
    super(document?.detail || document?.title || `The API answered ${status}`);
    this.status = status;
    this.argument = document?.argument ?? null;
  }
}

export const signedIn = () => key !== null;
export const signOut = () => { key = null; };

export async function signIn(given) {
  key = given;
  try {
    await get("jobs", { limit: 1 });
  } catch (error) {
    key = null;
    throw error;
  }
}

export const get = (path, query = {}) => ask("GET", path, { query });
export const post = (path, body) => ask("POST", path, { body });

async function ask(method, path, { query = {}, body } = {}) {
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  const headers = { Authorization: `Bearer ${key}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" });
  } catch {
    throw new Problem(0, { detail: "Nobody answers. Is the API there?" });
  }
  const document = await answer.json().catch(() => null);
  if (!answer.ok) throw new Problem(answer.status, document);
  return document;
}
