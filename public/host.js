// The embedded page's side of the talk with the page around it (embedding.html tells it to the world). Loaded behind
// `?embed=1` only.
//
// Out: { tandem: 1, type: "ready" | "state", link }, { tandem: 1, type: "resize", height },
//      { tandem: 1, type: "error", field, value, valid, message }
// In:  { tandem: 1, type: "setScenario", link }, { …, type: "setTheme", theme }, { …, type: "setParts", hide, show },
//      { …, type: "setHeight", height }, { …, type: "getState" }
//
// Only the parent window is listened to. A message that is not as it should be is answered with an error and changes
// nothing. Neither side's history gets an entry, and this page's address stays what its host wrote.

import { LONGEST_LINK } from "./{{link}}";

const PROTOCOL = 1;

/** Parts of an embed, and whether they are there unasked. */
const PARTS = { sentence: true, remarks: true, tiles: false, chart: true, table: true };
const THEMES = ["auto", "light", "dark"];
const [LEAST, MOST] = [120, 4000];
const MOST_REMARKS = 8;

/** How long the state must rest before it is told, in milliseconds. */
const REST = 250;

const root = document.documentElement;

/** A value as a text. A message may bring what JSON has no words for: cycles, large integers, maps. */
function inWords(value) {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** What is wrong with a value, for the host and for people. */
class Wrong extends Error {
  constructor(field, value, valid) {
    const text = inWords(value);
    const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
    super(`${field} is "${shown}"; valid: ${valid}`);
    Object.assign(this, { field, value: shown, valid });
  }
}

const names = (field, value, fault) => {
  if (typeof value !== "string") throw new Wrong(field, value, "a text, names separated by commas");
  const list = value
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  const known = (name) => Object.hasOwn(PARTS, name);
  for (const name of list) if (!known(name)) fault(new Wrong(field, name, Object.keys(PARTS).join(", ")));
  return list.filter(known);
};

const refuse = (wrong) => {
  throw wrong;
};

const check = {
  hide: (value, fault = refuse) => names("hide", value ?? "", fault),
  show: (value, fault = refuse) => names("show", value ?? "", fault),
  theme(value) {
    if (!THEMES.includes(value)) throw new Wrong("theme", value, THEMES.join(", "));
    return value;
  },
  height(value) {
    if (value === "auto" || value === "fill") return value;
    const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
    if (!(Number.isFinite(number) && number >= LEAST && number <= MOST)) {
      throw new Wrong("height", value, `auto, fill, or pixels from ${LEAST} to ${MOST}`);
    }
    return number;
  },
  link(value) {
    const valid = `a text that begins with v1, of at most ${LONGEST_LINK} characters`;
    if (typeof value !== "string" || value.length > LONGEST_LINK) throw new Wrong("link", value, valid);
    const link = value.slice(value.indexOf("#") + 1);
    if (!/^v1(&|$)/.test(link)) throw new Wrong("link", value, valid);
    return link;
  },
};

/** Tells the page. It answers at once, within the event. */
function tell(detail) {
  dispatchEvent(new CustomEvent("tandem-told", { detail }));
  return detail;
}

function setParts(hide, show) {
  const wanted = Object.keys(PARTS).filter((part) => (PARTS[part] || show.includes(part)) && !hide.includes(part));
  root.dataset.parts = wanted.join(" ");
}

// `fill`: the chart takes what the frame leaves. `auto`: it takes what its width asks for, and the frame is to follow.
// A number: the chart has so many pixels.
function setHeight(height) {
  root.dataset.height = typeof height === "number" ? "set" : height;
  if (typeof height === "number") root.style.setProperty("--plot", `${height}px`);
}

const orders = {
  setScenario({ link }) {
    const { refused } = tell({ link: check.link(link) });
    if (refused) throw new Wrong("link", link, refused);
  },
  setTheme({ theme }) {
    tell({ theme: check.theme(theme) });
  },
  setParts({ hide, show }) {
    setParts(check.hide(hide), check.show(show));
    tell({});
  },
  setHeight({ height }) {
    setHeight(check.height(height));
  },
  getState() {
    post({ type: "state", link: root.dataset.link });
  },
};

// Whoever put this page into another one may read what it shows; there is nothing else in these messages.
function post(message) {
  if (parent !== self) parent.postMessage({ tandem: PROTOCOL, ...message }, "*");
}

function hear({ source, data }) {
  if (source !== parent || parent === self) return;
  try {
    if (typeof data !== "object" || data === null || !("tandem" in data)) return;
    const { tandem, type } = data;
    if (tandem !== PROTOCOL) throw new Wrong("tandem", tandem, String(PROTOCOL));
    // Any other value may turn into the name of an order by being made a text.
    if (typeof type !== "string" || !Object.hasOwn(orders, type))
      throw new Wrong("type", type, Object.keys(orders).join(", "));
    orders[type](data);
  } catch (wrong) {
    // No window can send what throws when it is read, but a script in this one could.
    const { field, value, valid, message } =
      wrong instanceof Wrong ? wrong : new Wrong("message", "", "an object of plain values");
    post({ type: "error", field, value, valid, message });
  }
}

/** Takes what stands behind the `?`; returns remarks on what cannot be taken. */
function readQuery() {
  const query = new URLSearchParams(location.search);
  const remarks = [];
  const remark = (wrong) => remarks.length < MOST_REMARKS && remarks.push(wrong.message);
  const read = (field, otherwise) => {
    try {
      return query.has(field) ? check[field](query.get(field), remark) : otherwise;
    } catch (wrong) {
      remark(wrong);
      return otherwise;
    }
  };
  setParts(read("hide", []), read("show", []));
  setHeight(read("height", "fill"));
  read("theme", "auto"); // The page reads it too.
  return remarks;
}

/** Once, before the page is mounted. */
export function join() {
  const remarks = readQuery();

  // What is said before the page stands waits for it.
  let early = [];
  addEventListener("message", (event) => (early ? early.push(event) : hear(event)));

  let told;
  let pending;
  const state = () => {
    if (told === root.dataset.link) return;
    told = root.dataset.link;
    post({ type: "state", link: told });
  };
  const stand = () => {
    told = root.dataset.link;
    for (const notice of remarks) tell({ notice });
    post({ type: "ready", link: told });
    watchHeight();
    early.forEach(hear);
    early = undefined;
  };
  new MutationObserver(() => {
    if (early) return stand();
    clearTimeout(pending);
    pending = setTimeout(state, REST);
  }).observe(root, { attributes: true, attributeFilter: ["data-link"] });
}

function watchHeight() {
  let last;
  const main = document.querySelector("main");
  const measure = () => {
    const height = Math.ceil(main.getBoundingClientRect().height);
    // A page that fills its frame is as high as it; what it would like to be is not known.
    if (root.dataset.height === "fill" || height === last) return;
    last = height;
    post({ type: "resize", height });
  };
  new ResizeObserver(measure).observe(main);
  new MutationObserver(() => {
    last = undefined;
    measure();
  }).observe(root, { attributes: true, attributeFilter: ["data-height"] });
  measure();
}
