// IndexedDB with promises, and the four things kept there:
//
//   articles   whole, by id, also found by slug and by time
//   terms      sections, topics, authors and lists, by type and id
//   pictures   one rendition of each, by the picture's id (sw.js reads them too)
//   notes      single values: the cursor, the site, the start page

const NAME = 'reader';
const VERSION = 1;

let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      const db = request.result;
      const articles = db.createObjectStore('articles', { keyPath: 'id' });
      articles.createIndex('slug', 'slug');
      articles.createIndex('published_at', 'published_at');
      db.createObjectStore('terms', { keyPath: ['type', 'id'] });
      db.createObjectStore('pictures', { keyPath: 'id' });
      db.createObjectStore('notes');
    };
    request.onsuccess = () => {
      // Another tab may bring a newer version.
      request.result.onversionchange = () => { request.result.close(); opened = null; };
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  return opened;
}

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

const read = async (name) => (await open()).transaction(name).objectStore(name);

export const get = async (name, key) => done((await read(name)).get(key));
export const all = async (name) => done((await read(name)).getAll());
export const keys = async (name) => done((await read(name)).getAllKeys());
export const by = async (name, index, key) => done((await read(name)).index(index).get(key));
export const note = (key) => get('notes', key);

/** Runs `change` with the stores of one transaction; resolves when it is on disk. */
export async function write(names, change) {
  const transaction = (await open()).transaction(names, 'readwrite');
  const stores = Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)]));
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
    change(stores);
  });
}

export const keepNote = (key, value) => write(['notes'], ({ notes }) => notes.put(value, key));

/** Articles, newest first, as many as `wanted` accepts and no more than `limit`. */
export async function newest(limit, wanted = () => true) {
  const store = await read('articles');
  return new Promise((resolve, reject) => {
    const found = [];
    const request = store.index('published_at').openCursor(null, 'prev');
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor || found.length === limit) return resolve(found);
      if (wanted(cursor.value)) found.push(cursor.value);
      cursor.continue();
    };
  });
}
