// The page in Chromium: `cargo xtask test-page` builds what it needs and runs this with the command's
// path. Every case uses the real file inputs; any request that a page makes fails its case.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';

import { answer, DATA, download, give, launch, open, PAGE, SHOTS, violations } from './browser.mjs';

const [command] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'tsdbproof-page-'));
const at = (name) => join(folder, name);
const copy = (from, name) => writeFileSync(at(name), readFileSync(join(DATA, from)));
copy('main-import.txt', 'backup.txt');
copy('restored/restored-import.txt', 'restored.txt');
copy('main-raw.txt.gz', 'backup-raw.gz');
writeFileSync(at('cut.gz'), gzipSync(readFileSync(at('restored.txt'))).subarray(0, 40_000));

/** What the command writes; it runs where the files lie, so that names are those that the page sees. */
const native = (...args) => {
    try {
        return execFileSync(command, args, { cwd: folder, maxBuffer: 1 << 30 });
    } catch (error) {
        assert.ok(error.status === 1 || error.status === 3, String(error.stderr));
        return error.stdout;
    }
};
const text = (name, lines) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(lines) });
const cases = [];
const test = (name, run) => cases.push([name, run]);
const browser = await launch();

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

test('served on the loopback address, it works the same, and nothing else is asked for', async () => {
    const server = spawn(command, ['serve', '--port', '0', '--page', PAGE], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
        const [line] = await once(server.stdout, 'data');
        const address = line.toString().trim();
        assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/$/);
        const { page, close } = await open(browser, { address });
        await page.click('#try');
        await page.waitForSelector('#start:not([disabled])');
        assert.match(await answer(page), /^They differ: 500 points are missing/);
        await close();
    } finally {
        server.kill('SIGINT');
        const [code] = await once(server, 'exit');
        assert.equal(code, 130);
    }
});

test('the policy forbids every request', async () => {
    const { page, faults } = await open(browser);
    const tried = await page.evaluate(async () => {
        const sent = await fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.name);
        const image = await new Promise((resolve) => {
            const it = new Image();
            it.onload = () => resolve('loaded');
            it.onerror = () => resolve('refused');
            it.src = 'http://127.0.0.1:9/x.png';
        });
        return [sent, image];
    });
    assert.deepEqual(tried, ['TypeError', 'refused']);
    const refused = faults.filter((fault) => fault.includes('Content Security Policy'));
    assert.ok(refused.length >= 2, faults.join('\n'));
    assert.match(await page.locator('#policy').innerText(), /default-src 'none'.*connect-src 'none'/);
    await page.context().close();
});

test('names like markup are text', async () => {
    const { page, close } = await open(browser);
    const evil = '<img/src=x/onerror=document.title=1>';
    const script = '"><script>document.title=1</script>'.replace('=', ':');
    const line = (value) => `put ${evil} 1700000000 ${value} host=${script} b=javascript:alert(1)\nput ${evil} 1700000060 ${value} host=${script} b=1\nnonsense ${evil}\n`;
    await give(page, [text(`${evil.replaceAll('/', ' ')}.txt`, line(1))], [text(`"><script>document.title=1</script>.txt`.replaceAll('/', ''), line(2))]);
    await answer(page);
    assert.match(await page.locator('#result').innerText(), /<img\/src=x/);
    await page.locator('.list button').first().click();
    const report = (await download(page, 'Save the report (HTML)')).toString();
    assert.equal(await page.locator('img').count() + await page.locator('#result script').count(), 0);
    assert.notEqual(await page.title(), '1');
    await close();
    writeFileSync(at('report.html'), report);
    const alone = await (await browser.newContext()).newPage();
    await alone.goto(`file://${at('report.html')}`);
    assert.equal(await alone.locator('img, script').count(), 0);
    assert.match(await alone.locator('body').innerText(), /<img\/src=x/);
    await alone.context().close();
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

test('cancel ends the work at once, and the next job runs', async () => {
    const big = createWriteStream(at('big.txt'));
    for (let block = 0; block < 600; block++) {
        let lines = '';
        for (let line = 0; line < 10_000; line++) lines += `sys.cpu.user ${1_600_000_000 + block * 10_000 + line} ${line} host=web${block % 50}\n`;
        if (!big.write(lines)) await once(big, 'drain');
    }
    big.end();
    await once(big, 'close');
    const { page, close } = await open(browser);
    await give(page, [], [at('big.txt')]);
    await page.click('#start');
    await page.waitForFunction(() => document.querySelector('progress')?.value > 0);
    await page.screenshot({ path: join(SHOTS, 'running.png') });
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.waitForSelector('#progress .banner', { timeout: 1000 });
    assert.equal(await page.locator('.sentence').innerText(), 'Cancelled. Nothing was kept.');
    for (let tries = 0; page.workers().length > 0 && tries < 250; tries++) await page.waitForTimeout(20);
    assert.equal(page.workers().length, 0);
    await page.getByRole('button', { name: 'Remove big.txt' }).click();
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
        const check = async (state) => {
            await page.screenshot({ path: join(SHOTS, `${state}-${scheme}-${width}.png`), fullPage: true });
            assert.deepEqual(await violations(page), [], state);
            const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            assert.ok(over <= 0, `${state} is ${over} px too wide`);
        };
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
        await close();
    });
}

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

let failed = 0;
const only = process.argv[3];
const wanted = cases.filter(([name]) => only === undefined || name.includes(only));
for (const [name, run] of wanted) {
    try {
        await run();
        console.log(`ok      ${name}`);
    } catch (error) {
        failed += 1;
        console.log(`FAILED  ${name}\n${error.stack ?? error}`);
    }
}
await browser.close();
rmSync(folder, { recursive: true });
console.log(`${wanted.length - failed} passed, ${failed} failed; screenshots are in ${SHOTS}`);
process.exitCode = failed > 0 || wanted.length === 0 ? 1 : 0;
