// The gallery: stories, starting points, and the scenarios that the reader has saved in this browser.

import { dialog, keep, make, recall } from "./{{dom}}";
import { LONGEST_LINK } from "./{{link}}";
import { linkOf, stories } from "./{{stories.js}}";

const KEY = "tandem-saved";
const MOST = 200;
const LONGEST_NAME = 120;
const LARGEST_FILE = 4_000_000;

// Where storage is blocked, the list lasts as long as the visit.
let memory = [];
let blocked = false;

export function show(page) {
  const told = make(
    "section",
    { class: "story-cards" },
    make("p", { class: "caption" }, "The stories are on their way …"),
  );
  const list = make("ul", { class: "starts" });
  const box = dialog(
    "library",
    "Stories and scenarios",
    make("h3", {}, "Stories"),
    told,
    make("h3", {}, "Starting points"),
    list,
    make("h3", {}, "Saved in this browser"),
    saved(page, (link) => open(link)),
  );
  const open = (link) => {
    box.close();
    page.open(link);
  };
  const failed = (place, what) => (reason) =>
    place.replaceChildren(
      make("p", { class: "error" }, `The ${what} could not be loaded: ${reason.message}. Everything else works.`),
    );
  starts(page).then(
    (all) => {
      list.replaceChildren(
        ...all.map((own) =>
          make(
            "li",
            {},
            card(own.id, own.name, own.notice, () => open(own.link)),
          ),
        ),
      );
    },
    failed(list, "starting points"),
  );
  stories().then(
    (all) =>
      told.replaceChildren(
        ...all.map((own) =>
          card(`story-${own.id}`, own.title, own.summary, () => open(linkOf(own, 1)), `${own.steps.length} steps`),
        ),
      ),
    failed(told, "stories"),
  );
}

const starts = async (page) =>
  (await new Promise((done, fail) => page.presets((all, reason) => (reason ? fail(Error(reason)) : done(all)))))
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [id, name, notice, link] = line.split("\t");
      return { id, name, notice, link };
    });

/** The picture that `cargo xtask build` has drawn of what an entry shows; where there is none, nothing stands for it. */
const picture = (id) => {
  const { theme } = document.documentElement.dataset;
  const dark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const src = new URL(`./pictures/${id}-${dark ? "dark" : "light"}.svg`, import.meta.url).href;
  const shown = make("img", { src, alt: "", loading: "lazy", width: 340, height: 240 });
  shown.addEventListener("error", () => shown.remove());
  return shown;
};

const card = (id, title, text, onclick, note) =>
  make(
    "button",
    { type: "button", class: "start", onclick },
    picture(id),
    make("b", {}, title),
    make("span", {}, text),
    note && make("small", {}, note),
  );

/** The list with its form. */
function saved(page, open) {
  const list = make("ul", { class: "saved" });
  const notice = make("div", { class: "notice", role: "status" });
  const name = make("input", { id: "save-name", class: "entry", maxlength: LONGEST_NAME });
  name.value = page.name(page.link());
  const file = make("input", {
    type: "file",
    accept: ".json,application/json",
    id: "saved-file",
    class: "unseen",
    onchange: () => take(file.files[0]),
  });

  const say = (lines, extra) =>
    notice.replaceChildren(
      ...(lines.length
        ? [
            make(
              "ul",
              {},
              lines.map((line) => make("li", {}, line)),
            ),
          ]
        : []),
      ...(extra ? [extra] : []),
    );
  const change = (next, lines = [], extra) => {
    write(next);
    say(
      blocked
        ? [
            ...lines,
            "This browser keeps nothing for the page: the list lasts as long as the visit. Export it to keep it.",
          ]
        : lines,
      extra,
    );
    draw();
  };
  const draw = () => {
    const all = read().list;
    list.replaceChildren(
      ...(all.length ? all.map((own) => row(own, shelf)) : [make("li", { class: "caption" }, "Nothing yet.")]),
    );
    out.disabled = all.length === 0;
  };
  const shelf = { say, change, draw, open };
  const save = (event) => {
    event.preventDefault();
    const own = { name: name.value.trim() || page.name(page.link()), link: page.link() };
    const all = read().list;
    if (all.some((other) => same(other, own))) return say([`“${own.name}” is saved already.`]);
    if (all.length >= MOST) return say([`The list holds ${MOST} scenarios. Delete one first.`]);
    change([own, ...all], [`“${own.name}” is saved.`]);
  };
  const take = async (from) => {
    if (!from) return;
    file.value = "";
    if (from.size > LARGEST_FILE)
      return say([`${from.name} has ${Math.ceil(from.size / 1e6)} MB; at most ${LARGEST_FILE / 1e6} MB are read.`]);
    const { good, bad } = sift(page, from.name, await from.text(), read().list);
    change([...good, ...read().list], [...(good.length ? [`${good.length} of ${from.name} taken.`] : []), ...bad]);
  };
  const out = make("button", { type: "button", onclick: () => hand(read().list) }, "Export as a file");
  const choose = make("button", { type: "button", onclick: () => file.click() }, "Import a file…");
  const area = make(
    "section",
    { class: "saved-area", "aria-label": "Saved scenarios" },
    make(
      "form",
      { class: "row", onsubmit: save },
      make("label", { for: "save-name" }, "Name"),
      name,
      make("button", { "data-testid": "save" }, "Save what is open"),
    ),
    list,
    notice,
    make(
      "div",
      { class: "row" },
      out,
      choose,
      make("label", { for: "saved-file", class: "unseen" }, "File of saved scenarios"),
      file,
      make("span", { class: "caption" }, "or drop one here"),
    ),
  );
  area.addEventListener("dragover", (event) => event.preventDefault());
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
  const spoiled = read().bad;
  if (spoiled.length) say(spoiled);
  draw();
  return area;
}

