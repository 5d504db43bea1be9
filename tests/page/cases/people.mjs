// People: by keyboard, with a screen reader, on a small screen, in another language, for the first time.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { answer, DATA, download, drop, give, look, open, ROOT, SHOTS } from '../browser.mjs';
import { at, bigs, browser, native, test } from '../stage.mjs';

test('the keyboard alone does everything', async () => {
    const { page, close } = await open(browser);
    const focus = () => page.evaluate(() => document.activeElement?.textContent ?? '');
    const press = async (key, times = 1) => {
        for (let time = 0; time < times; time++) await page.keyboard.press(key);
    };
    const tabTo = async (wanted) => {
        for (let tries = 0; tries < 60; tries++) {
            if (wanted.test(await focus())) return;
            await press('Tab');
        }
        assert.fail(`no ${wanted} within 60 tabs`);
    };
    await tabTo(/^Try it/);
    await press('Enter');
    await page.waitForSelector('#start:not([disabled])');
    await tabTo(/^Compare$/);
    await press('Enter');
    await page.waitForSelector('#answer');
    await tabTo(/^sys\.cpu\.user/);
    await press('ArrowDown');
    assert.match(await focus(), /^sys\.mem\.used/);
    await press('End');
    assert.match(await focus(), /^edge\.epoch/);
    await press('Home');
    await press('Enter');
    await page.waitForFunction(() => document.querySelector('.crumbs')?.textContent?.includes('sys.cpu.user'));
    await close();
});

for (const [scheme, width] of [['light', 1280], ['dark', 1280], ['light', 320], ['dark', 320]]) {
    test(`accessible and in the frame: ${scheme}, ${width} px`, async () => {
        const { page, close } = await open(browser, { scheme, width, height: 800 });
        const check = (state) => look(page, `${state}-${scheme}-${width}`);
        await check('start');
        await page.click('#filters summary');
        await check('filters');
        await page.click('#filters summary');
        await give(page, [at('backup.txt')], [at('cut.gz')]);
        await answer(page);
        await check('result');
        while ((await page.locator('.list button').count()) > 0) {
            await page.locator('.list button').first().click();
            await page.waitForTimeout(50);
        }
        await page.waitForSelector('.plot');
        await check('plot');
        await page.getByRole('button', { name: 'Remove backup.txt' }).click();
        await answer(page);
        await check('fingerprint');
        writeFileSync(at('folder.parquet'), 'PAR1PAR1');
        await page.getByRole('button', { name: 'Remove cut.gz' }).click();
        await give(page, [], [at('folder.parquet')]);
        await answer(page);
        await check('failed');
        await close();
    });
}

for (const [scheme, width] of [['light', 1280], ['dark', 1280], ['light', 320], ['dark', 320]]) {
    test(`accessible while it works: ${scheme}, ${width} px`, async () => {
        const names = await bigs();
        const { page, close } = await open(browser, { scheme, width, height: 800, cores: 1 });
        await give(page, names.slice(0, 1), names.slice(1));
        await page.click('#start');
        await page.waitForFunction(() => document.querySelector('progress')?.value > 0);
        assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Cancel');
        await look(page, `busy-${scheme}-${width}`);
        // It was looked at while it worked, and the keyboard ends it.
        assert.equal(await page.locator('progress').count(), 6, 'it was at its end');
        await page.keyboard.press('Enter');
        await page.waitForSelector('#progress .banner', { timeout: 1000 });
        assert.equal(await page.locator('.sentence').innerText(), 'Cancelled. Nothing was kept.');
        await close();
    });
}

