// The dashboard: which merchant is looked at, and what is to be asked for when something happens.

import { call, events, fetched, of, query, reference } from "./api.js";
import * as clock from "./clock.js";
import { $, attempt, copy, h, say, settled } from "./dom.js";
import * as faults from "./faults.js";
import * as lint from "./lint.js";
import * as orders from "./orders.js";
import * as requests from "./requests.js";

const ALL = "";
// `client` is null where all merchants are looked at.
const state = { chosen: null, client: null, watching: null };

function live(name, words) {
  $("live").dataset.state = name;
  $("live").textContent = words;
}

// The merchants, and which one of them is looked at: the one that was chosen, that of the address,
// or the first.
async function loadMerchants() {
  const { merchants } = await call("GET", "/merchants");
  const ids = merchants.map((merchant) => merchant.client_id);
  const option = (value, name) => h("option", { value }, name);
  $("merchant").replaceChildren(...ids.map((id) => option(id, id)), option(ALL, "All merchants"));
  const first = ids[0] ?? ALL;
  const wanted = state.chosen ?? new URLSearchParams(location.search).get("merchant") ?? first;
  $("merchant").value = wanted === ALL || ids.includes(wanted) ? wanted : first;
  return $("merchant").value || null;
}

async function loadDialects() {
  const { dialects } = await call("GET", "/dialects");
  const options = dialects.map(({ name, description }) => h("option", { value: name, title: description }, name));
  $("dialect").replaceChildren(...options);
}

async function loadDialect() {
  $("dialect-pick").hidden = $("merchant-delete").hidden = state.client === null;
  $("reference").href = reference(state.client);
  if (state.client === null) return;
  const { name, description } = await call("GET", of(state.client, "/dialect"));
  const known = [...$("dialect").options].some((option) => option.value === name);
  // One that a test put has a name of its own.
  if (!known) $("dialect").append(h("option", { value: name, title: description }, name));
  $("dialect").value = name;
  $("dialect").title = description;
  $("reference").href = reference(state.client);
}

const soon = {
  orders: settled(() => orders.load(state.client)),
  faults: settled(() => faults.load(state.client)),
  lint: settled(() => lint.load(state.client), 300),
};

async function loadAll() {
  await loadDialect();
  await Promise.all([
    requests.load(state.client), orders.load(state.client), faults.load(state.client),
    clock.load(state.client), lint.load(state.client),
  ]);
}

// What an event says is new.
async function happened(name, data) {
  if (name === "request") {
    requests.add(data);
    soon.orders();
    soon.faults();
    soon.lint();
    return;
  }
  if (name === "missed") return loadAll();
  if (name !== "change") return;
  switch (data.what) {
    case "orders": return soon.orders();
    case "faults": return soon.faults();
    case "clock":
      soon.orders();
      return clock.load(state.client);
    case "dialect": return loadDialect();
    case "merchants": return refreshMerchants();
    case "reset":
      watch();
  }
}

async function refreshMerchants() {
  const before = state.client;
  const now = await loadMerchants();
  if (now !== before) watch();
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Loads what there is, then follows what happens; begins anew when the server has gone away.
async function watch() {
  state.watching?.abort();
  const stop = new AbortController();
  state.watching = stop;
  live("wait", "Connecting");
  let wait = 250;
  while (!stop.signal.aborted) {
    try {
      if (!$("dialect").options.length) await loadDialects();
      state.client = await loadMerchants();
      document.body.classList.toggle("all", state.client === null);
      await loadAll();
      for await (const [name, data] of events(state.client, requests.newest(), stop.signal)) {
        if (stop.signal.aborted) return;
        if (name === "open") {
          wait = 250;
          live("on", "Live");
        } else {
          await happened(name, data);
        }
      }
    } catch (error) {
      if (stop.signal.aborted) return;
      if (error.status === 401) {
        live("off", "No token");
        $("live").append(" ", h("button", { type: "button", class: "small", onclick: watch }, "Enter it"));
        return;
      }
    }
    if (stop.signal.aborted) return;
    live("wait", "Reconnecting…");
    await pause(wait);
    wait = Math.min(wait * 2, 4000);
  }
}

$("merchant").addEventListener("change", () => look($("merchant").value));

$("dialect").addEventListener("change", () => attempt($("top-problem"), async () => {
  await call("PUT", of(state.client, "/dialect"), { name: $("dialect").value });
}).finally(() => loadDialect().catch(() => {})));

// What cannot be taken back, after a second thought.
function sure(title, words, verb, act) {
  $("sure-title").textContent = title;
  $("sure-words").textContent = words;
  $("sure-yes").textContent = verb;
  const dialog = $("sure-dialog");
  dialog.returnValue = "";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "yes") attempt($("top-problem"), act);
  }, { once: true });
  dialog.showModal();
}

$("clear").addEventListener("click", () => {
  const whose = state.client;
  if (whose === null) {
    const words = "All merchants go back to their start, and those that tests made are gone.";
    return sure("Reset the server?", words, "Reset", () => call("POST", "/reset"));
  }
  const words = "Its requests, orders, tokens, faults, clock and dialect go back to their start.";
  return sure(`Reset ${whose}?`, words, "Reset", () => call("POST", of(whose, "/reset")));
});

$("merchant-delete").addEventListener("click", () => {
  const whose = state.client;
  const words = "Its keys, requests, orders, tokens and faults are gone for good.";
  sure(`Delete ${whose}?`, words, "Delete", () => call("DELETE", of(whose, "")));
});

// Looks at a merchant.
function look(merchant) {
  history.replaceState(null, "", `?${new URLSearchParams({ merchant })}`);
  state.chosen = merchant;
  say($("top-problem"), null);
  watch();
}

// What few need is loaded when somebody does.
$("merchant-new").addEventListener("click", () => attempt($("top-problem"), async () => {
  (await import("./merchants.js")).create(look);
}));
$("dialect-edit").addEventListener("click", () => attempt($("top-problem"), async () => {
  await (await import("./dialect.js")).edit(state.client);
}));
$("har").addEventListener("click", () => attempt($("top-problem"), async () => {
  const archive = await fetched("GET", `/requests${query(state.client)}`, { accept: "application/har+json" });
  const url = URL.createObjectURL(await archive.blob());
  h("a", { href: url, download: `${state.client ?? "flexiti-mock"}.har` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}));

$("base-url").textContent = `${location.origin}/flexiti/online-api`;
$("copy-base").addEventListener("click", (event) => {
  copy($("base-url").textContent, $("base-url"), event.currentTarget);
});

requests.start();
orders.start();
faults.start(() => state.client);
clock.start(() => state.client);
watch();