/** An entry of the list, with what can be done with it. */
function row(own, shelf) {
  const rename = make(
    "button",
    { type: "button", class: "quiet small", "aria-label": `Rename ${own.name}`, onclick: () => edit(own, item, shelf) },
    "Rename",
  );
  const drop = make(
    "button",
    {
      type: "button",
      class: "quiet small",
      "aria-label": `Delete ${own.name}`,
      onclick: () => remove(own, shelf.change),
    },
    "Delete",
  );
  const item = make(
    "li",
    { class: "row" },
    make("button", { type: "button", class: "quiet name", onclick: () => shelf.open(own.link) }, own.name),
    make("span", { class: "spring" }),
    rename,
    drop,
  );
  return item;
}

/** Puts a field for a new name in the place of an entry. */
function edit(own, item, { say, change, draw }) {
  const field = make("input", { class: "entry", "aria-label": `New name of ${own.name}`, maxlength: LONGEST_NAME });
  field.value = own.name;
  const done = (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return say(["A name needs at least one letter."]);
    change(
      read().list.map((other) => (same(other, own) ? { ...own, name: text } : other)),
      [`Now called “${text}”.`],
    );
  };
  const form = make("form", { class: "row", onsubmit: done }, field, make("button", {}, "Save the name"));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    draw();
  });
  item.replaceChildren(form);
  field.focus();
  field.select();
}

/** Takes an entry away, and offers it back. */
function remove(own, change) {
  const before = read().list;
  const back = make(
    "button",
    { type: "button", class: "quiet small", onclick: () => change(before, [`“${own.name}” is back.`]) },
    "Put it back",
  );
  change(
    before.filter((other) => !same(other, own)),
    [`“${own.name}” is deleted.`],
    back,
  );
  back.focus();
}

const same = (one, other) => one.name === other.name && one.link === other.link;

/** What is kept, and what of it could not be read. */
function read() {
  const text = recall(KEY);
  if (text === null) return { list: memory, bad: [] };
  try {
    const parts = JSON.parse(text).map((own, index) => entry(own, index + 1));
    return { list: parts.filter((own) => own.link), bad: parts.filter((own) => own.wrong).map((own) => own.wrong) };
  } catch {
    return { list: memory, bad: ["The saved list of this browser could not be read."] };
  }
}

function write(list) {
  memory = list.slice(0, MOST);
  blocked = !keep(KEY, JSON.stringify(memory));
}

/** An entry as it should be, or what is wrong with it. */
function entry(own, number) {
  const at = `Entry ${number}`;
  if (typeof own !== "object" || own === null) return { wrong: `${at} is not an object with name and link.` };
  const { name, link } = own;
  if (typeof name !== "string" || !name.trim() || name.length > LONGEST_NAME)
    return { wrong: `${at}: name must be a text of 1 to ${LONGEST_NAME} letters.` };
  if (typeof link !== "string" || link.length > LONGEST_LINK)
    return { wrong: `${at} (${name}): link must be a text of at most ${LONGEST_LINK} letters.` };
  const bare = link.slice(link.indexOf("#") + 1);
  if (!/^v1(&|$)/.test(bare))
    return { wrong: `${at} (${name}): link must be a Tandem link that begins with v1, not “${link.slice(0, 40)}”.` };
  return { name: name.trim(), link: bare };
}

/** The good entries of a file, and what is wrong with the others. */
function sift(page, title, text, there) {
  let file;
  try {
    file = JSON.parse(text);
  } catch (reason) {
    return { good: [], bad: [`${title} is not JSON: ${reason.message}.`] };
  }
  const entries = Array.isArray(file) ? file : file?.scenarios;
  if (!Array.isArray(entries)) return { good: [], bad: [`${title} has no list “scenarios”.`] };
  const good = [];
  const bad = [];
  entries.forEach((own, index) => {
    const read = entry(own, index + 1);
    if (read.wrong) return bad.push(read.wrong);
    if ([...there, ...good].some((other) => same(other, read)))
      return bad.push(`Entry ${index + 1} (${read.name}) is in the list already.`);
    if (there.length + good.length >= MOST)
      return bad.push(`Entry ${index + 1} (${read.name}): the list holds ${MOST} scenarios.`);
    for (const remark of page.remarks(read.link).split("\n").filter(Boolean))
      bad.push(`Entry ${index + 1} (${read.name}): ${remark}`);
    good.push(read);
  });
  return { good, bad };
}

function hand(list) {
  const text = JSON.stringify({ tandem: "saved scenarios", version: 1, scenarios: list }, null, 2);
  const href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  make("a", { href, download: "tandem-scenarios.json" }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}
