// What was allowed and is unwise all the same.

import { call, of, reference } from "./api.js";
import { $, h, prose, requestLink, sync } from "./dom.js";

// How many findings of a rule stand there at once.
const FEW = 3;

const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

// Which clause and which of Flexiti's test cases a rule is about.
function grounds({ clause, test_case }, client) {
  if (!clause && !test_case) return null;
  return h("p", { class: "note" }, clause && h("a", { href: reference(client, `clause-${clause}`) }, h("code", {}, clause)),
    clause && test_case && ", ", test_case && `test case ${test_case}`);
}

function one({ message, requests }) {
  const links = (requests ?? []).slice(-12).map(requestLink);
  return h("li", {}, prose(message), links.length > 0 && h("span", { class: "note" }, " in ", links.flatMap((link, n) => [n ? ", " : "", link])));
}

// The findings of a rule: what it wants is said once.
function render([rule, findings], client) {
  const [{ remedy }] = findings;
  const more = findings.slice(FEW);
  return h("li", {},
    h("p", { class: "head" }, h("code", { class: "rule" }, rule), findings.length > 1 && h("span", { class: "count" }, `× ${findings.length}`)),
    h("ul", { class: "found" }, findings.slice(0, FEW).map(one)),
    more.length > 0 && h("details", { "data-part": "more" }, h("summary", { "data-part": "summary" }, `${more.length} more`, h("span", { class: "off" }, ` of ${rule}`)), h("ul", { class: "found" }, more.map(one))),
    remedy && h("p", { class: "remedy" }, prose(remedy)), grounds(findings[0], client));
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
  sync($("lint-list"), [...rules], ([rule]) => rule, (row) => render(row, client));
  const all = found.findings.length;
  $("lint-count").textContent = all ? `${plural(all, "finding")}, ${plural(rules.size, "rule")}` : "";
  $("lint-empty").hidden = all > 0;
  $("lint-top").hidden = all === 0;
  $("lint-top").textContent = `Lint: ${plural(all, "finding")}`;
}
