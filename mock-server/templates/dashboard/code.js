// A recorded request as a test in a language. What is secret comes from the environment.

// The words of a shell command, each as its pieces: texts, and names of variables.
function words(command) {
  const found = [];
  for (const [whole] of command.matchAll(/(?:'[^']*'|"\$\w+"|\\.|[^\s'"\\])+/g)) {
    found.push([...whole.matchAll(/'([^']*)'|"\$(\w+)"|\\(.)|([^\s'"\\]+)/g)].map(([, quoted, variable, escaped, plain]) =>
      (variable ? { variable } : quoted ?? escaped ?? plain)));
  }
  return found;
}

const LANGUAGES = {
  Python: {
    join: " + ", text: (text) => JSON.stringify(text), variable: (name) => `os.environ["${name}"]`, pair: (name, value) => `        "${name}": ${value},`,
    test: ({ id, method, url, headers, body, status }) => `import os
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def test_request_${id}():
    headers = {
${headers}
    }
    body = ${body ? `(${body}).encode()` : "None"}
    request = Request(${url}, body, headers, method="${method}")
    try:
        answer = urlopen(request)
    except HTTPError as refusal:
        answer = refusal
    assert answer.status == ${status}, answer.read()
`,
  },
  Node: {
    join: " + ", text: (text) => JSON.stringify(text), variable: (name) => `process.env.${name}`, pair: (name, value) => `    "${name}": ${value},`,
    test: ({ id, method, url, headers, body, status }) => `import assert from "node:assert/strict";
import { test } from "node:test";

test("request ${id}", async () => {
  const headers = {
${headers}
  };
  const body = ${body || "undefined"};
  const answer = await fetch(${url}, { method: "${method}", headers, body, redirect: "manual" });
  assert.equal(answer.status, ${status}, await answer.text());
});
`,
  },
  PHP: {
    join: " . ", text: (text) => `'${text.replace(/[\\']/g, "\\$&")}'`, variable: (name) => `getenv('${name}')`, pair: (name, value) => `    '${name}: ' . ${value},`,
    test: ({ method, url, headers, body, status }) => `<?php
$headers = [
${headers}
];
$request = curl_init(${url});
curl_setopt_array($request, [
    CURLOPT_CUSTOMREQUEST => '${method}',
    CURLOPT_HTTPHEADER => $headers,${body ? `
    CURLOPT_POSTFIELDS => ${body},` : ""}
    CURLOPT_RETURNTRANSFER => true,
]);
$answer = curl_exec($request);
$status = curl_getinfo($request, CURLINFO_RESPONSE_CODE);
if ($status !== ${status}) {
    throw new RuntimeException("$status: $answer");
}
`,
  },
};

// The request as a test that wants the same status again.
export function test(found, language) {
  if (!found.curl.startsWith("curl ")) return "# A body that is no text: only curl can send it.";
  const { join, text, variable, pair, test: write } = LANGUAGES[language];
  const value = (pieces) => pieces.map((piece) => (piece.variable ? variable(piece.variable) : text(piece))).join(join) || text("");
  const parts = { id: found.id, status: found.status, headers: [], method: found.method, url: "", body: "" };
  const rest = words(found.curl).slice(1);
  while (rest.length) {
    const word = rest.shift();
    const name = word.map((piece) => piece.variable ?? piece).join("");
    if (name === "-X") parts.method = rest.shift().join("");
    else if (name === "--data-binary") parts.body = value(rest.shift());
    else if (name === "-H") {
      const [first, ...more] = rest.shift();
      const at = first.indexOf(": ");
      parts.headers.push(pair(first.slice(0, at), value([first.slice(at + 2), ...more].filter((piece) => piece !== ""))));
    } else if (!name.startsWith("-s")) parts.url = value(word);
  }
  return write({ ...parts, headers: parts.headers.join("\n") });
}
