// What stands around every page: date line, name, sections, and at the foot the
// newsroom's own links.

import { el, fading, icon, outward } from './dom.js';
import { dateLine, useZone } from './format.js';
import { NEWEST, SEARCH, sectionPath } from './routes.js';

const at = (id) => document.getElementById(id);
const fade = fading(at('sections'));

/** What stands before a way to get the news; one that isn't here gets the general sign. */
const SIGNS = { push: 'bell', app: 'phone', whatsapp: 'bubble', telegram: 'bubble', newsletter: 'letter', rss: 'waves', podcast: 'waves' };

/** Fills what index.html has laid out. Called once more when the newsroom has changed. */
export function fill(site) {
  useZone(site.time_zone);
  document.documentElement.lang = site.language;
  at('date').textContent = dateLine();
  at('date').dateTime = new Date().toISOString().slice(0, 10);
  at('name').textContent = site.name;
  const links = [['/', 'Start'], ...site.sections.map((section) => [sectionPath(section), section.name]), [NEWEST, 'Neueste']];
  at('sections').replaceChildren(...links.map(([href, name]) => el('li', {}, el('a', { href }, name))));
  at('foot').replaceChildren(...foot(site));
  mark(location.pathname);
  fade();
}

function foot(site) {
  return [
    el('div', { class: 'foot-about' },
      el('p', { class: 'foot-name' }, site.name),
      site.description && el('p', {}, site.description)),
    site.channels.length > 0 && channels(site),
    site.menu.length > 0 && el('nav', { 'aria-labelledby': 'menu-title' },
      el('h2', { id: 'menu-title' }, 'Über diese Zeitung'),
      el('ul', {}, site.menu.map(({ label, url }) => el('li', {}, outward(url, {}, label))))),
  ].filter(Boolean);
}

/** Ways to get the news straight to a phone. */
function channels(site) {
  return el('section', { class: 'channels', 'aria-labelledby': 'channels-title' },
    el('h2', { id: 'channels-title' }, 'Direkt aufs Handy'),
    el('ul', {}, site.channels.map(({ kind, label, url }) =>
      el('li', { 'data-kind': kind }, outward(url, {}, icon(Object.hasOwn(SIGNS, kind) ? SIGNS[kind] : 'network'), el('span', {}, label))))));
}

/** Marks the section that is shown, or that the page stands in (`within`). */
export function mark(path, within = null) {
  for (const link of at('sections').querySelectorAll('a')) {
    const here = link.pathname === path;
    const around = !here && link.pathname === within;
    link.toggleAttribute('data-within', around);
    if (here) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
    if (here || around) show(link);
  }
  const search = at('search-link');
  if (path === SEARCH) search.setAttribute('aria-current', 'page');
  else search.removeAttribute('aria-current');
}

/** Moves a link into sight in the row of sections, and nothing else. */
function show(link) {
  const row = at('sections');
  row.scrollLeft = link.offsetLeft - (row.clientWidth - link.offsetWidth) / 2;
}

/** The line that says that there is no network. */
export function showReachable(reachable) {
  const line = at('network');
  line.hidden = reachable;
  line.textContent = reachable ? '' : 'Ohne Netz: Sie lesen, was dieses Gerät gespeichert hat.';
}

/** What the browser's tab says. */
export const titled = (text) => [text, at('name').textContent].filter(Boolean).join(' · ');

/** Says something to those who can't see what has changed. */
export function announce(text) {
  at('said').textContent = text;
}
