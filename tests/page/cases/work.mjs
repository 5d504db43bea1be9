// Work: cancelled, spread over workers, larger than memory, with more differences than a page can hold.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { answer, download, give, open, SHOTS, violations } from '../browser.mjs';
import { at, bigs, browser, native, nativeTo, test } from '../stage.mjs';

test('cancel ends the work at once, and the next job runs', async () => {
    const { page, close } = await open(browser);
    await give(page, [], await bigs());
    await page.click('#start');
    await page.waitForFunction(() => document.querySelector('progress')?.value > 0);
    await page.screenshot({ path: join(SHOTS, 'running.png') });
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.waitForSelector('#progress .banner', { timeout: 1000 });
    assert.equal(await page.locator('.sentence').innerText(), 'Cancelled. Nothing was kept.');
    assert.deepEqual(await violations(page), []);
    for (let tries = 0; page.workers().length > 0 && tries < 250; tries++) await page.waitForTimeout(20);
    assert.equal(page.workers().length, 0);
    const remove = page.getByRole('button', { name: /^Remove big/ });
    while ((await remove.count()) > 0) await remove.first().click();
    await give(page, [], [at('backup.txt')]);
    assert.match(await answer(page), /^9,862 points/);
    await close();
});

test('rows that do not fit into memory go to blobs, and the manifest is the command\'s', async () => {
    // A leaf is a row of 50 bytes or more, of which 8 MiB stay in memory.
    let lines = '';
    for (let leaf = 0; leaf < 300_000; leaf++) lines += `sys.load ${1_600_000_000 + ((leaf * 7919) % 300) * 3600} ${leaf} host=web${leaf % 1000}\n`;
    writeFileSync(at('wide.txt'), lines);
    const { page, close } = await open(browser);
    await give(page, [], [at('wide.txt')]);
    await answer(page);
    const manifest = await download(page, 'Save the fingerprint');
    native('manifest', 'wide.txt', '-o', 'wide.arrow', '--quiet');
    assert.ok(manifest.equals(readFileSync(at('wide.arrow'))), 'the manifests differ');
    await close();
});

/** Lines of a small fleet, in no order where `step` is far from 1. */
const fleet = (from, count, step) => {
    let lines = '';
    for (let index = 0; index < count; index++) {
        const at = from + ((index * step) % count);
        lines += `sys.load.${at % 7} ${1_600_000_000 + Math.floor(at / 300) * 10} ${(at * 37) % 1009}.${at % 10} host=web${at % 300}\n`;
    }
    return lines;
};

test('several workers give the manifest and the report of one, whatever the order', async () => {
    writeFileSync(at('long.txt'), fleet(0, 1_000_000, 1));
    writeFileSync(at('shuffled.txt'), fleet(0, 1_000_000, 7_919));
    const names = [0, 1, 2, 3, 4].map((part) => {
        writeFileSync(at(`part${part}.txt`), `${fleet(part * 200_000, 200_000, 1)}${part === 3 ? 'no line\n' : ''}`);
        return `part${part}.txt`;
    });
    for (const current of [['long.txt'], ['shuffled.txt'], names]) {
        const { page, close } = await open(browser, { cores: 4 });
        await give(page, [], current.map(at));
        await page.click('#start');
        await page.waitForFunction(() => document.querySelector('progress')?.value > 0);
        assert.ok(page.workers().length >= 3, `${page.workers().length} workers`);
        await page.waitForSelector('#answer', { timeout: 120_000 });
        const [manifest, report] = [await download(page, 'Save the fingerprint'), await download(page, 'Save the report (JSON)')];
        assert.equal(report.toString(), native('manifest', ...current, '-o', 'several.arrow', '--report', 'json').toString());
        assert.ok(manifest.equals(readFileSync(at('several.arrow'))), 'the manifests differ');
        await close();
    }
    for (const [verb, base, current] of [['verify', 'several.arrow', names.slice(1)], ['diff', 'shuffled.txt', ['part3.txt']]]) {
        const { page, close } = await open(browser, { cores: 4 });
        await give(page, [at(base)], current.map(at));
        await answer(page);
        const report = await download(page, 'Save the report (JSON)');
        assert.ok(report.equals(native(verb, base, ...current, '--report', 'json')), `${verb}: the reports differ`);
        await close();
    }
});

test('a million differences stay usable', async () => {
    // Hours beside each other would be one difference.
    const lines = (value) => {
        let text = '';
        for (let series = 0; series < 1000; series++) {
            for (let hour = 0; hour < 1000; hour++) text += `load.${series % 10} ${1_600_000_000 + hour * 7200} ${value} h=${series}\n`;
        }
        return text;
    };
    writeFileSync(at('million-a.txt'), lines(1));
    writeFileSync(at('million-b.txt'), lines(2));
    const { page, close } = await open(browser);
    await give(page, [at('million-a.txt')], [at('million-b.txt')]);
    assert.equal(await answer(page), 'They differ: 1,000,000 changed.');
    const rows = () => page.locator('.list .item').count();
    const timed = async (what, most, run) => {
        const began = performance.now();
        await run();
        const ms = performance.now() - began;
        assert.ok(ms < most, `${what} took ${ms.toFixed(0)} ms`);
    };
    await timed('a metric', 3000, async () => {
        await page.locator('.list button').first().click();
        await page.waitForFunction(() => document.querySelector('.list')?.getAttribute('aria-label') === 'series');
    });
    assert.ok((await rows()) <= 20);
    await timed('the last series', 2000, async () => {
        await page.keyboard.press('End');
        await page.waitForFunction(() => document.activeElement?.textContent?.startsWith('h='));
    });
    await timed('a series', 2000, async () => {
        await page.keyboard.press('Enter');
        await page.waitForFunction(() => document.querySelector('.list')?.getAttribute('aria-label') === 'days');
    });
    await timed('a scroll to the end', 1000, async () => {
        await page.locator('.list').evaluate((list) => (list.scrollTop = list.scrollHeight));
        await page.waitForFunction(() => document.querySelector('.list .item:last-child')?.getAttribute('aria-posinset') === document.querySelector('.list .item')?.getAttribute('aria-setsize'));
    });
    assert.ok((await rows()) <= 20);
    await page.screenshot({ path: join(SHOTS, 'million.png') });
    // The list of all series at once, and the way back.
    await timed('the way back', 3000, () => page.getByRole('button', { name: 'All metrics' }).click());
    const report = await download(page, 'Save the report (JSON)');
    nativeTo('million.jsonl', 'diff', 'million-a.txt', 'million-b.txt', '--report', 'json');
    assert.ok(report.equals(readFileSync(at('million.jsonl'))), 'the reports differ');
    await close();
});
