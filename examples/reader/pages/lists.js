// Pages that are lists: a section, a topic, an author, and all that is new.

import { card, refreshTimes } from '../card.js';
import { el, outward } from '../dom.js';
import { announce, titled } from '../frame.js';
import * as newsroom from '../newsroom.js';
import { sectionPath } from '../routes.js';

export async function section({ name }) {
  const [section, list] = await Promise.all([newsroom.section(name), newsroom.articles({ section: name })]);
  const above = section.breadcrumb.slice(0, -1);
  return build({
    list,
    by: { section: name },
    title: section.name,
    within: sectionPath(section.breadcrumb[0] ?? section),
    address: sectionPath(section),
    head: [
      above.length > 0 && el('nav', { class: 'breadcrumb', 'aria-label': 'Übergeordnet' },
        above.map((parent) => el('a', { href: sectionPath(parent) }, parent.name))),
      el('h1', {}, section.name),
      section.description && el('p', { class: 'description' }, section.description),
      section.children.length > 0 && el('nav', { class: 'children', 'aria-label': `Unter ${section.name}` },
        section.children.map((child) => el('a', { href: sectionPath(child) }, child.name))),
    ],
  });
}

export async function topic({ name }) {
  const [topic, list] = await Promise.all([newsroom.topic(name), newsroom.articles({ topic: name })]);
  return build({
    list,
    by: { topic: name },
    title: topic.name,
    head: [
      el('p', { class: 'label' }, 'Thema'),
      el('h1', {}, topic.name),
      topic.description && el('p', { class: 'description' }, topic.description),
    ],
  });
}

export async function author({ name }) {
  const [author, list] = await Promise.all([newsroom.author(name), newsroom.articles({ author: name })]);
  return build({
    list,
    by: { author: name },
    title: author.name,
    head: [
      author.role && el('p', { class: 'label' }, author.role),
      el('h1', {}, author.name),
      author.bio && el('p', { class: 'description' }, author.bio),
      author.url && el('p', {}, outward(author.url, {}, 'Im Netz')),
    ],
  });
}

export async function newest() {
  return build({ list: await newsroom.articles({}), by: {}, title: 'Neueste Nachrichten', head: [el('h1', {}, 'Neueste Nachrichten')] });
}

function build({ list, by, title, head, ...page }) {
  const node = el('div', { class: 'list-page' },
    el('header', { class: 'list-head' }, head),
    list.items.length ? null : el('p', {}, 'Hier steht noch nichts.'),
    rows(list, (next) => newsroom.articles(by, next)));
  return {
    ...page,
    title: titled(title),
    node,
    happened: ({ type }) => { if (type === 'minute') refreshTimes(node); },
  };
}

/** Cards in a column, and a button for the next page while there is one. */
export function rows(first, more) {
  const cards = el('div', { class: 'rows' });
  const button = el('button', { type: 'button', class: 'more-button' }, 'Mehr laden');
  const put = ({ items, next_cursor: next }) => {
    const added = items.map((article) => card(article, 'row', 'h2'));
    cards.append(...added);
    button.hidden = !next;
    button.onclick = async () => {
      button.disabled = true;
      try {
        put(await more(next)).querySelector('a').focus();
        announce('Weitere Artikel sind da.');
      } catch {
        announce('Das Nachladen ist misslungen.');
      } finally {
        button.disabled = false;
      }
    };
    return added[0] ?? cards;
  };
  put(first);
  return [cards, button];
}
