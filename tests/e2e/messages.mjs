// Fuzzing of postMessage without a browser: the scripts that hear messages run under stand-ins for the globals that they
// use, and are thrown random, mutated and hostile messages, each held against what embedding.html promises. A browser
// takes a millisecond for a message, this a microsecond or two.
//
// | target | what |
// |---|---|
// | host | public/host.js: what the page around an embed may say, from the right window or a wrong one, before and after it stands |
// | frame | public/embed.js: what may come out of the frame of a <tandem-embed>, while its attributes change |
// | desk | public/jobs.js: questions and cancellations on the port of the page's jobs |
//
// `cargo xtask fuzz message --runs N --seed S` throws N messages at each of the three; messages.test.mjs throws a few in
// every run of the tests, and shows that what is broken is found. The same seed does the same again.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const source = (name) => readFileSync(new URL(`../../public/${name}`, import.meta.url), "utf8");

/** A promise that is broken. */
class Broken extends Error {}

function hold(holds, what, ...values) {
  if (!holds) throw new Broken(typeof what === "function" ? what() : [what, ...values.map(shown)].join(" "));
}

/** A value in few words, whatever it is. */
function shown(value) {
  let text;
  try {
    text =
      typeof value === "string"
        ? JSON.stringify(value)
        : (JSON.stringify(value, (_, own) => (typeof own === "bigint" ? `${own}n` : own)) ?? String(value));
  } catch {
    text = `(${Object.prototype.toString.call(value)})`;
  }
  return text.length > 400 ? `${text.slice(0, 400)}… (${text.length})` : text;
}

// --- draws --------------------------------------------------------------------------------------------------------

/** Random draws from a seed. */
export class Draw {
  constructor(seed) {
    this.at = seed | 0;
  }

  /** At least 0 and less than 1. */
  random() {
    this.at = (this.at + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.at ^ (this.at >>> 15), 1 | this.at);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  below(end) {
    return Math.floor(this.random() * end);
  }

  of(list) {
    return list[this.below(list.length)];
  }

  one(times) {
    return this.below(times) === 0;
  }
}

const cycle = { tandem: 1, type: "getState" };
cycle.self = cycle;
const DEEP = Array.from({ length: 500 }).reduce((inner) => ({ inner }), {});
const LONG = "x".repeat(70_000);

/** Values that JSON has no words for, that look like others, or at which something ends. */
const ODD = [
  undefined,
  null,
  true,
  false,
  0,
  -0,
  1,
  -1,
  119,
  120,
  119.999,
  4000,
  4000.001,
  4001,
  2 ** 53,
  1e308,
  -1e308,
  5e-324,
  NaN,
  Infinity,
  -Infinity,
  10n,
  -1n,
  "",
  " ",
  "1",
  "1.0",
  "v1",
  "NaN",
  "Infinity",
  "\u0000",
  "\u202e",
  "\ufeff",
  "\ud800",
  "%ff",
  LONG,
  "<img src=x onerror=alert(1)>",
  "<script>alert(1)</script>",
  '"><svg/onload=1>',
  "javascript:alert(1)",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "valueOf",
  [],
  [1],
  [[]],
  ["dark"],
  ["setTheme"],
  ["v1"],
  [LONG],
  {},
  { toString: 5 },
  { valueOf: null },
  { link: "v1" },
  { length: 1e9 },
  { toJSON: 1 },
  cycle,
  DEEP,
  new Map([["tandem", 1]]),
  new Set(["dark"]),
  new Date(0),
  new Date(NaN),
  new ArrayBuffer(8),
  new Uint8Array(9),
  /x/,
  new Error("no"),
  new TypeError("no"),
  Object(1),
  Object("dark"),
  Object("v1"),
  Object(true),
  Object(10n),
  JSON.parse('{"__proto__":{"tandem":1}}'),
  Array.from({ length: 300 }, (_, index) => `name${index}`),
  Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`key${index}`, index])),
];

/** What no window can send, because it cannot be copied; what comes of trying is a failure of the sender's. */
const UNSENDABLE = [() => 1, Symbol("x"), new WeakMap(), Promise.resolve(1), { act() {} }, new Proxy({}, {})];

