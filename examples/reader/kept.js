// What was kept for reading offline, in the form in which the API would answer.
// What this finds is as old as the last sync, and complete only as far as it went.

import * as store from './store.js';

const LIST = 30;

export async function keepSite(site) {
  await store.keepNote('site', site).catch(() => {});
  return site;
}

/** Also notes the cursor that came with it, from which a phone goes on. */
export async function keepHome(home) {
  await store.keepNote('home', home).catch(() => {});
  return home;
}

export const site = () => store.note('site');

/** The start page as it was last seen, with what has changed or gone since. */
export async function home() {
  const [home, articles] = await Promise.all([store.note('home'), store.newest(LIST)]);
  const known = new Map((await store.all('articles')).map((article) => [article.id, article]));
  const lists = new Map((await store.all('terms')).filter(({ type }) => type === 'list').map((list) => [list.id, list]));
  const dead = new Set((await store.note('gone')) ?? []);
  const present = (items) => items.filter(({ id }) => !dead.has(id)).map((item) => known.get(item.id) ?? item);
  const entries = ({ id, items }) => {
    const cards = new Map(items.map((item) => [item.id, item]));
    const ids = lists.get(id)?.articles ?? [...cards.keys()];
    return present(ids.map((id) => known.get(id) ?? cards.get(id)).filter(Boolean));
  };
  if (!home) return articles.length ? { lists: [], sections: [], latest: articles } : null;
  return {
    ...home,
    lists: home.lists.map((list) => ({ ...list, items: entries(list) })),
    sections: home.sections.map((section) => ({ ...section, items: present(section.items) })),
    latest: articles.length ? articles : present(home.latest),
  };
}

export async function article(slug) {
  const article = await store.by('articles', 'slug', slug);
  if (!article) return null;
  const [named, related] = await Promise.all([withNames(article), live(article.related)]);
  const more = await store.newest(6, ({ id, section }) => id !== article.id && section?.id === article.section?.id);
  return { ...named, related, related_auto: [], more };
}

/**
 * Related links with those that lead to what has gone left empty: a block of the
 * body points to its link by number.
 */
async function live(links = []) {
  const dead = new Set((await store.note('gone')) ?? []);
  return links.map((link) => (link.article && dead.has(link.article.id) ? null : link));
}

/** Names inside articles are copies; the newest name of a thing is that of the thing. */
async function withNames(article) {
  const terms = new Map((await store.all('terms')).map((term) => [`${term.type} ${term.id}`, term]));
  const name = (type) => (copy) => ({ ...copy, ...pick(terms.get(`${type} ${copy.id}`)) });
  return {
    ...article,
    section: article.section && name('section')(article.section),
    topics: article.topics?.map(name('topic')),
    authors: article.authors?.map(name('author')),
  };
}

const pick = (term) => (term ? Object.fromEntries(['slug', 'name', 'path'].filter((key) => term[key]).map((key) => [key, term[key]])) : {});

/** A topic or an author: what is kept about it, or at least the name that articles give it. */
export async function term(type, slug) {
  const found = (await store.all('terms')).find((term) => term.type === type && term.slug === slug);
  if (found) return found;
  const [article] = await store.newest(1, (article) => article[`${type}s`]?.some((name) => name.slug === slug));
  return article?.[`${type}s`].find((name) => name.slug === slug) ?? null;
}

/** Sections stand in the site's tree, with those above and below them. */
export async function section(slug) {
  const look = (nodes, above) => {
    for (const node of nodes) {
      const breadcrumb = [...above, node];
      const found = node.slug === slug ? { ...node, breadcrumb } : look(node.children, breadcrumb);
      if (found) return found;
    }
    return null;
  };
  return look((await site())?.sections ?? [], []);
}

const below = (path, section) => section?.path === path || section?.path?.startsWith(`${path}/`);

export async function articles({ section: name, topic, author }) {
  const path = name && ((await section(name))?.path ?? name);
  const items = await store.newest(LIST, (article) =>
    (!name || below(path, article.section)) &&
    (!topic || article.topics?.some(({ slug }) => slug === topic)) &&
    (!author || article.authors?.some(({ slug }) => slug === author)));
  return { items };
}

/** Every word of the query, as it stands, in headline, teaser or text. */
export async function search(query) {
  const words = plain(query).split(/\s+/).filter(Boolean);
  const items = await store.newest(LIST, (article) => {
    const text = plain(JSON.stringify([article.kicker, article.headline, article.teaser, article.body?.blocks]));
    return words.every((word) => text.includes(word));
  });
  return { items };
}

const plain = (text) => text.toLowerCase().replaceAll('ß', 'ss').normalize('NFD').replace(/\p{M}/gu, '');
