// Answers offline. It keeps one whole build, which `cargo xtask build` lists here: names with a hash come from what is
// kept, all others from the network while it answers in time. A new build is kept beside the old one and takes over
// when the last page of the old one has gone; only then the old one is thrown away, so that no page loses a file.

const FILES = ["{{site-files}}"];
const BUILD = "{{site-tag}}";

/** How long the network may take before what is kept is shown, in milliseconds. */
const PATIENCE = 3000;

// Several copies may be hosted at one origin; each looks after its own.
const OURS = `tandem ${registration.scope} `;
const CACHE = OURS + BUILD;

const kept = new Set(FILES);
const immutable = (name) => /-[0-9a-f]{12}(\.[a-z0-9]+)?$/.test(name);

/** The file a request is for, from the top of the site; `undefined` if it is none of ours. */
function nameOf(request) {
  const { origin, pathname } = new URL(request.url);
  const address = origin + pathname;
  if (request.method !== "GET" || !address.startsWith(registration.scope)) return undefined;
  const name = address.slice(registration.scope.length) || "index.html";
  return kept.has(name) ? name : undefined;
}

const addressOf = (name) => registration.scope + (name === "index.html" ? "" : name);

// A browser takes no redirected answer for a page.
const plain = (answer) => (answer.redirected ? new Response(answer.body, answer) : answer);

async function keep(cache, name) {
  const answer = await fetch(addressOf(name), { cache: immutable(name) ? "default" : "no-cache" });
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  await cache.put(addressOf(name), plain(answer));
}

async function install() {
  const cache = await caches.open(CACHE);
  await Promise.all(FILES.map((name) => keep(cache, name)));
}

async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(OURS) && name !== CACHE).map((name) => caches.delete(name)));
  await clients.claim();
}

async function answer(request, name) {
  const cache = await caches.open(CACHE);
  const own = await cache.match(addressOf(name), { ignoreVary: true });
  if (!own) return fetch(request);
  if (immutable(name)) return own;
  const network = fetch(request);
  network.catch(() => {}); // It may fail after what is kept was shown.
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, own));
  return Promise.race([network, late]).then(
    (found) => (found.ok || found.type === "opaqueredirect" || found.status === 304 ? found : own),
    () => own,
  );
}

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("fetch", (event) => {
  const name = nameOf(event.request);
  if (name !== undefined) event.respondWith(answer(event.request, name));
});
