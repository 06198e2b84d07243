// What the pages ask. Each question goes to the API; if nobody answers, to what
// was kept for reading offline, whose answers are marked `kept`.

import { get, Unreachable } from './api.js';
import * as kept from './kept.js';

// Every page shows the newsroom's name and dates in its time zone, so answers wait
// until the frame has them; both are asked for at the same time.
let framed = Promise.resolve();

export function waitFor(frame) {
  framed = frame.catch(() => {});
}

/** For pages that ask nothing. */
export const ready = () => framed;

async function ask(question, otherwise) {
  try {
    return (await Promise.all([question(), framed]))[0];
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    const answer = await otherwise().catch(() => null);
    if (!answer) throw error;
    return { ...answer, kept: true };
  }
}

const slug = encodeURIComponent;

export const site = () =>
  ask(() => get('/v1/site', { include: 'sections' }).then(kept.keepSite), kept.site);

export async function home(options) {
  const home = await ask(() => get('/v1/home', { limit: 8 }, options).then(kept.keepHome), kept.home);
  if (!home.kept) place ??= home.changes_cursor;
  return home;
}

let place = null;

/** From where to follow what happens, if a start page has been read. */
export const since = () => place;

export const article = (name, options) =>
  ask(() => get(`/v1/articles/${slug(name)}`, { include: 'more,related_auto' }, options), () => kept.article(name));

export const section = (name) => ask(() => get(`/v1/sections/${slug(name)}`), () => kept.section(name));
export const topic = (name) => ask(() => get(`/v1/topics/${slug(name)}`), () => kept.term('topic', name));
export const author = (name) => ask(() => get(`/v1/authors/${slug(name)}`), () => kept.term('author', name));

/** A page of cards. `by` is {section}, {topic}, {author} or {}; `next` a cursor. */
export const articles = (by, next) =>
  ask(() => get('/v1/articles', { ...by, cursor: next, include: 'authors' }), () => kept.articles(by));

export const search = (query, filters, next) =>
  ask(() => get('/v1/search', { q: query, ...filters, cursor: next, include: 'authors' }), () => kept.search(query));

export const suggest = (query) =>
  ask(() => get('/v1/search/suggest', { q: query, limit: 8 }), async () => ({ items: [] }));

/** What an address of the website has become. */
export const resolve = (url) => get('/v1/resolve', { url });
