// @ts-check
// A slot: files that were chosen, dropped or pasted, and what their bytes say that they are.

import { el, fill } from './dom.js';
import { t } from './texts.js';
import { number, size } from './words.js';

/** @typedef {import('./engine.js').Given} Given */

/** Files that are listed one by one. */
const LISTED = 50;

export class Slot {
    /**
     * @param {'base' | 'current'} role
     * @param {import('./engine.js').Engine} engine
     * @param {() => void} changed
     */
    constructor(role, engine, changed) {
        this.role = role;
        this.engine = engine;
        this.changed = changed;
        /** @type {Given[]} */
        this.given = [];
        this.isLooking = false;
        const files = el('input', { type: 'file', multiple: true, hidden: true, id: `${role}-files` });
        const folder = el('input', { type: 'file', webkitdirectory: true, hidden: true, id: `${role}-folder` });
        for (const chosen of [files, folder]) {
            chosen.addEventListener('change', () => {
                this.add([...(chosen.files ?? [])].map(fromFile));
                chosen.value = '';
            });
        }
        this.list = el('ul', { class: 'files' });
        this.hint = el('p', { class: 'hint' });
        this.buttons = el('div', { class: 'row' },
            el('button', { type: 'button', class: 'choose', onclick: () => files.click() }),
            el('button', { type: 'button', class: 'quiet', onclick: () => folder.click() }));
        this.title = el('h3', { id: `${role}-title` });
        this.element = el('section', { class: 'slot', 'aria-labelledby': `${role}-title` },
            this.title, this.hint, this.buttons, files, folder, this.list);
        this.#takeDrops();
        this.show();
    }

    #takeDrops() {
        let depth = 0;
        const over = (/** @type {number} */ step) => (/** @type {DragEvent} */ event) => {
            event.preventDefault();
            depth = Math.max(0, depth + step);
            this.element.classList.toggle('over', depth > 0);
        };
        this.element.addEventListener('dragenter', over(1));
        this.element.addEventListener('dragleave', over(-1));
        this.element.addEventListener('dragover', (event) => event.preventDefault());
        this.element.addEventListener('drop', async (event) => {
            event.preventDefault();
            event.stopPropagation();
            depth = 0;
            this.element.classList.remove('over');
            this.add(await dropped(event.dataTransfer));
        });
    }

    /** Takes more files; a file of the same name is replaced. @param {Given[]} files */
    async add(files) {
        if (files.length === 0) return;
        const names = new Set(files.map((file) => file.name));
        this.given = [...this.given.filter((file) => !names.has(file.name)), ...files].sort(byPath);
        this.isLooking = true;
        this.show();
        this.changed();
        await this.engine.recognise(files, () => {});
        this.isLooking = files.some((file) => this.given.includes(file)) ? false : this.isLooking;
        this.show();
        this.changed();
    }

    /** @param {Given} file */
    remove(file) {
        this.given = this.given.filter((other) => other !== file);
        this.show();
        this.changed();
        this.buttons.querySelector('button')?.focus();
    }

    clear() {
        this.given = [];
        this.show();
        this.changed();
    }

    /** Files of a job: those that nothing recognises are given as not read. */
    files() {
        return this.given.map((file) => ({ ...file, unread: file.unread ?? refusal(file) }));
    }

    /** The manifest, if that is all there is. */
    manifest() {
        return this.given.length === 1 && isManifest(this.given[0]);
    }

    show() {
        const [files, folder] = this.buttons.children;
        fill(this.title, t(`${this.role}.title`));
        fill(this.hint, t(`${this.role}.hint`));
        fill(files, t('chooseFiles'));
        fill(folder, t('chooseFolder'));
        const row = (/** @type {Given} */ file) => el('li', {},
            el('span', { class: 'name' }, file.name),
            el('span', { class: isRefused(file) ? 'is bad' : 'is' }, `${what(file)} · ${size(file.file.size)}`),
            el('button', { type: 'button', class: 'quiet', 'aria-label': t('remove', file.name), onclick: () => this.remove(file) }, '✕'));
        const more = this.given.length - LISTED;
        fill(this.list, this.given.slice(0, LISTED).map(row),
            more > 0 && el('li', {}, t('moreFiles', number(more))),
            this.given.length > 1 && el('li', {}, el('button', { type: 'button', class: 'quiet', onclick: () => this.clear() }, t('removeAll'))));
    }
}

