"use strict";
// Flexiti's pages may come back inside the frame that they were shown in: the whole window
// follows. In there the browser may keep our cookie to itself; out here it does not.
if (window.top !== window.self) {
  window.top.location.replace(window.location.href);
}
// With scripts there can be a dialog; without, the form leads straight to Flexiti.
for (const form of document.querySelectorAll("form[data-modal]")) {
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "modal", value: "1" });
  form.append(field);
}
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.showModal();
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    window.location.assign(dialog.dataset.close);
  });
}
