// The ways to hand a scenario on: link, picture, figures, a live figure for other pages, a file. Loaded when first
// opened. What takes the model to write comes from the jobs (src/jobs/share.rs), the same as the command line writes.
//
// `show(address, ask)` opens the panel over an address of the page; `ask` is that of boot.js.

import { put } from "./{{copy}}";
import { make } from "./{{dom}}";

const SHOWN = 2500;
const WIDTH = 960;
// The views are those whose tabs the page shows.
const charts = () => ({
  "": "As in the link",
  ...Object.fromEntries([...document.querySelectorAll("[role=tab]")].map((tab) => [tab.id.slice(4), tab.textContent])),
});
const THEMES = { auto: "As the reader’s system", light: "Light", dark: "Dark" };

const beside = (name) => new URL(name, document.baseURI).href;

export function show(address, ask) {
  document.getElementById("share")?.remove();
  const page = pageOf(address);
  const write = writer(ask, page);
  const told = make("p", { class: "told", role: "status" });
  const field = make("textarea", { id: "share-by-hand", rows: 5, readonly: true });
  const byHand = make(
    "div",
    { class: "hand", hidden: true },
    make("label", { for: "share-by-hand" }, "The clipboard is closed to this page. Copy the text from here."),
    field,
  );
  const reach = { told, byHand, field };
  const close = make(
    "button",
    { type: "button", class: "quiet", "aria-label": "Close", onclick: () => box.close() },
    "✕",
  );
  const box = make(
    "dialog",
    { id: "share", class: "share-box", "aria-labelledby": "share-title" },
    make("div", { class: "row" }, make("h2", { id: "share-title" }, "Share"), make("span", { class: "spring" }), close),
    link(page, reach),
    figures(page, write, reach),
    picture(page, write, reach),
    embed(page, reach),
    byHand,
    told,
  );
  box.addEventListener("close", () => {
    write.stop();
    box.remove();
  });
  box.addEventListener("click", (event) => event.target === box && box.close());
  document.body.append(box);
  box.showModal();
  return box;
}

/** The parts of an address of the page. */
function pageOf(address) {
  const at = address.indexOf("#");
  const link = address.slice(at + 1);
  const site = address.slice(0, at).replace(/[?].*$/, "");
  const pairs = new URLSearchParams(link.replace(/^v1&?/, ""));
  const name = (pairs.get("model") || "tandem").replace(/[^\w.-]+/g, "-").slice(0, 60);
  return {
    address,
    link,
    site,
    home: new URL("./", site).href,
    view: pairs.get("view") ?? "curves",
    file: `tandem-${name}`,
  };
}

/** Asks for texts; each format is asked for once. */
function writer(ask, page) {
  const drops = new Set();
  const asked = new Map();
  let runs;
  const start = (format, address, text) =>
    new Promise((resolve, reject) => {
      let whole = "";
      const drop = ask(`share\n${format}\n${address}\n${text}`, (piece, done, error) => {
        if (error) return reject(new Error(error));
        whole += piece;
        if (done) resolve(whole);
      });
      drops.add(drop);
    });
  // The view chosen stands for the one in the link.
  const write = (format, view = "") => {
    const key = `${format} ${view}`;
    const address = view ? seen(page.address, view) : page.address;
    if (!asked.has(key)) {
      // Without the measured runs, the chart has everything else.
      if (/^(svg|csv)/.test(format))
        runs ??= fetch(beside("measured.csv")).then(
          (answer) => (answer.ok ? answer.text() : ""),
          () => "",
        );
      asked.set(
        key,
        Promise.resolve(/^(svg|csv)/.test(format) ? runs : "").then((text) => start(format, address, text)),
      );
      asked.get(key).catch(() => asked.delete(key));
    }
    return asked.get(key);
  };
  write.stop = () => drops.forEach((drop) => drop());
  return write;
}

/** A link or an address with another view. */
const seen = (text, view) => {
  const pairs = text.split("&").filter((pair) => !pair.startsWith("view="));
  return [...pairs, `view=${view}`].join("&");
};

function link(page, reach) {
  const field = make("input", {
    id: "share-link",
    class: "entry",
    readonly: true,
    value: page.address,
    onfocus: () => field.select(),
  });
  return section(
    "Link",
    "The whole scenario and what is looked at stand in the link. Nothing is stored anywhere.",
    make(
      "div",
      { class: "row" },
      make("label", { for: "share-link", class: "unseen" }, "Link"),
      field,
      copier("Copy", "link", async () => page.address, reach, true),
    ),
  );
}

