// Debian's Chromium, driven over its own protocol: nothing of it is downloaded.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const ROOT = join(import.meta.dirname, '../..');
export const DATA = join(ROOT, 'tests/data/opentsdb');
/** Where `cargo xtask test` installed what package.json names, and where files may be written. */
export const SPACE = process.env.TSDBPROOF_PAGE_SPACE ?? join(ROOT, 'target/page');
export const SHOTS = join(SPACE, 'shots');
mkdirSync(SHOTS, { recursive: true });

const require = createRequire(join(SPACE, 'package.json'));
const { chromium } = require('playwright-core');
export const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const PAGE = join(ROOT, 'www/dist/tsdbproof.html');
export const OFFLINE = pathToFileURL(PAGE).href;

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const launch = () => chromium.launch({ executablePath: PLACES.find(existsSync), headless: true, args: ARGS });

/** An open page that fails the test when it asks for anything, or when a script of it fails. */
export async function open(browser, { address = OFFLINE, width = 1280, height = 900, scheme = 'light', language = 'en-GB', cores } = {}) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, locale: language, acceptDownloads: true, reducedMotion: 'reduce' });
    const page = await context.newPage();
    if (cores !== undefined) await page.addInitScript((cores) => Object.defineProperty(navigator, 'hardwareConcurrency', { value: cores }), cores);
    const faults = [];
    page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
    page.on('console', (message) => message.type() === 'error' && faults.push(`console: ${message.text()}`));
    page.on('request', (request) => {
        const isOwn = request.url() === address || request.url().startsWith('blob:') || request.url().startsWith('data:');
        if (!isOwn) faults.push(`request: ${request.url()}`);
    });
    await page.goto(address);
    await page.waitForSelector('html[data-ready]');
    const close = async () => {
        await context.close();
        assert.deepEqual(faults, []);
    };
    return { page, faults, close };
}

/** Puts files into the slots; they are paths, or `{ name, mimeType, buffer }`. */
export async function give(page, base, current) {
    if (base.length > 0) await page.setInputFiles('#base-files', base);
    if (current.length > 0) await page.setInputFiles('#current-files', current);
    await page.waitForSelector('#start:not([disabled])');
}

/** Starts the job and waits for its answer. */
export async function answer(page) {
    await page.click('#start');
    await page.waitForSelector('#answer, #progress .banner', { timeout: 120_000 });
    return page.locator('.sentence').first().innerText();
}

/** The bytes of what a click downloads. */
export async function download(page, button) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button, exact: true }).click()]);
    return readFileSync(await download.path());
}

/** What axe finds wrong. */
export async function violations(page) {
    await page.evaluate(AXE);
    const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
    return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.any.map((it) => it.message).join('; ').slice(0, 200)}`));
}

/** Drops files or folders by the browser's own protocol: an event that a script makes has no folders. */
export async function drop(page, target, paths) {
    const { x, y } = await target.boundingBox();
    const protocol = await page.context().newCDPSession(page);
    const data = { items: [], files: paths, dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop']) {
        await protocol.send('Input.dispatchDragEvent', { type, x: x + 20, y: y + 20, data });
    }
    await page.waitForSelector('#start:not([disabled])');
}

/** Looks at the page as it is: a picture of it is kept, axe finds nothing wrong, and nothing is too wide for the frame. */
export async function look(page, name) {
    await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
    assert.deepEqual(await violations(page), [], name);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${name} is ${over} px too wide`);
}
