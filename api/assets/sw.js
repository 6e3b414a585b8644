// Service worker of the technician's phone. __VERSION__ is replaced by the version of the assets when served, so a new
// version of the product brings a new worker. It keeps the pages of the day and the assets they need; commands are
// never kept here: they wait in the outbox (phone.js).
const VERSION = "__VERSION__";
const ASSETS = "assets-" + VERSION, PAGES = "pages";
const SHELL = ["app.css", "app.js", "charts.js", "chooser.js", "phone.js", "theme.js", "icon.svg", "manifest.webmanifest"].map(name => "/a/" + name + "?v=" + VERSION);
const PATIENCE_MS = 5000;

self.addEventListener("install", event => {
  event.waitUntil(caches.open(ASSETS).then(cache => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", event => {
  const old = name => name.startsWith("assets-") && name !== ASSETS;
  event.waitUntil(caches.keys().then(names => Promise.all(names.filter(old).map(name => caches.delete(name)))).then(() => self.clients.claim()));
});
self.addEventListener("fetch", event => {
  const url = new URL(event.request.url);
  if (url.origin !== location.origin) return;
  // The next person on this phone must not find the pages of the one before.
  if (url.pathname === "/sign-out" || url.pathname === "/sign-in") { event.waitUntil(caches.delete(PAGES)); return; }
  if (event.request.method !== "GET") return;
  if (url.pathname.startsWith("/a/")) event.respondWith(asset(event.request));
  else if (url.pathname === "/my-day" || url.pathname.startsWith("/my-day/")) event.respondWith(page(event.request));
});

async function asset(request) {
  return await caches.match(request) || fetch(request);
}

// The network first; what was kept when there is none, or when it is too slow to wait for.
async function page(request) {
  const cache = await caches.open(PAGES), path = new URL(request.url).pathname;
  const network = fetch(request).then(response => {
    if (response.ok && !response.redirected) cache.put(path, response.clone());
    return response;
  });
  const kept = await cache.match(path) || (request.mode === "navigate" ? await cache.match("/my-day") : undefined);
  if (!kept) return network;
  const patience = new Promise(resolve => setTimeout(resolve, PATIENCE_MS, kept));
  return Promise.race([network, patience]).catch(() => kept);
}