function figures(page, write, reach) {
  const saved = async () =>
    `${JSON.stringify({ tandem: "saved scenarios", version: 1, scenarios: [{ name: page.file.slice(7), link: page.link }] }, null, 2)}\n`;
  const rows = [
    ["Markdown", "Settings, figures and link", "md", "text/markdown", () => write("markdown")],
    ["CSV", "The values behind the chart in view", "csv", "text/csv", () => write("csv")],
    ["JSON", "All of the answer, as tandem eval --json writes it", "json", "application/json", () => write("json")],
    ["Scenario", "A file that the list of saved scenarios reads", "tandem.json", "application/json", saved],
  ];
  return section(
    "Figures and file",
    undefined,
    make(
      "ul",
      { class: "kinds" },
      rows.map(([name, what, end, type, text]) =>
        make(
          "li",
          {},
          make("b", {}, name),
          make("span", { class: "caption" }, what),
          make(
            "span",
            { class: "row" },
            end === "tandem.json" ? undefined : copier("Copy", name, text, reach),
            saver("Save", name, async () => new Blob([await text()], { type }), `${page.file}.${end}`, reach),
          ),
        ),
      ),
    ),
  );
}

function picture(page, write, reach) {
  const dark = getComputedStyle(document.documentElement).colorScheme.trim() === "dark";
  const theme = select("share-ground", "Ground", { light: "Light", dark: "Dark" }, dark ? "dark" : "light", () =>
    draw(),
  );
  const view = select("share-picture", "Chart", charts(), "", () => draw());
  const format = () => `svg ${WIDTH} 0 ${theme.value}`;
  const svg = () => write(format(), view.value);
  const named = (end) => `${page.file}${view.value && `-${view.value}`}.${end}`;
  const image = make("img", { alt: "" });
  const state = make("p", { class: "caption" }, "");
  const draw = async () => {
    const wanted = format() + view.value;
    state.textContent = "Drawing …";
    try {
      const text = await svg();
      if (wanted !== format() + view.value) return;
      URL.revokeObjectURL(image.src);
      image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
      image.alt =
        new DOMParser().parseFromString(text, "image/svg+xml").querySelector("title")?.textContent ?? "The chart";
      state.textContent = "";
    } catch (reason) {
      state.textContent = `No picture: ${reason.message}`;
    }
  };
  const png = async () => raster(await svg());
  const part = folded(
    "Picture",
    "SVG or PNG of any view",
    () => draw(),
    make(
      "div",
      { class: "row options" },
      ...view.parts,
      ...theme.parts,
      make("span", { class: "spring" }),
      copier("Copy SVG", "SVG", svg, reach),
      pictureCopier("Copy PNG", "PNG", png, reach),
      saver(
        "Save SVG",
        "SVG",
        async () => new Blob([await svg()], { type: "image/svg+xml" }),
        () => named("svg"),
        reach,
      ),
      saver("Save PNG", "PNG", png, () => named("png"), reach),
    ),
    state,
    make("div", { class: "preview" }, image),
  );
  part.addEventListener("toggle", () => !part.open && URL.revokeObjectURL(image.src));
  return part;
}

