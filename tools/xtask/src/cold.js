// Fetches the cold functions of the page (tools/xtask/src/cold.rs). Stands in the script of late parts.

const cold = new URL("./{{cold}}", import.meta.url);
let compiled;
let filled = false;

function fill(module) {
  if (!filled) new WebAssembly.Instance(module, { first: initSync(undefined, undefined) });
  filled = true;
}

/** Has them fetched ahead of need. */
export const fetched = () => (compiled ??= WebAssembly.compileStreaming(fetch(cold)));

/** Has them ready ahead of need, once the page itself is there. A failure shows where one of them is called. */
export const warm = async () => {
  try {
    if (!filled) fill(await fetched());
  } catch (reason) {
    compiled = undefined;
    console.info(`To be fetched again: ${reason}`);
  }
};

/** One of them is called before they are there: the page stands still until they are. */
export function fetchCold() {
  try {
    const request = new XMLHttpRequest();
    request.open("GET", cold, false);
    // While the page stands still, there are bytes only as text.
    request.overrideMimeType("text/plain; charset=x-user-defined");
    request.send();
    if (request.status !== 200) throw new Error(`${request.status}`);
    fill(new WebAssembly.Module(Uint8Array.from(request.responseText, (letter) => letter.charCodeAt(0))));
  } catch (reason) {
    const failure = document.getElementById("failure");
    failure.textContent = "A part of the page could not be loaded. Check the connection and reload.";
    failure.hidden = false;
    throw reason;
  }
}
