// An article as it stands in a list, in several sizes: `lead` on top of a page,
// `second` on top of a section, `story` in a column, `row` in a long list, `plain`
// without a picture, and `line`, which is a time and a headline.

import { el } from './dom.js';
import { ago, enumerate, kindLabel } from './format.js';
import { picture } from './picture.js';
import { articlePath } from './routes.js';

const LOOKS = {
  lead: { sizes: '(min-width: 76rem) 52rem, (min-width: 60rem) 66vw, 100vw', ratio: '16 / 9', teaser: true, eager: true },
  second: { sizes: '(min-width: 60rem) 37rem, (min-width: 38rem) 50vw, 100vw', ratio: '3 / 2', teaser: true },
  story: { sizes: '(min-width: 60rem) 18rem, (min-width: 38rem) 50vw, 40vw', ratio: '3 / 2', teaser: true },
  row: { sizes: '(min-width: 38rem) 14rem, 30vw', ratio: '3 / 2', teaser: true },
  plain: {},
};

/** @param {string} heading the level the headline has on its page: 'h2', 'h3' */
export function card(article, look = 'story', heading = 'h3') {
  const { sizes, ratio, teaser, eager } = LOOKS[look];
  return el('article', { class: `card ${look}`, 'data-id': article.id, 'data-kind': article.kind, lang: foreign(article) },
    sizes && article.image && picture(article.image, { sizes, ratio, eager, alt: '' }),
    el('div', { class: 'words' },
      kicker(article),
      el(heading, { class: 'headline' }, el('a', { href: articlePath(article) }, headlineText(article))),
      teaser && excerpt(article),
      el('p', { class: 'meta' }, meta(article))));
}

/** A time and a headline. */
export function line(article, heading = 'h3') {
  return el('article', { class: 'card line', 'data-id': article.id, 'data-kind': article.kind, lang: foreign(article) },
    time(article),
    el(heading, { class: 'headline' },
      el('a', { href: articlePath(article) },
        article.kicker && el('span', { class: 'kicker' }, article.kicker, ' '), article.headline)));
}

/** What stands above a headline: that it is urgent, what it is, and the kicker. */
export function kicker(article, name = 'p') {
  const said = (word) => article.kicker?.toLowerCase().includes(word.toLowerCase());
  const label = kindLabel(article.kind);
  const parts = [
    article.priority === 'breaking' && !said('eil') && el('span', { class: 'urgent' }, 'Eilmeldung'),
    label && !said(label) && el('span', { class: 'kind' }, label),
    article.kicker && el('span', { class: article.priority === 'breaking' && said('eil') ? 'urgent' : null }, article.kicker),
  ].filter(Boolean);
  return parts.length ? el(name, { class: 'kicker' }, parts) : null;
}

export const foreign = (article) => (article.language && article.language !== document.documentElement.lang ? article.language : null);

const marks = (spans) => spans.map(({ text, match }) => (match ? el('mark', {}, text) : text));

const headlineText = ({ headline, highlights }) =>
  highlights?.headline?.length ? marks(highlights.headline) : headline;

/** What a search found in the text says more than the teaser. */
function excerpt({ teaser, highlights }) {
  const found = [highlights?.teaser, highlights?.body].find((spans) => spans?.some((span) => span.match));
  if (found) return el('p', { class: 'teaser passage' }, marks(found));
  return teaser && el('p', { class: 'teaser' }, teaser);
}

function meta(article) {
  const by = article.kind === 'opinion' && article.authors?.length && `Von ${enumerate(article.authors.map((author) => author.name))}`;
  return [by, by && ' · ', time(article), article.access && article.access !== 'free' && el('span', { class: 'paid' }, ' · Abo')];
}

const time = (article) =>
  el('time', { datetime: article.published_at }, ago(article.published_at));

/** Times grow old while a page is open. */
export function refreshTimes(root) {
  for (const element of root.querySelectorAll('.card time')) element.textContent = ago(element.dateTime);
}
