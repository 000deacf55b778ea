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

// The pieces of a word before a text, and those behind it.
function split(word, at) {
  const [first, ...more] = word;
  const from = first.indexOf(at);
  return from < 0 ? [first, more] : [first.slice(0, from), [first.slice(from + at.length), ...more]];
}

// What the command sends; null where it is fed by another one.
function request(command) {
  const [program, ...rest] = words(command);
  if (program.join("") !== "curl") return null;
  const sent = { method: "GET", origin: "", path: [], headers: [], body: [] };
  while (rest.length) {
    const word = rest.shift();
    const flag = typeof word[0] === "string" ? word[0] : "";
    if (flag === "-X") sent.method = rest.shift().join("");
    else if (flag === "--head") sent.method = "HEAD";
    else if (flag === "--data-raw") sent.body = rest.shift();
    else if (flag === "-H") {
      const header = rest.shift();
      const [name, value] = split(header, ": ");
      // `name;` is a header without a value, and `name:` none at all.
      if (value.length) sent.headers.push([name, value]);
      else if (name.endsWith(";")) sent.headers.push([name.slice(0, -1), []]);
    } else if (!flag.startsWith("-")) {
      const [, origin, path] = /^(\w+:\/\/[^/?]+)(.*)$/s.exec(flag) ?? [null, "", flag];
      sent.origin = origin;
      sent.path = [path, ...word.slice(1)];
    }
  }
  return sent;
}

const json = (text) => JSON.stringify(text);

const LANGUAGES = {
  Python: {
    join: " + ", text: json, variable: (name) => `os.environ["${name}"]`, header: (name, value) => `        ${json(name)}: ${value},\n`,
    test: ({ id, method, origin, path, headers, body, status }) => `import os
from http.client import ${origin.startsWith("https") ? "HTTPSConnection" : "HTTPConnection"} as Connection


def test_request_${id}():
    headers = {
${headers}    }
    body = ${body ? `(${body}).encode()` : "None"}
    connection = Connection(${json(origin.replace(/^\w+:\/\//, ""))})
    connection.request(${json(method)}, ${path}, body, headers)
    answer = connection.getresponse()
    assert answer.status == ${status}, answer.read()
`,
  },
  Node: {
    join: " + ", text: json, variable: (name) => `process.env.${name}`, header: (name, value) => `    ${json(name)}: ${value},\n`,
    test: ({ id, method, origin, path, headers, body, status }) => `import assert from "node:assert/strict";
import { test } from "node:test";

test("request ${id}", async () => {
  const headers = {
${headers}  };
  const body = ${body || "undefined"};
  const url = ${json(origin)} + ${path};
  const answer = await fetch(url, { method: ${json(method)}, headers, body, redirect: "manual" });
  assert.equal(answer.status, ${status}, await answer.text());
});
`,
  },
  PHP: {
    join: " . ", text: (text) => `'${text.replace(/[\\']/g, "\\$&")}'`, variable: (name) => `getenv('${name}')`,
    header(name, value) {
      return `    ${value === "''" ? this.text(`${name};`) : `${this.text(`${name}: `)} . ${value}`},\n`;
    },
    test({ method, origin, path, headers, body, status }) {
      return `<?php
$headers = [
${headers}];
$request = curl_init(${this.text(origin)} . ${path});
curl_setopt_array($request, [
    CURLOPT_CUSTOMREQUEST => ${this.text(method)},
    CURLOPT_HTTPHEADER => $headers,${method === "HEAD" ? `
    CURLOPT_NOBODY => true,` : ""}${body ? `
    CURLOPT_POSTFIELDS => ${body},` : ""}
    CURLOPT_RETURNTRANSFER => true,
]);
$answer = curl_exec($request);
$status = curl_getinfo($request, CURLINFO_RESPONSE_CODE);
if ($status !== ${status}) {
    throw new RuntimeException("$status: $answer");
}
`;
    },
  },
};

// The request as a test that wants the same status again.
export function test(found, name) {
  const sent = request(found.curl);
  if (!sent) return "The body is not text: only the curl command can send it.";
  const language = LANGUAGES[name];
  const value = (pieces) => pieces.filter((piece) => piece !== "")
    .map((piece) => (piece.variable ? language.variable(piece.variable) : language.text(piece))).join(language.join);
  const headers = sent.headers.map(([header, pieces]) => language.header(header, value(pieces) || language.text("")));
  return language.test({
    ...sent, id: found.id, status: found.status, path: value(sent.path) || language.text(""), headers: headers.join(""), body: value(sent.body),
  });
}
