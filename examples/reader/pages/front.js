// The start page, in one request: the front list on top, the newest beside it, then
// a band for each section.

import { card, line, refreshTimes } from '../card.js';
import { el, renew } from '../dom.js';
import { announce, titled } from '../frame.js';
import * as newsroom from '../newsroom.js';
import { NEWEST, sectionPath } from '../routes.js';
import { spread } from '../spread.js';

const ON_TOP = 7;
const NEWEST_SHOWN = 6;
const IN_BAND = 4;

export async function page() {
  const node = el('div', { class: 'front' });
  const bar = el('div', { class: 'news', role: 'status' });
  const waiting = new Set();
  let shown = new Set();
  let newest = '';

  async function load(options) {
    const home = await newsroom.home(options);
    renew(node, bar, ...render(home));
    shown = new Set([...node.querySelectorAll('[data-id]')].map((element) => element.dataset.id));
    newest = home.latest[0]?.published_at ?? '';
    waiting.clear();
    tell();
  }

  function tell() {
    const count = waiting.size;
    const text = count === 1 ? '1 neuer Artikel' : `${count} neue Artikel`;
    bar.replaceChildren(...(count ? [el('button', { type: 'button', onclick: bring }, text)] : []));
  }

  async function bring() {
    await load({ fresh: true });
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    scrollTo({ top: 0, behavior: calm ? 'auto' : 'smooth' });
    node.querySelector('.headline a')?.focus({ preventScroll: true });
    announce('Die Startseite ist auf dem neuesten Stand.');
  }

  // What is shown and changes is mended in place; what is new waits to be asked for,
  // so that nothing moves under a reader's thumb.
  let mending = null;
  function mend() {
    clearTimeout(mending);
    mending = setTimeout(() => { if (!waiting.size) load({ fresh: true }).catch(() => {}); }, 400);
  }

  function happened({ type, op, id, article }) {
    if (type === 'article' && op === 'upsert' && !shown.has(id)) {
      // An old one that was mended is no news.
      if (article.published_at < newest) return;
      waiting.add(id);
      tell();
    } else if (type === 'article' && op === 'delete') {
      waiting.delete(id);
      tell();
      node.querySelectorAll(`[data-id="${CSS.escape(id)}"]`).forEach((card) => card.remove());
      if (shown.has(id)) mend();
    } else if (type === 'minute') {
      refreshTimes(node);
    } else {
      mend();
    }
  }

  await load();
  return { title: titled('Startseite'), node, happened };
}

/** No article stands here twice. */
function render(home) {
  const front = home.lists.find(({ slug }) => slug === 'home')?.items ?? [];
  const [lead, ...others] = unique([...front, ...home.latest]).slice(0, ON_TOP);
  const beneath = others.length > 0 && spread(others, 'h2');
  const seen = new Set([lead, ...beneath ? beneath.shown : []].map((article) => article?.id));
  const newest = unique([...home.latest, ...home.sections.flatMap(({ items }) => items)])
    .filter(({ id }) => !seen.has(id))
    .sort((one, other) => Date.parse(other.published_at) - Date.parse(one.published_at))
    .slice(0, NEWEST_SHOWN);
  for (const { id } of newest) seen.add(id);
  return [
    el('h1', { class: 'unseen', 'data-focus': true }, 'Startseite'),
    el('div', { class: 'top' },
      lead && card(lead, 'lead', 'h2'),
      beneath && beneath.node,
      newest.length > 0 && el('section', { class: 'newest', 'aria-labelledby': 'newest' },
        el('h2', { id: 'newest' }, el('a', { href: NEWEST }, 'Neueste')),
        newest.map((article) => line(article)))),
    home.sections.map((section) => band(section, seen)),
  ].flat().filter(Boolean);
}

/** A section, with what doesn't stand above it already. */
function band({ slug, name, items }, seen) {
  const chosen = items.filter(({ id }) => !seen.has(id)).slice(0, IN_BAND);
  if (!chosen.length) return null;
  const { node, shown } = spread(chosen);
  for (const { id } of shown) seen.add(id);
  const id = `band-${slug}`;
  return el('section', { class: 'band', 'aria-labelledby': id },
    el('h2', { id, class: 'band-name' }, el('a', { href: sectionPath({ slug }) }, name)),
    node);
}

const unique = (articles) => [...new Map(articles.map((article) => [article.id, article])).values()];
