// Patches: what one changes, and whether a backup and patches give what is promised.

import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { answer, download, drop, give, look, open, ROOT, SHOTS } from '../browser.mjs';
import { at, browser, native, test } from '../stage.mjs';

/** Three days of one series, and the patches between them; one between two archives of the fixtures. */
const DAYS = ['monday', 'tuesday', 'wednesday'];
for (const day of DAYS) copyFileSync(join(ROOT, `tests/suite/commands/chain/${day}.txt`), at(`${day}.txt`));
const patch = (base, current, name) => native('diff', base, current, '--patch', name, '--quiet');
patch('monday.txt', 'tuesday.txt', 'tuesday.patch');
patch('tuesday.txt', 'wednesday.txt', 'wednesday.patch');
patch('monday.txt', 'wednesday.txt', 'both.patch');
patch('backup.txt', 'restored.txt', 'damage.patch');
native('manifest', 'backup.txt', '-o', 'backup.manifest', '--quiet');
patch('backup.manifest', 'restored.txt', 'hours.patch');
const changed = readFileSync(at('damage.patch'));
changed[changed.length >> 1] ^= 1;
writeFileSync(at('changed.patch'), changed);
writeFileSync(at('cut.patch'), changed.subarray(0, changed.length >> 1));

/** Holds the page's report against the command's. */
const same = async (page, ...args) => {
    const report = await download(page, 'Save the report (JSON)');
    assert.equal(report.toString(), native(...args, '--report', 'json').toString());
};

const roots = (page) => page.locator('.root code').allInnerTexts();

for (const [name, says, metrics] of [
    ['damage.patch', 'This patch deletes 500 points, adds 4 points and replaces 12 values.', 7],
    ['hours.patch', 'This patch adds 3,569 points and clears 32 hours of series.', 7],
]) {
    test(`one patch is shown as the command shows it: ${name}`, async () => {
        const { page, close } = await open(browser);
        await drop(page, page.locator('.slot').last(), [at(name)]);
        assert.match(await page.locator('.slot').last().innerText(), /\.patch\s+patch · /);
        assert.match(await page.locator('#plan').innerText(), /what the patch changes/);
        assert.equal(await answer(page), says);
        await same(page, 'show', name);
        const [before, after] = ['backup.txt', 'restored.txt'].map((file) => /tsdbproof:v1:exact:[0-9a-f]{64}/.exec(native('show', file).toString())[0]);
        assert.deepEqual(await roots(page), [before, after]);
        assert.equal(await page.locator('.calendar tbody tr').count(), metrics);
        await page.screenshot({ path: join(SHOTS, `shown-${name}.png`), fullPage: true });
        await close();
    });
}

test('a change of a patch is told with both values, at its points, by keyboard alone', async () => {
    const { page, close } = await open(browser);
    await give(page, [at('damage.patch')], []);
    await page.locator('#start').focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('#answer');
    const focus = () => page.evaluate(() => document.activeElement?.textContent ?? '');
    for (let tries = 0; !/^sys\.cpu\.user/.test(await focus()); tries++) {
        assert.ok(tries < 60, 'no metric within 60 tabs');
        await page.keyboard.press('Tab');
    }
    while (!/^net\.bytes/.test(await focus())) await page.keyboard.press('ArrowDown');
    for (let tries = 0; tries < 4 && (await page.locator('.stretch').count()) === 0; tries++) {
        await page.keyboard.press('Enter');
        await page.waitForTimeout(100);
    }
    await page.waitForSelector('.plot');
    const told = (await page.locator('.explorer').innerText()).replaceAll(/\s+/g, ' ');
    assert.match(told, /~ 1 replaced Values that it takes away: 1; values that it brings: 1\./);
    assert.match(told, /2023-11-15 02:30:00 ~ replaced 2454 -2454/);
    assert.match(await page.locator('.plot').getAttribute('aria-label'), /^1 instants of both sides, 1 of them differ/);
    await page.screenshot({ path: join(SHOTS, 'patch-points.png'), fullPage: true });
    writeFileSync(at('patch.html'), await download(page, 'Save the report (HTML)'));
    await close();
    const alone = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await alone.goto(`file://${at('patch.html')}`);
    const text = await alone.locator('body').innerText();
    for (const part of ['This patch deletes 500 points', 'damage.patch', 'cpu=1, dc=ams, host=db-01', '− 360 deleted']) assert.ok(text.includes(part), part);
    await alone.context().close();
});

