// Where the page's long questions go: to a worker, or to the same code beside the page where no worker can be had
// (blocked, sandboxed). Nothing is loaded before the first question.
//
// `ask(question, listener)` starts a job and returns a function that drops it. The listener is called with
// `(text, done, error)`: pieces of the answer, whether it is whole, or why there is none. Where a question begins with
// the lines `save` and a file's name, its answer becomes that file (save.js), and the listener hears of its end alone.

const beside = (name) => new URL(name, import.meta.url).href;

const listeners = new Map();
let desk;
let last = 0;

export function ask(question, listener) {
  if (question.startsWith("save\n")) {
    const saving = import("./{{save}}").then(({ save }) => save(question, ask, listener));
    saving.catch((reason) => listener("", true, String(reason?.message ?? reason)));
    return () =>
      saving.then(
        (drop) => drop(),
        () => {},
      );
  }
  const id = ++last;
  listeners.set(id, listener);
  desk ??= open();
  desk.then(
    (port) => listeners.has(id) && port.postMessage({ id, question }),
    (reason) => fail(id, reason),
  );
  return () => {
    if (listeners.delete(id))
      desk.then(
        (port) => port.postMessage({ id, cancel: true }),
        () => {},
      );
  };
}

function fail(id, reason) {
  const listener = listeners.get(id);
  listeners.delete(id);
  listener?.("", true, String(reason?.message ?? reason));
}

function hear({ id, text, done, error }) {
  if (error !== undefined) return fail(id, error);
  const listener = listeners.get(id);
  if (done) listeners.delete(id);
  listener?.(text, done);
}

// A port that listens, once it says so.
function open() {
  return hire().catch(async () => {
    const { port1, port2 } = new MessageChannel();
    const { serve } = await import("./{{jobs}}");
    const ready = listen(port1);
    await serve(port2);
    return ready;
  });
}

function hire() {
  return new Promise((resolve, reject) => {
    const worker = new Worker(beside("./{{worker}}"), { type: "module" });
    worker.onerror = (event) => {
      const reason = event.message || "the worker cannot be loaded";
      worker.terminate();
      reject(new Error(reason));
      // A worker that falls later takes its jobs along; the next question hires another.
      desk = undefined;
      for (const id of [...listeners.keys()]) if (worker.heard) fail(id, reason);
    };
    listen(worker).then((port) => {
      worker.heard = true;
      resolve(port);
    });
  });
}

function listen(port) {
  return new Promise((resolve) => {
    port.onmessage = ({ data }) => (data === "ready" ? resolve(port) : hear(data));
  });
}
