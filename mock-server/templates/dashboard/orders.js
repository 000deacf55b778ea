// Orders, the newest first, and the buttons that end them as their customers would.

import { call, query } from "./api.js";
import { $, attempt, h, say, spoken, sync } from "./dom.js";

// How many are shown at first.
const FEW = 5;
const WORDS = {
  approved: "Approve", pending: "Leave pending", declined: "Decline", retry: "Ask to retry", purchased: "Purchase",
  refused: "Refuse", cancelled: "Cancel", abandoned: "Abandon", expired: "Expire", as_applied: "As the middle name says",
};
const GOOD = ["approved", "purchased"];
const BAD = ["declined", "refused", "expired"];

let shown = FEW;
let orders = [];

// Init's own word for both.
const flowOf = ({ flow }) => flow.replace("_", "/");

function fact(name, value) {
  return value !== null && h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

function course(order) {
  const list = h("ol", { class: "timeline" });
  const draw = async () => (await import("./timeline.js")).draw(order, list);
  const all = h("details", { "data-part": "timeline", ontoggle: () => all.open && draw().catch(() => {}) },
    h("summary", { "data-part": "course" }, "Timeline", h("span", { class: "off" }, ` of order ${order.id}`)), list);
  return all;
}

// The link to the pages; a server that was told a strange address for itself gets none.
function pages(order) {
  if (!/^https?:\/\//.test(order.redirection_url)) return null;
  return h("a", { href: order.redirection_url, target: "_blank", rel: "noopener noreferrer", "data-part": "pages" },
    "Open the checkout", h("span", { class: "off" }, ` of order ${order.id} in a new tab`));
}

function render(order) {
  const end = order.outcome ?? order.decision;
  const colour = GOOD.includes(end) ? "good" : BAD.includes(end) ? "bad" : "soft";
  const moved = order.stage !== end;
  const buttons = order.next.map((outcome) =>
    h("button", { type: "button", class: "small", "data-part": outcome, onclick: () => complete(order, outcome) }, WORDS[outcome] ?? spoken(outcome)));
  return h("li", { id: `order-${order.id}` },
    h("p", { class: "head" }, h("strong", {}, `#${order.id}`), h("span", {}, flowOf(order)), h("span", { class: "amount" }, `$${order.amount}`),
      h("span", { class: `outcome ${colour}` }, end ?? order.stage)),
    h("dl", { class: "facts" }, fact("PIN", order.pin && h("code", {}, order.pin)), fact("Shop’s order", order.merchant_order_id), fact("Stage", end && moved ? order.stage : null),
      fact("Refused for", order.refused && spoken(order.refused)), fact("Customer", order.customer_id), h("div", { class: "client" }, h("dt", {}, "Merchant"), h("dd", {}, order.client_id)),
      fact("Notification", end && !order.settled ? "does not show it yet" : null)),
    h("div", { class: "acts" }, pages(order),
      buttons.length > 0 && h("details", { "data-part": "ends" }, h("summary", { "data-part": "summary" }, "End it", h("span", { class: "off" }, ` as the customer would: order ${order.id}`)),
        h("div", { class: "buttons", role: "group", "aria-label": `Outcomes of order ${order.id}` }, buttons)),
      course(order)));
}

// The orders that the search lets through.
function found() {
  const wanted = $("order-text").value.trim().toLowerCase();
  const words = ({ id, merchant_order_id, flow, amount, stage, decision, outcome, customer_id, client_id }) =>
    [`#${id}`, merchant_order_id, flow, amount, stage, decision, outcome, customer_id, client_id].join(" ").toLowerCase();
  return orders.filter((order) => words(order).includes(wanted));
}

function draw() {
  const those = found();
  sync($("order-list"), those.slice(0, shown), (order) => order.id, render);
  const all = orders.length;
  $("orders-count").textContent = those.length < all ? `${those.length} of ${all}` : all || "";
  $("order-text").hidden = all <= FEW;
  $("orders-empty").hidden = orders.length > 0;
  $("orders-how").hidden = !orders.some((order) => order.next.length);
  const more = those.length - shown;
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

// Shows the order that the address names, with its timeline.
function follow() {
  const id = Number(/^#order-(\d+)$/.exec(location.hash)?.[1]);
  const at = orders.findIndex((order) => order.id === id);
  if (at < 0) return;
  $("order-text").value = "";
  shown = Math.max(shown, at + 1);
  draw();
  const row = $(`order-${id}`);
  row.querySelector("[data-part=timeline]").open = true;
  row.scrollIntoView({ block: "nearest" });
  row.querySelector("[data-part=course]").focus();
}

export function start() {
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    // The address may name it already.
    const link = event.target.closest?.("a[href^='#order-']");
    if (link && link.hash === location.hash) follow();
  });
  $("order-text").addEventListener("input", draw);
  $("settle").addEventListener("change", () => {
    $("settle-by").hidden = !$("settle").value;
    $("settle-by").value = $("settle").value === "ms" ? "60000" : "2";
  });
  $("orders-more").addEventListener("click", () => {
    shown += 50;
    draw();
  });
}
