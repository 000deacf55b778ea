// Orders, the newest first, and the buttons that end them as their customers would.

import { call, query } from "./api.js";
import { $, attempt, h, requestLink, say, sync, timeOfDay } from "./dom.js";
import { verdict } from "./verdict.js";

// How many are shown at first.
const FEW = 8;
const WORDS = {
  approved: "Approve", pending: "Leave pending", declined: "Decline", retry: "Ask to retry", purchased: "Purchase",
  refused: "Refuse", cancelled: "Cancel", abandoned: "Abandon", expired: "Expire", as_applied: "As the middle name says",
};
const GOOD = ["approved", "purchased"];
const BAD = ["declined", "refused", "expired"];

let shown = FEW;
let orders = [];

const spoken = (word) => word.replaceAll("_", " ");

function fact(name, value) {
  return value !== null && h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

function course(order) {
  const list = h("ol", { class: "timeline" });
  const all = h("details", { "data-part": "timeline", ontoggle: () => all.open && timeline(order, list).catch(() => {}) },
    h("summary", {}, "Timeline", h("span", { class: "off" }, ` of order ${order.id}`)), list);
  return all;
}

// The link to the pages; a server that was told a strange address for itself gets none.
function pages(order) {
  if (!/^https?:\/\//.test(order.redirection_url)) return null;
  return h("a", { href: order.redirection_url, target: "_blank", rel: "noopener noreferrer", "data-part": "pages" },
    "Open the checkout", h("span", { class: "off" }, ` of order ${order.id} in a new tab`));
}

// What a request was to the order.
function step({ endpoint, method, path }) {
  if (endpoint === "callback") return "callback";
  if (endpoint) return endpoint.split("_")[0];
  const [, session, name] = /^\/checkout\/([^/]+)\/?(.*)$/.exec(path) ?? [];
  if (!session) return path;
  if (name === "return") return "back to the shop";
  return method === "GET" || method === "HEAD" ? "page" : `page: ${name}`;
}

// All that came of an order, by the merchant's clock.
async function timeline(order, list) {
  const { requests } = await call("GET", `/requests${query(order.client_id, { order_id: order.id, limit: 100 })}`);
  list.replaceChildren(...requests.map((row) => {
    const [colour, sign, status, word] = verdict(row);
    const at = row.clock ?? row.at;
    return h("li", {}, h("time", { datetime: at, title: at }, timeOfDay(at)), h("span", {}, step(row)),
      h("span", { class: `status ${colour}` }, h("span", { class: "sign", "aria-hidden": "true" }, sign), ` ${status} ${word}`), requestLink(row.id));
  }));
}

function render(order) {
  const end = order.outcome ?? order.decision;
  const colour = GOOD.includes(end) ? "good" : BAD.includes(end) ? "bad" : "soft";
  const buttons = order.next.map((outcome) =>
    h("button", { type: "button", class: "small", "data-part": outcome, onclick: () => complete(order, outcome) }, WORDS[outcome] ?? spoken(outcome)));
  return h("li", { id: `order-${order.id}` },
    h("p", { class: "head" }, h("strong", {}, `#${order.id}`), h("span", {}, spoken(order.flow)),
      h("span", { class: "amount" }, `$${order.amount}`), h("span", { class: "stage" }, order.stage),
      end && h("span", { class: `outcome ${colour}` }, end)),
    h("dl", { class: "facts" }, fact("PIN", order.pin && h("code", {}, order.pin)), fact("Shop’s order", order.merchant_order_id),
      fact("Refused for", order.refused), fact("Customer", order.customer_id), h("div", { class: "client" }, h("dt", {}, "Merchant"), h("dd", {}, order.client_id)),
      fact("Notification", end && !order.settled ? "does not show it yet" : null)),
    h("p", { class: "acts" }, pages(order)),
    buttons.length > 0 && h("details", { "data-part": "ends" }, h("summary", { "data-part": "summary" }, "End it as the customer would", h("span", { class: "off" }, `: order ${order.id}`)),
      h("div", { class: "buttons", role: "group", "aria-label": `Outcomes of order ${order.id}` }, buttons)),
    course(order));
}

function draw() {
  sync($("order-list"), orders.slice(0, shown), (order) => order.id, render);
  $("orders-count").textContent = orders.length ? String(orders.length) : "";
  $("orders-empty").hidden = orders.length > 0;
  $("orders-how").hidden = !orders.some((order) => order.next.length);
  const more = orders.length - shown;
  $("orders-more").hidden = more <= 0;
  $("orders-more").textContent = `Show ${Math.min(more, 50)} more`;
}

// What the shop answered to its callback, in words.
function followed({ order, callback_url: url, followed: came }) {
  const done = `Order ${order.id} is ${order.outcome ?? order.stage}.`;
  if (!$("follow").checked) return done;
  if (!came) return `${done} There is no callback URL to request.`;
  return `${done} ${url} ${came.error ? `did not answer: ${came.error}` : `answered ${came.status}`}.`;
}

function complete(order, outcome) {
  say($("orders-done"), null);
  return attempt($("orders-problem"), async () => {
    const settle = $("settle").value;
    const by = $("settle-by").value.trim();
    const wish = { outcome, follow: $("follow").checked };
    // What is no number the server refuses in its own words.
    if (settle) wish.settle_after = { [settle]: /^\d+$/.test(by) ? Number(by) : by };
    const done = await call("POST", `/orders/${order.id}/complete`, wish);
    say($("orders-done"), followed(done));
    orders = orders.map((known) => (known.id === order.id ? done.order : known));
    draw();
  });
}

// Asks for the orders anew.
export async function load(client) {
  orders = (await call("GET", `/orders${query(client)}`)).orders;
  draw();
  // What came since belongs to those that are looked at.
  for (const open of $("order-list").querySelectorAll("[data-part=timeline][open]")) open.dispatchEvent(new Event("toggle"));
}

export function start() {
  $("settle").addEventListener("change", () => {
    $("settle-by").hidden = !$("settle").value;
    $("settle-by").value = $("settle").value === "ms" ? "60000" : "2";
  });
  $("orders-more").addEventListener("click", () => {
    shown += 50;
    draw();
  });
}
