// The requests as they come, the newest first.

import { call, query } from "./api.js";
import { $, h, timeOfDay } from "./dom.js";
import { verdict } from "./verdict.js";

// How many the page holds; the journal may have more.
const LIMIT = 300;
const INIT = ["init_v2", "init_plain"];
const NOTIFICATION = ["notification_order", "notification_merchant_order", "notification_old"];

let rows = new Map();
let dropped = 0;
let waiting = [];

const colour = (row) => verdict(row)[0];
const isTrouble = (row) => ["bad", "fail"].includes(colour(row));

// The id of the newest request.
export const newest = () => Math.max(0, ...rows.keys(), ...waiting.map((row) => row.id));

// The path without what is the same in all of them, and without long secrets.
function shortened(path) {
  return path
    .replace(/^\/flexiti\/online-api\//, "")
    .replace(/client-id\/[^/]+/, "…")
    .replace(/[0-9a-f]{40}/gi, (session) => `${session.slice(0, 8)}…`);
}

function reasons(row) {
  const shown = row.violations.slice(0, 3).map(({ clause, param }) =>
    h("span", { class: "reason" }, h("code", {}, clause), param && h("span", { class: "param" }, param)));
  const more = row.violations.length - shown.length;
  return h("span", { class: "why" }, shown, more > 0 && h("span", { class: "reason" }, `and ${more} more`));
}

// Who answered in the mock's place, and whether the mock would have answered otherwise.
function upstream({ mode, differs }) {
  if (mode === "answer") return "from the transcript";
  if (!differs) return "upstream";
  return differs.length ? `upstream, mock differs (${differs.length})` : "upstream, mock agrees";
}

function element(row) {
  const [tone, sign, status, word] = verdict(row);
  const id = `request-${row.id}`;
  const button = h("button", { type: "button", class: "row", "aria-expanded": "false", "aria-controls": `${id}-detail` },
    h("span", { class: `status ${tone}` }, h("span", { class: "sign", "aria-hidden": "true" }, sign), ` ${status} `, h("span", { class: "word" }, word)),
    h("span", { class: "what", title: row.path }, h("span", { class: "method" }, row.method), " ", h("span", { class: "path" }, shortened(row.path))),
    h("span", { class: "marks" },
      row.fault && h("span", { class: "fault" }, `fault ${row.fault}`),
      row.upstream && h("span", { class: "upstream" }, upstream(row.upstream)),
      row.order_id !== null && h("span", { class: "order" }, `order ${row.order_id}`),
      h("span", { class: "client" }, row.client_id ?? "no merchant"), h("span", { class: "hit", hidden: true })),
    h("time", { datetime: row.at, title: row.at }, timeOfDay(row.at)),
    row.violations.length > 0 && reasons(row));
  const item = h("li", { id, class: { fail: "failed", bad: "refused" }[tone] }, button,
    h("div", { class: "detail", id: `${id}-detail`, role: "region", "aria-label": `Request ${row.id}`, hidden: true }));
  button.addEventListener("click", () => toggle(item, row));
  return item;
}

// Opens or closes the details of a request.
async function toggle(item, row, open = item.querySelector(".detail").hidden) {
  const detail = item.querySelector(".detail");
  item.firstElementChild.setAttribute("aria-expanded", String(open));
  detail.hidden = !open;
  if (open && !detail.firstChild) await (await import("./detail.js")).fill(detail, row, () => close(item, row));
  mark();
}

function close(item, row) {
  toggle(item, row, false);
  item.firstElementChild.focus();
}

// Whether the filter lets a request through.
function lets(row) {
  if ($("filter-refused").checked && !isTrouble(row)) return false;
  const endpoint = $("filter-endpoint").value;
  const own = row.endpoint ?? (row.path.startsWith("/checkout/") ? "checkout" : "other");
  const group = { init: INIT, notification: NOTIFICATION }[endpoint] ?? [endpoint];
  if (endpoint && !group.includes(own)) return false;
  const text = $("filter-text").value.trim().toLowerCase();
  return !text || searched(row).includes(text);
}

// What is looked through, by name.
function places(row) {
  const { id, method, path, order_id, params, headers, body, violations, fault, client_id, upstream } = row;
  const all = { id: `#${id}`, method, path, status: verdict(row).slice(2).join(" "), order: order_id, parameters: params, headers, body, clauses: violations, fault, merchant: client_id, upstream };
  return Object.entries(all).map(([name, value]) => [name, (JSON.stringify(value) ?? "").toLowerCase()]);
}

const searched = (row) => places(row).map(([, text]) => text).join();

// Marks what is looked for, wherever a row shows it; says where it is in one that does not.
function mark() {
  const wanted = $("filter-text").value.trim().toLowerCase();
  const ranges = [];
  for (const { row, item } of rows.values()) {
    const note = item.querySelector(".hit");
    note.hidden = true;
    if (!wanted || item.hidden) continue;
    const texts = document.createTreeWalker(item, NodeFilter.SHOW_TEXT);
    let isShown = false;
    while (texts.nextNode()) {
      const { data, parentElement } = texts.currentNode;
      const text = data.toLowerCase();
      for (let at = text.indexOf(wanted); at >= 0 && parentElement !== note; at = text.indexOf(wanted, at + wanted.length)) {
        const range = new StaticRange({ startContainer: texts.currentNode, startOffset: at, endContainer: texts.currentNode, endOffset: at + wanted.length });
        ranges.push(range);
        isShown ||= item.firstElementChild.contains(parentElement);
      }
    }
    const where = places(row).filter(([, text]) => text.includes(wanted)).map(([name]) => name);
    note.textContent = `in ${where.join(", ")}`;
    note.hidden = isShown;
  }
  globalThis.CSS?.highlights?.set("hits", new Highlight(...ranges));
}

function count() {
  let shown = 0;
  const troubles = { bad: 0, fail: 0 };
  for (const { row, item } of rows.values()) {
    item.hidden = !lets(row);
    if (!item.hidden) shown += 1;
    if (isTrouble(row)) troubles[colour(row)] += 1;
  }
  const all = rows.size;
  const words = [shown === all ? all : `${shown} of ${all}`, troubles.bad && `${troubles.bad} refused`, troubles.fail && `${troubles.fail} failed`];
  $("requests-count").textContent = all ? words.filter(Boolean).join(", ") : "";
  $("requests-empty").hidden = shown > 0;
  $("empty-base").hidden = all > 0;
  $("empty-words").textContent = all > 0 ? "No request is like that." : "No requests yet. Let your code call";
  $("requests-older").hidden = dropped === 0 && all < LIMIT;
  $("requests-older").textContent = all < LIMIT
    ? "The journal has dropped older ones."
    : `The newest ${LIMIT}; older ones are in the journal.`;
  mark();
}

function put(row) {
  if (rows.has(row.id)) return rows.get(row.id);
  const item = element(row);
  const next = [...rows.keys()].filter((id) => id < row.id);
  const below = next.length ? rows.get(Math.max(...next)).item : null;
  $("request-list").insertBefore(item, below);
  rows.set(row.id, { row, item });
  return rows.get(row.id);
}

// Shows the requests that came since the last frame.
function flush() {
  const came = waiting.slice(-LIMIT);
  waiting = [];
  came.forEach(put);
  const ids = [...rows.keys()].sort((a, b) => a - b);
  for (const id of ids.slice(0, Math.max(0, ids.length - LIMIT))) {
    const { item } = rows.get(id);
    // What somebody reads stays.
    if (!item.querySelector(".detail").hidden || item.contains(document.activeElement)) continue;
    item.remove();
    rows.delete(id);
  }
  count();
  const trouble = came.filter(isTrouble).at(-1);
  if (trouble) {
    const why = trouble.violations.map(({ clause, param }) => `${clause} ${param ?? ""}`.trim());
    const [, , status, word] = verdict(trouble);
    $("said").textContent = `Request ${trouble.id}: ${status} ${word}, ${why.join(", ") || trouble.fault || trouble.error || "no clause"}`;
  }
}

// A request that has just come.
export function add(row) {
  if (rows.has(row.id)) return;
  if (waiting.push(row) === 1) setTimeout(flush, 50);
}

// Asks for the newest requests, in place of those that are shown.
export async function load(client) {
  const found = await call("GET", `/requests${query(client, { limit: LIMIT })}`);
  waiting = [];
  dropped = found.dropped;
  const kept = new Map(found.requests.map((row) => [row.id, row]));
  for (const [id, { row, item }] of rows) {
    if (JSON.stringify(kept.get(id)) === JSON.stringify(row)) continue;
    item.remove();
    rows.delete(id);
  }
  found.requests.forEach(put);
  count();
  follow();
}

// Opens the request that the address names, wherever it is.
async function follow() {
  const id = Number(/^#request-(\d+)$/.exec(location.hash)?.[1]);
  if (!id) return;
  if (!rows.has(id)) {
    try {
      put(await call("GET", `/requests/${id}`));
    } catch {
      return;
    }
  }
  const { row, item } = rows.get(id);
  if (!lets(row)) $("filter").reset();
  count();
  await toggle(item, row, true);
  item.firstElementChild.focus();
  item.scrollIntoView({ block: "nearest" });
}

// Up and down between the rows; Escape closes what is open.
function steer(event) {
  const item = event.target.closest("li[id]");
  const found = item && rows.get(Number(item.id.slice("request-".length)));
  if (!found) return;
  if (event.key === "Escape" && !item.querySelector(".detail").hidden) {
    close(item, found.row);
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.target !== item.firstElementChild) return;
  const shown = [...$("request-list").children].filter((other) => !other.hidden);
  const next = shown[shown.indexOf(item) + step];
  if (!next) return;
  event.preventDefault();
  next.firstElementChild.focus();
}

// Listens to what the filter and the keyboard say.
export function start() {
  $("request-list").addEventListener("keydown", steer);
  $("filter").addEventListener("submit", (event) => event.preventDefault());
  $("filter").addEventListener("input", count);
  $("filter").addEventListener("change", count);
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    // The address may name it already.
    const link = event.target.closest?.("a[href^='#request-']");
    if (link && link.hash === location.hash) follow();
  });
}
