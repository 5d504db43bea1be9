// @ts-check
// The page: files in, a job in a worker, its answer.

import { append, byId, el, fill } from './dom.js';
import { Engine } from './engine.js';
import { dropped, fromFile, isManifest, isPatch, Slot } from './files.js';
import { Run } from './run.js';
import { chooseLanguage, LANGUAGES, language, t, translate } from './texts.js';
import { showResult } from './result.js';

/** @typedef {import('./engine.js').Request} Request */
/** @typedef {import('./engine.js').JobOptions} JobOptions */

/** The bytes of a data block. @param {string} id */
function embedded(id) {
    const letters = atob((byId(id).textContent ?? '').trim());
    // `Uint8Array.from` would make a list of all letters first, of which the heap never gets small again.
    const bytes = new Uint8Array(letters.length);
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = letters.charCodeAt(at);
    return bytes;
}

/** @param {Uint8Array<ArrayBuffer>} bytes packed by gzip */
async function unpack(bytes) {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function sha256(bytes) {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function start() {
    const wasm = await unpack(embedded('wasm'));
    byId('wasm').textContent = '';
    const module = await WebAssembly.compile(wasm);
    const script = URL.createObjectURL(new Blob([byId('worker').textContent ?? ''], { type: 'text/javascript' }));
    const page = new Page(new Engine(module, script), document.documentElement.dataset.version ?? '', await sha256(wasm));
    page.show();
    document.documentElement.dataset.ready = 'yes';
}

class Page {
    /** @param {Engine} engine @param {string} version @param {string} digest of the wasm */
    constructor(engine, version, digest) {
        this.engine = engine;
        this.version = version;
        this.digest = digest;
        const changed = () => this.#plan();
        this.base = new Slot('base', engine, changed);
        this.current = new Slot('current', engine, changed);
        append(byId('slots'), [this.base.element, this.current.element]);
        /** @type {Run | undefined} */
        this.run = undefined;
        /** @type {(() => void) | undefined} */
        this.again = undefined;
        this.#listen();
    }

    #listen() {
        byId('start').addEventListener('click', () => this.#go());
        byId('filters').addEventListener('input', () => this.#plan());
        byId('try').addEventListener('click', () => this.#try());
        byId('swap').addEventListener('click', () => this.#swap());
        const languages = /** @type {HTMLSelectElement} */ (byId('language'));
        append(languages, Object.entries(LANGUAGES).map(([code, name]) => el('option', { value: code, selected: code === language(), lang: code }, name)));
        languages.addEventListener('change', () => {
            chooseLanguage(languages.value);
            this.show();
        });
        document.addEventListener('dragover', (event) => event.preventDefault());
        document.addEventListener('drop', async (event) => {
            event.preventDefault();
            this.#put(await dropped(event.dataTransfer));
        });
        document.addEventListener('paste', (event) => this.#paste(event));
    }

    /** Files that were dropped beside the slots: the first go to base, the others to current. @param {import('./engine.js').Given[]} files */
    #put(files) {
        (this.base.given.length === 0 ? this.base : this.current).add(files);
    }

    /** @param {ClipboardEvent} event */
    #paste(event) {
        const target = /** @type {Element} */ (event.target);
        if (target.matches('input, textarea')) return;
        const files = [...(event.clipboardData?.files ?? [])];
        const text = event.clipboardData?.getData('text/plain') ?? '';
        if (files.length > 0) this.#put(files.map(fromFile));
        else if (text.trim() !== '') this.#put([fromFile(new File([text], t('pastedName')))]);
    }

    async #try() {
        this.base.clear();
        this.current.clear();
        const file = (/** @type {string} */ id, /** @type {string} */ name) => [fromFile(new File([embedded(id)], name))];
        await Promise.all([this.base.add(file('example-base', 'backup.txt.gz')), this.current.add(file('example-current', 'restored.txt.gz'))]);
        byId('start').focus();
    }

    #swap() {
        [this.base.given, this.current.given] = [this.current.given, this.base.given];
        this.base.show();
        this.current.show();
        this.#plan();
    }

    /** The same where patches were given. @param {JobOptions} options @param {string} root @returns {Request | string} */
    #patchRequest({ columns, duplicates, ...filters }, root) {
        const [base, current] = [this.base, this.current].map((slot) => slot.files().filter((file) => !isPatch(file)));
        const patches = [...this.base.files(), ...this.current.files()].filter(isPatch);
        const others = [...base, ...current];
        const options = { columns, duplicates, ...(root !== '' && { root }) };
        if (Object.keys(filters).length > 0) return t('plan.patchFilters');
        if (base.length > 0 && current.length > 0 || others.some(isManifest) && others.length > 1) return t('plan.patchSides');
        if (others.length > 0) return { call: 'prove', base: others, current: patches, options };
        return patches.length > 1 ? t('plan.patchesAlone') : { call: 'show', current: patches, options };
    }

    /** What a click on start would do; a text where nothing can be done. @returns {Request | string} */
    #request() {
        const [base, current] = [this.base.files(), this.current.files()];
        const options = optionsOf(/** @type {HTMLFormElement} */ (byId('filters')));
        const root = /** @type {HTMLInputElement} */ (byId('root')).value.trim();
        if (this.base.isLooking || this.current.isLooking) return t('looking');
        if (base.length === 0 && current.length === 0) return t('plan.nothing');
        if ([options.absTol ?? 0, options.relTol ?? 0].some((given) => !(given >= 0 && given < Infinity))) return t('plan.tolerance');
        if ([...base, ...current].some(isPatch)) return this.#patchRequest(options, root);
        if (root !== '') {
            if (base.length > 0 && current.length > 0) return t('plan.rootAndFiles');
            return { call: 'expect', current: [...base, ...current], options, root };
        }
        if (base.length > 0 && current.length > 0) {
            if (this.base.manifest() && !this.current.manifest()) return { call: 'verify', base, current, options };
            return { call: 'diff', base, current, options };
        }
        const alone = base.length > 0 ? this.base : this.current;
        return { call: alone.manifest() ? 'show' : 'manifest', current: [...base, ...current], options };
    }

    #plan() {
        const request = this.#request();
        const start = /** @type {HTMLButtonElement} */ (byId('start'));
        start.disabled = typeof request === 'string';
        const isChange = typeof request !== 'string' && request.call === 'show' && request.current?.some(isPatch);
        const call = typeof request === 'string' ? 'nothing' : isChange ? 'change' : request.call;
        fill(start, t(`do.${call}`));
        fill(byId('plan'), typeof request === 'string' ? request : t(`plan.${call}`));
        byId('swap').hidden = this.base.given.length === 0 && this.current.given.length === 0;
    }

    async #go() {
        const request = this.#request();
        if (typeof request === 'string') return;
        this.run?.cancel();
        this.again = undefined;
        byId('result').replaceChildren();
        const run = new Run(this.engine, request, byId('progress'));
        this.run = run;
        const start = /** @type {HTMLButtonElement} */ (byId('start'));
        start.hidden = true;
        const ended = await run.end();
        start.hidden = false;
        if (this.run !== run) return;
        if (ended === undefined) return void start.focus();
        this.again = () => showResult(byId('result'), ended, this.engine, this.about());
        this.again();
        byId('answer').focus({ preventScroll: true });
        byId('result').scrollIntoView({ block: 'start' });
    }

    about() {
        return `tsdbproof ${this.version} · wasm SHA-256 ${this.digest}`;
    }

    show() {
        translate(document);
        fill(byId('about'), this.about());
        fill(byId('policy'), document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.getAttribute('content') ?? '');
        this.base.show();
        this.current.show();
        this.#plan();
        this.again?.();
    }
}

/** The filters as the wasm takes them. @param {HTMLFormElement} form @returns {JobOptions} */
function optionsOf(form) {
    const text = (/** @type {string} */ name) => String(new FormData(form).get(name) ?? '').trim();
    const list = (/** @type {string} */ name) => text(name).split(/[\s,]+/).filter((word) => word !== '');
    /** @type {JobOptions} */
    const options = {};
    for (const name of /** @type {const} */ (['from', 'to', 'columns'])) if (text(name)) options[name] = text(name);
    if (list('metric').length > 0) options.metric = list('metric');
    if (list('tag').length > 0) options.tag = list('tag');
    if (text('profile') === 'f32') options.profile = 'f32';
    if (text('duplicates') === 'last' || text('duplicates') === 'first') options.duplicates = /** @type {'last' | 'first'} */ (text('duplicates'));
    for (const name of /** @type {const} */ (['absTol', 'relTol'])) if (text(name)) options[name] = Number(text(name));
    if (text('sha256')) options.sha256 = true;
    return options;
}

start().catch((error) => fill(byId('plan'), t('noStart', String(error.message ?? error))));
