// The search, with suggestions while typing (a combobox as WAI-ARIA describes it).

import { el } from '../dom.js';
import { announce, titled } from '../frame.js';
import * as newsroom from '../newsroom.js';
import { articlePath, authorPath, SEARCH, searchPath, sectionPath, topicPath } from '../routes.js';
import { rows } from './lists.js';

const WAIT = 150;
const LEADS_TO = { topic: topicPath, author: authorPath, section: sectionPath, article: articlePath };
const SAID = { topic: 'Thema', author: 'Autor', section: 'Ressort', article: 'Artikel' };

export async function page({ query, go }) {
  const asked = query.get('q')?.trim() ?? '';
  const sort = query.get('sort') === '-published_at' ? '-published_at' : null;
  const found = asked ? await newsroom.search(asked, { sort }) : null;
  await newsroom.ready();
  const node = el('div', { class: 'list-page' },
    el('header', { class: 'list-head' }, el('h1', {}, 'Suche'), form({ asked, sort, go })),
    found && results(asked, sort, found));
  return { title: titled(asked ? `${asked} – Suche` : 'Suche'), node };
}

function results(asked, sort, found) {
  if (!found.items.length) {
    return el('p', { class: 'nothing' }, `Zu „${asked}“ haben wir nichts gefunden. Vielleicht hilft ein anderes oder ein kürzeres Wort.`);
  }
  return [
    found.kept && el('p', { class: 'nothing' }, 'Gesucht wurde in dem, was dieses Gerät gespeichert hat.'),
    found.left_out?.length > 0 && el('p', { class: 'nothing' }, `Nicht gesucht wurde nach: ${found.left_out.join(', ')}.`),
    rows(found, (next) => newsroom.search(asked, { sort }, next)),
  ];
}

function form({ asked, sort, go }) {
  const list = el('ul', { id: 'suggestions', role: 'listbox', 'aria-label': 'Vorschläge', hidden: true });
  const input = el('input', {
    type: 'search', name: 'q', value: asked, autocomplete: 'off', enterkeyhint: 'search', placeholder: 'Suchwort',
    role: 'combobox', 'aria-label': 'Suchwort', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': 'suggestions',
  });
  const order = el('select', { name: 'sort', 'aria-label': 'Reihenfolge', onchange: submit },
    el('option', { value: '' }, 'Das Passendste zuerst'),
    el('option', { value: '-published_at', selected: sort !== null }, 'Das Neueste zuerst'));
  let timer;
  let chosen = -1;
  let offered = [];

  function submit(event) {
    event?.preventDefault();
    close();
    if (input.value.trim()) go(searchPath(input.value.trim()) + (order.value ? `&sort=${order.value}` : ''), { replace: asked !== '' });
  }

  function close() {
    clearTimeout(timer);
    list.hidden = true;
    chosen = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  }

  function follow({ type, text, slug }) {
    close();
    if (slug && Object.hasOwn(LEADS_TO, type)) {
      go(LEADS_TO[type]({ slug }));
    } else {
      input.value = text;
      submit();
    }
  }

  async function suggest() {
    const typed = input.value.trim();
    if (typed.length < 2) return close();
    const { items } = await newsroom.suggest(typed).catch(() => ({ items: [] }));
    // Meanwhile more was typed, or something was chosen.
    if (typed !== input.value.trim() || document.activeElement !== input) return;
    close();
    if (!items.length) return;
    list.replaceChildren(...items.map((item, index) =>
      el('li', { id: `suggestion-${index}`, role: 'option', 'aria-selected': 'false', onmousedown: (event) => event.preventDefault(), onclick: () => follow(item) },
        el('span', {}, item.text), SAID[item.type] && el('span', { class: 'label' }, SAID[item.type]))));
    offered = items;
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    announce(items.length === 1 ? '1 Vorschlag' : `${items.length} Vorschläge`);
  }

  function choose(index) {
    chosen = (index + list.children.length) % list.children.length;
    [...list.children].forEach((option, at) => option.setAttribute('aria-selected', String(at === chosen)));
    input.setAttribute('aria-activedescendant', `suggestion-${chosen}`);
    list.children[chosen].scrollIntoView({ block: 'nearest' });
  }

  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(suggest, WAIT);
  });
  input.addEventListener('blur', close);
  input.addEventListener('keydown', (event) => {
    if (list.hidden) return;
    if (event.key === 'ArrowDown') choose(chosen + 1);
    else if (event.key === 'ArrowUp') choose(chosen < 0 ? -1 : chosen - 1);
    else if (event.key === 'Escape') close();
    else if (event.key === 'Enter' && chosen >= 0) follow(offered[chosen]);
    else return;
    event.preventDefault();
  });
  return el('form', { class: 'search', role: 'search', action: SEARCH, onsubmit: submit },
    el('div', { class: 'search-row' }, el('div', { class: 'combobox' }, input, list), el('button', { type: 'submit' }, 'Suchen')),
    asked && order);
}
