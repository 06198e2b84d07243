// Pages that say why there is none.

import { Refused, Unreachable } from '../api.js';
import { el } from '../dom.js';
import { titled } from '../frame.js';
import * as newsroom from '../newsroom.js';
import { articlePath, SEARCH } from '../routes.js';

function page(title, ...said) {
  return {
    title: titled(title),
    node: el('div', { class: 'failed' }, el('h1', {}, title), said.map((words) => el('p', {}, words)),
      el('p', {}, el('a', { href: '/' }, 'Zur Startseite'), ' · ', el('a', { href: SEARCH }, 'Zur Suche'))),
  };
}

export function failed(error) {
  if (error instanceof Refused && error.status === 410) {
    return page('Nicht mehr da', 'Die Redaktion hat diesen Artikel zurückgezogen.');
  }
  if (error instanceof Refused && error.status === 404) {
    return page('Nicht gefunden', 'Unter dieser Adresse steht nichts. Vielleicht hat sich jemand vertippt.');
  }
  if (error instanceof Unreachable) {
    return page('Kein Netz', 'Das hat dieses Gerät nicht gespeichert. Sobald Sie wieder Netz haben, ist es da.');
  }
  console.error(error);
  return page('Das hat nicht geklappt', error instanceof Refused ? error.message : 'Bitte laden Sie die Seite neu.');
}

/** An address that this reader doesn't have may be one that the website had. */
export async function unknown(url) {
  const site = await newsroom.site();
  const address = new URL(url.pathname + url.search, site.url ?? url.origin).href;
  const found = await newsroom.resolve(address);
  if (found.article) return { redirect: articlePath(found.article) };
  if (found.status === 410) throw new Refused(410);
  throw new Refused(404);
}
