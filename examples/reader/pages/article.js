// An article: everything comes with one answer, `more` and `related_auto` included.

import { body } from '../blocks.js';
import { foreign, kicker, line } from '../card.js';
import { el, outward, renew } from '../dom.js';
import { HOLD, later, minutes, moment, relationLabel } from '../format.js';
import { titled } from '../frame.js';
import * as newsroom from '../newsroom.js';
import { figure } from '../picture.js';
import { articlePath, authorPath, sectionPath, topicPath } from '../routes.js';
import { shareButton } from '../share.js';
import { spread } from '../spread.js';

const READ_ON = 6;

export async function page({ name }) {
  let article = await newsroom.article(name);
  const node = el('div', { class: 'reading' });
  const note = el('p', { class: 'note', role: 'status' });
  node.append(...render(article, note));

  /** Somebody has published it anew, or taken it away, while it was read. */
  async function mend() {
    try {
      const newer = await newsroom.article(article.id, { fresh: true });
      if (newer.kept || JSON.stringify(newer) === JSON.stringify(article)) return;
      const changed = newer.rev !== article.rev;
      article = newer;
      renew(node, ...render(article, note));
      if (changed) note.textContent = 'Dieser Artikel wurde gerade aktualisiert.';
    } catch (error) {
      if (error.status) note.textContent = 'Die Redaktion hat diesen Artikel zurückgezogen.';
    }
  }

  const concerns = ({ type, id }) => type === 'everything' || (type === 'article' && id === article.id);
  return {
    title: titled(article.headline),
    node,
    within: article.section && sectionPath({ slug: (article.section.path ?? article.section.slug).split('/')[0] }),
    address: articlePath(article),
    happened: (item) => { if (concerns(item)) mend(); },
  };
}

function render(article, note) {
  const end = article.related.filter((link) => link?.placement === 'end');
  const readOn = (article.related_auto ?? []).slice(0, READ_ON);
  const more = article.more ?? [];
  return [
    el('article', { class: 'article', lang: foreign(article), 'data-kind': article.kind },
      note,
      header(article),
      article.image && figure(article.image, { class: 'opening', eager: true, sizes: '(min-width: 66rem) 47rem, 100vw' }),
      el('div', { class: 'text' }, body(article.body.blocks, article)),
      corrections(article),
      footer(article)),
    more.length > 0 && el('section', { class: 'more', 'aria-labelledby': 'more' },
      el('h2', { id: 'more' }, 'Weitere Nachrichten'), more.map((other) => line(other))),
    (end.length > 0 || readOn.length > 0) && el('section', { class: 'read-on', 'aria-labelledby': 'read-on' },
      el('h2', { id: 'read-on' }, 'Weiterlesen'),
      end.length > 0 && el('ul', { class: 'links' }, end.map(endLink)),
      readOn.length > 0 && spread(readOn).node),
  ].filter(Boolean);
}

function header(article) {
  const { section, headline, subheadline, teaser } = article;
  return el('header', {},
    section && el('p', { class: 'section-name' }, el('a', { href: sectionPath(section) }, section.name)),
    kicker(article),
    el('h1', {}, headline),
    subheadline && el('p', { class: 'subheadline' }, subheadline),
    teaser && el('p', { class: 'standfirst' }, teaser),
    byline(article));
}

function byline(article) {
  const { authors, published_at: published, first_published_at: first, updated_at: updated, source } = article;
  const names = authors.flatMap((author, index) => [
    index > 0 && (index === authors.length - 1 ? ' und ' : ', '),
    el('a', { href: authorPath(author), rel: 'author' }, author.name),
  ]);
  const begun = first ?? published;
  const changed = Date.parse(updated) - Date.parse(begun) >= 60_000;
  return el('div', { class: 'byline' },
    el('div', {},
      (names.length > 0 || source) && el('p', { class: 'by' },
        names.length > 0 && ['Von ', names], names.length > 0 && source && ' · ', source && `Quelle: ${source}`),
      el('p', { class: 'times' },
        el('time', { datetime: begun }, moment(begun)),
        changed && [`${HOLD}· aktualisiert${HOLD}`, el('time', { datetime: updated }, later(updated, begun))],
        `${HOLD}· ${minutes(article.reading_minutes)}${HOLD}Lesezeit`)),
    shareButton(shared(article)));
}

/** What is passed on: the website's address, or this reader's if the API knows no website. */
function shared({ share, links, ...article }) {
  const here = new URL(articlePath(article), location.origin).href;
  return { title: share?.title ?? article.headline, text: share?.text ?? '', url: links?.web ?? here };
}

function corrections({ corrections }) {
  if (!corrections?.length) return null;
  return el('section', { class: 'corrections', 'aria-labelledby': 'corrections' },
    el('h2', { id: 'corrections' }, corrections.length === 1 ? 'Korrektur' : 'Korrekturen'),
    corrections.map(({ at, text }) => el('p', {}, el('time', { datetime: at }, moment(at)), ': ', text)));
}

function footer(article) {
  if (!article.topics.length) return null;
  return el('footer', {},
    el('ul', { class: 'topics', 'aria-label': 'Themen' },
      article.topics.map((topic) => el('li', {}, el('a', { href: topicPath(topic) }, topic.name)))));
}

function endLink({ relation, headline, article, url }) {
  const words = [el('span', { class: 'label' }, relationLabel(relation)), el('span', { class: 'title' }, headline)];
  return el('li', {}, article ? el('a', { href: articlePath(article) }, words) : outward(url, {}, words));
}