test('a backup and patches, in any slot and any order, are proven as the command proves them', async () => {
    const says = 'This backup and these 2 patches give exactly the state that the last one promises: 4 points.';
    for (const [base, current] of [
        [['monday.txt'], ['tuesday.patch', 'wednesday.patch']],
        [['wednesday.patch', 'tuesday.patch'], ['monday.txt']],
        [['wednesday.patch', 'monday.txt', 'tuesday.patch'], []],
        [['monday.txt', 'wednesday.patch'], ['tuesday.patch']],
    ]) {
        const { page, close } = await open(browser);
        await give(page, base.map(at), current.map(at));
        assert.equal(await page.locator('#start').innerText(), 'Check the patches');
        assert.equal(await answer(page), says);
        await same(page, 'apply', 'monday.txt', 'wednesday.patch', 'tuesday.patch', '--check');
        const order = await page.locator('section:has(> h2:text-is("Patches, in their order")) tbody th').allInnerTexts();
        assert.deepEqual(order, ['tuesday.patch', 'wednesday.patch']);
        await close();
    }
    const { page, close } = await open(browser, { cores: 4 });
    await give(page, [at('backup.txt')], [at('damage.patch')]);
    assert.equal(await answer(page), 'This backup and this patch give exactly the state that the patch promises: 9,366 points.');
    await same(page, 'apply', 'backup.txt', 'damage.patch', '--check');
    await page.screenshot({ path: join(SHOTS, 'proven.png'), fullPage: true });
    await close();
});

test('a state on the way is chosen by its root', async () => {
    const { page, close } = await open(browser);
    await give(page, [at('monday.txt')], [at('tuesday.patch'), at('wednesday.patch')]);
    const root = /tsdbproof:v1:exact:[0-9a-f]{64}/.exec(native('show', 'tuesday.txt').toString())[0];
    await page.click('#filters summary');
    await page.fill('#root', root);
    assert.equal(await answer(page), 'This backup and this patch give exactly the state that the patch promises: 3 points.');
    await same(page, 'apply', 'monday.txt', 'tuesday.patch', 'wednesday.patch', '--check', '--root', root);
    await page.fill('#root', root.replace(/.{4}$/, '0000'));
    assert.equal(await answer(page), 'The patches do not lead to the state that was asked for.');
    await page.fill('#root', '');
    await page.fill('[name=metric]', 'cpu');
    assert.ok(await page.locator('#start').isDisabled());
    assert.match(await page.locator('#plan').innerText(), /taken as a whole/);
    await close();
});

test('what does not fit is named: another base, a gap, a fork', async () => {
    for (const [base, patches, says] of [
        ['restored.txt', ['damage.patch'], /^The patches are for another base/],
        ['monday.txt', ['wednesday.patch'], /^The patches are for another base/],
        ['monday.txt', ['tuesday.patch', 'damage.patch'], /^A patch is missing: none of these goes on from what tuesday\.patch makes\.$/],
        ['monday.txt', ['tuesday.patch', 'both.patch'], /^The patches fork: both\.patch and tuesday\.patch start from the same state\.$/],
    ]) {
        const { page, close } = await open(browser);
        await give(page, [at(base)], patches.map(at));
        assert.match(await answer(page), says);
        assert.equal(await page.locator('#answer').getAttribute('class'), 'banner bad');
        await same(page, 'apply', base, ...[...patches].sort(), '--check');
        await page.screenshot({ path: join(SHOTS, `misfit-${patches.length}-${base}.png`), fullPage: true });
        await close();
    }
});

