// The keys of the page.

import { keep, recall } from "./{{dom}}";

/** Keys without a modifier, what they do, and the element that they press. */
export const KEYS = [
  ["?", "Show these keys", "[data-opens=help]"],
  ["g", "Stories and scenarios", "[data-opens=library]"],
  ["[", "Previous chart", -1],
  ["]", "Next chart", 1],
  ["f", "One chart and three sliders, large enough for a projector", "[data-testid=present]"],
  ["p", "Pin this scenario", "[data-testid=pin]"],
  ["c", "Copy the link", "[data-testid=copy-link]"],
  ["t", "Change the colours", "[data-testid=theme]"],
];

const SINGLE = "tandem-single-keys";

/** Whether keys without a modifier work: they can be switched off, for speech and shaky hands. */
export const single = {
  get on() {
    return recall(SINGLE) !== "off" && single.here !== false;
  },
  set on(on) {
    single.here = on;
    keep(SINGLE, on ? "on" : "off");
  },
};
