// The suite through the wasm: `cargo xtask test-wasm`. Every case must give the bytes that its
// expect.txt holds, which the command gave. Nothing is computed here: command lines become calls.

import { createHash } from 'node:crypto';
import { createReadStream, existsSync, openAsBlob, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import * as tsdbproof from '../../pkg/node.js';

process.chdir(join(import.meta.dirname, '../..'));

const SUITE = 'tests/suite';
const EXIT_CODES = { done: 0, 'same-bytes': 0, same: 0, tolerated: 0, different: 1, damaged: 1, faulty: 1, incomplete: 3 };
const SWITCHES = ['no-file-digests', 'sha256', 'strict', 'allow-empty', 'allow-aggregated', 'partition', 'reverse'];
const REPEATED = ['metric', 'tag'];
const NUMBERS = ['limit', 'max-line', 'abs-tol', 'rel-tol', 'max-different-points', 'max-missing-series'];

/** How files become inputs: pieces of any size, byte streams, streams without a size. */
const FEEDS = {
    pieces: async (path) => ({
        name: path,
        size: statSync(path).size,
        stream: (from) => createReadStream(path, { start: from, highWaterMark: 777 }),
    }),
    bytes: async (path) => {
        const blob = await openAsBlob(path);
        return { name: path, size: blob.size, stream: (from) => blob.slice(from).stream() };
    },
    once: async (path) => ({
        name: path,
        stream: () => new ReadableStream({ start: (it) => (it.enqueue(readFileSync(path)), it.close()) }),
    }),
};

/** Files that the lines of a case wrote. */
const written = new Map();

const inMemory = (path, bytes) => {
    const stream = async function* (from) {
        for (let at = from; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    };
    return { name: path, size: bytes.length, stream };
};

const input = (path, feed) => (written.has(path) ? inMemory(path, written.get(path)) : FEEDS[feed](path));

/** Takes what is converted to a file of this name. */
const output = (name) => {
    const parts = [];
    return {
        name,
        write: (bytes) => void parts.push(bytes),
        bytes: () => Buffer.concat(parts),
        written() {
            return [inMemory(name, this.bytes())];
        },
    };
};

/** Whether a path is a folder's. A manifest that a case wrote is no file. */
const isFolder = (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** The files in a folder and below, in the order of the command. */
const below = (folder) =>
    readdirSync(folder, { withFileTypes: true })
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .flatMap((entry) => (entry.isDirectory() ? below(join(folder, entry.name)) : join(folder, entry.name)));

/** What a name of a command line stands for: a file with its side file, or all files of a folder. */
const inputs = async (path, feed) => {
    if (isFolder(path)) {
        const found = await Promise.all(below(path).map((file) => input(file, feed)));
        return found.map((file) => ({ ...file, folder: path }));
    }
    const side = join(dirname(path), `.${basename(path)}.crc`);
    return Promise.all((existsSync(side) ? [path, side] : [path]).map((file) => input(file, feed)));
};

const words = (line) =>
    [...line.matchAll(/(?:[^ ']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''));

/** Files, options of the wasm, and what is the command's alone. */
const parse = (args) => {
    const files = [];
    const options = {};
    const own = {};
    for (let index = 0; index < args.length; index++) {
        const flag = args[index].replace(/^--?/, '');
        const name = flag.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
        if (flag === args[index]) files.push(flag);
        else if (['quiet', 'check'].includes(flag)) own[flag] = true;
        else if (SWITCHES.includes(flag)) options[name] = true;
        else if (['o', 'report', 'expect', 'patch'].includes(flag)) own[name] = args[++index];
        else if (REPEATED.includes(flag)) (options[name] ??= []).push(args[++index]);
        else options[name] = NUMBERS.includes(flag) ? Number(args[++index]) : args[++index];
    }
    return { files, options, own };
};

const run = async (line, feed) => {
    const [, verb, ...rest] = words(line);
    const isMerge = verb === 'manifest' && rest[0] === 'merge';
    const { files, options, own } = parse(isMerge ? rest.slice(1) : rest);
    let transcript = `$ ${line}\n`;
    let code = 2;
    let bytes;
    try {
        const [first, ...others] = await Promise.all(files.map((path) => inputs(path, feed)));
        const [all, rest] = [[first, ...others].flat(), others.flat()];
        const [converted, patch] = [output(own.o), output(own.patch)];
        const outcome = await {
            manifest: () => (isMerge ? tsdbproof.merge : tsdbproof.manifest)(all, options),
            show: () => tsdbproof.show(all, options),
            check: () => tsdbproof.check(all, options),
            convert: () => tsdbproof.convert(all, converted, options),
            diff: () => (own.patch === undefined ? tsdbproof.diff(first, rest, options) : tsdbproof.diffWithPatch(first, rest, patch, options)),
            apply: () => (own.check ? tsdbproof.prove(first, rest, options) : tsdbproof.apply(first, rest, converted, options)),
            verify: () =>
                own.expect === undefined
                    ? tsdbproof.verify(first[0], rest, options)
                    : tsdbproof.expect(own.expect, all, options),
        }[verb]();
        const report = own.report === 'json' ? outcome.json : outcome.text;
        transcript += own.quiet ? '' : report;
        code = EXIT_CODES[outcome.verdict];
        if (own.patch !== undefined) written.set(own.patch, patch.bytes());
        bytes = ['convert', 'apply'].includes(verb) && own.o !== undefined ? converted.bytes() : outcome.manifest;
    } catch (error) {
        if (error.name !== 'TsdbproofError') throw error;
        transcript += `error: ${error.message}`.replace(/^/gm, '! ') + '\n';
    }
    if (own.o !== undefined && bytes === undefined) transcript += `[${own.o}: not written]\n`;
    if (bytes !== undefined) {
        written.set(own.o, bytes);
        const digest = createHash('sha256').update(bytes).digest('hex');
        transcript += `[${own.o}: SHA-256 ${digest}]\n`;
    }
    return transcript + `[exit code ${code}]\n`;
};

let passed = 0;
const failed = [];
const skipped = [];

const check = async (folder, lines, feed) => {
    if (existsSync(join(folder, 'native-only'))) return void skipped.push(folder);
    const expected = readFileSync(join(folder, 'expect.txt'), 'utf8');
    const transcripts = [];
    for (const line of lines) transcripts.push(await run(line, feed));
    const found = `${expected.split('\n')[0]}\n\n${transcripts.join('\n')}`;
    if (found === expected) return void passed++;
    failed.push(`${folder}, fed by ${feed}`);
    const [want, have] = [expected.split('\n'), found.split('\n')];
    const at = have.findIndex((line, index) => line !== want[index]);
    console.log(`${folder}/expect.txt:${at + 1}, fed by ${feed}\n  expected ${want[at]}\n  found    ${have[at]}`);
};

const lines = (path) => readFileSync(path, 'utf8').split('\n').filter(Boolean);

for (const format of readdirSync(join(SUITE, 'formats'))) {
    for (const name of readdirSync(join(SUITE, 'formats', format))) {
        const folder = join(SUITE, 'formats', format, name);
        const file = readdirSync(folder).find((file) => file.startsWith('input.'));
        const args = existsSync(join(folder, 'args')) ? lines(join(folder, 'args'))[0] : '';
        const show = `tsdbproof show ${join(folder, file)} ${args}`.trim();
        for (const feed of Object.keys(FEEDS)) await check(folder, [show, `${show} --report json`], feed);
    }
}
for (const name of readdirSync(join(SUITE, 'commands'))) {
    const folder = join(SUITE, 'commands', name);
    for (const feed of ['pieces', 'bytes']) await check(folder, lines(join(folder, 'cmd')), feed);
}

const native = new Set(skipped);
console.log(`${passed} passed, ${failed.length} failed; ${native.size} cases are the command's alone`);
process.exitCode = failed.length > 0 || passed === 0 ? 1 : 0;
