// Opens /docs in a real browser that reaches nothing but the server, and tries an
// operation: node docs.mjs http://127.0.0.1:PORT KEY SCREENSHOT
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [base, key, screenshot] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), 'docs-'));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  viewport: { width: 1280, height: 1000 },
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
});
const page = await browser.newPage();
const elsewhere = [], problems = [];
page.on('request', (request) => {
  if (!request.url().startsWith(base + '/') && !request.url().startsWith('data:')) elsewhere.push(request.url());
});
page.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()); });
page.on('pageerror', (error) => problems.push(String(error)));

const check = (what, good) => { if (!good) throw new Error(what); };
const section = (id) => page.locator(`#operations-${id}`);
// Opens an operation by its deep link and presses Execute; answers the status.
async function attempt(tag, id) {
  await page.goto('about:blank');
  await page.goto(`${base}/docs#/${tag}/${id}`);
  const operation = section(`${tag}-${id}`);
  await operation.locator('button.execute').click();
  const status = operation.locator('.live-responses-table tr.response .response-col_status').first();
  await status.waitFor({ timeout: 10_000 });
  return { status: (await status.innerText()).trim().slice(0, 3), text: await operation.locator('.live-responses-table').innerText() };
}

try {
  await page.goto(`${base}/docs`);
  await page.locator('.opblock').first().waitFor({ timeout: 20_000 });
  const spec = await (await page.request.get(`${base}/openapi.json`)).json();
  const methods = ['get', 'put', 'post', 'patch', 'delete'];
  const wanted = Object.values(spec.paths).flatMap((item) => methods.filter((method) => item[method])).length;
  const shown = await page.locator('.opblock').count();
  check(`${shown} operations are shown, the description has ${wanted}`, shown === wanted);
  check('the filter is missing', await page.locator('.operation-filter-input').isVisible());
  if (screenshot) await page.screenshot({ path: screenshot });

  const site = await attempt('site', 'get_site');
  check(`trying get_site answered ${site.status}`, site.status === '200');
  if (screenshot) await page.screenshot({ path: screenshot.replace(/\.png$/, '-tried.png') });

  // Without a token an editor's operation is refused; with one it is answered.
  const refused = await attempt('site', 'get_editor_site');
  check(`without a token get_editor_site answered ${refused.status}`, refused.status === '401');
  await page.locator('.auth-wrapper .authorize').first().click();
  await page.locator('.auth-container input').first().fill(key);
  await page.locator('.auth-btn-wrapper .authorize').click();
  await page.locator('.auth-btn-wrapper .btn-done').click();
  const operation = section('site-get_editor_site');
  await operation.locator('button.execute').click();
  await operation.locator('.live-responses-table tr.response .response-col_status', { hasText: '200' }).first().waitFor({ timeout: 10_000 });

  check(`asked for ${elsewhere}`, elsewhere.length === 0);
  // The refusal above is told on the console too.
  const real = problems.filter((text) => !text.includes('401'));
  check(`the browser complained: ${real.join('; ')}`, real.length === 0);
  console.log(`${shown} operations shown; tried without a token, with none where one is needed, and with one`);
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
