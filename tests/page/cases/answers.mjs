// Answers: one sentence, the command's report byte for byte, what can be kept.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { answer, download, give, open, SHOTS } from '../browser.mjs';
import { at, browser, native, test } from '../stage.mjs';

for (const [name, base, current] of [
    ['text against its restored copy', 'backup.txt', 'restored.txt'],
    ['text against the raw scan of the same table', 'backup.txt', 'backup-raw.gz'],
    ['text against a cut gzip', 'backup.txt', 'cut.gz'],
]) {
    test(`diff: the report is the command's, byte for byte: ${name}`, async () => {
        const { page, close } = await open(browser);
        await give(page, [at(base)], [at(current)]);
        await answer(page);
        const report = await download(page, 'Save the report (JSON)');
        assert.equal(report.toString(), native('diff', base, current, '--report', 'json').toString());
        await close();
    });
}

test('the answer is one sentence, and leads to the points', async () => {
    const { page, close } = await open(browser);
    await give(page, [at('backup.txt')], [at('restored.txt')]);
    assert.equal(await answer(page), 'They differ: 500 points are missing, 4 were added and 12 changed.');
    await page.getByRole('button', { name: /^sys\.mem\.used/ }).last().click();
    await page.locator('.list button').first().click();
    while ((await page.locator('.list button').count()) > 0) await page.locator('.list button').first().click();
    await page.waitForSelector('.plot');
    assert.match(await page.locator('.plot').getAttribute('aria-label'), /instants of both sides, [1-9]\d* of them differ/);
    await page.screenshot({ path: join(SHOTS, 'stretch.png'), fullPage: true });
    await close();
});

test('manifest and verify: the same bytes as the command, both ways', async () => {
    const { page, close } = await open(browser);
    await give(page, [], [at('backup.txt')]);
    assert.equal(await answer(page), '9,862 points were read, and nothing is damaged.');
    const manifest = await download(page, 'Save the fingerprint');
    const report = await download(page, 'Save the report (JSON)');
    assert.equal(report.toString(), native('manifest', 'backup.txt', '-o', 'native.arrow', '--report', 'json').toString());
    assert.ok(manifest.equals(readFileSync(at('native.arrow'))), 'the manifests differ');
    writeFileSync(at('backup.arrow'), manifest);
    await close();
    for (const [current, says] of [['restored.txt', /^They differ: 480 points are missing and 25 hours of series differ\.$/], ['backup.txt', /^The files are the same, byte for byte/], ['backup-raw.gz', /^Both sides hold the same data/]]) {
        const { page, close } = await open(browser);
        await give(page, [at('backup.arrow')], [at(current)]);
        assert.match(await answer(page), says);
        const report = await download(page, 'Save the report (JSON)');
        assert.equal(report.toString(), native('verify', 'backup.arrow', current, '--report', 'json').toString());
        await close();
    }
});

test('filters are the command\'s', async () => {
    const { page, close } = await open(browser);
    await give(page, [at('backup.txt')], [at('restored.txt')]);
    await page.click('#filters summary');
    await page.fill('[name=from]', '2023-11-15T00:00');
    await page.fill('[name=metric]', 'sys.* net.bytes');
    await page.selectOption('[name=profile]', 'f32');
    await answer(page);
    const report = await download(page, 'Save the report (JSON)');
    const flags = ['--from', '2023-11-15T00:00', '--metric', 'sys.*', '--metric', 'net.bytes', '--profile', 'f32'];
    assert.equal(report.toString(), native('diff', 'backup.txt', 'restored.txt', ...flags, '--report', 'json').toString());
    await close();
});

test('a report that stands alone tells the verdict, the picture and the differences', async () => {
    const { page, close } = await open(browser);
    await give(page, [at('backup.txt')], [at('restored.txt')]);
    await answer(page);
    writeFileSync(at('alone.html'), await download(page, 'Save the report (HTML)'));
    await close();
    const alone = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await alone.goto(`file://${at('alone.html')}`);
    const told = await alone.locator('body').innerText();
    for (const part of ['500 points are missing', 'sys.mem.used', 'host=db-01', 'tsdbproof:v1:exact:']) assert.ok(told.includes(part), part);
    assert.ok((await alone.locator('.calendar tbody tr').count()) === 7);
    await alone.screenshot({ path: join(SHOTS, 'alone.png'), fullPage: true });
    await alone.pdf({ path: join(SHOTS, 'alone.pdf') });
    await alone.context().close();
});

test('differences within a tolerance are told, and allowed', async () => {
    const { page, close } = await open(browser);
    writeFileSync(at('exact.txt'), 'sys.load 1600000000 1.5 host=a\nsys.load 1600000060 2.5 host=a\n');
    writeFileSync(at('nearly.txt'), 'sys.load 1600000000 1.5 host=a\nsys.load 1600000060 2.5000001 host=a\n');
    await give(page, [at('exact.txt')], [at('nearly.txt')]);
    await page.click('#filters summary');
    for (const wrong of ['a little', '-1', 'Infinity']) {
        await page.fill('[name=absTol]', wrong);
        assert.ok(await page.locator('#start').isDisabled(), wrong);
        assert.match(await page.locator('#plan').innerText(), /is a number from 0 on/);
    }
    await page.fill('[name=absTol]', '');
    for (const [name, given, flag, says] of [
        ['absTol', '0.001', '--abs-tol', /^They differ, but no more than was allowed/],
        ['relTol', '1e-6', '--rel-tol', /^They differ, but no more than was allowed/],
        ['relTol', '1e-9', '--rel-tol', /^They differ: 1 changed/],
    ]) {
        await page.fill(`[name=${name}]`, given);
        assert.match(await answer(page), says);
        const report = await download(page, 'Save the report (JSON)');
        assert.equal(report.toString(), native('diff', 'exact.txt', 'nearly.txt', flag, given, '--report', 'json').toString());
        await page.fill(`[name=${name}]`, '');
    }
    await close();
});

test('a series with points in 1970 and 2100 leaves the picture its hours', async () => {
    const { page, close } = await open(browser);
    const other = 'sys.load 1700000000 1 host=a\nsys.load 1700003600 2 host=a\n';
    const odd = [1000, 1_700_000_000, 4_102_444_800].map((time) => `sys.odd ${time} 1 host=b\n`).join('');
    writeFileSync(at('odd.txt'), `${other}${odd}`);
    writeFileSync(at('plain.txt'), other.replace(' 2 ', ' 3 '));
    await give(page, [at('odd.txt')], [at('plain.txt')]);
    assert.equal(await answer(page), 'They differ: 3 points are missing and 1 changed.');
    assert.match(await page.locator('.calendar caption').innerText(), /by metric and hour/);
    assert.match(await page.locator('.calendar thead').innerText(), /1970-01-01[^]*2023-11-14[^]*2100-01-01/);
    // What is missing may lie in each of the columns that its stretch reaches.
    const cells = page.locator('.calendar tbody tr').filter({ hasText: 'sys.odd' }).locator('button');
    assert.equal(await cells.count(), 3);
    assert.match(await cells.first().getAttribute('title'), /about/);
    await page.screenshot({ path: join(SHOTS, 'outliers.png'), fullPage: true });
    await close();
});
