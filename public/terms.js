// Words on a term: definition, formula and source where one presses the "i" beside it, points at it for a second, reaches
// it by Tab or touches it. They never open over a control that was just used. The same data make the glossary page.

import { make } from "./{{dom}}";

/** How long one points before the words open, and before the "i" does that opens them at once, in milliseconds. */
const REST = 1000;
const SOON = 120;
/** How long a finger's touch may still become a scroll, in milliseconds. */
const TAP = 350;
/** What may carry a term; inside a tile it is the name, before a control its label. */
const CARRIES = "label, legend, th, h2, h3, summary, .tile, .evidence, [role=tab], [role=tooltip], .legend > *";

/** What belongs to a control beside its label. */
const CONTROL = ".field, .choice, .segments, .tile, .block > .row, [role=tab], label, button, summary";

let glossary;
let shown;
let waiting;
let byKey = false;
/** The control used last, until the pointer has left it. */
let used;
/** Where the pointer pressed last. */
let pressed;
/** The "i" that stands beside a term, and the timer that puts it there. */
let sign;
let signing;

/** Listens from now on, and first answers what happened before it was there: an event, and what was pressed (`held`) since. */
export async function explain(first, held) {
  used = held?.closest?.(CONTROL);
  document.addEventListener("pointerover", point);
  document.addEventListener("focusin", reach);
  document.addEventListener("focusout", leave);
  document.addEventListener("pointerdown", touch, true);
  for (const kind of ["pointerdown", "input", "change"]) document.addEventListener(kind, use, true);
  document.addEventListener("keydown", key, true);
  document.addEventListener("scroll", (event) => event.target !== shown?.tip && (hide(), put()), true);
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

/** A control is used: what it says can wait. A finger has no way to point first, so its touch is seen to by `touch`. */
function use({ type, target, pointerType, clientX, clientY }) {
  if (pointerType === "touch") return;
  if (type === "pointerdown") pressed = { clientX, clientY };
  if (target === sign || shown?.tip.contains(target)) return;
  used = target.closest?.(CONTROL);
  clearTimeout(waiting);
  if (shown && used?.contains(shown.place)) hide();
}

function point(event) {
  if (event.pointerType === "touch") return;
  if (event.target === sign) return;
  // What comes under a resting pointer because a press changed the page was not pointed at.
  if (pressed?.clientX === event.clientX && pressed.clientY === event.clientY) return clearTimeout(waiting);
  if (used && !used.contains(event.target)) used = undefined;
  clearTimeout(waiting);
  clearTimeout(signing);
  if (shown?.tip.contains(event.target) || shown?.element.contains(event.target)) return;
  const found = find(event.target);
  if (found) found.place.dataset.explained = "";
  if (!found || sign?.found.place !== found.place) signing = setTimeout(put, SOON, found);
  waiting = setTimeout(() => {
    if (!found) hide();
    else if (!used?.contains(found.place)) show(found);
  }, REST);
}

/** Puts the "i" behind the words that carry a term, or takes it away. */
function put(found) {
  if (sign?.matches(":hover")) return;
  sign?.remove();
  sign = undefined;
  if (!found?.place.isConnected) return;
  const ask = () => {
    clearTimeout(waiting);
    show(found);
  };
  const own = make(
    "button",
    { type: "button", class: "explain", tabindex: -1, "aria-label": `What is ${found.term.term}?`, onclick: ask },
    "i",
  );
  sign = Object.assign(own, { found });
  (found.element.closest("dialog") ?? document.querySelector("main")).append(sign);
  const words = document.createRange();
  words.selectNodeContents(found.place);
  const [at, box] = [words.getBoundingClientRect(), found.place.getBoundingClientRect()];
  sign.style.left = `${Math.min(at.right, box.right, innerWidth - 20) + 1}px`;
  sign.style.top = `${at.top + Math.min(at.height, box.height) / 2}px`;
}

function reach({ target }) {
  if (!byKey) return;
  const label = target.labels?.[0] ?? target;
  const found = find(label);
  clearTimeout(waiting);
  if (found) waiting = setTimeout(() => !used?.contains(found.place) && show({ ...found, element: target }), REST);
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
  if (!found || found.element.matches("button, summary, [role=tab]")) return;
  // A touch on a label asks what it says; the control itself is beside it.
  if (found.element.matches("label") && !found.element.querySelector("input")) {
    found.element.addEventListener("click", (click) => click.preventDefault(), { once: true });
  }
  waiting = setTimeout(() => show(found), TAP);
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
  // Controls stand close together: what one says stands beside them all, where there is room.
  const beside = place.closest(".controls")?.getBoundingClientRect().right + 8;
  const free = beside + own.width + 8 < innerWidth;
  const top = free ? Math.min(at.top, innerHeight - own.height - 8) : below ? at.bottom + 6 : at.top - own.height - 6;
  tip.style.left = `${Math.max(8, free ? beside : Math.min(at.left, innerWidth - own.width - 8))}px`;
  tip.style.top = `${Math.max(8, top)}px`;
  const described = element.getAttribute("aria-describedby");
  element.setAttribute("aria-describedby", described ? `${described} term` : "term");
  // The browser's own words would stand over ours.
  const title = element.getAttribute("title");
  if (title) element.removeAttribute("title");
  shown = { tip, place, element, described, title };
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
