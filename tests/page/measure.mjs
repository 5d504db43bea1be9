// What a job costs on the page and natively: `cargo xtask page-bench` runs this with the command's
// path and files, each of which is measured. The table goes to standard output, as Markdown.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { launch, open } from './browser.mjs';

/** What the kernel calls a second of processors. */
const TICKS = 100;
const RUNS = Number(process.env.TSDBPROOF_RUNS ?? 3);

const read = (id, name) => {
    try {
        return readFileSync(`/proc/${id}/${name}`, 'utf8');
    } catch {
        // It ended while it was looked at.
        return '';
    }
};

/** The browser's processes: of this one's children, and theirs. */
const processes = () => {
    const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const parents = new Map(all.map((id) => [id, /\) \S (\d+)/.exec(read(id, 'stat'))?.[1]]));
    const isOurs = (id) => id !== undefined && (id === String(process.pid) || isOurs(parents.get(id)));
    return all.filter((id) => id !== String(process.pid) && isOurs(id));
};

/** Resident memory of the largest renderer, in MiB, and how much of it is its own (not of libraries). */
const rendererMiB = () => {
    const sizes = processes().filter((id) => read(id, 'cmdline').includes('--type=renderer')).map((id) => {
        const status = read(id, 'status');
        const mib = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
        return { all: mib('VmRSS'), own: mib('RssAnon') };
    });
    return sizes.reduce((most, size) => (size.all > most.all ? size : most), { all: 0, own: 0 });
};

/** Seconds of processors that all of the browser took until now. */
const seconds = () => processes().reduce((sum, id) => {
    const fields = read(id, 'stat').split(') ').at(-1).split(' ');
    return sum + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS;
}, 0);

/** A job on the page with so many workers. */
const onPage = async (browser, file, cores) => {
    const { page, close } = await open(browser, { cores });
    await page.setInputFiles('#current-files', file);
    await page.waitForSelector('#start:not([disabled])');
    const before = rendererMiB();
    const peak = { ...before };
    const timer = setInterval(() => {
        const now = rendererMiB();
        [peak.all, peak.own] = [Math.max(peak.all, now.all), Math.max(peak.own, now.own)];
    }, 50);
    const [cpu, began] = [seconds(), performance.now()];
    await page.click('#start');
    await page.waitForSelector('#answer, #progress .banner', { timeout: 3_600_000 });
    const wall = (performance.now() - began) / 1000;
    const taken = seconds() - cpu;
    clearInterval(timer);
    const root = await page.locator('.root code').first().innerText();
    await close();
    return { way: `page, ${cores} worker${cores > 1 ? 's' : ''}`, wall, cpu: taken, before, peak, root };
};

/** The same natively, on one thread. */
const natively = (command, file) => {
    const manifest = join(tmpdir(), 'tsdbproof-measured.manifest');
    const time = ['-f', '%e %U %S %M', command, 'manifest', file, '--threads', '1', '--report', 'json', '-o', manifest];
    const args = ['-c', '"$@" 2>&1', 'sh', '/usr/bin/time', ...time];
    const lines = execFileSync('sh', args, { encoding: 'utf8', maxBuffer: 1 << 28 }).trim().split('\n');
    rmSync(manifest);
    const [wall, user, system, kib] = lines.at(-1).split(' ').map(Number);
    const summary = lines.map((line) => line.startsWith('{') && JSON.parse(line)).find((line) => line?.message_type === 'summary');
    return { way: 'command, --threads 1', wall, cpu: user + system, peak: { all: kib / 1024 }, root: summary.sides[0].exact_root };
};

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

const [command, ...files] = process.argv.slice(2);
console.log('| file | way | CPU s | wall s | MB/s | of the command, by CPU | peak MiB | of it its own | before |');
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
for (const file of files) {
    const megabytes = statSync(file).size / 1e6;
    const ways = [() => natively(command, file)];
    const browser = await launch();
    for (const cores of [1, 2]) ways.push(() => onPage(browser, file, cores));
    const rows = [];
    // Side by side, so that what else the machine does falls on all.
    for (let run = 0; run < RUNS; run++) for (const [index, way] of ways.entries()) (rows[index] ??= []).push(await way());
    await browser.close();
    const base = median(rows[0].map(({ cpu }) => cpu));
    for (const runs of rows) {
        if (runs.some(({ root }) => root !== rows[0][0].root)) throw new Error(`${runs[0].way}: another root`);
        const [cpu, wall] = [median(runs.map(({ cpu }) => cpu)), median(runs.map(({ wall }) => wall))];
        const most = (of) => Math.max(...runs.map(of)).toFixed(0);
        const memory = runs[0].before ? [most(({ peak }) => peak.all), most(({ peak }) => peak.own), most(({ before }) => before.all)] : [most(({ peak }) => peak.all), '', ''];
        console.log(`| ${[`${megabytes.toFixed(0)} MB`, runs[0].way, cpu.toFixed(2), wall.toFixed(2), (megabytes / wall).toFixed(0), `${(base / cpu).toFixed(2)}×`, ...memory].join(' | ')} |`);
    }
}
