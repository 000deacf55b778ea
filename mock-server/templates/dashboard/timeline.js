// What came of an order, from init to what the shop was told.

import { call, query } from "./api.js";
import { h, requestLink, spoken, sync, timeOfDay } from "./dom.js";
import { verdict } from "./verdict.js";

const isBack = ({ endpoint, path }) => endpoint === "callback" || path.endsWith("/return");
const isAsked = ({ endpoint }) => endpoint?.startsWith("notification");

// What a request was to the order.
function step({ endpoint, method, path }) {
  if (endpoint === "callback") return "callback";
  if (endpoint) return endpoint.split("_")[0];
  const [, session, name] = /^\/checkout\/([^/]+)\/?(.*)$/.exec(path) ?? [];
  if (!session) return path;
  if (name === "return") return "back to the shop";
  return method === "GET" || method === "HEAD" ? "page" : `page: ${name}`;
}

// What notifications told the shop; each is asked for once.
const known = new Map();
// After a reset, ids begin anew.
const keyOf = ({ id, at }) => `${id} ${at}`;
async function told(row) {
  if (row.status !== 200 || known.has(keyOf(row))) return;
  known.set(keyOf(row), "");
  const { response_body: body } = await call("GET", `/requests/${row.id}`);
  const { apply, purchase } = JSON.parse(body);
  const says = (name, word) => word && `${name} ${word}`;
  known.set(keyOf(row), [says("apply", apply?.apply_status), says("purchase", purchase?.status)].filter(Boolean).join(", ") || "no outcome yet");
}

// What came of an order. A notification that a fault took the place of knows no order: its path does.
async function all({ id, client_id, merchant_order_id }) {
  const some = (more) => call("GET", `/requests${query(client_id, { ...more, limit: 100 })}`);
  const [own, asked] = await Promise.all([some({ order_id: id }), some({ endpoint: "notification" })]);
  const ends = [id, merchant_order_id].filter((name) => name !== null).map((name) => `/${encodeURIComponent(name)}`);
  const others = asked.requests.filter(({ order_id, path }) => order_id === null && ends.some((end) => path.endsWith(end)));
  return [...own.requests, ...others].sort((one, other) => one.id - other.id);
}

// All that came of an order, by the merchant's clock; where it was decided, too.
export async function draw(order, list) {
  const requests = await all(order);
  await Promise.allSettled(requests.filter(isAsked).slice(-20).map(told));
  const items = requests.map((row) => {
    const [colour, sign, status, word] = verdict(row);
    return { key: row.id, at: row.clock ?? row.at, name: step(row), told: known.get(keyOf(row)), colour, sign, word: `${status} ${word}`, after: isBack(row) || isAsked(row) };
  });
  if (order.outcome && order.ended) {
    const end = Date.parse(order.ended);
    const at = items.findIndex(({ at: time, after }) => Date.parse(time) > end || (after && Date.parse(time) === end));
    items.splice(at < 0 ? items.length : at, 0, { key: "end", at: order.ended, name: spoken(order.outcome) });
  }
  let day = new Date().toISOString().slice(0, 10);
  for (const item of items) {
    const own = item.at.slice(0, 10);
    if (own !== day) item.day = day = own;
  }
  sync(list, items, ({ key }) => key, moment);
}

function moment({ key, at, day, name, told: words, colour, sign, word }) {
  const time = h("time", { datetime: at, title: at }, day && h("span", { class: "day" }, day, " "), timeOfDay(at, 8));
  if (key === "end") return h("li", {}, time, h("strong", {}, name));
  return h("li", {}, time, h("span", {}, name),
    h("span", { class: `status ${colour}` }, h("span", { class: "sign", "aria-hidden": "true" }, sign), ` ${word}`), requestLink(key), words && h("span", { class: "told" }, words));
}
