// The start: the frame, the page, then what happens meanwhile, and last what is kept
// for later.

import { fill } from './frame.js';
import { follow } from './live.js';
import * as newsroom from './newsroom.js';
import { sync } from './offline.js';
import { happened, start } from './router.js';

const MINUTE = 60_000;

async function frame() {
  fill(await newsroom.site());
}

newsroom.waitFor(frame());
await start();

const keep = () => sync().catch((error) => console.info('Nicht gespeichert:', error.message));

follow((item) => {
  happened(item);
  if (['site', 'section', 'everything'].includes(item.type)) frame().catch(() => {});
  keep();
});
addEventListener('online', keep);
setInterval(() => happened({ type: 'minute' }), MINUTE);

if ('serviceWorker' in navigator) {
  navigator.serviceWorker.register('/sw.js').catch((error) => console.info('Kein Service Worker:', error.message));
}
(window.requestIdleCallback ?? setTimeout)(keep);
