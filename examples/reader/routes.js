// The reader's addresses. A path segment never holds more than a slug.

const path = (kind) => ({ slug }) => `/${kind}/${encodeURIComponent(slug)}`;

export const articlePath = path('artikel');
export const sectionPath = path('ressort');
export const topicPath = path('thema');
export const authorPath = path('autor');
export const NEWEST = '/neu';
export const SEARCH = '/suche';
export const searchPath = (query) => `${SEARCH}?${new URLSearchParams({ q: query })}`;
