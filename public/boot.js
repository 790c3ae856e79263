// Starts the page. The contract with the WASM module (src/web/):
//
// - `start_page(ask)` mounts the page into `#app`. It is called once, here; the skeleton goes as soon as it returns.
// - `ask(question, listener)` is how the page has long questions answered (ask.js). That script and all behind it are
//   loaded with the first question.
// - What `start_page` returns goes to assist.js: keys, gallery, stories and the words on terms. An embed has none.
// - `tandem-share` is the event by which the page asks for the panel of share.js; its detail is the page's address.
// - `tandem-copy` asks for a text on the clipboard (copy.js); its detail is the text, and a function that is told whether
//   it got there.
// - The page sets `document.documentElement.dataset.ready = "true"` once figures are on the screen, or why there are
//   none.
// - Behind `?embed=1` it shows less, and host.js speaks with the page around it. What that script writes into
//   `dataset.parts` is read when the page is mounted.
// - Only a page of its own, not one inside another, leaves a service worker (sw.js) behind, which answers offline.
//
// If the module cannot start, the reason stands in `#failure` in plain words.
//
// The words in double braces become file names with a hash of their content (`cargo xtask build`).

const beside = (name) => new URL(name, import.meta.url).href;

// The drop of a question that is not yet asked waits for it.
const ask = (question, listener) => {
  const asked = import("./{{ask}}").then(
    (desk) => desk.ask(question, listener),
    (reason) => listener("", true, `The calculation could not be loaded: ${reason?.message ?? reason}`),
  );
  return () => asked.then((drop) => drop?.());
};

const embed = new URLSearchParams(location.search).get("embed");
const embedded = embed !== null && embed !== "0";

function keepForOffline() {
  if (embedded || parent !== self) return;
  // Where there is none, the page works all the same while there is a network.
  navigator.serviceWorker
    ?.register(beside("./sw.js"))
    .catch((reason) => console.info(`Not kept for offline: ${reason}`));
}

document.addEventListener("tandem-share", ({ detail }) =>
  import("./{{share}}").then(
    (panel) => panel.show(detail, ask),
    (reason) => console.error(reason),
  ),
);

// Loaded ahead of need, since a clipboard is open only while the click counts.
let clipboard;
const loaded = () => (clipboard ??= import("./{{copy}}"));
document.addEventListener("tandem-copy", ({ detail: [text, done] }) =>
  loaded()
    .then(({ put }) => put(text))
    .then(
      () => done(true),
      () => done(false),
    ),
);

// Who clicks before assist.js is there is answered by it once it is.
let early;
const remember = ({ target }) => (early = target.closest?.("[data-opens]") ?? early);
document.addEventListener("click", remember);

// What a first visit does not run comes with the first sign of a hand.
const SIGNS = ["pointermove", "pointerdown", "keydown", "focusin"];
function awaitTouch(warm) {
  const touched = () => {
    for (const sign of SIGNS) removeEventListener(sign, touched, true);
    warm();
  };
  for (const sign of SIGNS) addEventListener(sign, touched, true);
}

function assist(page, attend) {
  document.removeEventListener("click", remember);
  attend(page);
  early?.click();
}

try {
  // Inside another page there is no room for what the tool is.
  if (embedded) document.querySelector("#skeleton .lead")?.remove();
  if (typeof WebAssembly !== "object") throw new Error("this browser has no WebAssembly, or it is switched off");
  const host = embedded && import("./{{host}}").then(({ join }) => join(), console.error);
  const [{ default: init, initSync, start_page }, { attach, fetched, warm }] = await Promise.all([
    import("./{{glue}}"),
    import("./{{parts}}"),
  ]);
  attach(initSync);
  // A link asks for more than a first visit does.
  const linked = location.hash.length > 1 || location.search.length > 1;
  if (linked) fetched().catch(() => {});
  await init({ module_or_path: beside("./{{wasm}}") });
  await host;
  if (linked) await warm();
  const page = start_page(ask);
  if (!linked) awaitTouch(warm);
  document.getElementById("skeleton")?.remove();
  if (page) loaded().catch(console.error);
  if (page) import("./{{assist}}").then(({ attend }) => assist(page, attend), console.error);
  // Not before the figures are on the screen and the browser has had time for them.
  setTimeout(keepForOffline, 2000);
} catch (reason) {
  console.error(reason);
  document.getElementById("skeleton")?.remove();
  const failure = document.getElementById("failure");
  failure.textContent = `Tandem could not start: ${reason?.message ?? reason}. Reloading may help; an older browser may need an update.`;
  failure.hidden = false;
}
