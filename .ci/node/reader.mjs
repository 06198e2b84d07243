// Reads the demo newsroom with the reader, in a real browser, as people do: on a
// phone and at a desk, by day and by night, while things happen, and without a network.
//
//   node reader.mjs http://127.0.0.1:PORT KEY PID-OF-THE-SERVER FOLDER-FOR-SCREENSHOTS
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { everyBlock, hostile } from './reader-articles.mjs';

const [api, key, server, shots] = process.argv.slice(2);
const reader = fileURLToPath(new URL('../../examples/reader/', import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SCREENS = {
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  desk: { viewport: { width: 1366, height: 900 } },
};
const PATIENCE = 15_000;

mkdirSync(shots, { recursive: true });
const check = (what, good) => { if (!good) throw new Error(what); };
const said = [];
// Two articles that come and go; named anew each time, so that it can be run again.
const [first, second] = ['eins', 'zwei'].map((name) => `${name}-${Date.now()}`);

// The reader, as its README says.
const web = spawn('python3', [join(reader, 'serve.py'), '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
const origin = await new Promise((resolve) => web.stdout.once('data', (line) => resolve(String(line).trim())));
const at = (path) => `${origin}${path}${path.includes('?') ? '&' : '?'}api=${encodeURIComponent(api)}`;

async function edit(method, path, body, type = 'application/json') {
  const response = await fetch(api + path, {
    method, body: type === 'application/json' ? JSON.stringify(body) : body,
    headers: { authorization: `Bearer ${key}`, 'content-type': type },
  });
  check(`${method} ${path} answered ${response.status}: ${await response.clone().text()}`, response.ok);
  return response.json();
}
const publish = (slug, article) => edit('PUT', `/v1/editor/articles/${slug}?publish=true&overwrite=true`, article);

const profile = mkdtempSync(join(tmpdir(), 'reader-'));
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'];
const launch = { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: ARGUMENTS };
const browser = await chromium.launch(launch);

/** A page that remembers what the browser complained of. */
async function open(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') page.complaints.push(`${message.text()} ${message.location().url}`);
  });
  return page;
}

const visit = async (page, path) => {
  await page.goto(at(path));
  await page.locator('main h1').first().waitFor({ state: 'attached' });
};
/** Pictures load when they come near. */
const scrollThrough = (page) => page.evaluate(async () => {
  for (let y = 0; y < document.body.scrollHeight; y += innerHeight) {
    scrollTo(0, y);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  scrollTo(0, 0);
});

/** Every page, as it loads and in both colours, on a phone and at a desk. */
async function everyPage(paths) {
  let looked = 0;
  for (const [screen, look] of Object.entries(SCREENS)) {
    const context = await browser.newContext({ ...look, colorScheme: 'light', serviceWorkers: 'block' });
    await context.addInitScript(() => {
      window.shifted = 0;
      new PerformanceObserver((list) => list.getEntries().forEach((entry) => { if (!entry.hadRecentInput) window.shifted += entry.value; }))
        .observe({ type: 'layout-shift', buffered: true });
    });
    const page = await open(context);
    for (const [name, path] of Object.entries(paths)) {
      await page.emulateMedia({ colorScheme: 'light' });
      await visit(page, path);
      await scrollThrough(page);
      const { shifted, title } = await page.evaluate(() => ({ shifted: window.shifted, title: document.title }));
      check(`${path} on ${screen} moved by ${shifted} while it loaded`, shifted < 0.05);
      check(`${path} has no title`, title.includes('Flussblick'));
      await fits(page, `${path} on ${screen}`);
      await accessible(page, `${path} on ${screen}`);
      await page.screenshot({ path: join(shots, `${name}-${screen}.png`) });
      // By night only the colours differ.
      await page.emulateMedia({ colorScheme: 'dark' });
      await accessible(page, `${path} on ${screen}, dark`, { runOnly: ['color-contrast'] });
      await page.screenshot({ path: join(shots, `${name}-${screen}-dark.png`) });
      if (screen === 'phone') {
        await page.setViewportSize({ width: 320, height: 640 });
        await fits(page, `${path} on a narrow phone`);
        await page.setViewportSize(look.viewport);
      }
      looked += 1;
    }
    // Pictures elsewhere have no server here; an address that nobody knows is a 404.
    const real = page.complaints.filter((text) => !/NAME_NOT_RESOLVED|404|Service Worker/.test(text));
    check(`on ${screen}: ${real.join('; ')}`, real.length === 0);
    await context.close();
  }
  said.push(`${looked} pages without a violation`);
}

async function fits(page, where) {
  const { width, room } = await page.evaluate(() => ({ width: document.scrollingElement.scrollWidth, room: document.documentElement.clientWidth }));
  check(`${where} scrolls sideways: ${width} of ${room}`, width <= room);
}

/** Words that German makes, on windows that are narrower than they are. */
async function longWords() {
  const long = {
    kicker: 'Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz',
    headline: 'Bundesverfassungsgericht kippt Geschwindigkeitsbegrenzungen für Donaudampfschifffahrtsgesellschaftskapitäne',
    subheadline: 'Grundstücksverkehrsgenehmigungszuständigkeitsübertragungsverordnung bleibt bestehen',
    teaser: 'Die Straßenverkehrszulassungsordnungsänderungskommissionsvorsitzende widerspricht: Kraftfahrzeughaftpflichtversicherungsgesellschaften.',
  };
  const { slug } = await publish('lange-woerter', { ...long, section: 'politik', image: { id: picture.id, alt: 'Ein Zeichen' }, body: { markdown: long.teaser } });
  const context = await browser.newContext({ ...SCREENS.phone, serviceWorkers: 'block' });
  const page = await open(context);
  const paths = ['/', `/artikel/${slug}`, '/ressort/politik', '/suche?q=Geschwindigkeitsbegrenzungen'];
  const everywhere = async (path) => {
    for (const width of [320, 390, 800, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      await visit(page, path);
      await page.getByRole('link', { name: long.headline }).or(page.getByRole('heading', { name: long.headline })).first().waitFor();
      await fits(page, `${path} with long words at ${width}`);
      await page.screenshot({ path: join(shots, `long-${path.split(/\W+/).filter(Boolean).at(-1) ?? 'front'}-${width}.png`) });
    }
  };
  for (const path of paths) await everywhere(path);
  // The same in every place that the start page has.
  await page.route(/\/v1\/home/, async (route) => {
    const response = await route.fetch();
    const home = await response.json();
    for (const { items } of [...home.lists, ...home.sections, { items: home.latest }]) items.forEach((item) => Object.assign(item, long));
    await route.fulfill({ response, json: home });
  });
  await everywhere('/');
  await edit('POST', `/v1/editor/articles/${slug}/unpublish`, {});
  await context.close();
  said.push('long words');
}

async function accessible(page, where, options = {}) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const { violations } = await page.evaluate((options) => window.axe.run({ ...options, resultTypes: ['violations'] }), options);
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).slice(0, 3).join(' ')}`);
  check(`${where}: ${told.join('; ')}`, violations.length === 0);
}

/** What an article shows, the related link between its paragraphs first. */
async function article() {
  const context = await browser.newContext({ ...SCREENS.desk, serviceWorkers: 'block' });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
  const page = await open(context);
  await visit(page, '/artikel/stadtrat-beschliesst-kostenlosen-nahverkehr');
  const between = page.locator('.text > p + .related-inline:has(+ p) a');
  check('no related link stands between two paragraphs', await between.count() > 0);
  for (const part of ['.kicker', '.standfirst', '.byline time', '.corrections', '.more .card', '.read-on .links a', '#sections a', '#date', '.channels a', '.opening img[srcset][alt]']) {
    check(`the article has no ${part}`, await page.locator(part).count() > 0);
  }
  check('the reading time may break', (await page.locator('.times').textContent()).includes('\u00a0Minuten\u00a0Lesezeit'));
  check('there is no placeholder', await page.locator('.opening .picture').evaluate((box) => box.style.backgroundImage.startsWith('url("data:image/png')));

  // No Web Share here: the address is copied, or shown to be copied.
  await page.getByRole('button', { name: 'Teilen' }).click();
  await page.getByText('Link kopiert').first().waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  check(`copied ${copied}`, copied.endsWith('/stadtrat-beschliesst-kostenlosen-nahverkehr/'));
  await page.evaluate(() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); });
  await page.getByRole('button', { name: 'Teilen' }).click();
  check('the address is not shown', await page.getByLabel('Adresse zum Kopieren').inputValue() === copied);
  await page.evaluate(() => { navigator.share = async (what) => { window.passed = what; }; });
  await page.getByRole('button', { name: 'Teilen' }).click();
  check('nothing was handed to the share sheet', await page.evaluate(() => window.passed?.url) === copied);

  // Going on, and back to where one was.
  await between.first().scrollIntoViewIfNeeded();
  const top = await page.evaluate(() => scrollY);
  await between.first().click();
  await page.waitForURL(/was-kostet/);
  check('focus is not on the headline', await page.evaluate(() => document.activeElement.tagName === 'H1'));
  check('the page was not left at its top', await page.evaluate(() => scrollY) === 0);
  await page.goBack();
  await page.getByRole('heading', { name: 'Stadtrat beschließt' }).waitFor();
  check('going back lost the place', Math.abs(await page.evaluate(() => scrollY) - top) < 5);

  // The first key press leads past the navigation.
  await visit(page, '/');
  await page.keyboard.press('Tab');
  check('no way past the navigation', await page.evaluate(() => document.activeElement.textContent) === 'Zum Inhalt');

  // An address of the website leads to the article.
  await visit(page, new URL(copied).pathname);
  await page.waitForURL(/\/artikel\/stadtrat/);

  await visit(page, '/artikel/alle-bausteine');
  for (const part of ['p strong', 'p em', 'p s', 'p code', 'sub', 'sup', 'p a', 'p br', 'h2', 'h3', 'h4', 'ul', 'ol[start="3"]', 'ul ul', 'blockquote footer', 'figure.in-text img', '.gallery img', '.embed a', 'table th', 'td', 'pre code', '.callout', 'hr', '.related-inline a']) {
    check(`${part} is missing`, await page.locator(`.text ${part}`).count() > 0);
  }
  const bare = await page.locator('.text figure .picture').evaluateAll((boxes) => boxes.filter((box) => !box.style.backgroundImage.startsWith('url("data:image/png')).length);
  check(`${bare} pictures in the text have no placeholder`, bare === 0);
  check('the gallery is cut', await page.locator('.gallery-row').evaluate((row) => row.scrollWidth <= row.clientWidth));
  await context.close();
  said.push('every block');
}

/** Whatever an answer holds, nothing of it runs. */
async function attack() {
  const context = await browser.newContext({ ...SCREENS.desk, serviceWorkers: 'block', bypassCSP: true });
  const page = await open(context);
  await page.route(/\/v1\/articles\/alle-bausteine/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: hostile(await response.json()) });
  });
  await visit(page, '/artikel/alle-bausteine');
  await page.waitForTimeout(300);
  check('something ran', !(await page.evaluate(() => window.pwned)));
  check('markup got into the headline', (await page.locator('h1').innerText()).includes('<img'));
  const addresses = await page.locator('main a, main img, main iframe').evaluateAll((all) => all.map((one) => one.href ?? one.src));
  check(`addresses: ${addresses}`, addresses.every((address) => /^(https?|mailto|tel):/.test(address)));
  check('an unknown block was not skipped', await page.getByText('Aus der Zukunft').count() === 0);
  await context.close();
  said.push('hostile content harmless');
}

/** The start page has each article once; what lies beyond the edge of the navigation is hinted at. */
async function front() {
  const context = await browser.newContext({ ...SCREENS.phone, serviceWorkers: 'block' });
  const page = await open(context);
  await visit(page, '/');
  const ids = await page.locator('main [data-id]').evaluateAll((cards) => cards.map((card) => card.dataset.id));
  check('the start page repeats an article', ids.length > 15 && new Set(ids).size === ids.length);
  const sections = page.locator('#sections');
  await page.locator('#sections[data-after]:not([data-before])').waitFor();
  await sections.evaluate((row) => { row.scrollLeft = row.scrollWidth; });
  await page.locator('#sections[data-before]:not([data-after])').waitFor();
  await context.close();
}

async function search() {
  const context = await browser.newContext({ ...SCREENS.phone, serviceWorkers: 'block' });
  const page = await open(context);
  await visit(page, '/');
  await page.getByRole('link', { name: 'Suche' }).first().click();
  const field = page.getByRole('combobox', { name: 'Suchwort' });
  await field.pressSequentially('nahv', { delay: 40 });
  await page.getByRole('option').first().waitFor();
  await accessible(page, 'suggestions');
  await page.keyboard.press('ArrowDown');
  check('no suggestion is chosen', await page.getByRole('option', { selected: true }).count() === 1);
  await page.keyboard.press('Escape');
  await field.fill('kostenloser Nahverkehr');
  await field.press('Enter');
  await page.getByRole('link', { name: 'Stadtrat beschließt kostenlosen Nahverkehr' }).first().waitFor();
  check('nothing is highlighted', await page.locator('mark').count() > 0);
  // Found by its text alone, it shows the passage.
  await field.fill('Nahverkehr');
  await field.press('Enter');
  await page.locator('mark', { hasText: 'kostenlosen' }).first().waitFor({ state: 'detached' });
  await page.locator('.card', { hasText: 'Freie Fahrt ist eine Frage der Würde' }).locator('.passage mark').first().waitFor();
  await context.close();
  said.push('search finds');
}

/** Articles that are published, changed and taken away while somebody reads. */
async function live() {
  const context = await browser.newContext({ ...SCREENS.desk, serviceWorkers: 'block' });
  const [front, open_] = [await open(context), await open(context)];
  await visit(front, '/');
  await visit(open_, '/artikel/alle-bausteine');
  await front.waitForTimeout(1000);
  for (const slug of [first, second]) {
    await publish(slug, { headline: `Neu: ${slug}`, section: 'politik', body: { markdown: 'Eben geschehen.' } });
  }
  await front.bringToFront();
  await front.getByRole('button', { name: '2 neue Artikel' }).click();
  await front.getByRole('link', { name: `Neu: ${second}` }).first().waitFor();
  check('the offer stays', await front.locator('.news button').count() === 0);

  await open_.bringToFront();
  const { version } = await publish('alle-bausteine', { ...everyBlock(picture.id), headline: `Alle Bausteine, neu gemischt ${Date.now()}` });
  check('no version', version > 0);
  await open_.getByRole('heading', { name: 'neu gemischt' }).waitFor();
  await open_.getByText('wurde gerade aktualisiert').waitFor();
  await edit('POST', `/v1/editor/articles/${second}/unpublish`, {});
  await front.bringToFront();
  await front.getByRole('link', { name: `Neu: ${second}` }).first().waitFor({ state: 'detached' });
  await context.close();
  said.push('live');
}

/** One visit, then no server, no network and a new start of the browser. */
async function offline() {
  const listed = readFileSync(join(reader, 'sw.js'), 'utf8');
  const files = readdirSync(reader, { recursive: true }).filter((file) => /\.(js|css|woff2|svg|webmanifest)$/.test(file) && file !== 'sw.js');
  const unlisted = files.filter((file) => !listed.includes(`'/${file}'`));
  check(`sw.js lacks ${unlisted}`, files.length > 25 && unlisted.length === 0);

  const start = () => chromium.launchPersistentContext(profile, { ...launch, ...SCREENS.phone });
  const stored = (page) => page.evaluate(() => new Promise((resolve, reject) => {
    const opening = indexedDB.open('reader');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const all = (name) => new Promise((done) => {
        opening.result.transaction(name).objectStore(name).getAll().onsuccess = ({ target }) => done(target.result);
      });
      Promise.all([all('articles'), all('pictures')]).then(([articles, pictures]) => {
        opening.result.close();
        resolve({ articles: articles.map(({ slug }) => slug), pictures: pictures.length });
      });
    };
  }));
  let context = await start();
  let page = await open(context);
  await visit(page, '/');
  await page.evaluate(() => navigator.serviceWorker.ready);
  const until = async (what, good) => {
    for (const begun = Date.now(); !good(await stored(page)); await page.waitForTimeout(200)) {
      check(what, Date.now() - begun < PATIENCE);
    }
  };
  const { items } = await (await fetch(`${api}/v1/articles?limit=100&fields=slug,image`)).json();
  const pictures = new Set(items.map(({ image }) => image?.id).filter(Boolean)).size;
  await until('not everything was kept', (now) => now.articles.length === items.length && now.pictures === pictures);
  await edit('POST', `/v1/editor/articles/${first}/unpublish`, {});
  await until('what was taken away is still kept', (now) => !now.articles.includes(first));

  const session = await context.newCDPSession(page);
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  check(`can't be installed: ${JSON.stringify(installabilityErrors)}`, installabilityErrors.length === 0);

  // In the first minutes the browser's own cache still answers some questions.
  const noNetwork = async (paths) => {
    for (const path of paths) {
      await page.goto(`${origin}${path}`);
      await page.locator('main :is(.card, .text)').first().waitFor();
      await page.locator('#network', { hasText: 'Ohne Netz' }).waitFor();
      await page.waitForTimeout(500);
      check(`${path} no longer says that there is no network`, await page.locator('#network', { hasText: 'Ohne Netz' }).isVisible());
    }
  };
  const unseen = ['/', '/artikel/uferklang-kehrt-zurueck', '/ressort/kultur'];
  await visit(page, '/');
  await context.setOffline(true);
  await noNetwork(unseen);
  await context.setOffline(false);
  await page.locator('#network', { hasText: 'Ohne Netz' }).waitFor({ state: 'hidden' });
  await visit(page, '/');
  check('it says that there is no network', await page.locator('#network').isHidden());
  process.kill(Number(server));
  await page.locator('#network', { hasText: 'Ohne Netz' }).waitFor();
  web.kill();
  await noNetwork(unseen);
  await context.close();
  context = await start();
  page = await open(context);
  await page.goto(`${origin}/`);
  await page.locator('.card.lead .headline').waitFor();
  await page.locator('#network', { hasText: 'Ohne Netz' }).waitFor();
  const shown = () => page.locator('.picture img').evaluateAll((images) => images.filter((image) => image.naturalWidth > 0).length);
  await scrollThrough(page);
  await page.waitForTimeout(500);
  check('the start page has no pictures', await shown() > 5);
  await page.screenshot({ path: join(shots, 'offline-front.png'), fullPage: true });
  await page.getByRole('link', { name: 'Der Mann, der die Uhren stellt' }).first().click();
  await page.getByRole('heading', { level: 1, name: 'Der Mann, der die Uhren stellt' }).waitFor();
  check('the article has no text', (await page.locator('.text').innerText()).length > 500);
  await page.locator('.opening img').scrollIntoViewIfNeeded();
  await page.waitForTimeout(500);
  check('the article has no picture', await page.locator('.opening img').evaluate((image) => image.naturalWidth > 0));
  await page.screenshot({ path: join(shots, 'offline-article.png') });
  await page.goto(`${origin}/ressort/politik`);
  await page.locator('.rows .card').first().waitFor();
  await page.goto(`${origin}/artikel/${first}`);
  await page.getByRole('heading', { name: 'Kein Netz' }).waitFor();
  await context.close();
  said.push(`${items.length} articles and ${pictures} pictures offline`);
}

let picture;
try {
  picture = await edit('POST', '/v1/editor/media?alt=Ein%20Zeichen', readFileSync(join(reader, 'icons/icon-512.png')), 'image/png');
  for (const begun = Date.now(); picture.status !== 'ready'; picture = await edit('GET', `/v1/editor/media/${picture.id}`)) {
    check('the picture is not ready', Date.now() - begun < 4 * PATIENCE);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await publish('alle-bausteine', everyBlock(picture.id));
  await article();
  await attack();
  await longWords();
  await front();
  await everyPage({
    front: '/', article: '/artikel/stadtrat-beschliesst-kostenlosen-nahverkehr', blocks: '/artikel/alle-bausteine',
    opinion: '/artikel/kostenlos-ist-nicht-umsonst', section: '/ressort/politik', below: '/ressort/stadtrat', topic: '/thema/verkehr', author: '/autor/mara-lenz',
    newest: '/neu', search: '/suche', found: '/suche?q=Nahverkehr', nothing: '/suche?q=Xyzzyx', unknown: '/gibt-es-nicht',
  });
  await search();
  await live();
  await offline();
  console.log(said.join('; '));
} finally {
  web.kill();
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
