// What the cases share: a folder of files, the command beside the page, one browser.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, createWriteStream, existsSync, linkSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { DATA, launch } from './browser.mjs';

/** The command, and one that was built with the page inside. */
export const [command, embedding] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'tsdbproof-page-'));
export const at = (name) => join(folder, name);
/** Brings a file or a folder of the fixtures here. */
export const copy = (from, name) => cpSync(join(DATA, from), at(name), { recursive: true });
copy('main-import.txt', 'backup.txt');
copy('restored/restored-import.txt', 'restored.txt');
copy('main-raw.txt.gz', 'backup-raw.gz');
writeFileSync(at('cut.gz'), gzipSync(readFileSync(at('restored.txt'))).subarray(0, 40_000));

/** Runs the command where the files lie, so that names are those that the page sees. */
const run = (args, stdout) => {
    try {
        return execFileSync(command, args, { cwd: folder, maxBuffer: 1 << 30, stdio: ['ignore', stdout, 'pipe'] });
    } catch (error) {
        assert.ok(error.status === 1 || error.status === 3, String(error.stderr));
        return error.stdout;
    }
};

/** What the command writes. */
export const native = (...args) => run(args, 'pipe');
/** The same, to a file. */
export const nativeTo = (name, ...args) => run(args, openSync(at(name), 'w'));

/** The path of a file that takes seconds to read. */
const big = async () => {
    const path = at('big.txt');
    if (existsSync(path)) return path;
    const file = createWriteStream(path);
    for (let block = 0; block < 600; block++) {
        let lines = '';
        for (let line = 0; line < 10_000; line++) lines += `sys.cpu.user ${1_600_000_000 + block * 10_000 + line} ${line} host=web${block % 50}\n`;
        if (!file.write(lines)) await once(file, 'drain');
    }
    file.end();
    await once(file, 'close');
    return path;
};

/** The paths of six such, so that a job on them is not over before it was looked at. */
export const bigs = async () => {
    const file = await big();
    const names = [0, 1, 2, 3, 4, 5].map((copy) => `${file}-${copy}`);
    for (const name of names) if (!existsSync(name)) linkSync(file, name);
    return names;
};

export const text = (name, lines) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(lines) });

export const cases = [];
export const test = (name, run) => cases.push([name, run]);

export const browser = await launch();

export const strike = async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
};
