// What waits beside the page once it stands: keys, and the buttons that open the gallery, the help and the stories.
// Each of those is a module of its own, loaded when first asked for.

import { KEYS, single } from "./{{keys}}";

const windows = {
  library: () => import("./{{library}}"),
  help: () => import("./{{help}}"),
};

export function attend(page) {
  const opened = (name) => windows[name]().then((module) => module.show(page), fail);
  document.addEventListener("click", (event) => {
    const name = event.target.closest?.("[data-opens]")?.dataset.opens;
    if (name) opened(name);
  });
  document.addEventListener("keydown", press);

  let told = "";
  const follow = () => {
    const story = page.story();
    if (story || told) import("./{{stories.js}}").then((module) => module.show(page, story), fail);
    told = story;
  };
  document.addEventListener("tandem-change", follow);
  follow();

  // The words on terms come with the first thing that is pointed at or reached by keyboard.
  let pressed;
  const hold = ({ target }) => (pressed = target);
  document.addEventListener("pointerdown", hold, true);
  const first = (event) => {
    for (const kind of ["pointerover", "keyup"]) document.removeEventListener(kind, first);
    import("./{{terms}}").then((module) => {
      document.removeEventListener("pointerdown", hold, true);
      module.explain(event, pressed);
    }, fail);
  };
  for (const kind of ["pointerover", "keyup"]) document.addEventListener(kind, first);
  document.documentElement.dataset.assisted = "true";
}

/** What could not be loaded is no reason to stop: the page works without it. */
function fail(reason) {
  console.error(reason);
}

function press(event) {
  if (event.altKey || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const typing = writes(event.target);
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) {
    // A text field undoes its own typing.
    if (typing) return;
    if (key === "z") push(event, event.shiftKey ? "[data-key=redo]" : "[data-key=undo]");
    if (key === "y" && !event.shiftKey) push(event, "[data-key=redo]");
    return;
  }
  if (typing || event.target.matches?.("select") || !single.on) return;
  const target = KEYS.find(([own]) => own === key)?.[2];
  if (typeof target === "string") push(event, target);
  if (typeof target === "number") turn(event, target);
}

const writes = (target) =>
  target.isContentEditable || target.matches?.("textarea, input:not([type=range], [type=checkbox], [type=radio])");

function push(event, selector) {
  event.preventDefault();
  document.querySelector(selector)?.click();
}

function turn(event, by) {
  const tabs = [...document.querySelectorAll("[role=tab][aria-controls=chart-panel]")];
  const now = tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
  const next = tabs[(now + by + tabs.length) % tabs.length];
  event.preventDefault();
  next?.click();
}
