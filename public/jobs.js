// Answers the page's long questions at the other end of a port: a worker's own, or one of a channel inside the page.
//
// In:  { id, question } starts a job, and drops one with the same number; { id, cancel: true } drops one.
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

  // One breath at a time is on its way: with more, whatever the port says would wait for all of their slices.
  let breathing = false;
  const breathe = () => {
    if (breathing || jobs.size === 0) return;
    breathing = true;
    breath.port2.postMessage(0);
  };
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
    breathing = false;
    for (const [id, job] of [...jobs]) {
      try {
        turn(id, job);
      } catch (reason) {
        jobs.delete(id);
        port.postMessage({ id, error: String(reason?.message ?? reason) });
      }
    }
    breathe();
  };
  port.onmessage = ({ data }) => {
    const { id, question, cancel } = data ?? {};
    drop(id);
    if (cancel) return;
    try {
      jobs.set(id, new Job(String(question)));
      breathe();
    } catch (reason) {
      port.postMessage({ id, error: String(reason?.message ?? reason) });
    }
  };
  port.postMessage("ready");
}
