// The merchant's clock: the one that tokens and pages obey.

import { call, of } from "./api.js";
import { $, attempt } from "./dom.js";

let client = () => null;
// How far the merchant's time is from this machine's, or where it stands.
let stands = null;
let ahead = 0;

const time = () => new Date(stands ?? Date.now() + ahead);

function tick() {
  if ($("clock-body").hidden) return;
  const now = time();
  if (Number.isNaN(now.getTime())) return;
  const text = now.toISOString().replace(/\.\d+Z$/, "Z");
  $("now").dateTime = text;
  $("now").textContent = text.replace("T", " ").replace("Z", " UTC");
}

function draw({ now, frozen }) {
  const at = Date.parse(now);
  stands = frozen ? at : null;
  ahead = at - Date.now();
  $("clock-state").textContent = frozen ? "frozen" : "running";
  $("freeze").setAttribute("aria-pressed", String(frozen));
  // What somebody is typing stays.
  if (document.activeElement !== $("clock-set")) $("clock-set").value = now.replace(/\.\d+Z$/, "Z");
  tick();
}

const change = (what) => attempt($("clock-problem"), async () => {
  draw(await call("PUT", of(client(), "/clock"), what));
});

// Asks for the time anew.
export async function load(whose) {
  $("clock-body").hidden = whose === null;
  $("clock-state").textContent = whose === null ? "each merchant has its own" : "";
  if (whose !== null) draw(await call("GET", of(whose, "/clock")));
}

export function start(whose) {
  client = whose;
  for (const button of document.querySelectorAll("[data-minutes]")) {
    button.addEventListener("click", () => change({ advance_ms: Number(button.dataset.minutes) * 60_000 }));
  }
  $("freeze").addEventListener("click", () => change({ frozen: stands === null }));
  $("clock-form").addEventListener("submit", (event) => {
    event.preventDefault();
    change({ set: $("clock-set").value.trim() });
  });
  setInterval(tick, 1000);
}
