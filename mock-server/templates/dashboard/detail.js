// All that is known of one request: why it was refused, what it said, what was answered.

import { call, reference } from "./api.js";
import { isLost, sentence } from "./verdict.js";
import { attempt, copy, h, prose, requestLink } from "./dom.js";

function part(title, ...children) {
  return h("section", {}, h("h3", {}, title), ...children);
}

// JSON with line breaks; anything else as it is.
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

const words = (value) => (typeof value === "string" ? value : JSON.stringify(value));

function pairs(object, wrong = new Set()) {
  const rows = Object.entries(object).map(([name, value]) => {
    const bad = wrong.has(name);
    return h("div", { class: bad ? "wrong" : null },
      h("dt", {}, bad && h("span", { class: "sign" }, "× ", h("span", { class: "off" }, "wrong: ")), name),
      h("dd", {}, words(value)));
  });
  return h("dl", { class: "pairs" }, rows);
}

function folded(title, content) {
  return h("details", {}, h("summary", {}, title), content);
}

function headers(object) {
  const count = Object.keys(object).length;
  return folded(count === 1 ? "1 header" : `${count} headers`, pairs(object));
}

function block(text, label) {
  return h("pre", { tabindex: "0", role: "group", "aria-label": label }, text);
}

function why(found) {
  const promise = new Map(found.why.map((row) => [row.clause, row]));
  const rows = found.violations.map(({ clause, param, msg, remedy }) => {
    const row = promise.get(clause);
    const sent = param && found.params && param in found.params ? found.params[param] : undefined;
    return h("li", {},
      h("p", {}, h("a", { class: "clause", href: reference(found.client_id, `clause-${clause}`) }, h("code", {}, clause)), param && h("span", { class: "param" }, param),
        sent !== undefined && h("span", {}, "= ", h("code", {}, words(sent))), msg && h("span", { class: "msg" }, msg)),
      row && h("p", { class: "requirement" }, prose(row.requirement)),
      remedy && h("p", { class: "remedy" }, prose(remedy)),
      row && h("p", { class: "note" }, `${row.level}, ${row.evidence}${row.source.length ? ` (${row.source.join(", ")})` : ""}`));
  });
  return part("Why it was refused", h("ul", { class: "whys" }, rows));
}

// Where the mock answers otherwise than the upstream did.
function drift({ differs }) {
  const rows = differs.map(({ knob, clause, what, upstream, mock }) => h("li", {},
    h("p", {}, (knob || clause) && h("code", {}, knob ?? clause), " ", what),
    h("p", {}, "upstream: ", h("code", {}, upstream), ", mock: ", h("code", {}, mock))));
  return part(`The mock answers otherwise: ${differs.length}`, h("ul", { class: "whys" }, rows));
}

function answer(found) {
  const { status, error, fault, response_body: body } = found;
  const kind = found.response_headers["content-type"] ?? "";
  const note = (words) => h("p", { class: "note" }, words);
  const lost = isLost(found);
  const struck = fault && h("p", { class: "fail" }, h("strong", {}, `Fault ${fault}: `), sentence(found));
  if (status === 0 || (lost && !body)) return part("Answer: none came", struck, error && h("p", { class: "problem" }, error));
  const shown = body === null ? note("A page, which the journal does not keep.")
    : body === "" ? note("No body.") : block(kind.includes("json") ? pretty(body) : body, "Body of the answer");
  const ms = (found.duration_us / 1000).toFixed(2);
  return part(lost ? "Answer: none came" : `Answer: ${status}, ${ms} ms`, struck, error && h("p", { class: "problem" }, error),
    lost && note(`What was lost: ${status}, after ${ms} ms`), shown, headers(found.response_headers));
}

function request(found) {
  const wrong = new Set(found.violations.map(({ param }) => param));
  const params = found.params ?? {};
  const path = found.path + (found.query === null ? "" : `?${found.query}`);
  return part("Request", h("p", { class: "target" }, h("strong", {}, found.method), " ", path),
    Object.keys(params).length ? pairs(params, wrong) : h("p", { class: "note" }, "No parameters."),
    found.body && folded("Body as sent", block(found.body, "Body of the request")),
    headers(found.headers));
}

// The variables of a command, which stand for what is secret.
const variables = (command) => [...new Set([...command.matchAll(/"\$([A-Za-z0-9_]+)"/g)].map((match) => match[1]))];

// The request once more: by the server, which knows its secrets, or as code.
function again(found) {
  const command = block(found.curl, "Command");
  command.classList.add("curl");
  const secret = variables(found.curl);
  const button = h("button", { type: "button", class: "small", onclick: () => copy(command.textContent, command, button) }, "Copy");
  const language = h("select", { "aria-label": "Language", onchange: async () => {
    command.textContent = language.value === "curl" ? found.curl : (await import("./code.js")).test(found, language.value);
  } }, ["curl", "Python", "Node", "PHP"].map((name) => h("option", { value: name }, name === "curl" ? name : `a test in ${name}`)));
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const done = h("span", { role: "status" });
  const send = h("button", { type: "button", class: "small again", onclick: () => attempt(problem, async () => {
    const sent = await call("POST", `/requests/${found.id}/again`);
    done.replaceChildren("answered ", String(sent.status), ": ", requestLink(sent.id));
  }) }, "Send again");
  const sends = found.endpoint !== "callback";
  return part("Send it again", h("p", { class: "line" }, sends && send, sends ? "or copy it as" : "Copy it as", language, done), problem,
    h("div", { class: "copied" }, command, button),
    secret.length > 0 && h("p", { class: "note" }, "Set ", secret.flatMap((name, at) => [at ? ", " : "", h("code", {}, name)]), " first: secrets are not shown."));
}

function facts(found) {
  const time = (name, at) => h("div", {}, h("dt", {}, name), h("dd", {}, h("time", { datetime: at }, at)));
  const fact = (name, value) => value !== null && h("div", {}, h("dt", {}, name), h("dd", {}, value));
  return h("dl", { class: "facts" }, fact("Request", `#${found.id}`), fact("Endpoint", found.endpoint), fact("Merchant", found.client_id),
    fact("Order", found.order_id && h("a", { href: `#order-${found.order_id}` }, `#${found.order_id}`)), fact("Fault", found.fault),
    found.upstream && fact("Answered by", found.upstream.server), time("Came", found.at),
    found.clock && found.clock !== found.at && time("Merchant’s clock", found.clock));
}

// Fills `place` with the request `id`.
export async function fill(place, row, close) {
  try {
    const found = await call("GET", `/requests/${row.id}`);
    const button = h("button", { type: "button", class: "small shut", onclick: close }, "Close");
    place.replaceChildren(h("div", { class: "top" }, facts(found), button),
      found.violations.length ? why(found) : "",
      found.upstream?.differs?.length ? drift(found.upstream) : "",
      h("div", { class: "two" }, request(found), answer(found)), again(found));
  } catch (error) {
    // It is asked for again when it is opened again.
    place.replaceChildren(h("p", { class: "problem", role: "alert" }, error.message));
    setTimeout(() => { if (place.hidden) place.replaceChildren(); }, 0);
  }
}
