// Answers the page's long questions at the other end of a port: a worker's own, or one of a channel inside the page.
//
// In:  { id, question } starts a job, { id, cancel: true } drops one.
// Out: "ready" once it listens (what comes before that is lost), then { id, text, done } and { id, error }.
//
// Jobs take turns. After a few milliseconds the port's side is let go, so that a page that has to do the work itself
// keeps painting and a worker hears what it is told meanwhile.

import init, { Job } from "./{{jobs-glue}}";

const SLICE = 8;

export async function serve(port) {
  await init({ module_or_path: new URL("./{{jobs-wasm}}", import.meta.url).href });
  const jobs = new Map();
  const breath = new MessageChannel();

  const drop = (id) => {
    jobs.get(id)?.free();
    jobs.delete(id);
  };
  const turn = (id, job) => {
    const end = performance.now() + SLICE;
    let text = "";
    do text += job.step();
    while (!job.done && performance.now() < end);
    if (text || job.done) port.postMessage({ id, text, done: job.done });
    if (job.done) drop(id);
  };
  breath.port1.onmessage = () => {
    for (const [id, job] of [...jobs]) {
      try {
        turn(id, job);
      } catch (reason) {
        jobs.delete(id);
        port.postMessage({ id, error: String(reason?.message ?? reason) });
      }
    }
    if (jobs.size > 0) breath.port2.postMessage(0);
  };
  port.onmessage = ({ data: { id, question, cancel } }) => {
    if (cancel) return drop(id);
    try {
      jobs.set(id, new Job(question));
      if (jobs.size === 1) breath.port2.postMessage(0);
    } catch (reason) {
      port.postMessage({ id, error: String(reason?.message ?? reason) });
    }
  };
  port.postMessage("ready");
}