const THEMES = ["auto", "light", "dark"];
const PARTS = { sentence: true, remarks: true, tiles: false, chart: true, table: true };
const TYPES = ["setScenario", "setTheme", "setParts", "setHeight", "getState"];
const LINKS = [
  "v1",
  "v1&isl=2k",
  "https://example.org/#v1&isl=3k",
  "v1&model=llama3-8b&pool=h100-sxm*1",
  "#v1&isl=5k&osl=256",
  "v1&isl=banana",
  "v1&nothing=1",
  "v2",
  "isl=4k",
  "v1&isl=1k&view=pie",
  "v1&pool=<b>",
  "v1x",
  "#",
  "##v1",
  "v1#v1",
  "x#v1&a#b",
  "v1&chip=a:bf16=1",
];
const HEIGHTS = [
  "auto",
  "fill",
  120,
  250,
  300.5,
  4000,
  "300",
  "0250",
  "120px",
  "1e3",
  " 250",
  "٣٠٠",
  "-300",
  "9".repeat(400),
];
const LISTS = [
  "",
  "table",
  " table , remarks ",
  "sentence",
  "tiles",
  "tiles,chart",
  ",,,",
  "everything",
  "constructor",
  "Table",
  "table;chart",
  "a,".repeat(2000),
];

/** A text that is nearly another. */
function mutated(draw, text) {
  let own = text;
  for (let change = 1 + draw.below(3); change > 0; change -= 1) {
    const at = draw.below(own.length + 1);
    const letter = String.fromCharCode(draw.one(4) ? draw.below(65536) : 32 + draw.below(96));
    switch (draw.below(5)) {
      case 0:
        own = own.slice(0, at) + letter + own.slice(at);
        break;
      case 1:
        own = own.slice(0, at) + own.slice(at + 1);
        break;
      case 2:
        own = own.slice(0, at) + letter + own.slice(at + 1);
        break;
      case 3:
        own = own.slice(0, at);
        break;
      default:
        own = own.slice(0, at) + own.slice(Math.max(0, at - 8)).repeat(draw.one(50) ? 300 : 1 + draw.below(3));
    }
    own = own.slice(0, 200_000);
  }
  return own;
}

/** Any value, now and then made of others. */
function anything(draw, depth = 0) {
  const kind = draw.below(depth > 2 ? 6 : 9);
  if (kind < 4) return draw.of(ODD);
  if (kind === 4) return (draw.random() - 0.3) * 10 ** draw.below(8);
  if (kind === 5) return mutated(draw, draw.of(draw.of([THEMES, TYPES, LINKS, LISTS])));
  if (kind === 6) return Array.from({ length: draw.below(4) }, () => anything(draw, depth + 1));
  const own = {};
  for (let field = draw.below(4); field > 0; field -= 1)
    own[draw.of(["tandem", "type", "link", "theme", "a", ""])] = anything(draw, depth + 1);
  return own;
}

const FIELDS = { theme: THEMES, height: HEIGHTS, hide: LISTS, show: LISTS, link: LINKS };

/** A field's value: right, nearly so, or anything. */
function value(draw, some) {
  const kind = draw.below(8);
  if (kind < 4) return draw.of(some);
  if (kind > 5) return anything(draw);
  const own = draw.of(some);
  return typeof own === "string" && own.length < 1000 ? mutated(draw, own) : own;
}

/** A message to an embed. */
function order(draw) {
  if (draw.one(12)) return anything(draw);
  const type = draw.one(10) ? anything(draw) : draw.one(20) ? mutated(draw, draw.of(TYPES)) : draw.of(TYPES);
  const message = draw.one(40) ? Object.assign(draw.one(2) ? [] : new Map(), { type }) : { type };
  if (!draw.one(30)) message.tandem = draw.one(10) ? anything(draw) : 1;
  for (const field in FIELDS) if (!draw.one(3)) message[field] = value(draw, FIELDS[field]);
  if (draw.one(30)) message[draw.of(["source", "toString", "constructor", "then", "toJSON"])] = anything(draw);
  if (draw.one(200)) message.self = message;
  if (draw.one(200)) message.extra = draw.of(UNSENDABLE);
  if (draw.one(100)) return Object.create(message);
  return message;
}

/** What arrives of a message, as windows copy it: `undefined` where it cannot be sent. */
function sent(message) {
  try {
    return { data: structuredClone(message) };
  } catch {
    return undefined;
  }
}

/** A message as only a script of the page's own could hand it over: with traps in the place of values. */
function trap(draw, message) {
  const thrown = () => {
    throw draw.of([new Error("trap"), undefined, null, "trap", { field: "x", value: {}, message: 5 }]);
  };
  const traps = { get: thrown, has: thrown, ownKeys: thrown, getPrototypeOf: thrown, getOwnPropertyDescriptor: thrown };
  const own = typeof message === "object" && message !== null ? { ...message } : {};
  switch (draw.below(4)) {
    case 0:
      return new Proxy(own, traps);
    case 1:
      return new Proxy(own, { [draw.of(["get", "has"])]: thrown });
    case 2:
      return Object.defineProperty(own, draw.of(["tandem", "type", "link", "theme", "height", "hide", "show"]), {
        get: thrown,
        configurable: true,
      });
    default: {
      // First this, then that.
      let asked = 0;
      const values = [draw.of(TYPES), anything(draw)];
      own.tandem = 1;
      return Object.defineProperty(own, draw.of(["tandem", "type", "link", "height"]), {
        get: () => values[asked++ % 2],
        configurable: true,
      });
    }
  }
}

