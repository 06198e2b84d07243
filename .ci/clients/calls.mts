// A dozen calls with the generated client, as an app makes them. That this compiles
// is half of the test: every name and every type is the description's.

import createClient from 'openapi-fetch';
import type { components, paths } from './api.js';

type Block = components['schemas']['Block'];
type Span = components['schemas']['Span'];

declare const process: { argv: string[] };
const [base = '', key = ''] = process.argv.slice(2);
const reader = createClient<paths>({ baseUrl: base });
const editor = createClient<paths>({ baseUrl: base, headers: { Authorization: `Bearer ${key}` } });

function check(what: string, good: unknown): asserts good {
  if (!good) throw new Error(what);
}

let calls = 0;
/** What was asked for, or the problem as an exception. */
function got<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  calls += 1;
  check(`${answer.response.url} answered ${answer.response.status}: ${JSON.stringify(answer.error)}`, answer.data !== undefined);
  return answer.data;
}

const words = (spans: Span[]): string => spans.map(({ text }) => text).join('');

/** The text of blocks: each type has its own members, once `type` has told it apart. */
function text(block: Block): string {
  switch (block.type) {
    case 'paragraph':
    case 'heading':
      return words(block.spans);
    case 'list':
      return block.items.flatMap(({ blocks }) => blocks.map(text)).join('\n');
    case 'quote':
      return [...block.blocks.map(text), block.cite ?? ''].join('\n');
    case 'callout':
      return [block.title ?? '', ...block.blocks.map(text)].join('\n');
    case 'image':
      return block.alt ?? '';
    case 'gallery':
      return block.images.map(({ alt }) => alt ?? '').join('\n');
    case 'embed':
      return `${block.provider} ${block.url}`;
    case 'table':
      return [block.header ?? [], ...block.rows].map((row) => row.map(({ spans }) => words(spans)).join('\t')).join('\n');
    case 'code':
      return block.text;
    case 'related':
      return String(block.index);
    case 'divider':
      return '';
    default:
      // All types are above, says the compiler; what comes later is skipped.
      block satisfies never;
      return '';
  }
}

// Reading.

const site = got(await reader.GET('/v1/site', { params: { query: { include: 'sections' } } }));
check('the site has no sections', site.sections?.[0]?.name);

const slug = 'stadtrat-beschliesst-kostenlosen-nahverkehr';
const article = got(await reader.GET('/v1/articles/{article}', { params: { path: { article: slug }, query: { include: 'more' } } }));
check('the article has no text', (article.body.blocks ?? []).map(text).join('\n').length > 500);
const between = article.body.blocks?.find((block) => block.type === 'related');
check('no related link stands between the paragraphs', between && article.related[between.index]?.article?.headline);
check('the article has no more news', article.more?.[0]?.links.self);

const seen = new Set<string>();
let cursor: string | undefined;
do {
  const page = got(await reader.GET('/v1/articles', { params: { query: { limit: 12, ...(cursor && { cursor }) } } }));
  for (const { id } of page.items) seen.add(id);
  cursor = page.next_cursor;
} while (cursor);
check(`${seen.size} articles in pages`, seen.size > 24);

const every = await Promise.all([...seen].map(async (id) => got(await reader.GET('/v1/articles/{article}', { params: { path: { article: id } } }))));
const types = new Set(every.flatMap(({ body }) => body.blocks ?? []).map((block) => (text(block), block.type)));
check(`only ${[...types]}`, types.size === 12);

got(await reader.GET('/v1/articles/{article}/related', { params: { path: { article: slug } } }));
got(await reader.GET('/v1/sections/{section}', { params: { path: { section: 'politik' } } }));
got(await reader.GET('/v1/topics/{topic}', { params: { path: { topic: 'verkehr' } } }));
got(await reader.GET('/v1/authors/{author}', { params: { path: { author: 'mara-lenz' } } }));
check('the front page is empty', got(await reader.GET('/v1/lists/{list}', { params: { path: { list: 'home' } } })).items?.length);
check('another article', got(await reader.GET('/v1/resolve', { params: { query: { url: article.share.url } } })).article?.id === article.id);

const missing = await reader.GET('/v1/articles/{article}', { params: { path: { article: 'gibt-es-nicht' } } });
check('no problem document', missing.error?.type.endsWith('/problems/not-found') && missing.error.request_id);

const { items: hits } = got(await reader.GET('/v1/search', { params: { query: { q: 'kostenloser Nahverkehr' } } }));
check('the search finds another', hits[0]?.slug === slug && hits[0].highlights?.headline.some(({ match }) => match));
check('nothing is suggested', got(await reader.GET('/v1/search/suggest', { params: { query: { q: 'nahv' } } })).items[0]?.text);

// Keeping in step.

const home = got(await reader.GET('/v1/home', { params: { query: { limit: 2 } } }));
check('the start screen is empty', home.latest.length && home.sections[0]?.items.length && home.lists[0]?.slug === 'home');
const kept = new Map<string, string>();
let place: string | undefined;
for (let more = true; more;) {
  const page = got(await reader.GET('/v1/changes', { params: { query: { fields: 'body,media', limit: 20, ...(place && { cursor: place }) } } }));
  for (const { type, op, id, article } of page.items) {
    if (type === 'article' && op === 'upsert' && article) kept.set(id, (article.body?.blocks ?? []).map(text).join('\n'));
  }
  [place, more] = [page.next_cursor, page.has_more];
}
check(`${kept.size} articles synced`, kept.size === seen.size && [...kept.values()].every(Boolean));
check('something has changed', got(await reader.GET('/v1/changes/count', { params: { query: { cursor: place ?? '' } } })).count === 0);

// Writing, with a key.

check('the key is nobody', got(await editor.GET('/v1/auth/whoami')).user.name);
const path = { article: 'aus-typescript' };
const body: components['schemas']['ArticleIn'] = {
  headline: 'Aus TypeScript',
  section: 'politik',
  body: { blocks: [{ type: 'paragraph', spans: [{ text: 'Geprüft', marks: ['strong'] }, { text: ' beim Übersetzen.' }] }, { type: 'divider' }] },
};
const draft = got(await editor.PUT('/v1/editor/articles/{article}', { params: { path, query: { overwrite: true } }, body }));
check('no receipt', 'result' in draft && draft.version > 0);
got(await editor.POST('/v1/editor/articles/{article}/publish', { params: { path }, body: {} }));
const live = got(await reader.GET('/v1/articles/{article}', { params: { path } }));
check('the text is another', live.body.blocks?.[0]?.type === 'paragraph' && words(live.body.blocks[0].spans) === 'Geprüft beim Übersetzen.');

const [changed] = got(await reader.GET('/v1/changes', { params: { query: { cursor: place ?? '' } } })).items.filter(({ type }) => type === 'article');
check('what was published has not changed', changed?.id === live.id && changed.article?.headline === 'Aus TypeScript');

const refused = await editor.PATCH('/v1/editor/articles/{article}', { params: { path }, body: { kicker: 'Neu' } });
check('without If-Match it was not 428', refused.response.status === 428 && refused.error?.detail);
const wrong = await editor.POST('/v1/editor/articles', { body: { headline: 'x'.repeat(301) } });
check('no pointer', wrong.error?.errors?.[0]?.pointer === '#/headline');

console.log(`${calls} calls in TypeScript`);
