// The start: the frame, the page, then what happens meanwhile, and last what is kept
// for later.

import { isReachable } from './api.js';
import { fill } from './frame.js';
import { follow } from './live.js';
import * as newsroom from './newsroom.js';
import { sync } from './offline.js';
import { happened, start } from './router.js';

const MINUTE = 60_000;
// What happens is told to all readers at once; they needn't all ask at once.
const SPREAD = 3_000;

async function frame() {
  fill(await newsroom.site());
}

newsroom.waitFor(frame());
await start();

let later = null;
const keep = () => sync().catch((error) => console.info('Nicht gespeichert:', error.message));
const keepSoon = () => { later ??= setTimeout(() => { later = null; keep(); }, Math.random() * SPREAD); };

follow(newsroom.since(), (item) => {
  happened(item);
  if (['site', 'section', 'everything'].includes(item.type)) frame().catch(() => {});
  keepSoon();
}, () => {
  // Whether there is no network either, asking shows.
  if (isReachable()) keepSoon();
});
addEventListener('online', keep);
addEventListener('offline', keep);
setInterval(() => happened({ type: 'minute' }), MINUTE);

if ('serviceWorker' in navigator) {
  navigator.serviceWorker.register('/sw.js').catch((error) => console.info('Kein Service Worker:', error.message));
}
(window.requestIdleCallback ?? setTimeout)(keep);
