// @ts-check
// A job while it runs: a bar for each file, rate and time left, cancel. A file that can't be read is
// left out, and the job begins anew without it.

import { el, fill } from './dom.js';
import { JobError } from './engine.js';
import { Findings } from './findings.js';
import { t } from './texts.js';
import { duration, size } from './words.js';

/** @typedef {import('./engine.js').Given} Given */
/** @typedef {import('./engine.js').Request} Request */
/** @typedef {import('./engine.js').Outcome} Outcome */
/** @typedef {import('../pkg/tsdbproof.js').Report} Report */
/** @typedef {{ request: Request, outcome: Outcome, report: Report, findings: Findings, seconds: number }} Ended */

/** Bars of files that are shown. */
const BARS = 12;
/** How often a screen reader is told, in ms. */
const TOLD_MS = 10_000;

export class Run {
    /** @param {import('./engine.js').Engine} engine @param {Request} request @param {HTMLElement} place */
    constructor(engine, request, place) {
        this.engine = engine;
        this.request = request;
        this.place = place;
        this.isCancelled = false;
        /** @type {(() => void)[]} */
        this.stops = [];
    }

    /** What came of it; `undefined` where it was cancelled or could not be done, which is then told. @returns {Promise<Ended | undefined>} */
    async end() {
        for (;;) {
            try {
                return await this.#once();
            } catch (error) {
                if (this.isCancelled) return void this.#tell(t('cancelled'), '');
                const broken = this.#broken(error);
                if (broken === undefined) return void this.#failed(/** @type {JobError} */ (error));
                broken.unread = String(/** @type {Error} */ (error).message).split('\n', 1)[0];
            }
        }
    }

    cancel() {
        this.isCancelled = true;
        this.stops.forEach((stop) => stop());
    }

    async #once() {
        const began = performance.now();
        const findings = new Findings();
        /** @type {Report | undefined} */
        let report;
        const files = [...(this.request.base ?? []), ...(this.request.current ?? [])];
        const bars = new Bars(files);
        const cancel = el('button', { type: 'button', class: 'quiet', onclick: () => this.cancel() }, t('cancel'));
        fill(this.place, el('h2', {}, t('running')), bars.element, cancel);
        cancel.focus();
        const stopped = new Promise((_, reject) => this.stops.push(() => reject(new Error('cancelled'))));
        const { result, cancel: stop } = this.engine.start(this.request, {
            progress: (id, bytes) => bars.told(id, bytes),
            batch: (batch, summary) => {
                findings.add(batch);
                report ??= summary;
            },
        });
        this.stops.push(stop);
        const clock = setInterval(() => bars.draw(), 250);
        try {
            const outcome = /** @type {Outcome} */ (await Promise.race([result, stopped]));
            if (report === undefined) throw new JobError({ message: 'the report has no summary', kind: 'bug' });
            this.place.replaceChildren();
            return { request: this.request, outcome, report, findings, seconds: (performance.now() - began) / 1000 };
        } finally {
            clearInterval(clock);
        }
    }

    /** The file that an error is about, if the job can go on without it. @param {unknown} error */
    #broken(error) {
        if (!(error instanceof JobError) || error.kind === 'usage' || error.kind === 'limit') return undefined;
        const { base = [], current = [], call } = this.request;
        // Without one of its files a backup is another, and so is a chain.
        if (call === 'prove') return undefined;
        const files = call === 'verify' ? current : [...base, ...current];
        const of = files.filter((file) => file.name === error.file && file.unread === undefined);
        const others = files.filter((file) => file.unread === undefined && !of.includes(file));
        return of.length === 1 && others.length > 0 ? of[0] : undefined;
    }

    /** @param {JobError} error */
    #failed(error) {
        const [what, ...help] = error.message.split('\n');
        this.#tell(t(error.kind === 'bug' ? 'failedBug' : 'failed'), what, help.join('\n').replace(/^help: /, ''));
    }

    /** @param {string} title @param {string} what @param {string} [help] */
    #tell(title, what, help = '') {
        fill(this.place, el('div', { class: 'banner warn', role: 'alert' }, el('span', { class: 'sign', 'aria-hidden': 'true' }, '!'),
            el('div', {}, el('p', { class: 'sentence' }, title), what && el('p', {}, what), help && el('p', {}, t('help', help)))));
    }
}

/** How far each file was read. */
class Bars {
    /** @param {Given[]} files */
    constructor(files) {
        this.files = files;
        this.at = files.map(() => 0);
        this.began = performance.now();
        this.spoken = this.began;
        const bar = (/** @type {Given} */ file) => {
            const progress = el('progress', { max: file.file.size || 1, value: 0, 'aria-label': file.name });
            return { progress, text: el('span', { class: 'is' }) };
        };
        this.bars = files.slice(0, BARS).map(bar);
        this.total = el('p', { class: 'strong' });
        this.said = el('p', { class: 'unseen', role: 'status' });
        this.element = el('div', { class: 'bars' }, this.total, this.said,
            this.bars.map(({ progress, text }, index) => el('div', { class: 'bar' }, el('span', { class: 'name' }, files[index].name), progress, text)));
        this.draw();
    }

    /** @param {number} id @param {number} bytes that were read more; some are read twice */
    told(id, bytes) {
        this.at[id] += bytes;
    }

    draw() {
        const seconds = (performance.now() - this.began) / 1000;
        const sizes = this.files.map((file) => (file.unread === undefined ? file.file.size : 0));
        const read = this.at.reduce((sum, at, index) => sum + Math.min(at, sizes[index]), 0);
        const all = sizes.reduce((sum, bytes) => sum + bytes, 0);
        const rate = read / Math.max(seconds, 0.001);
        const left = rate > 0 && seconds > 1 ? t('timeLeft', duration((all - read) / rate)) : '';
        const text = `${t('readOf', size(read), size(all))}, ${size(rate)}/s${left && read < all ? `, ${left}` : ''}${read >= all && all > 0 ? `, ${t('comparing')}` : ''}`;
        fill(this.total, text);
        if (performance.now() - this.spoken > TOLD_MS) {
            this.spoken = performance.now();
            fill(this.said, text);
        }
        this.bars.forEach(({ progress, text: label }, index) => {
            progress.value = Math.min(this.at[index], sizes[index]);
            fill(label, this.files[index].unread === undefined ? `${Math.floor((100 * Math.min(this.at[index], sizes[index])) / (sizes[index] || 1))} %` : t('leftOutFile'));
        });
    }
}
