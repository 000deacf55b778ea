// What was allowed and is unwise all the same.

import { call, of } from "./api.js";
import { $, h, requestLink, sync } from "./dom.js";

function render(finding) {
  const ids = finding.requests ?? [];
  const links = ids.slice(-12).map(requestLink);
  const known = [finding.clause, finding.test_case && `test case ${finding.test_case}`].filter(Boolean);
  return h("li", {},
    h("p", { class: "head" }, h("code", { class: "rule" }, finding.rule)),
    h("p", {}, finding.message),
    finding.remedy && h("p", { class: "remedy" }, finding.remedy),
    h("p", { class: "note" }, known.join(", "), known.length > 0 && links.length > 0 && " ",
      links.length > 0 && h("span", {}, "in ", links.flatMap((link, n) => [n ? ", " : "", link]))));
}

function hide(hidden) {
  $("lint").hidden = hidden;
  $("lint-link").hidden = hidden;
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
  sync($("lint-list"), found.findings, (finding) => found.findings.indexOf(finding), render);
  $("lint-count").textContent = found.findings.length ? String(found.findings.length) : "";
  $("lint-empty").hidden = found.findings.length > 0;
}