/** A message that must not even be looked at. */
const untouched = new Proxy(
  {},
  {
    get(_, name) {
      throw new Broken(`a message of another window was read: ${String(name)}`);
    },
    has() {
      throw new Broken("a message of another window was searched");
    },
  },
);

/** An object that has these properties, and takes it amiss when others are read or written: nothing here makes markup. */
function strict(name, own) {
  const known = (property) => typeof property === "symbol" || property in own;
  return new Proxy(own, {
    get(target, property) {
      hold(known(property), () => `${name}.${String(property)} is read`);
      return Reflect.get(target, property, target);
    },
    set(target, property, value) {
      hold(known(property), () => `${name}.${String(property)} is written`);
      return Reflect.set(target, property, value, target);
    },
  });
}

// --- the embed ----------------------------------------------------------------------------------------------------

/** What of a message is wrong, or what it changes, judged by what embedding.html says alone. */
function judge(data) {
  if (typeof data !== "object" || data === null || !("tandem" in data)) return undefined;
  const { tandem, type, theme, height, link } = data;
  if (tandem !== 1) return { wrong: "tandem" };
  switch (typeof type === "string" ? type : "") {
    case "getState":
      return { tells: true };
    case "setTheme":
      return THEMES.some((own) => own === theme) ? { theme } : { wrong: "theme" };
    case "setHeight": {
      if (height === "auto" || height === "fill") return { height };
      const pixels = typeof height === "string" && height.match(/^[0-9]+$/) ? Number(height) : height;
      return typeof pixels === "number" && pixels >= 120 && pixels <= 4000
        ? { height: "set", plot: `${pixels}px` }
        : { wrong: "height" };
    }
    case "setParts": {
      const [hidden, shown] = [data.hide, data.show].map((own) => {
        if (own === undefined || own === null) return [];
        const list =
          typeof own === "string"
            ? own
                .split(",")
                .map((name) => name.trim())
                .filter((name) => name !== "")
            : undefined;
        return list?.every((name) => Object.keys(PARTS).includes(name)) ? list : undefined;
      });
      if (!hidden || !shown) return { wrong: hidden ? "show" : "hide" };
      return {
        parts: Object.keys(PARTS)
          .filter((part) => (PARTS[part] || shown.includes(part)) && !hidden.includes(part))
          .join(" "),
      };
    }
    case "setScenario": {
      if (typeof link !== "string" || link.length > 65536) return { wrong: "link" };
      const own = link.includes("#") ? link.slice(link.indexOf("#") + 1) : link;
      return own === "v1" || own.startsWith("v1&") ? { link: own } : { wrong: "link" };
    }
    default:
      return { wrong: "type" };
  }
}

/** An answer is as embedding.html says, of plain values, and no longer than what it quotes may be. */
function answered(message) {
  hold(message.tandem === 1, "an answer without our mark", message);
  const fields = {
    ready: ["link"],
    state: ["link"],
    resize: ["height"],
    error: ["field", "value", "valid", "message"],
  }[message.type];
  hold(fields, "an answer of another type", message);
  const names = Object.keys(message);
  hold(
    names.length === fields.length + 2 && fields.every((name) => names.includes(name)),
    "an answer with other fields",
    message,
  );
  for (const name of fields) {
    if (name === "height")
      hold(Number.isFinite(message.height) && message.height >= 0 && message.height <= 1e6, "a height", message);
    else hold(typeof message[name] === "string", "an answer whose field is no text", name, message);
  }
  if (message.type === "error") {
    hold(
      message.field.length <= 20 && message.value.length <= 201 && message.valid.length <= 200,
      "a long error",
      message,
    );
    hold(message.message.length <= 460, "a long message", message);
  } else if (fields[0] === "link")
    hold(/^v1(&|$)/.test(message.link) && message.link.length <= 70_000, "a link", message);
}

// A function's body imports nothing.
const HOST = source("host.js").replace(/^import .* from ".*link.*";$/m, source("link.js").replace("export ", ""));
const NAMES = [
  "document",
  "parent",
  "self",
  "location",
  "addEventListener",
  "dispatchEvent",
  "CustomEvent",
  "MutationObserver",
  "ResizeObserver",
  "setTimeout",
  "clearTimeout",
];

