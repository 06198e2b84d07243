// What happens while somebody reads: server-sent events. The browser reconnects by
// itself and says where it was (`Last-Event-ID`); a tab that nobody sees lets go.

import { address, reached } from './api.js';

const TYPES = ['article', 'section', 'topic', 'author', 'list', 'media', 'site'];

const RETRY = 15_000;

let cursor = null;
let source = null;

/**
 * @param {string | null} since the cursor that came with what is shown; null for from now on
 * @param {(item: object) => void} listener gets items in the form of `/v1/changes`
 * @param {() => void} lost is called when the connection is lost, for whatever reason
 */
export function follow(since, listener, lost) {
  cursor = since;
  const connect = () => {
    source = new EventSource(address('/v1/events', { cursor }));
    for (const type of TYPES) {
      source.addEventListener(type, (event) => {
        cursor = event.lastEventId;
        listener(JSON.parse(event.data));
      });
    }
    source.addEventListener('open', () => reached(true));
    source.addEventListener('ready', (event) => { cursor = event.lastEventId; });
    // We were away for longer than the log remembers: anything may have changed.
    source.addEventListener('reset', (event) => {
      cursor = JSON.parse(event.data).cursor;
      listener({ type: 'everything' });
    });
    // Lost connections come back by themselves; refused ones don't.
    source.addEventListener('error', () => {
      lost();
      if (source?.readyState === EventSource.CLOSED) setTimeout(look, RETRY);
    });
  };
  const look = () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (!source || source.readyState === EventSource.CLOSED) {
      connect();
    }
  };
  document.addEventListener('visibilitychange', look);
  addEventListener('online', look);
  look();
}
