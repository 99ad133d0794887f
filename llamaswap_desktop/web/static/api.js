// Asks the server.  Whatever goes wrong arrives as one ApiError with a sentence that can be shown.

import { askForKey, hasKey, withKey } from "./key.js";

const PATIENCE_MS = 15_000;
const ADMIN_KEY_REQUIRED = "admin key required";

export class ApiError extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

/**
 * Answers with the `Response`; a body that is no `FormData` is sent as JSON.  `isAside`: it can be done without, so the
 * person is not asked for a key.
 */
export async function request(path, options = {}) {
  const answer = await send(path, options);
  if (answer.ok) return answer;
  const message = messageIn(await answer.text(), answer.status);
  const lacksKey = (answer.status === 403 && message === ADMIN_KEY_REQUIRED) || (answer.status === 401 && hasKey());
  if (lacksKey && !options.isAside && (await askForKey(!options.method))) return request(path, { ...options, signal: undefined });
  throw new ApiError(message, answer.status);
}

async function send(path, { method = "GET", body, headers = {}, signal }) {
  const init = { method, headers: { ...headers }, cache: "no-store", signal };
  if (body instanceof FormData) init.body = body;
  else if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["Content-Type"] = "application/json";
  }
  try {
    return await fetch(new URL(path, location.origin), withKey(init)); // an address with a key in it could be no base
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (error.name === "TimeoutError") throw new ApiError("The program took too long to answer.");
    throw new ApiError("The program does not answer. It may have been closed.");
  }
}

/** Answers with the JSON of the reply. */
export async function ask(path, options = {}) {
  const answer = await request(path, { signal: AbortSignal.timeout(PATIENCE_MS), ...options });
  return answer.json();
}

export function command(verb, body = {}) {
  return ask(`/api/desktop/commands/${verb}`, { method: "POST", body });
}

export const post = (path, body, options) => ask(path, { method: "POST", body, ...options });
export const put = (path, body) => ask(path, { method: "PUT", body });

/** Reads the envelope of an error, which other servers than ours write in other ways. */
function messageIn(text, status) {
  try {
    const { error, message, detail } = JSON.parse(text);
    const found = error?.message ?? error ?? message ?? detail;
    if (typeof found === "string" && found) return found;
  } catch {
    // Not JSON: its first line will do.
  }
  return text.split("\n", 1)[0].slice(0, 500) || `The server answered ${status}.`;
}

/** Yields the `data:` of each event of a streamed answer. */
export async function* eventsOf(answer) {
  let rest = "";
  for await (const text of textOf(answer)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data:")) yield line.slice(5).trim();
    }
  }
  if (rest.startsWith("data:")) yield rest.slice(5).trim();
}

/** Yields the text of an answer as it arrives. */
export async function* textOf(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    reader.cancel().catch(() => {});
  }
}
