// Starts the page. The contract with the WASM module (src/web/):
//
// - `start_page(ask)` mounts the page into `#app`. It is called once, here; the skeleton goes as soon as it returns.
// - `ask(question, listener)` is how the page has long questions answered (ask.js). That script and all behind it are
//   loaded with the first question.
// - `tandem-share` is the event by which the page asks for the panel of share.js; its detail is the page's address.
// - The page sets `document.documentElement.dataset.ready = "true"` once figures are on the screen.
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

document.addEventListener("tandem-share", ({ detail }) =>
  import("./{{share}}").then(
    (panel) => panel.show(detail, ask),
    (reason) => console.error(reason),
  ),
);

try {
  if (typeof WebAssembly !== "object") throw new Error("this browser has no WebAssembly, or it is switched off");
  const [{ default: init, initSync, start_page }, { attach }] = await Promise.all([import("./{{glue}}"), import("./{{parts}}")]);
  attach(initSync);
  await init({ module_or_path: beside("./{{wasm}}") });
  start_page(ask);
  document.getElementById("skeleton")?.remove();
} catch (reason) {
  console.error(reason);
  document.getElementById("skeleton")?.remove();
  const failure = document.getElementById("failure");
  failure.textContent = `Tandem could not start: ${reason?.message ?? reason}. Reloading may help; an older browser may need an update.`;
  failure.hidden = false;
}
