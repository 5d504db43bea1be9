// Files as people have them: of every format, in folders, pasted, broken, gone.

import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { answer, download, drop, give, open, ROOT, SHOTS } from '../browser.mjs';
import { at, browser, copy, native, test } from '../stage.mjs';

const SUITE = join(ROOT, 'tests/suite/formats');

test('a broken file does not stop the others, and is told', async () => {
    const { page, close } = await open(browser);
    writeFileSync(at('holiday.jpg'), Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0x10, 0x4a, 0x46, 0x49, 0x46, 0, 1]));
    await give(page, [at('backup.txt')], [at('backup.txt'), at('holiday.jpg'), at('cut.gz')]);
    await answer(page);
    const problems = await page.locator('.problems').innerText();
    assert.match(problems, /holiday\.jpg/);
    assert.match(problems, /cut\.gz/);
    assert.match(await page.locator('#result').innerText(), /damaged|could be/);
    await page.screenshot({ path: join(SHOTS, 'broken.png'), fullPage: true });
    await close();
});

test('a file that goes away while it is read is left out, and the job goes on', async () => {
    const { page, close } = await open(browser);
    const gone = at('gone.txt');
    copy('main-import.txt', 'gone.txt');
    await give(page, [at('backup.txt')], [at('backup.txt'), gone]);
    writeFileSync(gone, 'sys.cpu.user 1 1 a=b\n');
    await answer(page);
    assert.match(await page.locator('.problems').innerText(), /gone\.txt/);
    assert.equal(await page.locator('#answer').getAttribute('class'), 'banner warn');
    await close();
});

/** Saves the page's report of a job and holds it against the command's. */
const sameReport = async (page, ...args) => {
    const report = await download(page, 'Save the report (JSON)');
    assert.equal(report.toString(), native(...args, '--report', 'json').toString());
};

/** Formats of which a file alone is not enough, and what the page says to do. */
const REFUSED = {
    parquet: /What to do: convert it with `tsdbproof convert`/,
    'hbase-export': /What to do: give a backup of the table tsdb-uid along with it/,
    hfile: /What to do: give a backup of the table tsdb-uid along with it/,
};

test('a file of every format is read as the command reads it', async () => {
    const { page, close } = await open(browser);
    const inputs = (folder) => readdirSync(folder).filter((name) => name.startsWith('input.'));
    for (const format of readdirSync(SUITE)) {
        const isPlain = (name) => REFUSED[format] || !existsSync(join(SUITE, format, name, 'args'));
        const folder = readdirSync(join(SUITE, format)).find((name) => /^(good|real)/.test(name) && isPlain(name));
        assert.ok(folder, `${format} has no case`);
        const [input] = inputs(join(SUITE, format, folder));
        const name = `${format}-${input}`;
        cpSync(join(SUITE, format, folder, input), at(name));
        await give(page, [], [at(name)]);
        const help = REFUSED[format];
        if (help) {
            assert.match(await answer(page), /^This could not be done/);
            assert.match(await page.locator('#progress').innerText(), help);
        } else {
            await answer(page);
            await sameReport(page, 'manifest', name, '-o', 'any.arrow');
        }
        await page.getByRole('button', { name: `Remove ${name}` }).click();
    }
    await close();
});

/** Lays folders below one that can be chosen. */
const lay = (name, folders) => {
    for (const folder of folders) copy(folder, join(name, folder));
};

for (const [kind, base, current] of [
    ['snapshots', ['snapshot/main-data', 'snapshot/main-uid'], ['restored/snapshot/restored-data', 'snapshot/main-uid']],
    ['Exports with their parts', ['seq/main-block-snappy', 'seq/main-uid-none'], ['seq/main-none', 'seq/main-uid-block-deflate']],
]) {
    test(`folders: ${kind}`, async () => {
        const name = kind.slice(0, 4);
        lay(`${name}-before`, base);
        lay(`${name}-now`, current);
        const { page, close } = await open(browser);
        await page.setInputFiles('#base-folder', at(`${name}-before`));
        await page.setInputFiles('#current-folder', at(`${name}-now`));
        await page.waitForSelector('#start:not([disabled])');
        const says = await answer(page);
        assert.match(says, kind === 'snapshots' ? /^They differ: [\d,]+ points are missing/ : /^Both sides hold the same data/);
        await page.screenshot({ path: join(SHOTS, `folders-${name}.png`), fullPage: true });
        await sameReport(page, 'diff', `${name}-before`, `${name}-now`);
        await close();
    });
}

test('a folder is dropped like a file', async () => {
    lay('dropped', ['snapshot/main-data', 'snapshot/main-uid']);
    const { page, close } = await open(browser);
    await drop(page, page.locator('.slot').last(), [at('dropped')]);
    await answer(page);
    await sameReport(page, 'manifest', 'dropped', '-o', 'any.arrow');
    await close();
});

test('an answer of a server is pasted', async () => {
    const [answered] = readdirSync(join(SUITE, 'query-json')).filter((name) => name.startsWith('good'));
    const json = readFileSync(join(SUITE, 'query-json', answered, 'input.json'), 'utf8');
    writeFileSync(at('pasted.txt'), json);
    const { page, close } = await open(browser);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.evaluate((json) => navigator.clipboard.writeText(json), json);
    await page.keyboard.press('Control+V');
    await page.waitForSelector('#start:not([disabled])');
    assert.match(await page.locator('.slot').first().innerText(), /pasted\.txt\s+query-json/);
    await answer(page);
    await sameReport(page, 'manifest', 'pasted.txt', '-o', 'any.arrow');
    await close();
});

test('a table with columns of its own is read once they are named', async () => {
    const { page, close } = await open(browser);
    writeFileSync(at('table.csv'), 'what,when,where,reading\nsys.load,1600000000000,web01,1.5\nsys.load,1600000060000,web01,2.5\n');
    await give(page, [], [at('table.csv')]);
    assert.match(await answer(page), /^This could not be done/);
    assert.match(await page.locator('#progress').innerText(), /--columns metric=/);
    const columns = 'metric=what,timestamp:ms=when,value=reading,tags=where';
    await page.click('#filters summary');
    await page.fill('[name=columns]', columns);
    assert.equal(await answer(page), '2 points were read, and nothing is damaged.');
    await sameReport(page, 'manifest', 'table.csv', '--columns', columns, '-o', 'any.arrow');
    await close();
});
