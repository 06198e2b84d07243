// Keeping what a reader may want where there is no network: the newest articles
// with their text, and a picture of each. `/v1/changes` says what to keep and what
// to forget; it is asked at the start and whenever something has happened.

import { get, Refused } from './api.js';
import { API } from './config.js';
import * as store from './store.js';

const ARTICLES = 300;
const PICTURE_BYTES = 40_000_000;
const PICTURE_WIDTH = 640;
const PAGE = 50;
const FIELDS = 'body,media,subheadline,teaser,topics,authors,related,corrections,share,first_published_at,source';

let running = null;
let again = false;

/** Brings what is kept up to date. Calls while it runs become one more run. */
export function sync() {
  again = true;
  running ??= (async () => {
    try {
      while (again) {
        again = false;
        // One tab at a time; the others will find what it has kept.
        await alone('sync', run);
      }
    } finally {
      running = null;
    }
  })();
  return running;
}

const alone = (name, task) => (navigator.locks ? navigator.locks.request(name, task) : task());

async function run() {
  if ((await store.note('api')) !== API) await forget();
  try {
    await follow();
  } catch (error) {
    // The cursor is older than the log remembers.
    if (!(error instanceof Refused && error.status === 410)) throw error;
    await forget();
    await follow();
  }
  await prune();
  await keepPictures();
}

async function forget() {
  await store.write(['articles', 'terms', 'pictures', 'notes'], ({ articles, terms, pictures, notes }) => {
    articles.clear();
    terms.clear();
    pictures.clear();
    for (const key of ['cursor', 'gone', 'start']) notes.delete(key);
    notes.put(API, 'api');
  });
}

/**
 * Walks the changes from where the last walk ended. The first one goes through
 * everything live; a newsroom may have more than a phone should hold, so it stops
 * when there is enough, and goes on from the cursor that it noted at its start.
 */
async function follow() {
  let cursor = await store.note('cursor');
  const first = !(await store.note('walked'));
  if (first && !(await store.note('start'))) {
    await store.keepNote('start', (await get('/v1/home', { limit: 1 }, { fresh: true })).changes_cursor);
  }
  for (;;) {
    const page = await get('/v1/changes', { cursor, fields: FIELDS, limit: PAGE }, { fresh: true });
    const enough = first && page.has_more && (await store.keys('articles')).length >= ARTICLES;
    cursor = enough ? await store.note('start') : page.next_cursor;
    await apply(page.items, { cursor, walked: enough || !page.has_more || !first });
    if (!page.has_more || enough) return;
  }
}

/** One page and the cursor behind it, in one transaction: a break loses nothing. */
async function apply(items, { cursor, walked }) {
  const gone = new Set((await store.note('gone')) ?? []);
  await store.write(['articles', 'terms', 'notes'], ({ articles, terms, notes }) => {
    for (const { type, id, op, ...item } of items) {
      if (type === 'article' && op === 'upsert') {
        articles.put(item.article);
        gone.delete(id);
      } else if (type === 'article' && op === 'delete') {
        articles.delete(id);
        gone.add(id);
      } else if (['section', 'topic', 'author', 'list'].includes(type)) {
        if (op === 'upsert') terms.put({ ...item[type], type, id });
        if (op === 'delete') terms.delete([type, id]);
      }
      // Types and operations that came later are skipped.
    }
    notes.put(cursor, 'cursor');
    notes.put([...gone].slice(-1000), 'gone');
    if (walked) notes.put(true, 'walked');
  });
}

/** Forgets the oldest articles beyond the bound, and pictures that nobody needs. */
async function prune() {
  const keep = await store.newest(ARTICLES);
  const ids = new Set(keep.map(({ id }) => id));
  const shown = new Set(keep.map(({ image }) => image?.id));
  const [articles, pictures] = await Promise.all([store.keys('articles'), store.keys('pictures')]);
  await store.write(['articles', 'pictures'], (stores) => {
    articles.filter((id) => !ids.has(id)).forEach((id) => stores.articles.delete(id));
    pictures.filter((id) => !shown.has(id)).forEach((id) => stores.pictures.delete(id));
  });
}

/** A rendition wide enough for a phone, or the widest there is. */
function rendition({ image, media = [] }) {
  const width = image?.widths?.find((width) => width >= PICTURE_WIDTH) ?? image?.widths?.at(-1);
  if (!image?.id || !width || !image.url_template) return null;
  const url = new URL(image.url_template.replace('{width}', width), API).href;
  const listed = media.find((entry) => new URL(entry.url, API).href === url);
  return { id: image.id, url, ...listed && { bytes: listed.bytes, sha256: listed.sha256 } };
}

async function keepPictures() {
  if (navigator.connection?.saveData) return;
  const have = new Map((await store.all('pictures')).map(({ id, blob }) => [id, blob.size]));
  let room = PICTURE_BYTES;
  for (const article of await store.newest(ARTICLES)) {
    const wanted = rendition(article);
    if (!wanted) continue;
    if (have.has(wanted.id)) {
      room -= have.get(wanted.id);
      continue;
    }
    if ((wanted.bytes ?? 0) > room) return;
    const response = await fetch(wanted.url).catch(() => null);
    // Without a network the rest won't come either; what is missing comes next time.
    if (!response) return;
    if (!response.ok) continue;
    const blob = await response.blob();
    if (wanted.sha256 && !(await isIntact(blob, wanted.sha256))) continue;
    room -= blob.size;
    have.set(wanted.id, blob.size);
    await store.write(['pictures'], ({ pictures }) => pictures.put({ id: wanted.id, blob }));
    if (room <= 0) return;
  }
}

/** Digests are only to be had on https and on localhost. */
async function isIntact(blob, sha256) {
  if (!crypto.subtle) return true;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('') === sha256;
}
