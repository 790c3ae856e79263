// Starts the page. The contract with the WASM module (src/web/):
//
// - `start_page(ask)` mounts the page into `#app`. It is called once, here; the skeleton goes as soon as it returns.
// - `ask(question, listener)` is how the page has long questions answered (ask.js). That script and all behind it are
//   loaded with the first question.
// - What `start_page` returns goes to assist.js: keys, gallery, stories and the words on terms. An embed has none.
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

try {
  if (typeof WebAssembly !== "object") throw new Error("this browser has no WebAssembly, or it is switched off");
  const { default: init, start_page } = await import("./{{glue}}");
  await init({ module_or_path: beside("./{{wasm}}") });
  const page = start_page(ask);
  document.getElementById("skeleton")?.remove();
  if (page) import("./{{assist}}").then(({ attend }) => attend(page), console.error);
} catch (reason) {
  console.error(reason);
  document.getElementById("skeleton")?.remove();
  const failure = document.getElementById("failure");
  failure.textContent = `Tandem could not start: ${reason?.message ?? reason}. Reloading may help; an older browser may need an update.`;
  failure.hidden = false;
}
