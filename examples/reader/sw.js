// Makes the reader start without a network: the shell comes from a cache, pictures
// that can't be fetched from IndexedDB (see store.js; a worker that is no module
// runs in every browser, so the few lines to read it stand here again).

const SHELL = 'shell-1';
const FILES = [
  '/', '/main.js', '/config.js', '/router.js', '/routes.js', '/frame.js', '/dom.js', '/format.js', '/api.js', '/newsroom.js',
  '/kept.js', '/store.js', '/offline.js', '/live.js', '/card.js', '/spread.js', '/blocks.js', '/picture.js', '/thumbhash.js', '/share.js',
  '/pages/front.js', '/pages/article.js', '/pages/lists.js', '/pages/search.js', '/pages/failed.js',
  '/style.css', '/fonts/headline.woff2', '/fonts/text.woff2', '/fonts/text-italic.woff2', '/fonts/sans.woff2',
  '/icons/ui.svg', '/icons/icon.svg', '/icons/icon-192.png', '/manifest.webmanifest',
];
const PICTURE = /\/media\/([0-9a-f-]{36})\//;

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(SHELL);
    await cache.addAll(FILES.map((file) => new Request(file, { cache: 'no-cache' })));
    await self.skipWaiting();
  })());
});

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== SHELL) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET') return;
  const url = new URL(request.url);
  if (url.origin === location.origin) event.respondWith(shell(event, url));
  else if (PICTURE.test(url.pathname)) event.respondWith(picture(request, url));
});

/** From the cache at once, and from the server for the next time. */
async function shell(event, url) {
  const cache = await caches.open(SHELL);
  const key = event.request.mode === 'navigate' ? '/' : url.pathname;
  const kept = await cache.match(key);
  const newer = fetch(event.request.mode === 'navigate' ? '/' : event.request, { cache: 'no-cache' }).then(async (response) => {
    if (response.ok && FILES.includes(key)) await cache.put(key, response.clone());
    return response;
  });
  if (!kept) return newer;
  event.waitUntil(newer.catch(() => {}));
  return kept;
}

async function picture(request, url) {
  try {
    return await fetch(request);
  } catch (error) {
    const blob = await kept(PICTURE.exec(url.pathname)[1]).catch(() => null);
    if (!blob) throw error;
    return new Response(blob, { headers: { 'Content-Type': blob.type } });
  }
}

const kept = (id) => new Promise((resolve, reject) => {
  const opening = indexedDB.open('reader');
  // The page makes the stores; without it there is nothing to read.
  opening.onupgradeneeded = () => opening.transaction.abort();
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const db = opening.result;
    const request = db.transaction('pictures').objectStore('pictures').get(id);
    request.onsuccess = () => resolve(request.result?.blob);
    request.onerror = () => reject(request.error);
    db.onversionchange = () => db.close();
    request.transaction.oncomplete = () => db.close();
  };
});