/** One life of an embedded page, from loading on. */
class Page {
  constructor(draw, script) {
    this.draw = draw;
    this.answers = [];
    this.told = [];
    this.timer = undefined;
    this.plot = undefined;
    this.heard = undefined;
    this.parent = strict("parent", {
      postMessage: (message, target) => (hold(target === "*", "the target is another"), this.answers.push(message)),
    });
    this.self = strict("self", {});
    this.data = {};
    const page = this;
    const style = strict("style", {
      setProperty(name, value) {
        hold(name === "--plot" && /^[0-9.]+px$/.test(value), "a style", name, value);
        page.plot = value;
      },
    });
    // Attributes: what is written there becomes a text.
    const dataset = new Proxy(this.data, {
      set(target, name, value) {
        hold(["parts", "height"].includes(name), "an attribute that is not the script's", name);
        target[name] = `${value}`;
        page.changed.add(`data-${name}`);
        return true;
      },
    });
    this.observers = [];
    this.changed = new Set();
    const root = strict("root", { dataset, style });
    const main = strict("main", { getBoundingClientRect: () => ({ height: this.draw.random() * 5000 }) });
    const globals = {
      document: strict("document", {
        documentElement: root,
        querySelector: (name) => (hold(name === "main", "another element"), main),
      }),
      parent: this.parent,
      self: this.self,
      location: strict("location", { search: query(draw) }),
      addEventListener: (name, hear) => {
        hold(name === "message" && !this.heard, "listens to another event", name);
        this.heard = hear;
      },
      dispatchEvent: ({ type, detail }) => (hold(type === "tandem-told", "another event", type), this.tell(detail)),
      CustomEvent: class {
        constructor(type, { detail }) {
          Object.assign(this, { type, detail });
        }
      },
      MutationObserver: class {
        constructor(call) {
          this.call = call;
        }
        observe(element, { attributeFilter }) {
          hold(element === root, "watches another element");
          page.observers.push({ call: this.call, filter: attributeFilter });
        }
      },
      ResizeObserver: class {
        constructor(call) {
          page.resized = call;
        }
        observe(element) {
          hold(element === main, "watches another element");
        }
      },
      setTimeout: (call, time) => (hold(time >= 100, "a short rest"), (this.timer = call), 1),
      clearTimeout: () => (this.timer = undefined),
    };
    this.join = new Function(
      ...NAMES,
      `"use strict"; ${script.replace("export function join", "function join")}; return join;`,
    )(...NAMES.map((name) => globals[name]));
  }

  /** The page itself, which takes what it is told and now and then refuses a link in words. */
  tell(detail) {
    this.told.push(detail);
    for (const name of Object.keys(detail))
      hold(["link", "theme", "notice"].includes(name), "the page is told of", name);
    if ("notice" in detail)
      hold(typeof detail.notice === "string" && detail.notice.length < 460, "a notice", detail.notice);
    if ("theme" in detail) {
      hold(THEMES.includes(detail.theme), "a theme", detail.theme);
      this.data.theme = detail.theme;
    }
    if ("link" in detail) {
      hold(
        typeof detail.link === "string" && /^v1(&|$)/.test(detail.link) && detail.link.length <= 65536,
        "a link",
        detail.link,
      );
      if (refuses(detail.link)) detail.refused = "each key with a value that it can have";
      else this.show(detail.link);
    }
  }

  /** The page shows another state. */
  show(link) {
    if (this.data.link === link) return;
    this.data.link = link;
    this.changed.add("data-link");
  }

  /** Who watches attributes hears of changes once the script has done its work. */
  settle() {
    if (this.changed.size === 0) return;
    const names = [...this.changed];
    this.changed.clear();
    for (const { call, filter } of this.observers) if (filter.some((name) => names.includes(name))) call();
  }

  /** What it has said, each answer held to its shape. */
  replies() {
    for (const answer of this.answers) answered(answer);
    return this.answers;
  }

  state() {
    const { link, theme, height, parts } = this.data;
    return `${link}\n${theme}\n${height}\n${parts}\n${this.plot}`;
  }
}

/** The page of this test cannot take these. */
const refuses = (link) => /banana|nothing|pie|[<>]/.test(link);

/** What stands behind the `?`. */
function query(draw) {
  const pairs = ["embed=1"];
  for (const field of ["hide", "show", "height", "theme"]) {
    const own = value(draw, FIELDS[field]);
    if (typeof own === "string" && draw.one(2))
      pairs.push(`${field}=${encodeURIComponent(own.replace(/[\ud800-\udfff]/gu, ""))}`);
  }
  if (draw.one(4)) pairs.push(`${draw.of(["hide", "show"])}=${"a,".repeat(draw.below(40))}`);
  return `?${draw.one(10) ? mutated(draw, pairs.join("&")) : pairs.join("&")}`;
}

/** Messages of one page's life. */
const LIFE = 4000;

