// Nothing leaves the machine, and nothing in a backup is taken for markup.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';

import { answer, download, drop, give, open, PAGE } from '../browser.mjs';
import { at, browser, command, embedding, test, text } from '../stage.mjs';

/** The command as a server, until it is interrupted. */
const serving = async (command, args, use) => {
    const server = spawn(command, ['serve', '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
        const ended = once(server, 'exit').then(() => assert.fail('it served nothing'));
        const [line] = await Promise.race([once(server.stdout, 'data'), ended]);
        ended.catch(() => {});
        const address = line.toString().trim();
        assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/$/);
        await use(address);
    } finally {
        server.kill('SIGINT');
        if (server.exitCode === null) assert.equal((await once(server, 'exit'))[0], 130);
    }
};

test('served on the loopback address, it works the same, and nothing else is asked for', () =>
    serving(command, ['--page', PAGE], async (address) => {
        const { page, close } = await open(browser, { address });
        await page.click('#try');
        await page.waitForSelector('#start:not([disabled])');
        assert.match(await answer(page), /^They differ: 500 points are missing/);
        await close();
    }));

test('a command that was built with the page brings it along', () =>
    serving(embedding, [], async (address) => {
        const served = Buffer.from(await (await fetch(address)).arrayBuffer());
        assert.ok(served.equals(readFileSync(PAGE)), 'the served page is another');
        const { page, close } = await open(browser, { address });
        await drop(page, page.locator('.slot').last(), [at('backup.txt')]);
        assert.match(await answer(page), /^9,862 points/);
        await close();
    }));

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
