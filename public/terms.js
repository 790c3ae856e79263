// Words on a term: definition, formula and source where one points at it, reaches it by Tab or touches it. The same
// data make the glossary page.

import { make } from "./{{dom}}";

const REST = 350;
/** What may carry a term; inside a tile it is the name, before a control its label. */
const CARRIES = "label, legend, th, h2, h3, summary, .tile, .evidence, [role=tab], [role=tooltip], .legend > *";

let glossary;
let shown;
let waiting;
let byKey = false;

/** Listens from now on, and first answers what happened before it was there. */
export async function explain(first) {
  document.addEventListener("pointerover", point);
  document.addEventListener("focusin", reach);
  document.addEventListener("focusout", leave);
  document.addEventListener("pointerdown", touch, true);
  document.addEventListener("keydown", key, true);
  document.addEventListener("scroll", (event) => event.target !== shown?.tip && hide(), true);
  const answer = await fetch(new URL("./{{glossary.json}}", import.meta.url));
  if (!answer.ok) throw new Error(`the glossary answers ${answer.status}`);
  glossary = new Map();
  for (const term of (await answer.json()).terms) {
    for (const label of [term.term, ...term.labels]) glossary.set(plain(label), term);
  }
  if (first?.pointerType === "touch") touch(first);
  else if (first?.type === "pointerover") point(first);
  else if (document.activeElement) {
    byKey = true;
    reach({ target: document.activeElement });
  }
}

const plain = (text) => text.replace(/\s+/g, " ").trim().toLowerCase();

/** The term that an element carries, and the element to describe. */
function find(target) {
  const element = target.closest?.(CARRIES);
  if (!element || !glossary) return;
  const words = element.matches(".tile") ? element.querySelector(".name") : element;
  const start = [...words.childNodes].find((node) => node.textContent.trim());
  const term = glossary.get(plain(words.textContent)) ?? (start && glossary.get(plain(start.textContent)));
  return term && { term, place: words, element };
}

function point(event) {
  if (event.pointerType === "touch") return;
  clearTimeout(waiting);
  if (shown?.tip.contains(event.target) || shown?.element.contains(event.target)) return;
  const found = find(event.target);
  if (found) found.place.dataset.explained = "";
  waiting = setTimeout(() => (found ? show(found) : hide()), REST);
}

function reach({ target }) {
  if (!byKey) return;
  const label = target.labels?.[0] ?? target;
  const found = find(label);
  clearTimeout(waiting);
  if (found) waiting = setTimeout(() => show({ ...found, element: target }), REST);
}

function leave() {
  if (byKey) hide();
}

function touch(event) {
  byKey = false;
  if (event.pointerType !== "touch") return;
  if (shown?.tip.contains(event.target)) return;
  hide();
  const found = find(event.target);
  if (!found) return;
  // A touch on a label asks what it says; the control itself is beside it.
  if (found.element.matches("label") && !found.element.querySelector("input")) {
    found.element.addEventListener("click", (click) => click.preventDefault(), { once: true });
  }
  waiting = setTimeout(() => show(found), REST);
}

function key(event) {
  if (event.key === "Tab") byKey = true;
  if (event.key === "Escape" && shown) {
    hide();
    event.stopPropagation();
    event.preventDefault();
  }
}

function show({ term, place, element }) {
  hide();
  if (!place.isConnected) return;
  const tip = make(
    "div",
    { id: "term", role: "tooltip", class: "term" },
    make("b", {}, term.term),
    make("p", {}, term.definition),
    term.formula && make("p", { class: "formula" }, term.formula),
    make(
      "p",
      { class: "caption" },
      term.source,
      " · ",
      make("a", { href: `glossary.html#${term.id}`, tabindex: -1 }, "Glossary"),
    ),
  );
  (element.closest("dialog") ?? document.querySelector("main")).append(tip);
  // The figure of a tile stays in sight.
  const at = (place.closest(".tile") ?? place).getBoundingClientRect();
  const own = tip.getBoundingClientRect();
  const below = at.bottom + own.height + 12 < innerHeight;
  tip.style.left = `${Math.max(8, Math.min(at.left, innerWidth - own.width - 8))}px`;
  tip.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - own.height - 6)}px`;
  const described = element.getAttribute("aria-describedby");
  element.setAttribute("aria-describedby", described ? `${described} term` : "term");
  // The browser's own words would stand over ours.
  const title = element.getAttribute("title");
  if (title) element.removeAttribute("title");
  shown = { tip, element, described, title };
}

function hide() {
  clearTimeout(waiting);
  if (!shown) return;
  const { tip, element, described, title } = shown;
  tip.remove();
  if (described) element.setAttribute("aria-describedby", described);
  else element.removeAttribute("aria-describedby");
  if (title) element.setAttribute("title", title);
  shown = undefined;
}