/** Sends a message to the page and holds what comes of it against what should. */
function say(page, message, counts) {
  const { draw } = page;
  const kind = draw.below(20);
  if (kind === 0) {
    // From another window, or from none.
    const before = page.state();
    page.heard({
      source: draw.of([page.self, null, undefined, {}, untouched]),
      data: draw.one(2) ? untouched : message,
    });
    hold(page.answers.length === 0 && page.told.length === 0 && page.state() === before, "another window is heard");
    counts.foreign += 1;
    return;
  }
  if (kind === 1) {
    const before = page.state();
    page.heard({ source: page.parent, data: trap(draw, message) });
    const replies = page.replies();
    hold(replies.length <= 1, "more than one answer", replies);
    if (replies[0]?.type === "error") hold(page.state() === before, "what was refused changed something");
    counts.hostile += 1;
    return;
  }
  const arrives = sent(message);
  if (!arrives) {
    counts.unsent += 1;
    return;
  }
  const before = page.state();
  const verdict = judge(arrives.data);
  page.heard({ source: page.parent, data: arrives.data });
  settled(page, verdict, before, counts);
}

function settled(page, verdict, before, counts) {
  const { told } = page;
  const answers = page.replies();
  if (!verdict) {
    hold(
      answers.length === 0 && told.length === 0 && page.state() === before,
      "a message without our mark is heard",
      answers,
    );
    counts.unmarked += 1;
    return;
  }
  const refused = verdict.wrong ?? (verdict.link !== undefined && refuses(verdict.link) ? "link" : undefined);
  if (refused) {
    hold(
      answers.length === 1 && answers[0].type === "error" && answers[0].field === refused,
      () => `${refused} is wrong, and the answer is ${shown(answers)}`,
    );
    hold(
      answers[0].message.startsWith(`${refused} is "`) && answers[0].valid !== "",
      "an answer that does not teach",
      answers,
    );
    hold(page.state() === before, "what was refused changed something");
    counts.refused += 1;
    return;
  }
  hold(answers.length === (verdict.tells ? 1 : 0), "another number of answers", answers, verdict);
  if (verdict.tells) hold(answers[0].type === "state" && answers[0].link === page.data.link, "another state", answers);
  for (const name of ["theme", "height", "parts", "link"]) {
    if (name in verdict)
      hold(
        page.data[name] === verdict[name],
        () => `${name} is ${shown(page.data[name])} and not ${shown(verdict[name])}`,
      );
  }
  if (verdict.plot) hold(page.plot === verdict.plot, "another height", page.plot, verdict.plot);
  counts.taken += 1;
}

function host(draw, runs, until, script = HOST) {
  const counts = { taken: 0, refused: 0, unmarked: 0, foreign: 0, hostile: 0, unsent: 0, lives: 0 };
  let done = 0;
  while (done < runs && Date.now() < until) {
    counts.lives += 1;
    let message;
    try {
      const page = new Page(draw, script);
      page.join();
      const notices = page.answers.length;
      hold(notices === 0 && page.heard, "says something before it stands");
      // What is said early waits.
      const early = Array.from({ length: draw.below(4) }, () => sent(order(draw))).filter(Boolean);
      for (const { data } of early) page.heard({ source: page.parent, data });
      hold(page.answers.length === 0, "answers before it stands", page.answers);
      page.changed.clear();
      page.show("v1");
      page.settle();
      const replies = page.replies();
      hold(
        replies[0]?.type === "ready" && replies.filter((own) => own.type === "ready").length === 1,
        "is not ready once",
        replies,
      );
      hold(page.told.filter((own) => "notice" in own).length <= 8, "too many notices", page.told.length);
      for (let number = 0; number < LIFE && done < runs; number += 1, done += 1) {
        page.answers.length = 0;
        page.told.length = 0;
        // Time goes by, the reader does something, or the page takes another size.
        if (draw.one(10)) {
          if (draw.one(2)) page.show(`v1&isl=${1 + draw.below(99)}k`);
          page.settle();
          page.timer?.();
          page.timer = undefined;
          page.resized();
          page.replies();
          hold(page.answers.length <= 3, "more than a state and two heights", page.answers);
          page.answers.length = 0;
        }
        message = order(draw);
        say(page, message, counts);
        if (draw.one(2)) page.settle();
      }
    } catch (reason) {
      return { done, counts, broken: { reason, message } };
    }
  }
  return { done, counts };
}

// --- the element around it ----------------------------------------------------------------------------------------

const FRAME = source("embed.js");
const AROUND = [
  "document",
  "customElements",
  "HTMLElement",
  "CSSStyleSheet",
  "IntersectionObserver",
  "CustomEvent",
  "addEventListener",
  "removeEventListener",
];