/** @param {Given} file */
export const isManifest = ({ is }) => is?.isManifest === true;

/** @param {Given} file */
export const isPatch = ({ is }) => is?.isPatch === true;

/** @param {Given} file */
const isRefused = (file) => file.unread !== undefined || refusal(file) !== undefined;

/** Why a file that was named by itself is not read, as the report tells it: in English. @param {Given} file */
function refusal(file) {
    if (file.folder !== undefined || file.is === undefined) return undefined;
    return isManifest(file) || isPatch(file) || file.is.format !== undefined ? undefined : 'no format recognises it';
}

/** @param {Given} file */
function what(file) {
    if (file.unread !== undefined) return file.unread;
    if (file.is === undefined) return t('looking');
    if (isManifest(file)) return t('isManifest');
    if (isPatch(file)) return t('isPatch');
    if (file.is.format === undefined) return t(file.folder === undefined ? 'notRecognised' : 'passedOver');
    return file.is.codec === 'none' || file.is.codec === 'plain' ? file.is.format : `${file.is.format}, ${file.is.codec}`;
}

/** @param {File} file @returns {Given} */
export function fromFile(file) {
    const path = file.webkitRelativePath;
    return path === '' ? { name: file.name, file } : { name: path, file, folder: path.split('/', 1)[0] };
}

/** The order in which the command reads a folder: by the parts of paths. @param {Given} a @param {Given} b */
function byPath(a, b) {
    const [x, y] = [a.name.split('/'), b.name.split('/')];
    for (let index = 0; index < Math.min(x.length, y.length); index++) {
        if (x[index] !== y[index]) return x[index] < y[index] ? -1 : 1;
    }
    return x.length - y.length;
}

/** Files and what is in folders. @param {DataTransfer | null} transfer @returns {Promise<Given[]>} */
export async function dropped(transfer) {
    const items = [...(transfer?.items ?? [])].filter((item) => item.kind === 'file');
    // All must be asked for before anything is waited for. Chromium refuses entries on a page from a
    // disk, other browsers have no handles.
    const found = items.map((item) => ({ file: item.getAsFile(), entry: item.webkitGetAsEntry(), handle: /** @type {any} */ (item).getAsFileSystemHandle?.() }));
    /** @type {Given[]} */
    const given = [];
    for (const { file, entry, handle } of found) {
        if (!entry?.isDirectory) {
            if (file !== null) given.push(fromFile(file));
            continue;
        }
        /** @type {Given[]} */
        const inside = [];
        try {
            if (handle) await list(await handle, entry.name, entry.name, inside);
            else await walk(/** @type {FileSystemDirectoryEntry} */ (entry), entry.name, inside);
            given.push(...inside);
        } catch (error) {
            const why = `its files can't be listed: ${/** @type {Error} */ (error).message}`;
            given.push({ name: entry.name, file: new File([], entry.name), folder: entry.name, unread: why });
        }
    }
    return given;
}

/** @param {any} folder a handle @param {string} path @param {string} name of the folder that was dropped @param {Given[]} given */
async function list(folder, path, name, given) {
    for await (const [part, inside] of folder.entries()) {
        if (inside.kind === 'directory') await list(inside, `${path}/${part}`, name, given);
        else given.push({ name: `${path}/${part}`, folder: name, file: await inside.getFile() });
    }
}

/** @param {FileSystemDirectoryEntry} folder @param {string} name @param {Given[]} given */
async function walk(folder, name, given) {
    const reader = folder.createReader();
    for (;;) {
        /** @type {FileSystemEntry[]} */
        const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (entries.length === 0) return;
        for (const entry of entries) {
            if (entry.isDirectory) await walk(/** @type {FileSystemDirectoryEntry} */ (entry), name, given);
            else given.push({ name: entry.fullPath.slice(1), folder: name, file: await fileOf(/** @type {FileSystemFileEntry} */ (entry)) });
        }
    }
}

/** @param {FileSystemFileEntry} entry @returns {Promise<File>} */
const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));
