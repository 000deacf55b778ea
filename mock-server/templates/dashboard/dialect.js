// A dialect's answers to the open questions, each with what supports it; and other answers.

import { call, of } from "./api.js";
import { attempt, h, prose } from "./dom.js";

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const shown = (answer) => (answer === null ? "not enforced" : typeof answer === "string" ? answer : JSON.stringify(answer));

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function support({ evidence, source, contradicts }) {
  const against = contradicts.flatMap((clause, at) => [at ? ", " : " · contradicts ", h("code", {}, clause)]);
  return [`${evidence}${source.length ? ` (${source.join(", ")})` : ""}`, against.length > 0 && h("span", { class: "fail" }, against)];
}

// A question with its known answers, and room for another.
function question({ knob, question: words, alternatives }, answer, changed) {
  const other = h("input", { type: "text", value: typeof answer === "string" ? answer : JSON.stringify(answer), "aria-label": `Another answer to ${knob}`, spellcheck: "false", autocomplete: "off" });
  const known = alternatives.findIndex((row) => same(row.answer, answer));
  const radio = (at) => h("input", { type: "radio", name: knob, value: String(at), checked: at === known });
  const rows = alternatives.flatMap((row, at) => [
    h("label", { class: "answer" }, radio(at), h("code", {}, shown(row.answer)), row.words && h("span", {}, prose(row.words))),
    h("p", { class: "note" }, support(row))]);
  const own = radio(-1);
  other.addEventListener("input", () => { own.checked = true; });
  const field = h("fieldset", { "data-knob": knob },
    h("legend", {}, prose(words), " ", h("code", {}, knob)), rows, h("label", { class: "answer" }, own, "another:", other));
  const now = () => {
    const at = Number(field.querySelector(":checked").value);
    return at < 0 ? read(other.value) : alternatives[at].answer;
  };
  field.addEventListener("input", () => {
    const isOther = !same(now(), answer);
    field.classList.toggle("changed", isOther);
    changed(knob, isOther ? now() : undefined);
  });
  return field;
}

// Shows the answers of a merchant's dialect; those that are changed make a dialect of its own.
export async function edit(client) {
  const [dialect, { knobs }] = await Promise.all([call("GET", of(client, "/dialect")), call("GET", "/knobs")]);
  const answers = new Map();
  const name = dialect.name.endsWith("-edited") ? dialect.name : `${dialect.name}-edited`;
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const save = h("button", { class: "main", disabled: true }, "Nothing is changed");
  const changed = (knob, answer) => {
    if (answer === undefined) answers.delete(knob);
    else answers.set(knob, answer);
    save.disabled = answers.size === 0;
    save.textContent = answers.size ? `Use ${answers.size} changed ${answers.size === 1 ? "answer" : "answers"} as ${name}` : "Nothing is changed";
  };
  const fields = knobs.map((row) => question(row, dialect.answers[row.knob], changed));
  const filter = h("input", { type: "search", "aria-label": "Text in a question", placeholder: "Question, knob, answer…", autocomplete: "off", oninput: () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const field of fields) field.hidden = !field.textContent.toLowerCase().includes(wanted);
  } });
  const form = h("form", { novalidate: true, onsubmit: (event) => {
    event.preventDefault();
    attempt(problem, async () => {
      await call("PUT", of(client, "/dialect"), { name, description: `${dialect.name}, edited in the dashboard`, answers: { ...dialect.answers, ...Object.fromEntries(answers) } });
      dialog.close();
    });
  } }, h("h2", { id: "knobs-title" }, `What ${dialect.name} answers to the open questions`), h("p", { class: "note" }, dialect.description), filter,
  h("div", { class: "knobs", tabindex: "0", role: "group", "aria-label": "Questions" }, fields), problem,
  h("div", { class: "buttons" }, save, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel")));
  const dialog = h("dialog", { id: "knobs-dialog", class: "wide", "aria-labelledby": "knobs-title", onclose: () => dialog.remove() }, form);
  document.body.append(dialog);
  dialog.showModal();
}