/** A <tandem-embed> in a page, as far as its script sees one. */
function element(draw, script) {
  const around = { posted: [], events: [], heard: new Set() };
  const made = (name) => {
    const style = strict("style", { height: "", minHeight: "" });
    const own = {
      style,
      title: "",
      allow: "",
      referrerPolicy: "",
      src: "",
      className: "",
      id: "",
      type: "",
      textContent: "",
    };
    if (name === "iframe")
      own.contentWindow = strict("frame", {
        postMessage: (message, target) => (hold(target === "*", "another target"), around.posted.push(message)),
      });
    const methods = { setAttribute() {}, append() {}, addEventListener() {}, focus() {} };
    return strict(name, Object.assign(own, methods));
  };
  class HTMLElement {
    #attributes = new Map();
    isConnected = false;
    shadowRoot = null;
    attachShadow() {
      this.shadowRoot = strict("shadow", {
        adoptedStyleSheets: [],
        replaceChildren: (child) => (around.child = child),
      });
      return this.shadowRoot;
    }
    getAttribute(name) {
      return this.#attributes.get(name) ?? null;
    }
    hasAttribute(name) {
      return this.#attributes.has(name);
    }
    setAttribute(name, value) {
      const before = this.getAttribute(name);
      this.#attributes.set(name, `${value}`);
      if (this.constructor.observedAttributes.includes(name)) this.attributeChangedCallback?.(name, before, `${value}`);
    }
    removeAttribute(name) {
      const before = this.getAttribute(name);
      this.#attributes.delete(name);
      if (before !== null && this.constructor.observedAttributes.includes(name))
        this.attributeChangedCallback?.(name, before, null);
    }
    dispatchEvent(event) {
      around.events.push(event);
    }
  }
  const globals = {
    document: strict("document", {
      currentScript: { src: "https://tandem.example/deep/embed.js" },
      scripts: [],
      createElement: made,
    }),
    customElements: { get: () => undefined, define: (_, made) => (around.Element = made) },
    HTMLElement,
    CSSStyleSheet: class {
      replaceSync() {}
    },
    IntersectionObserver: class {
      constructor(call) {
        this.call = call;
      }
      observe() {}
      disconnect() {}
    },
    CustomEvent: class {
      constructor(type, { detail }) {
        Object.assign(this, { type, detail });
      }
    },
    addEventListener: (name, hear) => (
      hold(name === "message", "listens to another event", name), around.heard.add(hear)
    ),
    removeEventListener: (_, hear) => around.heard.delete(hear),
  };
  // It asks whether the global object has what it needs.
  const missing = ["customElements", "IntersectionObserver"].filter((name) => !(name in globalThis));
  for (const name of missing) globalThis[name] = globals[name];
  try {
    new Function(...AROUND, script)(...AROUND.map((name) => globals[name]));
    const one = new around.Element();
    for (const name of ["scenario", "view", "hide", "show", "theme", "height", "label"])
      if (draw.one(2)) attribute(draw, one, name);
    one.setAttribute("loading", "eager");
    one.isConnected = true;
    one.connectedCallback();
    return { ...around, one, hear: [...around.heard][0], frame: around.child };
  } finally {
    for (const name of missing) delete globalThis[name];
  }
}

const ATTRIBUTES = { ...FIELDS, scenario: LINKS, view: ["frontier", "curves", "pie", ""], label: ["A figure", "<b>"] };

function attribute(draw, one, name) {
  if (draw.one(6)) return one.removeAttribute(name);
  const own = value(draw, ATTRIBUTES[name]);
  one.setAttribute(name, typeof own === "string" ? own : "5");
}

/** A message from a frame. */
function report(draw) {
  if (draw.one(12)) return anything(draw);
  const message = { type: draw.one(8) ? anything(draw) : draw.of(["ready", "state", "resize", "error"]) };
  if (!draw.one(30)) message.tandem = draw.one(10) ? anything(draw) : 1;
  if (!draw.one(4)) message.link = value(draw, LINKS);
  if (!draw.one(4)) message.height = value(draw, [80, 100, 460, 6000, 0, -5]);
  for (const field of ["field", "value", "valid", "message", "detail", "bubbles"])
    if (draw.one(4)) message[field] = anything(draw);
  if (draw.one(200)) message.extra = draw.of(UNSENDABLE);
  return message;
}

/** What the element posts is an order that embedding.html names, of plain texts. */
function ordered(message) {
  const fields = { setScenario: ["link"], setTheme: ["theme"], setParts: ["hide", "show"], setHeight: ["height"] }[
    message.type
  ];
  hold(message.tandem === 1 && fields, "an order of another type", message);
  hold(Object.keys(message).length === fields.length + 2, "an order with other fields", message);
  for (const name of fields) hold(typeof message[name] === "string", "an order whose field is no text", message);
}

