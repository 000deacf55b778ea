// The admin API, and the token that it may ask for.

import { $ } from "./dom.js";

// Relative: a proxy may have put something before the path.
const BASE = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
const KEPT = "flexiti-mock.admin-token";

// Why a call was refused, in the server's words.
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

let asking = null;

// Asks for the token, once however many calls need it.
function askForToken(wasWrong) {
  asking ??= new Promise((answered) => {
    const dialog = $("token-dialog");
    $("token-problem").hidden = !wasWrong;
    $("token").value = "";
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      asking = null;
      const token = $("token").value;
      $("token").value = "";
      const given = dialog.returnValue === "use" && token !== "";
      if (given) sessionStorage.setItem(KEPT, token);
      answered(given);
    }, { once: true });
    dialog.showModal();
  });
  return asking;
}

// What `fetch` gives, once the server knows who asks.
async function send(method, path, body, signal, more) {
  for (;;) {
    const token = sessionStorage.getItem(KEPT);
    const headers = { ...more };
    if (token) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    const response = await fetch(BASE + path, {
      method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (response.ok) return response;
    const text = await response.text();
    // Another call may have brought a better token meanwhile.
    if (response.status === 401 && sessionStorage.getItem(KEPT) !== token) continue;
    if (response.status === 401 && await askForToken(token !== null)) continue;
    let message = text;
    try {
      message = JSON.parse(text).error ?? text;
    } catch { /* The text itself says it. */ }
    throw new Refusal(response.status, message || `The server answered ${response.status}.`);
  }
}

// The answer to a call with these headers, as it comes.
export const fetched = (method, path, headers) => send(method, path, undefined, undefined, headers);

// A call of the API: its JSON, or null where it answers nothing.
export async function call(method, path, body) {
  const response = await send(method, path, body);
  return response.status === 204 ? null : response.json();
}

// A path below a merchant's own.
export const of = (client, rest) => `/merchants/${encodeURIComponent(client)}${rest}`;

// The query for one merchant, or for all of them.
export function query(client, more = {}) {
  const pairs = client === null ? more : { client_id: client, ...more };
  const text = new URLSearchParams(pairs).toString();
  return text ? `?${text}` : "";
}

// Where the API reference says something, in the dialect of a merchant. A link cannot carry the
// token: where there is one, the dialect goes by its name.
export function reference(client, anchor = "") {
  const dialect = $("dialect").value;
  const named = sessionStorage.getItem(KEPT) === null ? client && { client_id: client } : client && dialect && { dialect };
  const text = new URLSearchParams(named || {}).toString();
  return `${BASE}/reference${text && `?${text}`}${anchor && `#${anchor}`}`;
}

// What happens, as `[name, data]`, until the stream breaks off. An EventSource could not send the
// token.
export async function* events(client, after, signal) {
  const response = await send("GET", `/events${query(client, { after })}`, undefined, signal);
  yield ["open", null];
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (text + value).split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const fields = new Map(part.split("\n").map((line) => {
        const at = line.indexOf(": ");
        return [line.slice(0, at), line.slice(at + 2)];
      }));
      if (fields.has("event")) yield [fields.get("event"), JSON.parse(fields.get("data"))];
    }
  }
}
