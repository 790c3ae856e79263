// Starts the page. The contract with the WASM module (src/web/):
//
// - `start_page()` mounts the page into `#app`. It is called once, here; the skeleton goes as soon as it returns.
// - The page finds the address of the worker's script in `document.documentElement.dataset.worker`, and starts it as
//   a module: `new Worker(address, { type: "module" })`. See worker.js.
// - The page sets `document.documentElement.dataset.ready = "true"` once figures are on the screen.
//
// If the module cannot start, the reason stands in `#failure` in plain words.
//
// The words in double braces become file names with a hash of their content (`cargo xtask build`).

const beside = (name) => new URL(name, import.meta.url).href;

try {
  if (typeof WebAssembly !== "object") throw new Error("this browser has no WebAssembly, or it is switched off");
  document.documentElement.dataset.worker = beside("./{{worker}}");
  const { default: init, start_page } = await import("./{{glue}}");
  await init({ module_or_path: beside("./{{wasm}}") });
  start_page();
  document.getElementById("skeleton")?.remove();
} catch (reason) {
  console.error(reason);
  document.getElementById("skeleton")?.remove();
  const failure = document.getElementById("failure");
  failure.textContent = `Tandem could not start: ${reason?.message ?? reason}. Reloading may help; an older browser may need an update.`;
  failure.hidden = false;
}