test('every text that may be asked for is there, in each language', async () => {
    const www = join(ROOT, 'www');
    const module = (name) => import(`data:text/javascript,${encodeURIComponent(readFileSync(join(www, name), 'utf8'))}`);
    const [{ EN }, { ZH }] = [await module('texts-en.js'), await module('texts-zh.js')];
    assert.deepEqual(Object.keys(ZH).sort(), Object.keys(EN).sort());
    const sources = readdirSync(www).filter((name) => /\.(js|html)$/.test(name) && !name.startsWith('texts-'));
    const source = sources.map((name) => readFileSync(join(www, name), 'utf8')).join('\n');
    const asked = [...source.matchAll(/\bt\('([^']+)'|data-t(?:-\w+)?="([^"]+)"/g)].map(([, key, other]) => key ?? other);
    // What the binding may name: causes, what does not fit, verdicts.
    const types = readFileSync(join(ROOT, 'pkg/tsdbproof.d.ts'), 'utf8');
    const names = (type) => [...(new RegExp(`type ${type} = ([^;]+(?:;[^;]*})*[^;]*);`).exec(types)?.[1] ?? '').matchAll(/"([\w-]+)"/g)].map(([, name]) => name);
    asked.push(...[...types.matchAll(/cause: "([\w-]+)"/g)].map(([, cause]) => `cause.${cause}`));
    asked.push(...names('MisfitKind').map((kind) => `patch.misfit.${kind}`));
    assert.ok(asked.length > 120 && asked.includes('cause.scan-ends') && asked.includes('patch.misfit.fork'), `${asked.length} texts`);
    assert.deepEqual(asked.filter((key) => !(key in EN)), []);
    // And none that nothing asks for.
    const made = [...source.matchAll(/t\((?:\w+ === '\w+' \? )?`([a-z]+(?:\.[a-z]+)*)\.\$\{|`(\w+)\.title`/g)].map(([, prefix]) => prefix);
    const isMade = (key) => made.some((prefix) => prefix !== undefined && key.startsWith(`${prefix}.`));
    const unused = Object.keys(EN).filter((key) => !isMade(key) && !source.includes(`'${key}'`) && !source.includes(`"${key}"`));
    assert.deepEqual(unused.filter((key) => !/^(base|current)\.(title|hint)$|^sign\./.test(key)), []);
});

/** The points that were taken out of the restored copy, as those tell who did it. */
const lost = () => {
    const { ops, lost_with_row_or_series: others } = JSON.parse(readFileSync(join(DATA, 'restored/truth-damage.json'), 'utf8'));
    return [...ops.filter(({ op }) => op === 'delete' || op === 'shift'), ...others];
};

test('who has never seen the page finds what is missing, and hands over a report', async () => {
    const began = performance.now();
    const { page, close } = await open(browser);
    const shot = (name) => page.screenshot({ path: join(SHOTS, `story-${name}.png`) });
    await drop(page, page.locator('.slot').first(), [at('backup.txt')]);
    await drop(page, page.locator('.slot').last(), [at('restored.txt')]);
    await shot('1-dropped');
    assert.equal(await answer(page), 'They differ: 500 points are missing, 4 were added and 12 changed.');
    await shot('2-answer');
    // The worst metric, its worst series, its hours: the first row each time.
    const told = async () => (await page.locator('.explorer').innerText()).replaceAll(/\s+/g, ' ');
    const first = page.locator('.list button').first();
    assert.match(await first.innerText(), /^sys\.cpu\.user\s+− 365 missing/);
    await first.click();
    await page.waitForFunction(() => document.querySelector('.list button')?.textContent?.includes('host=db-01'));
    await shot('3-series');
    await first.click();
    await page.waitForSelector('.stretch');
    assert.match(await told(), /cpu=1, dc=ams, host=db-01 .*2023-11-14 22:00 – 2023-11-15 04:00 − 360 missing; the whole series/);
    await page.waitForSelector('.plot');
    await shot('4-hours');
    const json = await download(page, 'Save the report (JSON)');
    writeFileSync(at('story.html'), await download(page, 'Save the report (HTML)'));
    assert.ok(performance.now() - began < 60_000, 'a minute is over');
    await close();
    assert.equal(json.toString(), native('diff', 'backup.txt', 'restored.txt', '--report', 'json').toString());
    // What was handed over names the hour of every point that was taken out, and no more points.
    const alone = await (await browser.newContext({ timezoneId: 'UTC' })).newPage();
    await alone.goto(`file://${at('story.html')}`);
    const rows = await alone.locator('table:not(.calendar) tbody tr').evaluateAll((rows) =>
        rows.map((row) => [...row.children].map((cell) => cell.textContent)).filter(([, , , what]) => what?.includes('missing')));
    await alone.context().close();
    const stretches = rows.map(([metric, tags, time, what]) => {
        const [from, to] = time.split(/ ?– ?/);
        const end = to.length === 5 ? `${from.slice(0, 11)}${to}` : to;
        return { name: `${metric}{${tags}}`, from: Date.parse(`${from}Z`), to: end.endsWith('24:00') ? Date.parse(`${from.slice(0, 10)}T23:59:59Z`) + 1000 : Date.parse(`${end}Z`), count: Number(/− ([\d,]+) missing/.exec(what)[1].replaceAll(',', '')) };
    });
    for (const { metric, tags, ts_ms: time } of lost()) {
        const name = `${metric}{${Object.keys(tags).sort().map((key) => `${key}=${tags[key]}`).join(', ')}}`;
        assert.ok(stretches.some((it) => it.name === name && it.from <= time && time < it.to), `${name} at ${time} is not told`);
    }
    assert.equal(stretches.reduce((sum, { count }) => sum + count, 0), lost().length);
});

test('中文', async () => {
    const { page, close } = await open(browser, { language: 'zh-CN' });
    await page.click('#try');
    await page.waitForSelector('#start:not([disabled])');
    assert.match(await answer(page), /^不相同:缺少 500 个数据点/);
    await page.screenshot({ path: join(SHOTS, 'chinese.png'), fullPage: true });
    await page.selectOption('#language', 'en');
    assert.match(await page.locator('.sentence').first().innerText(), /^They differ/);
    await close();
});