/** The picture at two pixels to a CSS pixel. */
async function raster(svg) {
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = 2 * image.naturalWidth;
    canvas.height = 2 * image.naturalHeight;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the browser wrote no PNG"))), "image/png"),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}

function embed(page, reach) {
  const code = make("textarea", { id: "share-code", rows: 4, readonly: true, spellcheck: "false" });
  const frame = make("iframe", { title: "Preview of the embed", loading: "lazy", referrerpolicy: "no-referrer" });
  const kind = select("share-kind", "Code", { element: "<tandem-embed>", iframe: "<iframe>" }, "element", () =>
    change(false),
  );
  const view = select("share-view", "Chart", charts(), "", () => change());
  const theme = select("share-theme", "Look", THEMES, "auto", () => change());
  const height = make("input", {
    id: "share-height",
    type: "number",
    class: "entry",
    min: 200,
    max: 2000,
    step: 10,
    value: "480",
    oninput: () => change(false),
  });
  const sentence = check("share-sentence", "Answer in words", true, () => change());
  const chart = check("share-chart", "Chart", true, () => change());
  const tiles = check("share-tiles", "Key figures", false, () => change());
  let asked;
  const change = (anew = true) => {
    const tall = Math.min(Math.max(Math.round(Number(height.value)) || 480, 200), 2000);
    const hide = [
      ["sentence", sentence],
      ["chart", chart],
    ]
      .filter(([, own]) => !own.input.checked)
      .map(([id]) => id)
      .join(",");
    const query = new URLSearchParams({ embed: "1" });
    if (view.value) query.set("view", view.value);
    if (hide) query.set("hide", hide);
    if (tiles.input.checked) query.set("show", "tiles");
    if (theme.value !== "auto") query.set("theme", theme.value);
    // The chart chosen here stands for the one in the link.
    const link = view.value ? seen(page.link, "").replace(/&view=$/, "") : page.link;
    const source = `${page.site}?${query}#${link}`;
    const attribute = (name, value) => (value ? ` ${name}="${escaped(value)}"` : "");
    code.value =
      kind.value === "iframe"
        ? `<iframe src="${escaped(source)}" title="Tandem: latency and cost of LLM inference" width="100%" height="${tall}" loading="lazy" allow="clipboard-write"></iframe>`
        : `<script src="${escaped(page.home)}embed.js" defer></script>\n<tandem-embed scenario="${escaped(link)}"${attribute("view", view.value)}${attribute("hide", hide)}${attribute("show", tiles.input.checked ? "tiles" : "")}${attribute("theme", theme.value === "auto" ? "" : theme.value)} height="${tall}"></tandem-embed>`;
    frame.style.height = `${tall}px`;
    if (anew && source !== asked) {
      asked = source;
      // A frame whose address changes writes history; a new one does not.
      const fresh = frame.cloneNode();
      fresh.src = source;
      shown.replaceChildren(fresh);
    } else if (shown.firstChild) {
      shown.firstChild.style.height = frame.style.height;
    }
  };
  const shown = make("div", { class: "preview" });
  return folded(
    "Embed",
    "A live figure for another page",
    () => change(),
    make(
      "div",
      { class: "row options" },
      ...kind.parts,
      ...view.parts,
      ...theme.parts,
      make("span", {}, make("label", { for: "share-height" }, "Height"), height),
    ),
    make("div", { class: "row options" }, make("span", {}, "Show"), sentence.label, tiles.label, chart.label),
    make("label", { for: "share-code", class: "unseen" }, "Code to paste"),
    code,
    make(
      "div",
      { class: "row" },
      copier("Copy code", "embed code", async () => code.value, reach),
    ),
    make("p", { class: "caption" }, "Preview"),
    shown,
  );
}

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");

/** A button that copies a text, and says so. */
function copier(label, what, text, { told, byHand, field }, first = false) {
  const button = make(
    "button",
    {
      type: "button",
      autofocus: first,
      "data-copy": what,
      "aria-label": label.includes(what) || label !== "Copy" ? undefined : `Copy ${what}`,
    },
    label,
  );
  button.addEventListener("click", async () => {
    byHand.hidden = true;
    told.textContent = "";
    const words = text();
    try {
      await put(words);
      flash(button, "Copied");
      told.textContent = "Copied.";
    } catch {
      try {
        field.value = await words;
        byHand.hidden = false;
        field.focus();
        field.select();
        told.textContent = "The clipboard is closed. The text stands in a field.";
      } catch (other) {
        told.textContent = `Not copied: ${other.message}`;
      }
    }
  });
  return button;
}

/** A button that copies a picture; where the clipboard takes none, it says so and what to do instead. */
function pictureCopier(label, what, picture, { told, byHand }) {
  const button = make("button", { type: "button", "data-copy": what }, label);
  button.addEventListener("click", async () => {
    byHand.hidden = true;
    told.textContent = "";
    const coming = picture();
    try {
      if (!globalThis.ClipboardItem || !navigator.clipboard?.write) throw new Error("no clipboard");
      try {
        // Asked for at once, while the click still counts.
        await navigator.clipboard.write([new ClipboardItem({ "image/png": coming })]);
      } catch {
        // Some browsers want the picture itself.
        await navigator.clipboard.write([new ClipboardItem({ "image/png": await coming })]);
      }
      flash(button, "Copied");
      told.textContent = "Copied as a picture.";
    } catch {
      const drawn = await coming.then(
        () => true,
        () => false,
      );
      told.textContent = drawn
        ? "The clipboard takes no picture here. Save it as PNG instead, or copy the SVG."
        : "Not copied: there is no picture.";
    }
  });
  return button;
}

/** A button that saves a file. */
function saver(label, what, blob, file, { told }) {
  const button = make(
    "button",
    { type: "button", "data-save": what, "aria-label": label === "Save" ? `Save ${what}` : undefined },
    label,
  );
  button.addEventListener("click", async () => {
    told.textContent = "";
    try {
      const href = URL.createObjectURL(await blob());
      const name = typeof file === "function" ? file() : file;
      make("a", { href, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(href), 10_000);
      flash(button, "Saved");
      told.textContent = `Saved as ${name}.`;
    } catch (reason) {
      told.textContent = `Not saved: ${reason.message}`;
    }
  });
  return button;
}

function flash(button, word) {
  const label = (button.dataset.label ??= button.textContent);
  button.textContent = word;
  button.classList.add("done");
  setTimeout(() => {
    button.textContent = label;
    button.classList.remove("done");
  }, SHOWN);
}

const section = (title, text, ...children) =>
  make("section", {}, make("h3", {}, title), text ? make("p", { class: "caption" }, text) : undefined, ...children);

/** A part that is made when it is first opened. */
function folded(title, text, opened, ...children) {
  const part = make(
    "details",
    { class: "part" },
    make("summary", {}, make("b", {}, title), make("span", { class: "caption" }, ` ${text}`)),
    ...children,
  );
  part.addEventListener("toggle", () => part.open && opened());
  return part;
}

function select(id, label, options, value, onchange) {
  const own = make(
    "select",
    { id, onchange },
    Object.entries(options).map(([key, text]) => make("option", { value: key, selected: key === value }, text)),
  );
  return {
    parts: [make("span", {}, make("label", { for: id }, label), own)],
    get value() {
      return own.value;
    },
  };
}

function check(id, text, checked, onchange) {
  const input = make("input", { id, type: "checkbox", checked, onchange });
  return { input, label: make("label", { class: "check" }, input, make("span", {}, text)) };
}