function frame(draw, runs, until, script = FRAME) {
  const counts = { taken: 0, refused: 0, foreign: 0, unsent: 0, changes: 0, lives: 0 };
  let done = 0;
  while (done < runs && Date.now() < until) {
    counts.lives += 1;
    let message;
    try {
      const own = element(draw, script);
      const { one, posted, events, hear } = own;
      hold(hear && own.frame.src.startsWith("https://tandem.example/deep/?embed=1&"), "no frame", own.frame.src);
      const window = own.frame.contentWindow;
      let [link, ready] = [undefined, false];
      for (let number = 0; number < LIFE && done < runs; number += 1, done += 1) {
        posted.length = 0;
        events.length = 0;
        if (draw.one(10)) {
          attribute(draw, one, draw.of(Object.keys(ATTRIBUTES).filter((name) => name !== "link")));
          posted.forEach(ordered);
          hold(ready || posted.length === 0, "an order before the figure is ready", posted);
          posted.length = 0;
          counts.changes += 1;
        }
        const height = own.frame.style.height;
        message = report(draw);
        if (draw.one(15)) {
          hear({ source: draw.of([{}, null, undefined, untouched]), data: draw.one(2) ? untouched : message });
          hold(
            posted.length === 0 && events.length === 0 && own.frame.style.height === height,
            "another window is heard",
          );
          counts.foreign += 1;
          continue;
        }
        const arrives = sent(message);
        if (!arrives) {
          counts.unsent += 1;
          continue;
        }
        const { data } = arrives;
        hear({ source: window, data });
        posted.forEach(ordered);
        hold(posted.length <= 4, "many orders", posted);
        const marked = typeof data === "object" && data !== null && data.tandem === 1;
        const taken =
          marked &&
          ((["ready", "state"].includes(data.type) && typeof data.link === "string") ||
            (data.type === "resize" && typeof data.height === "number" && Number.isFinite(data.height)) ||
            data.type === "error");
        if (taken) {
          if (data.type === "ready") ready = true;
          if (data.type === "ready" || data.type === "state") link = data.link;
          hold(
            events.length === 1 && events[0].type === `tandem-${data.type}`,
            "another event",
            events.map((event) => event.type),
          );
          hold(!("tandem" in events[0].detail) && !("type" in events[0].detail), "the mark is handed on");
          counts.taken += 1;
        } else {
          hold(
            events.length === 0 && posted.length === 0 && own.frame.style.height === height,
            "what is no message is heard",
            data,
          );
          counts.refused += 1;
        }
        hold(one.ready === ready && (link === undefined || one.link === link), "another link", one.link, link);
        const pixels = Number.parseFloat(own.frame.style.height);
        hold(
          own.frame.style.height === `${pixels}px` && Number.isFinite(pixels) && pixels >= 0,
          "a height",
          own.frame.style.height,
        );
        if (data?.type === "resize" && own.frame.style.height !== height)
          hold(pixels >= 82 && pixels <= 6002, "a height beyond its limits", pixels);
      }
    } catch (reason) {
      return { done, counts, broken: { reason, message } };
    }
  }
  return { done, counts };
}

// --- the jobs -----------------------------------------------------------------------------------------------------

const DESK = source("jobs.js");

