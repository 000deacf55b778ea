// Building the page. What came from a request becomes a text node or an attribute, never mark-up.

export const $ = (id) => document.getElementById(id);

// An element; attributes that are false, null or undefined are left out, `on…` are listeners.
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  const present = (child) => child !== null && child !== undefined && child !== false;
  element.append(...children.flat().filter(present));
  return element;
}

// Makes the children of `list` those of `items`; an item that looks as before keeps its element,
// and the focus stays where it was.
export function sync(list, items, keyOf, render) {
  const old = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const focusedKey = focused?.closest("[data-key]")?.dataset.key;
  const focusedPart = focused?.dataset.part;
  items.forEach((item, at) => {
    const key = String(keyOf(item));
    const looks = JSON.stringify([item, at]);
    let element = old.get(key);
    old.delete(key);
    if (!element || element.looks !== looks) {
      const fresh = render(item, at);
      fresh.dataset.key = key;
      fresh.looks = looks;
      for (const { dataset } of element?.querySelectorAll("details[open]") ?? []) {
        fresh.querySelector(`details[data-part="${dataset.part}"]`)?.setAttribute("open", "");
      }
      element?.replaceWith(fresh);
      element = fresh;
    }
    if (list.children[at] !== element) list.insertBefore(element, list.children[at] ?? null);
  });
  old.forEach((element) => element.remove());
  if (focused && !focused.isConnected) {
    const row = [...list.children].find((child) => child.dataset.key === focusedKey);
    const parts = row ? [...row.querySelectorAll("[data-part]")] : [];
    const heir = parts.find((part) => part.dataset.part === focusedPart) ?? parts[0];
    (heir ?? list.closest("section")).focus();
  }
}

// Shows a sentence at `place`, or hides the place if there is none.
export function say(place, words) {
  place.replaceChildren(...prose(words ?? ""));
  place.hidden = !words;
}

// Carries out what a person asked for; if it is refused, the server's words stand at `place`.
export async function attempt(place, act) {
  try {
    say(place, null);
    return await act();
  } catch (error) {
    say(place, error.message);
    return undefined;
  }
}

// Runs `act` soon, and again if it was asked for meanwhile; never twice at the same time.
export function settled(act, gap = 100) {
  let waits = false;
  let again = false;
  return async function run() {
    again = true;
    if (waits) return;
    waits = true;
    while (again) {
      await new Promise((done) => setTimeout(done, gap));
      again = false;
      // The stream says when the server is gone.
      await Promise.resolve(act()).catch(() => {});
    }
    waits = false;
  };
}

// Puts text on the clipboard, where a page may; otherwise selects it in `shown` and asks the
// browser to copy that.
export async function copy(text, shown, button) {
  const label = button.textContent;
  let done = false;
  try {
    await navigator.clipboard.writeText(text);
    done = true;
  } catch {
    getSelection().selectAllChildren(shown);
    done = document.execCommand("copy");
  }
  button.textContent = done ? "Copied" : "Selected";
  setTimeout(() => { button.textContent = label; }, 1500);
}

// The link to a request of the list.
export function requestLink(id) {
  return h("a", { href: `#request-${id}`, "data-part": `request-${id}` }, `#${id}`);
}

// Words in which what stands between backticks is code.
export const prose = (text) => text.split("`").map((piece, at) => (at % 2 ? h("code", {}, piece) : piece));

// A word of the API as people write it.
export const spoken = (word) => word.replaceAll("_", " ");

// A time of day in UTC, as the rows have it.
export const timeOfDay = (at, digits = 12) => new Date(at).toISOString().slice(11, 11 + digits);
