// Merchants that are made here.

import { call } from "./api.js";
import { $, attempt, copy, h } from "./dom.js";

// Key, label, and what happens without.
const FIELDS = [
  ["client_id", "Client id", "made up"], ["name", "Name", "the shop’s host"], ["name_fr", "Name in French", "the same"],
  ["trust_url", "Trust URL", "none"], ["success_url", "Success URL", "trust URL"], ["error_url", "Error URL", "trust URL"],
];

function field([key, label, without]) {
  const id = `merchant-${key}`;
  return h("div", { class: `field ${key.endsWith("_url") ? "long" : ""}` }, h("label", { for: id }, label), h("input", { id, "data-key": key, placeholder: without, autocomplete: "off", spellcheck: "false" }));
}

// What the shop is to be configured with; its secret is shown this once.
function keys(made) {
  const lines = [["FLEXITI_BASE_URL", made.base_url], ["FLEXITI_CLIENT_ID", made.client_id], ["FLEXITI_CLIENT_SECRET", made.client_secret]];
  const shown = h("pre", { tabindex: "0", role: "group", "aria-label": "Keys" }, lines.map(([name, value]) => `${name}=${value}`).join("\n"));
  const button = h("button", { type: "button", class: "small", onclick: () => copy(shown.textContent, shown, button) }, "Copy");
  return [h("div", { class: "copied" }, shown, button), h("p", { class: "note" }, "The dashboard does not show the secret again.")];
}

// Asks for a merchant, makes it, and looks at it.
export function create(look) {
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const dialect = h("select", { id: "merchant-dialect", "data-key": "dialect" },
    h("option", { value: "" }, "the server’s own"), [...$("dialect").options].map(({ value }) => h("option", { value }, value)));
  const form = h("form", { novalidate: true, onsubmit: (event) => {
    event.preventDefault();
    attempt(problem, async () => {
      const given = [...form.querySelectorAll("[data-key]")].map((input) => [input.dataset.key, input.value.trim()]);
      const made = await call("POST", "/merchants", Object.fromEntries(given.filter(([, value]) => value)));
      const close = h("button", { type: "button", class: "main", onclick: () => dialog.close() }, "Done");
      dialog.replaceChildren(h("form", {}, h("h2", {}, made.client_id), keys(made), h("div", { class: "buttons" }, close)));
      close.focus();
      look(made.client_id);
    });
  } }, h("h2", { id: "create-title" }, "New merchant"), problem, h("div", { class: "fields" }, FIELDS.map(field)),
  h("div", { class: "field" }, h("label", { for: "merchant-dialect" }, "Dialect"), dialect),
  h("div", { class: "buttons" }, h("button", { class: "main" }, "Make it"), h("button", { type: "button", onclick: () => dialog.close() }, "Cancel")));
  const dialog = h("dialog", { id: "create-dialog", "aria-labelledby": "create-title", onclose: () => dialog.remove() }, form);
  document.body.append(dialog);
  dialog.showModal();
}
