// How long a job takes on the page, and how much memory its renderer: `node tests/page/measure.mjs
// FILE…`, one for its fingerprint, two to compare them. Large ones come from `cargo xtask bench generate`.

import { readdirSync, readFileSync, statSync } from 'node:fs';

import { give, launch, open } from './browser.mjs';

/** Of the largest renderer, in MiB. */
const rendererMiB = () => {
    let most = 0;
    for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        try {
            if (!readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('--type=renderer')) continue;
            most = Math.max(most, Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0));
        } catch {
            // It ended while it was looked at.
        }
    }
    return most / 1024;
};

const files = process.argv.slice(2);
const browser = await launch();
const { page, close } = await open(browser);
const base = rendererMiB();
await give(page, files.slice(0, -1), files.slice(-1));
let peak = base;
const timer = setInterval(() => (peak = Math.max(peak, rendererMiB())), 20);
const began = performance.now();
await page.click('#start');
await page.waitForSelector('#answer, #progress .banner', { timeout: 3_600_000 });
const seconds = (performance.now() - began) / 1000;
clearInterval(timer);
const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
console.log(await page.locator('.sentence').first().innerText());
console.log(`${(bytes / 1e6).toFixed(0)} MB in ${seconds.toFixed(2)} s: ${(bytes / 1e6 / seconds).toFixed(0)} MB/s; renderer ${peak.toFixed(0)} MiB at its peak, ${base.toFixed(0)} MiB before`);
await close();
await browser.close();
