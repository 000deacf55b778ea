// What was allowed and is unwise all the same.

import { call, of } from "./api.js";
import { $, h, requestLink, sync } from "./dom.js";

// The findings of a rule: what it wants is said once.
function render([rule, findings]) {
  const [{ clause, test_case, remedy }] = findings;
  const known = [clause, test_case && `test case ${test_case}`].filter(Boolean);
  const found = findings.map(({ message, requests }) => {
    const links = (requests ?? []).slice(-12).map(requestLink);
    return h("p", {}, message, links.length > 0 && h("span", { class: "note" }, " in ", links.flatMap((link, n) => [n ? ", " : "", link])));
  });
  return h("li", {},
    h("p", { class: "head" }, h("code", { class: "rule" }, rule), findings.length > 1 && h("span", { class: "count" }, `× ${findings.length}`)),
    remedy && h("p", { class: "remedy" }, remedy), found,
    known.length > 0 && h("p", { class: "note" }, known.join(", ")));
}

function hide(hidden) {
  $("lint").hidden = hidden;
  $("lint-link").hidden = hidden;
  if (hidden) $("lint-top").hidden = true;
}

// Asks for the findings anew; a server that has none to give is no trouble.
export async function load(client) {
  if (client === null) return hide(true);
  let found;
  try {
    found = await call("GET", of(client, "/lint"));
  } catch (error) {
    if (error.status === 404) return hide(true);
    throw error;
  }
  hide(false);
  const rules = Map.groupBy(found.findings, ({ rule }) => rule);
  sync($("lint-list"), [...rules], ([rule]) => rule, render);
  const all = found.findings.length;
  $("lint-count").textContent = all ? `${all} by ${rules.size} ${rules.size === 1 ? "rule" : "rules"}` : "";
  $("lint-empty").hidden = all > 0;
  $("lint-top").hidden = all === 0;
  $("lint-top").textContent = `Lint: ${all} ${all === 1 ? "finding" : "findings"}`;
}
