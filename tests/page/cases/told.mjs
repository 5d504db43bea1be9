// What the page tells while it works and behind it, also to those who do not see it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import { answer, give, open, PAGE } from '../browser.mjs';
import { at, bigs, browser, native, test } from '../stage.mjs';

test('a running job tells its rate and the time left, and says so now and then', async () => {
    const { page, close } = await open(browser);
    // What is said every ten seconds is said sooner.
    await page.evaluate(() => {
        const now = performance.now.bind(performance);
        performance.now = () => now() * 20;
    });
    await give(page, [], await bigs());
    await page.click('#start');
    const told = (selector) => page.waitForFunction((selector) => {
        const text = document.querySelector(selector)?.textContent ?? '';
        return /^[0-9.]+ [KMG]?i?B of [0-9.]+ [MG]iB, [0-9.]+ [KMG]?i?B\/s, about .+ left$/.test(text);
    }, selector);
    await told('.bars .strong');
    await told('.bars [role=status]');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.waitForSelector('#progress .banner');
    await close();
});

test('the answer is said, a root is copied, and that is said too', async () => {
    const { page, close } = await open(browser);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await give(page, [], [at('backup.txt')]);
    const sentence = await answer(page);
    const said = () => page.locator('#said[role=status]').textContent();
    assert.equal(await said(), sentence);
    await page.locator('.root .copy').first().click();
    await page.waitForFunction(() => document.querySelector('#said')?.textContent === 'Copied');
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    const [side] = JSON.parse(native('manifest', 'backup.txt', '-o', 'told.arrow', '--report', 'json').toString()).sides;
    assert.equal(copied, side.exact_root);
    await close();
});

test('the page names the hash of the wasm that it runs', async () => {
    const [, packed] = readFileSync(PAGE, 'utf8').match(/<script type="text\/plain" id="wasm">([^<]+)</) ?? [];
    const digest = createHash('sha256').update(gunzipSync(Buffer.from(packed, 'base64'))).digest('hex');
    const { page, close } = await open(browser);
    assert.match(await page.locator('body').innerText(), new RegExp(`wasm SHA-256 ${digest}`));
    await close();
});