/** The code behind the port, with jobs that take some slices, fall, or are refused. */
async function desk(draw, runs, until, script = DESK) {
  const counts = { questions: 0, cancels: 0, odd: 0, pieces: 0, ends: 0, errors: 0, lives: 0 };
  const text = script
    .replace(/^import init, \{ Job \} from .*;$/m, "")
    .replace("export async function serve", "async function serve")
    .replaceAll("import.meta.url", '"https://tandem.example/jobs.js"');
  hold(!/\bimport\b/.test(text.replace(/\/\/.*$/gm, "")), "jobs.js loads something else");
  let done = 0;
  while (done < runs && Date.now() < until) {
    counts.lives += 1;
    let message;
    try {
      const [said, queue] = [[], []];
      let [live, clock] = [0, 0];
      class Job {
        constructor(question) {
          hold(typeof question === "string", "a question that is no text", question);
          if (question === "refused") throw new Error("no job is called refused");
          live += 1;
          this.left = question.length % 7;
          this.falls = question === "falls";
          this.done = false;
          this.freed = false;
        }
        step() {
          hold(!this.freed && !this.done, "a job works that is over");
          clock += 3;
          if (this.falls) {
            live -= 1;
            throw new Error("unreachable");
          }
          this.left -= 1;
          this.done = this.left < 0;
          return this.left % 2 === 0 ? "" : "line\n";
        }
        free() {
          hold(!this.freed, "a job is freed twice");
          this.freed = true;
          live -= 1;
        }
      }
      let channel;
      class MessageChannel {
        constructor() {
          channel = this;
          this.port1 = { onmessage: undefined };
          this.port2 = { postMessage: (message) => queue.push(message) };
        }
      }
      const breathe = () => (queue.pop(), channel.port1.onmessage({ data: 0 }));
      const port = strict("port", { onmessage: undefined, postMessage: (message) => said.push(message) });
      const names = ["init", "Job", "MessageChannel", "performance"];
      const serve = new Function(...names, `"use strict"; ${text}; return serve;`)(
        async () => {},
        Job,
        MessageChannel,
        { now: () => clock },
      );
      await serve(port);
      hold(said.length === 1 && said[0] === "ready", "is not ready", said);
      // What is under way by our own book.
      const open = new Map();
      const look = () => {
        for (const answer of said) {
          hold(typeof answer === "object" && open.has(answer.id), "an answer to nothing", answer);
          if ("error" in answer) {
            hold(typeof answer.error === "string" && answer.error.length < 300, "an error that is no text", answer);
            open.delete(answer.id);
            counts.errors += 1;
            continue;
          }
          hold(typeof answer.text === "string" && typeof answer.done === "boolean", "a piece", answer);
          counts.pieces += 1;
          if (answer.done) {
            open.delete(answer.id);
            counts.ends += 1;
          }
        }
        said.length = 0;
        hold(queue.length <= 1, "turns pile up", queue.length);
      };
      said.length = 0;
      let last = 0;
      for (let number = 0; number < LIFE && done < runs; number += 1, done += 1) {
        const kind = draw.below(12);
        if (kind < 6) {
          // Now and then with a number that is taken already: the later question counts.
          const id = draw.one(10) && open.size > 0 ? draw.of([...open.keys()]) : (last += 1);
          const question = draw.of(["size", "falls", "refused", "frontier\nv1", mutated(draw, "replay\nv1")]);
          message = { id, question };
          open.set(id, true);
          counts.questions += 1;
        } else if (kind < 9) {
          message = {
            id: open.size > 0 && !draw.one(5) ? draw.of([...open.keys()]) : draw.below(last + 9),
            cancel: true,
          };
          open.delete(message.id);
          counts.cancels += 1;
        } else {
          // What the page never says.
          const own = draw.one(3)
            ? anything(draw)
            : { id: anything(draw), question: anything(draw), cancel: anything(draw) };
          const arrives = sent(own);
          if (!arrives) continue;
          message = arrives.data;
          if (message?.cancel) open.delete(message.id);
          else open.set(message?.id, true);
          counts.odd += 1;
        }
        port.onmessage({ data: message });
        look();
        while (queue.length > 0 && !draw.one(3)) {
          breathe();
          look();
        }
        hold(live <= open.size, "jobs that nobody can drop any more", live, open.size);
      }
      for (let turns = 0; queue.length > 0; turns += 1) {
        hold(turns < 100_000, "the jobs never end");
        breathe();
        look();
      }
      hold(live === 0 && open.size === 0, "what is left of the jobs", live, [...open.keys()]);
    } catch (reason) {
      return { done, counts, broken: { reason, message } };
    }
  }
  return { done, counts };
}

// --- all of it ----------------------------------------------------------------------------------------------------

export const TARGETS = { host, frame, desk };

/** Throws so many messages at a target, from a seed; `script` stands in for the one that is shipped. */
export async function fuzz(name, { runs, seed, minutes = 60, script }) {
  const start = performance.now();
  const ran = await TARGETS[name](new Draw(seed), runs, Date.now() + minutes * 60_000, script);
  return { ...ran, seconds: (performance.now() - start) / 1000 };
}

/** The words of a finding. */
export function told({ done, broken: { reason, message } }) {
  return `message ${done}: ${reason?.stack ?? reason}\n  at ${shown(message)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "1000000" },
      seed: { type: "string", default: "1" },
      minutes: { type: "string", default: "20" },
      target: { type: "string", default: "all" },
    },
  });
  // Each refusal is an error, and most of its time goes into a stack that nobody reads.
  Error.stackTraceLimit = 3;
  for (const name of Object.keys(TARGETS)) {
    if (values.target !== "all" && values.target !== name) continue;
    const ran = await fuzz(name, {
      runs: Number(values.runs),
      seed: Number(values.seed),
      minutes: Number(values.minutes),
    });
    const some = Object.entries(ran.counts)
      .map(([what, count]) => `${count} ${what}`)
      .join(", ");
    console.log(
      `${name}: ${ran.done} messages in ${ran.seconds.toFixed(0)} s (${(ran.done / ran.seconds).toFixed(0)} a second), ${some}`,
    );
    if (ran.broken) {
      console.log(`  ${told(ran)}`);
      process.exitCode = 1;
    }
  }
}
