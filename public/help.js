// The keys, in a window.

import { dialog, make } from "./{{dom}}";
import { KEYS, single } from "./{{keys}}";

const MORE = [
  ["Ctrl+Z", "Undo"],
  ["Ctrl+Shift+Z", "Redo"],
  ["← →", "On a chart: move the cursor; on a slider: one step"],
  ["Home End", "On a chart: first and last point"],
  ["Esc", "Close what is open"],
];

export function show() {
  const row = ([key, what]) => make("tr", {}, make("th", { scope: "row" }, make("kbd", {}, key)), make("td", {}, what));
  const box = make("input", { type: "checkbox", checked: single.on, onchange: () => (single.on = box.checked) });
  dialog(
    "help",
    "Keys",
    make(
      "table",
      { class: "keys words" },
      make("tbody", {}, [...MORE.slice(0, 2), ...KEYS, ...MORE.slice(2)].map(row)),
    ),
    make("label", { class: "check" }, box, "Single keys work"),
    make("p", { class: "caption" }, "On a Mac, Cmd for Ctrl. A text field keeps its own undo while you type in it."),
    make("p", {}, make("a", { href: "glossary.html" }, "All terms with formula and source")),
  );
}
