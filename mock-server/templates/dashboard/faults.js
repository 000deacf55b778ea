// The plan of faults: what is to go wrong, and which requests it has struck.

import { call, of } from "./api.js";
import { $, attempt, h, requestLink, sync } from "./dom.js";

const ENDPOINTS = [
  "token", "init", "init_v2", "init_plain", "notification", "notification_order", "notification_merchant_order",
  "notification_old", "calculator", "availability", "learn_more", "callback",
];
// What happens, what it is called, and its fields: key, label, kind, what stands there at first.
const TYPES = [
  ["status", "Answer a status", [["status", "Status", "number", "503"], ["headers", "Headers", "pairs", "", "Name=value, one a line"], ["body", "Body", "json", "", "JSON or text"]]],
  ["delay", "Delay", [["ms", "Milliseconds", "number", "2000"]]],
  ["delay_uniform", "Delay, between two", [["min_ms", "At least ms", "number", "100"], ["max_ms", "At most ms", "number", "2000"]]],
  ["delay_lognormal", "Delay, seldom long", [["median_ms", "Median ms", "number", "500"], ["sigma", "Sigma", "number", "0.5"]]],
  ["empty", "Close without an answer", []],
  ["reset", "Reset the connection", []],
  ["lost_response", "Do it, lose the answer", []],
  ["truncate", "Break the answer off", [["bytes", "After bytes", "number", "", "half"]]],
  ["dribble", "Answer in small pieces", [["bytes", "Bytes a piece", "number", "1"], ["every_ms", "Every ms", "number", "10"]]],
  ["malformed", "Broken JSON", []],
  ["malformed_chunking", "Broken framing", []],
  ["wrong_type", "HTML in place of JSON", []],
  ["expire_token", "The token has expired", []],
  ["late_notification", "Outcome not shown yet", []],
  ["duplicate_callback", "Callback comes twice", []],
  ["no_callback", "Callback never comes", []],
  ["maintenance", "Maintenance", [["from", "From (UTC)", "time", ""], ["until", "Until (UTC)", "time", ""]]],
];

let client = () => null;

// A number where it is one; anything else goes as it is, for the server to refuse.
const number = (text) => (text !== "" && Number.isFinite(Number(text)) ? Number(text) : text);

function pairs(text) {
  const lines = text.split("\n").filter((line) => line.trim());
  return Object.fromEntries(lines.map((line) => {
    const at = line.indexOf("=");
    return at < 0 ? [line.trim(), ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  }));
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const READ = { number, pairs, json, time: (text) => text };

function field([key, label, kind, value, hint]) {
  const id = `fault-${key}`;
  const area = kind === "pairs" || kind === "json";
  const common = { id, "data-key": key, "data-kind": kind, placeholder: kind === "time" ? "2026-01-01T00:00:00Z" : hint, spellcheck: "false" };
  const input = area
    ? h("textarea", { ...common, rows: "1" })
    : h("input", { ...common, value, inputmode: kind === "number" ? "decimal" : null });
  return h("div", { class: "field" }, h("label", { for: id }, label), input);
}

function drawFields() {
  const type = $("fault-type").value;
  const [, , fields] = TYPES.find(([name]) => name === type);
  $("fault-fields").replaceChildren(...fields.map(field));
  // A window is for all that come in it.
  $("fault-times").value = type === "maintenance" ? "0" : "1";
}

// The fault that the form says.
function read() {
  const action = { type: $("fault-type").value };
  for (const input of $("fault-fields").querySelectorAll("[data-key]")) {
    const text = input.value.trim();
    if (text !== "") action[input.dataset.key] = READ[input.dataset.kind](text);
  }
  const match = {};
  if ($("fault-endpoint").value) match.endpoint = $("fault-endpoint").value;
  for (const key of ["nth", "probability"]) {
    const text = $(`fault-${key}`).value.trim();
    if (text !== "") match[key] = number(text);
  }
  const params = pairs($("fault-params").value);
  if (Object.keys(params).length) match.params = params;
  const times = $("fault-times").value.trim();
  return { match, action, ...(times === "" ? {} : { times: number(times) }) };
}

// What a fault does and to which requests, in a line.
function spoken({ action, match }) {
  const { type, ...fields } = action;
  const lines = (headers) => Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join(", ");
  const value = (key, field) => (key === "headers" ? lines(field) : typeof field === "object" ? JSON.stringify(field) : String(field));
  const what = Object.entries(fields).map(([key, field]) => (["status", "headers"].includes(key) ? value(key, field) : key === "ms" ? `${field} ms` : `${key} ${value(key, field)}`));
  const who = [match.endpoint ?? "any request"];
  if (match.nth) who.push(`only number ${match.nth}`);
  if (match.probability) who.push(`${match.probability * 100} %`);
  for (const [name, param] of Object.entries(match.params ?? {})) who.push(`${name}=${param}`);
  return [[type, ...what].join(" "), who.join(", ")];
}

function render(fault, at) {
  const [what, who] = spoken(fault);
  const { struck, times } = fault;
  const spent = times !== 0 && struck >= times;
  const stands = spent ? "used up" : struck ? "partly used" : "waiting";
  const often = times === 0 ? `always, ${struck} so far` : `${struck} of ${times}`;
  const links = fault.consumed_by.slice(-12).map(requestLink);
  return h("li", { class: spent ? "spent" : null },
    h("p", { class: "head" }, h("strong", {}, what), h("span", { class: "who" }, who),
      h("button", { type: "button", class: "small remove", "data-part": "remove", "aria-label": `Remove fault ${at + 1}: ${what}`, onclick: () => remove(at) }, "Remove")),
    h("p", { class: "note" }, h("span", { class: `stands ${spent ? "good" : "soft"}` }, stands), `, ${often}`,
      links.length > 0 && h("span", {}, " by ", links.flatMap((link, n) => [n ? ", " : "", link]))));
}

function draw({ faults }) {
  sync($("fault-list"), faults, (fault) => faults.indexOf(fault), render);
  $("faults-count").textContent = faults.length ? String(faults.length) : "";
  $("faults-clear").hidden = faults.length === 0;
  $("faults-empty").hidden = faults.length > 0;
  $("faults-empty").textContent = "None planned: everything is answered as it comes.";
  $("fault-add").hidden = false;
}

// The others keep what is known of them: the plan is changed, not put anew.
function change(place, what) {
  return attempt(place, async () => {
    draw(await call("PATCH", of(client(), "/faults"), what));
    return true;
  });
}

const remove = (at) => change($("faults-problem"), { remove: at });

// Asks for the plan anew.
export async function load(of_client) {
  if (of_client !== null) return draw(await call("GET", of(of_client, "/faults")));
  draw({ faults: [] });
  $("fault-add").hidden = true;
  $("faults-empty").textContent = "Each merchant has its own. Choose one.";
}

export function start(whose) {
  client = whose;
  const option = (value, name) => h("option", { value }, name);
  $("fault-type").append(...TYPES.map(([type, name]) => option(type, name)));
  $("fault-endpoint").append(option("", "anything"), ...ENDPOINTS.map((name) => option(name, name)));
  drawFields();
  $("fault-type").addEventListener("change", drawFields);
  $("fault-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!await change($("fault-problem"), { add: read() })) return;
    $("fault-form").reset();
    drawFields();
  });
  $("faults-clear").addEventListener("click", () => attempt($("faults-problem"), async () => {
    await call("DELETE", of(client(), "/faults"));
    draw({ faults: [] });
    $("faults").focus();
  }));
}
