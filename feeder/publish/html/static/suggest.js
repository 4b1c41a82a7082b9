/* Suggestions while typing, on the search page: a listbox under its field, as WAI-ARIA's combobox pattern has it.
   Nothing here is needed: without it the field is one to type into. What is suggested is text, never markup. */

"use strict";

const field = document.querySelector("input[data-suggest]");
const list = document.createElement("ul");
let waiting = 0;
let asking = new AbortController();

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
  field.addEventListener("input", ask);
  field.addEventListener("compositionend", ask);
  field.addEventListener("keydown", press);
  field.addEventListener("blur", close);
  for (const touch of ["pointerdown", "mousedown"]) {
    list.addEventListener(touch, (event) => event.preventDefault()); // the field keeps the focus
  }
  list.addEventListener("click", (event) => take(event.target.closest("[role=option]")));
}

function ask(event) {
  clearTimeout(waiting);
  asking.abort();
  if (event.isComposing) return; // letters on their way to a character are no query yet
  waiting = setTimeout(show, 120, field.value);
}

async function show(typed) {
  asking = new AbortController();
  try {
    const address = `${field.dataset.suggest}?q=${encodeURIComponent(typed)}`;
    const answer = await fetch(address, { signal: asking.signal });
    const found = answer.ok ? await answer.json() : [];
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
  item.append(piece("b", name));
  if (note) item.append(" ", piece("span", note));
  return item;
}

function piece(kind, text) {
  const element = document.createElement(kind);
  element.append(text);
  return element;
}

function press(event) {
  if (event.isComposing || list.hidden) return;
  const chosen = list.querySelector("[aria-selected=true]");
  if (event.key === "ArrowDown") choose(chosen ? chosen.nextElementSibling : list.firstElementChild);
  else if (event.key === "ArrowUp") choose(chosen ? chosen.previousElementSibling : list.lastElementChild);
  else if (event.key === "Escape") close();
  else if (event.key === "Enter" && chosen) take(chosen);
  else return;
  event.preventDefault();
}

function choose(item) {
  for (const other of list.children) other.setAttribute("aria-selected", String(other === item));
  if (item) {
    field.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  } else {
    field.removeAttribute("aria-activedescendant");
  }
}

function take(item) {
  if (!item) return;
  field.value = item.dataset.text;
  close();
  field.form.requestSubmit();
}

function close() {
  clearTimeout(waiting);
  asking.abort();
  fill([]);
}
