// The body of an article, from blocks. One function a type; a type that isn't here
// is one that came later, and is skipped.

import { el, fading, outward } from './dom.js';
import { relationLabel } from './format.js';
import { figure, picture } from './picture.js';
import { articlePath } from './routes.js';

const SERVICES = { youtube: 'YouTube', vimeo: 'Vimeo', x: 'X', instagram: 'Instagram', tiktok: 'TikTok', spotify: 'Spotify', soundcloud: 'SoundCloud' };
const TEXT_WIDTH = '(min-width: 66rem) 47rem, (min-width: 45rem) 42rem, 100vw';

/** @returns {Node[]} the blocks of `article.body`, or of a part of it */
export function body(blocks, article) {
  return blocks.map((block) => WRITERS.get(block.type)?.(block, article)).filter(Boolean);
}

const WRITERS = new Map(Object.entries({
  paragraph: ({ spans }) => el('p', {}, text(spans)),
  heading: ({ level, spans }) => el(`h${Math.min(Math.max(level, 2), 4)}`, {}, text(spans)),
  list: ({ ordered, start, items }, article) =>
    el(ordered ? 'ol' : 'ul', { start: ordered ? start : null },
      items.map((item) => el('li', {}, body(item.blocks, article)))),
  quote: ({ blocks, cite }, article) =>
    el('blockquote', {}, body(blocks, article), cite && el('footer', {}, cite)),
  image: (block) => figure(block, { sizes: TEXT_WIDTH, class: 'in-text' }),
  gallery,
  embed: ({ provider, url, caption }) =>
    el('figure', { class: 'embed' },
      outward(url, {}, el('span', { class: 'label' }, `Inhalt von ${SERVICES[provider] ?? provider}`), el('span', {}, caption || url))),
  table,
  code: ({ text, language }) =>
    sideways(el('pre', { 'data-language': language }, el('code', {}, text))),
  callout: ({ style, title, blocks }, article) =>
    el('div', { class: 'callout', 'data-style': style, role: 'note' },
      title && el('p', { class: 'callout-title' }, title), body(blocks, article)),
  divider: () => el('hr'),
  related: ({ index }, article) => article.related?.[index] && relatedInline(article.related[index]),
}));

/** What may be wider than the text: focusable, so that the keyboard can move it. */
function sideways(element) {
  element.tabIndex = 0;
  element.classList.add('sideways');
  fading(element);
  return element;
}

function gallery({ images, caption }) {
  return el('figure', { class: 'gallery' },
    sideways(el('div', { class: 'gallery-row', role: 'group', 'aria-label': caption || 'Bildstrecke' },
      images.map((image) => figure(image, { sizes: '(min-width: 45rem) 24rem, 80vw', ratio: '3 / 2' })))),
    caption && el('figcaption', {}, caption));
}

function table({ columns = [], header, rows, caption }) {
  const cells = (name, row, scope) => row.map((cell, column) => {
    const made = el(name, { scope }, text(cell.spans));
    if (columns[column]?.align) made.style.textAlign = columns[column].align;
    return made;
  });
  return sideways(el('div', { class: 'table', role: 'group', 'aria-label': 'Tabelle' },
    el('table', {},
      caption && el('caption', {}, caption),
      header && el('thead', {}, el('tr', {}, cells('th', header, 'col'))),
      el('tbody', {}, rows.map((row) => el('tr', {}, cells('td', row)))))));
}

/** A related link between two paragraphs. */
function relatedInline({ relation, headline, article, url }) {
  const label = el('span', { class: 'label' }, relationLabel(relation));
  const title = el('span', { class: 'title' }, headline);
  if (!article) return el('p', { class: 'related-inline' }, outward(url, {}, label, title));
  return el('div', { class: 'related-inline' },
    el('a', { href: articlePath(article) },
      el('span', {}, label, title),
      article.image && picture(article.image, { sizes: '6rem', ratio: '1 / 1', alt: '' })));
}

const MARKS = {
  strong: 'strong', emphasis: 'em', strike: 's', code: 'code', subscript: 'sub', superscript: 'sup',
};

/** Spans as nodes; neighbours with the same link share one. */
export function text(spans) {
  const nodes = [];
  let open = null;
  for (const span of spans) {
    const target = span.link ? JSON.stringify(span.link) : null;
    if (target && open?.target === target) {
      open.element.append(marked(span));
      continue;
    }
    const element = target ? linked(span.link, marked(span)) : marked(span);
    open = target && { target, element };
    nodes.push(element);
  }
  return nodes;
}

function linked({ article, url }, content) {
  return article ? el('a', { href: articlePath(article) }, content) : outward(url, {}, content);
}

function marked({ text, marks = [] }) {
  const lines = document.createDocumentFragment();
  text.split('\n').forEach((line, index) => lines.append(...(index ? [el('br')] : []), line));
  return marks.reduce((inner, mark) => (Object.hasOwn(MARKS, mark) ? el(MARKS[mark], {}, inner) : inner), lines);
}