test('a fingerprint proves what it can', async () => {
    for (const [name, says, tone] of [
        ['hours.patch', /^This backup and this patch give exactly the state that the patch promises: 9,366 points\.$/, 'banner good'],
        ['damage.patch', /^The patches follow on this state, but without more of it nobody can tell/, 'banner warn'],
    ]) {
        const { page, close } = await open(browser);
        await give(page, [at('backup.manifest')], [at(name)]);
        assert.match(await answer(page), says);
        assert.equal(await page.locator('#answer').getAttribute('class'), tone);
        await same(page, 'apply', 'backup.manifest', name, '--check');
        await close();
    }
});

test('a damaged patch is refused, and says what to do', async () => {
    for (const [name, base] of [['changed.patch', []], ['cut.patch', []], ['changed.patch', ['backup.txt']]]) {
        const { page, close } = await open(browser);
        await give(page, base.map(at), [at(name)]);
        assert.equal(await answer(page), 'This could not be done.');
        const told = await page.locator('#progress').innerText();
        assert.ok(told.includes(name) && /What to do: /.test(told), told);
        assert.equal(await page.locator('#answer').count(), 0);
        await page.screenshot({ path: join(SHOTS, `refused-${base.length}-${name}.png`) });
        await close();
    }
});

test('what patches need is said before they are read', async () => {
    const { page, close } = await open(browser);
    await page.setInputFiles('#current-files', [at('tuesday.patch'), at('wednesday.patch')]);
    await page.waitForFunction(() => /Add the backup/.test(document.querySelector('#plan')?.textContent ?? ''));
    assert.ok(await page.locator('#start').isDisabled());
    await give(page, [at('monday.txt')], []);
    await page.setInputFiles('#current-files', [at('tuesday.txt')]);
    await page.waitForFunction(() => /start from one backup/.test(document.querySelector('#plan')?.textContent ?? ''));
    assert.ok(await page.locator('#start').isDisabled());
    await close();
});

for (const [scheme, width] of [['light', 1280], ['dark', 1280], ['light', 320], ['dark', 320]]) {
    test(`patches are accessible and in the frame: ${scheme}, ${width} px`, async () => {
        const { page, close } = await open(browser, { scheme, width, height: 800 });
        const check = (state) => look(page, `${state}-${scheme}-${width}`);
        await give(page, [], [at('hours.patch')]);
        await answer(page);
        await check('patch');
        await page.getByRole('button', { name: 'Remove hours.patch' }).click();
        await give(page, [at('monday.txt')], [at('tuesday.patch'), at('wednesday.patch')]);
        await answer(page);
        await check('patches');
        await page.getByRole('button', { name: 'Remove tuesday.patch' }).click();
        await answer(page);
        await check('misfit');
        await close();
    });
}

test('补丁', async () => {
    const { page, close } = await open(browser, { language: 'zh-CN' });
    await give(page, [], [at('damage.patch')]);
    assert.equal(await answer(page), '此补丁删除 500 个数据点,增加 4 个数据点,替换 12 个值。');
    await page.screenshot({ path: join(SHOTS, 'patch-chinese.png'), fullPage: true });
    await give(page, [at('backup.txt')], []);
    assert.equal(await answer(page), '此备份与这 1 个补丁恰好得到所承诺的状态:9,366 个数据点。');
    await page.getByRole('button', { name: '移除 backup.txt' }).click();
    await give(page, [at('restored.txt')], []);
    assert.equal(await answer(page), '补丁属于另一个备份:没有一个从此备份的状态开始。');
    await page.selectOption('#language', 'en');
    assert.match(await page.locator('.sentence').first().innerText(), /^The patches are for another base/);
    await close();
});
