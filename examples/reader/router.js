// Real addresses, one page at a time. A page is what its module's function gives:
//
//   title, node       what is shown
//   within            the address of the section it belongs to, for the navigation
//   address           its proper address, where it was found under another
//   happened(item)    called with what happens meanwhile (see live.js)
//   redirect          instead of all that: where to go
//
// Pages that were left are kept for a while, so that going back is immediate and
// ends where one was.

import { onReachable } from './api.js';
import { mark, showReachable } from './frame.js';
import * as article from './pages/article.js';
import * as front from './pages/front.js';
import * as lists from './pages/lists.js';
import { failed, unknown } from './pages/failed.js';
import * as search from './pages/search.js';

const ROUTES = [
  [/^\/$/, front.page],
  [/^\/artikel\/([^/]+)$/, article.page],
  [/^\/ressort\/([^/]+)$/, lists.section],
  [/^\/thema\/([^/]+)$/, lists.topic],
  [/^\/autor\/([^/]+)$/, lists.author],
  [/^\/neu$/, lists.newest],
  [/^\/suche$/, search.page],
];
const KEPT = 12;

/** Pages that were left, by the key of their step in the history. */
const kept = new Map();
let current = null;
let turn = 0;

const main = () => document.getElementById('content');
const newKey = () => `${Date.now()}-${Math.random()}`;

function find(url) {
  for (const [pattern, page] of ROUTES) {
    const match = pattern.exec(url.pathname);
    if (match) return page({ name: match[1] && decodeURIComponent(match[1]), query: url.searchParams, go: walk });
  }
  return unknown(url);
}

async function make(url) {
  try {
    return await find(url);
  } catch (error) {
    return failed(error);
  }
}

/** Shows an address: as a new step, or `replace` for the one that is shown. */
export async function go(address, { replace = false } = {}) {
  const mine = ++turn;
  const slow = setTimeout(() => document.body.classList.add('loading'), 150);
  let url = new URL(address, location.href);
  let page = await make(url);
  if (page.redirect) {
    url = new URL(page.redirect, url);
    page = await make(url);
  }
  clearTimeout(slow);
  // Meanwhile somebody went elsewhere.
  if (mine !== turn) return;
  document.body.classList.remove('loading');
  const key = replace ? history.state?.key ?? newKey() : newKey();
  if (!replace) remember();
  history[replace ? 'replaceState' : 'pushState']({ key }, '', page.address ?? url);
  put(key, page);
  scrollTo(0, 0);
}

function put(key, page) {
  current = { key, page };
  document.title = page.title;
  main().replaceChildren(page.node);
  mark(location.pathname, page.within);
}

/** Where a screen reader goes on: at the page's heading. */
function focus() {
  const heading = main().querySelector('[data-focus], h1');
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function remember() {
  if (!current) return;
  kept.delete(current.key);
  kept.set(current.key, { page: current.page, top: scrollY });
  for (const oldest of [...kept.keys()].slice(0, -KEPT)) kept.delete(oldest);
}

async function step({ state }) {
  remember();
  const found = kept.get(state?.key);
  if (found) {
    turn++;
    put(state.key, found.page);
    scrollTo(0, found.top);
  } else {
    await go(location.href, { replace: true });
  }
  focus();
}

/** Goes somewhere because somebody asked for it. */
async function walk(address, how) {
  await go(address, how);
  focus();
}

async function follow(event) {
  const link = event.target.closest?.('a[href]');
  if (!link || event.defaultPrevented || event.button) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.origin !== location.origin || link.target || link.hasAttribute('download')) return;
  // A place on this page is the browser's business.
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  await walk(link.href);
}

/** Tells the pages what has happened, also those that one may go back to. */
export function happened(item) {
  const pages = new Set([current?.page, ...[...kept.values()].map(({ page }) => page)]);
  for (const page of pages) page?.happened?.(item);
}

export async function start() {
  history.scrollRestoration = 'manual';
  addEventListener('popstate', step);
  document.addEventListener('click', follow);
  onReachable(showReachable);
  await go(location.href, { replace: true });
}
