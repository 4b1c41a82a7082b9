/* Searches on search.html without a server: Pagefind's index lies beside the pages, in parts.
   Chinese and Japanese characters stand apart in it (html/find.py), so a run of them is searched as a phrase. Script
   and width are folded in it; what a result shows is as it was written. */

const AT_ONCE = 20;
const CHARACTERS = "\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{323af}";
const RUN = new RegExp(`[${CHARACTERS}]+`, "gu");
const WIDE = /[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]/gu;
const JOINED = `[${CHARACTERS}\\u3001-\\u303f\\uff01-\\uff65]`; // with their punctuation
const APART = new RegExp(`(${JOINED}(?:</mark>)?) (?=(?:<mark>)?${JOINED})`, "gu");

const box = document.getElementById("found");
const status = box.querySelector("[role=status]");
const list = box.querySelector("ul");
const more = box.querySelector("button");
const query = (new URLSearchParams(location.search).get("q") ?? "").trim().slice(0, 1000);

if (!query) document.getElementById("q").focus();
else {
  document.getElementById("q").value = query;
  document.title = `${query} – ${document.title}`;
  find().catch((error) => {
    status.textContent = box.dataset.failed;
    throw error;
  });
}

async function find() {
  const folders = box.dataset.folders.split(" ").filter(Boolean);
  const found = folders.length ? await search(folders.map((folder) => new URL(folder, document.baseURI))) : [];
  const { one, other, nothing } = box.dataset;
  const count = found.length === 1 ? one : other;
  status.textContent = found.length
    ? count.replace("{n}", found.length.toLocaleString(document.documentElement.lang))
    : nothing.replace("{query}", query);
  more.addEventListener("click", () => show(found));
  await show(found);
}

async function search([first, ...others]) {
  const pagefind = await import(new URL("pagefind.js", first));
  const excerptLength = /^(zh|ja)/.test(document.documentElement.lang) ? 80 : 30; // in words: here characters
  await pagefind.options({ excerptLength, noWorker: true }); // a worker would need a policy of its own
  for (const other of others) await pagefind.mergeIndex(other.href, { excerptLength });
  let found = null; // results that have all parts of the query
  for (const part of split(await fold(query))) {
    const { results } = await pagefind.search(part);
    const ids = new Set(results.map((result) => result.id));
    found = found ? found.filter((result) => ids.has(result.id)) : results;
  }
  return found ?? [];
}

/* Returns a text in the script and width of the index. */
async function fold(text) {
  const narrow = text.replace(WIDE, (letter) => letter.normalize("NFKC"));
  if (narrow.search(RUN) < 0) return narrow;
  const { default: pairs } = await import(new URL(box.dataset.folding, document.baseURI));
  const characters = [...pairs];
  const folded = new Map();
  for (let at = 0; at < characters.length; at += 2) folded.set(characters[at], characters[at + 1]);
  return [...narrow].map((character) => folded.get(character) ?? character).join("");
}

/* Returns the phrases of a query, and its other words together. */
function split(text) {
  const phrases = [];
  const take = (phrase) => {
    phrases.push(`"${phrase.replace(RUN, (run) => ` ${[...run].join(" ")} `).trim()}"`);
    return " ";
  };
  const words = text
    .replace(/["“”「」『』«»„]([^"“”「」『』«»„]+)["“”「」『』«»„]/gu, (_, phrase) => take(phrase))
    .replace(RUN, take)
    .trim();
  return words ? [...phrases, words] : phrases;
}

async function show(found) {
  const items = await Promise.all(found.splice(0, AT_ONCE).map(async (result) => item(await result.data())));
  list.append(...items);
  more.hidden = !found.length;
}

function item({ raw_url: address, meta, excerpt, ...found }) {
  const link = make("a", meta.title);
  link.href = address.replace(/^\/+/, "");
  const heading = make("h2", link);
  const meta_line = make("p", make("time", meta.day), " ", make("span", meta.from ?? ""));
  meta_line.className = "meta";
  meta_line.lastChild.className = "from";
  const lead = make("p", ...marked((meta.written && asWritten(meta.written, found)) || excerpt));
  lead.className = "lead";
  heading.dir = lead.dir = "auto";
  const article = make("article", meta_line, heading, lead);
  article.className = "item";
  const line = make("li", article);
  if (meta.language) line.lang = meta.language;
  return line;
}

/* Returns the excerpt of a result with the words that stand at its places in the text as written. */
function asWritten(text, { raw_content: content, plain_excerpt: plain, locations }) {
  const split = (words) => words.trim().split(/\s+/);
  const [words, folded] = [split(text), split(content)];
  if (words.length !== folded.length) return "";
  const start = split(content.slice(0, Math.max(0, content.indexOf(plain)))).filter(Boolean).length;
  return words
    .map((word) => word.replaceAll("&", "&amp;").replaceAll("<", "&lt;"))
    .map((word, at) => (locations.includes(at) ? `<mark>${word}</mark>` : word))
    .slice(start, start + split(plain).length)
    .join(" ");
}

function marked(excerpt) {
  const joined = excerpt.replace(APART, "$1").replaceAll("</mark><mark>", "");
  const parsed = new DOMParser().parseFromString(joined, "text/html").body;
  return [...parsed.childNodes].map((node) => (node.nodeName === "MARK" ? make("mark", node.textContent) : node.textContent));
}

function make(name, ...parts) {
  const element = document.createElement(name);
  element.append(...parts);
  return element;
}
