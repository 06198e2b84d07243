// Articles side by side, so that no place stays empty: one with a picture fills a
// column, two without share one. Where there are few, the picture stands beside the
// words of its article and what else there is.

import { card } from './card.js';
import { el } from './dom.js';

const PICTURES = 2;
const COLUMNS = 4;
const FEW = 3;

/**
 * @param {object[]} articles the most important first; the last may find no place
 * @returns {{node: Node, shown: object[]}} what is to be put into the page, and which have found one
 */
export function spread(articles, heading = 'h3') {
  const columns = arrange(articles);
  return columns ? inColumns(columns, heading) : aroundPicture(articles, heading);
}

/** Columns of articles, or null if too few would stand beside a picture. */
function arrange(articles) {
  const pictured = articles.filter(({ image }) => image).slice(0, PICTURES);
  const others = articles.filter((article) => !pictured.includes(article)).map((article) => ({ ...article, image: null }));
  if (!pictured.length && others.length <= COLUMNS + 1) return others.slice(0, COLUMNS).map((article) => [article]);
  const pairs = [];
  for (let at = 0; at + 1 < others.length; at += 2) pairs.push(others.slice(at, at + 2));
  const columns = [...pictured.map((article) => [article]), ...pairs];
  if (pictured.length && columns.length < FEW) return null;
  const rank = ([{ id }]) => articles.findIndex((article) => article.id === id);
  return columns.sort((one, other) => rank(one) - rank(other)).slice(0, COLUMNS);
}

function inColumns(columns, heading) {
  return {
    shown: columns.flat(),
    node: el('div', { class: `spread of-${columns.length}` },
      columns.map((articles) => el('div', { class: 'column' }, articles.map((article) => card(article, 'story', heading))))),
  };
}

function aroundPicture(articles, heading) {
  const first = articles.find(({ image }) => image);
  const others = articles.filter((article) => article !== first).slice(0, FEW - 1);
  return {
    shown: [first, ...others],
    node: el('div', { class: 'spread picture-first' },
      card(first, 'second', heading),
      others.length > 0 && el('div', { class: 'column' }, others.map((article) => card({ ...article, image: null }, 'story', heading)))),
  };
}
