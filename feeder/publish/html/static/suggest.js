/* Suggests queries while people type on the search page: a listbox below the field (WAI-ARIA combobox pattern).
   Optional: without it the field still works. Suggestions are inserted as text, never as markup. */

"use strict";

const field = document.querySelector("input[data-suggest]");
const list = document.createElement("ul");
let timer = 0;
let request = new AbortController();

if (field) {
  Object.assign(list, { id: "suggestions", className: "suggestions", hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", field.dataset.label);
  field.after(list);
  for (const [name, value] of [
    ["role", "combobox"],
    ["aria-autocomplete", "list"],
    ["aria-controls", list.id],
    ["aria-expanded", "false"],
  ]) {
    field.setAttribute(name, value);
  }
  field.addEventListener("input", schedule);
  field.addEventListener("compositionend", schedule);
  field.addEventListener("keydown", handleKey);
  field.addEventListener("blur", close);
  for (const touch of ["pointerdown", "mousedown"]) {
    list.addEventListener(touch, (event) => event.preventDefault()); // the field keeps the focus
  }
  list.addEventListener("click", (event) => accept(event.target.closest("[role=option]")));
}

function schedule(event) {
  clearTimeout(timer);
  request.abort();
  if (event.isComposing) return; // an input method is still composing
  timer = setTimeout(show, 120, field.value);
}

async function show(typed) {
  request = new AbortController();
  try {
    const address = `${field.dataset.suggest}?q=${encodeURIComponent(typed)}`;
    const response = await fetch(address, { signal: request.signal });
    const found = response.ok ? await response.json() : [];
    if (field.value === typed && document.activeElement === field) fill(found);
  } catch (error) {
    if (error.name !== "AbortError") close();
  }
}

function fill(found) {
  list.replaceChildren(...found.map(option));
  list.hidden = !found.length;
  field.setAttribute("aria-expanded", String(!list.hidden));
  field.removeAttribute("aria-activedescendant");
}

function option({ text, name, note }, number) {
  const item = document.createElement("li");
  item.id = `suggestion-${number}`;
  item.dataset.text = text;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  item.append(makeElement("b", name));
  if (note) item.append(" ", makeElement("span", note));
  return item;
}

function makeElement(tag, text) {
  const element = document.createElement(tag);
  element.append(text);
  return element;
}

function handleKey(event) {
  if (event.isComposing || list.hidden) return;
  const selected = list.querySelector("[aria-selected=true]");
  if (event.key === "ArrowDown") select(selected ? selected.nextElementSibling : list.firstElementChild);
  else if (event.key === "ArrowUp") select(selected ? selected.previousElementSibling : list.lastElementChild);
  else if (event.key === "Escape") close();
  else if (event.key === "Enter" && selected) accept(selected);
  else return;
  event.preventDefault();
}

function select(item) {
  for (const other of list.children) other.setAttribute("aria-selected", String(other === item));
  if (item) {
    field.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  } else {
    field.removeAttribute("aria-activedescendant");
  }
}

function accept(item) {
  if (!item) return;
  field.value = item.dataset.text;
  close();
  field.form.requestSubmit();
}

function close() {
  clearTimeout(timer);
  request.abort();
  fill([]);
}
