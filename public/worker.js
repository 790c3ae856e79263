// Starts the worker: the same WASM module as the page's, without a document.
//
// `start_worker()` sets up the listener and must then tell the page that it listens: a message that comes before is
// lost. If the module cannot start, the page gets an `error` event on its `Worker`.

import init, { start_worker } from "./{{glue}}";

try {
  await init({ module_or_path: new URL("./{{wasm}}", import.meta.url).href });
  start_worker();
} catch (reason) {
  reportError(reason);
}
